#pragma once
// The highest rate of one open workload at which the scenario still meets its thresholds, the others staying
// as they are. Stochastic bisection: it begins between the present rate and the rate at which theory says
// some station is saturated, and every rate is judged until its verdict is decided (judge.hpp). The answer is
// a bracket: the rate at which the thresholds are met, and the rate at which they are not; what lies between
// is within the resolution, or could not be told. Rates that vary (ramps, waves, bursts) are scaled as a
// whole and named by their greatest part. Supposes that more load never helps.
#include <optional>
#include <string>
#include <vector>

#include "scenarios/plan/judge.hpp"

namespace tailrace::scenarios {

struct RateJudgement {
  double rate_per_s = 0;
  Judgement judgement;
};

struct MaxLoad {
  std::string workload;
  double present_per_s = 0;
  std::optional<double> saturation_per_s;  // by theory; none: nothing saturates, or it does not know
  std::string saturates;                   // the station of the highest utilisation
  std::optional<double> knee_per_s;        // by theory: where rate / mean response is greatest (Kleinrock)
  std::string knee_reason;                 // why there is none

  std::vector<RateJudgement> tried;           // in the order of the search
  std::optional<RateJudgement> meets, fails;  // the bracket's ends
  bool untold_between = false;                // rates between the ends could not be told
  bool interrupted = false;
  std::string fault;    // the workload cannot be planned; nothing was tried
  bool wrong = false;   // because the scenario at some rate is no valid one
  bool broken = false;  // because the simulator is at fault

  std::optional<double> headroom() const;  // the highest rate over the present one
};

inline constexpr double kFarthest = 16;   // times the present or the saturating rate: the search ends
inline constexpr double kNearest = 1024;  // the present rate over this is the lowest that is tried

// `resolution`: width of the bracket over its upper end.
MaxLoad find_max_load(const SweepScenario& scenario, const std::string& workload, double resolution,
                      const PlanOptions& options);

}  // namespace tailrace::scenarios
