#pragma once
// Does the scenario, changed so, meet its thresholds? Replications are added (r, 2r, 4r, ...) until every
// threshold's interval lies on one side of its limit, or one is so narrow about the limit that it does not
// matter. A verdict that is decided is wrong with at most 1 - confidence: the share is split over the looks
// and over the thresholds (Bonferroni), so intervals here are wider than a run's. All candidates have the
// scenario's seed, so neighbours meet the same customers. The verdict is the same for any number of threads.
//
// A figure that has no interval (a count, a maximum) is judged by its estimate after the first round, as a
// run of so many replications judges it.
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "analysis/report/thresholds.hpp"
#include "scenarios/run/crew.hpp"
#include "scenarios/sweep/point.hpp"

namespace tailrace::scenarios {

enum class Meets : std::uint8_t { yes, no, untold };
const char* meets_name(Meets meets);

struct PlanOptions {
  int jobs = 0;                // 0: as many as there are cores
  double confidence = 0.95;    // of each verdict
  double indifference = 0.01;  // of a limit: a half width below which a threshold is left untold
  Crew* crew = nullptr;        // where set, it simulates, from the recipes of points (point.hpp)
  const std::atomic<int>* interrupt = nullptr;
  std::function<void(const std::string& candidate, int replications)> progress;
};

struct JudgedThreshold {
  analysis::ThresholdResult result;  // `measured` at the corrected confidence
  Meets meets = Meets::untold;
  bool by_estimate = false;  // there is no interval
};

struct Judgement {
  Meets meets = Meets::untold;
  int replications = 0;
  bool by_theory = false;    // nothing was simulated
  bool interrupted = false;  // then the rest says nothing
  bool wrong = false;        // no valid scenario; `reason` says why
  bool broken = false;       // the simulator is at fault; `reason` says how
  std::string reason;        // where it is not the thresholds: overloaded, ended early
  std::vector<JudgedThreshold> thresholds;

  // The threshold that failed worst, or of those that are met the one that is nearest to its limit, each in
  // shares of the limit; null where nothing was simulated.
  const JudgedThreshold* binding() const;
  bool none_is_by_estimate() const;
};

class Judge {
 public:
  Judge(const SweepScenario& scenario, PlanOptions options)
      : scenario_(scenario), options_(std::move(options)) {}

  // With `theory`, a load that theory says some station cannot carry fails without being simulated: a run
  // that ends before its queue has grown would be no plan.
  // `looks`: rounds of replications, each doubling them.
  Judgement judge(const std::vector<std::string>& paths, const std::vector<std::string>& values, bool theory,
                  int looks = kLooks) const;

  static constexpr int kLooks = 5;
  static constexpr int kMoreLooks = 7;  // where an answer hangs on what five could not tell

 private:
  // Judges what has been measured; true when more replications cannot be asked for or would change nothing.
  bool look(const models::CompiledModel& model, const std::vector<models::RunRecord>& records, int look,
            int looks, Judgement& out) const;

  const SweepScenario& scenario_;
  PlanOptions options_;
};

}  // namespace tailrace::scenarios
