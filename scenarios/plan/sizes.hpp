#pragma once
// The least-cost sizes (replicas, workers, connections, ...) with which a scenario meets its thresholds:
// lattice.hpp's search with judge.hpp's verdicts. Sizes at which theory says a station is overloaded fail
// without being simulated. A size vector counts only when its verdict is decided; one that cannot be told is
// taken for not enough, and said. Supposes that more of anything never hurts.
#include <string>
#include <vector>

#include "scenarios/plan/judge.hpp"
#include "scenarios/plan/lattice.hpp"

namespace tailrace::scenarios {

struct SizeAxis {
  std::string path;
  LatticeAxis range;
};

struct SizeJudgement {
  Sizes sizes;
  Judgement judgement;
};

struct SizePlan {
  std::vector<SizeAxis> axes;
  LatticeAnswer answer;
  Judgement best;  // of answer.sizes; where nothing is found, of the largest
  // Per size: one less of it, the others as in the answer. No sizes: it is at the end of its range.
  std::vector<SizeJudgement> one_less;
  std::vector<SizeJudgement> tried;  // in the order of the search
  int simulated = 0, by_theory = 0, untold = 0;
  bool interrupted = false;
  std::string fault;  // no valid scenario at some sizes
};

// `budget`: candidates beyond the least sizes, to find the cheapest and to prove it.
SizePlan find_sizes(const SweepScenario& scenario, const std::vector<SizeAxis>& axes, int budget,
                    const PlanOptions& options);

}  // namespace tailrace::scenarios
