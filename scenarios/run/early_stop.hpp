#pragma once
// `abort_on_fail`: ends a run between rounds of replications once a threshold has failed beyond doubt. Rounds
// are 3, 6, 12, ... replications up to those that were asked for. Beyond doubt is: the interval, at a
// confidence that shares 5 % of error out over the rounds and the thresholds that may abort, lies wholly past
// the limit; or a maximum has passed an upper limit, which no further replication can take back. What has no
// interval otherwise (a count) never aborts. A replication itself is never cut short, so what was run is what
// a shorter run would have been, whatever the number of threads.
#include <string>
#include <utility>
#include <vector>

#include "analysis/report/thresholds.hpp"
#include "models/field/document.hpp"

namespace tailrace::scenarios {

inline constexpr int kFirstRound = 3;

class EarlyStop {
 public:
  // `all`: every threshold aborts, not only those that say so.
  EarlyStop(const models::ScenarioDoc& doc, bool all, int replications);

  // False: nothing can end this run early.
  bool wanted() const { return !thresholds_.empty() && rounds_ > 1; }
  // Has one failed beyond doubt? `reason` says which, with its figures.
  bool failed(const models::CompiledModel& model, const std::vector<models::RunRecord>& records);
  const std::string& reason() const { return reason_; }

 private:
  std::vector<std::pair<std::string, std::string>> thresholds_;  // metric and condition
  int rounds_ = 0;
  std::string reason_;
};

}  // namespace tailrace::scenarios
