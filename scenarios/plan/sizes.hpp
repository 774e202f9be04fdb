#pragma once
// The least-cost sizes (replicas, workers, connections, timeouts, ...) with which a scenario meets its
// thresholds: lattice.hpp's search with judge.hpp's verdicts. Of real-valued axes the search knows each
// stride-th value; from its answer each is then brought down to its grid by stochastic bisection, the others
// staying, the one with most to save first. Sizes at which theory says a station is overloaded fail
// without being simulated. A size vector counts only when its verdict is decided; one that cannot be told is
// taken for not enough, and said. Supposes that more of anything never hurts.
#include <string>
#include <vector>

#include "scenarios/plan/judge.hpp"
#include "scenarios/plan/size_axis.hpp"

namespace tailrace::scenarios {

struct SizeJudgement {
  Sizes sizes;
  Judgement judgement;
};

struct SizePlan {
  std::vector<SizeAxis> axes;
  LatticeAnswer answer;  // sizes are steps of the axes, of their grids; proven: among those of the search
  Judgement best;        // of answer.sizes; where nothing is found, of the largest
  // Per size: a step less of it, the others as in the answer. No sizes: it is at the end of its range.
  std::vector<SizeJudgement> one_less;
  std::vector<SizeJudgement> tried;  // in the order of the search
  int simulated = 0, by_theory = 0, untold = 0;
  bool interrupted = false;
  std::string fault;    // no valid scenario at some sizes
  bool broken = false;  // or the simulator is at fault
};

// `budget`: candidates beyond the least sizes, to find the cheapest and to prove it.
SizePlan find_sizes(const SweepScenario& scenario, const std::vector<SizeAxis>& axes, int budget,
                    const PlanOptions& options);

}  // namespace tailrace::scenarios
