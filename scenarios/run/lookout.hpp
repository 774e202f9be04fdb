#pragma once
// What `run` asks while replications go on: how many requests succeed too late for an objective of latency
// (models/slo), and whether a threshold with `evaluate_every` fails already. The latter is k6's rule: at the
// end of the warm-up plus delay_abort_eval, and then each evaluate_every of simulated time, the threshold is
// asked of this replication's own figures since the end of the warm-up; the first that fails ends the
// replication, and with it the run: replications with higher numbers do not count, whatever the threads. It
// sees all that has happened up to and at the instant. Nothing of what it does changes a run that goes on.
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "analysis/report/threshold_live.hpp"
#include "analysis/slo/slow_requests.hpp"
#include "models/field/diagnostics.hpp"
#include "models/field/document.hpp"
#include "models/slo/slo.hpp"
#include "scenarios/run/observer.hpp"

namespace tailrace::scenarios {

struct AbortRule {
  analysis::LiveThreshold threshold;
  std::int64_t delay_ns = 0, every_ns = 0;  // the delay after the end of the warm-up
};

class Lookout final : public Observer {
 public:
  Lookout(const models::CompiledModel& model, const models::ScenarioDoc& doc,
          const std::vector<models::Named<models::SloSpec>>& slos);

  bool wanted() const { return !rules_.empty() || counts_; }
  std::unique_ptr<models::RunWatch> begin(std::uint32_t replication, std::int64_t warmup_ns) override;
  void end(models::RunWatch& watch, models::RunRecord& record) override;
  bool cut(std::uint32_t replication) const override;

  // Once the run is over.
  const analysis::SlowRequests& slow() const { return slow_; }
  std::string aborted() const;  // by which threshold, with its figure; "" where none did

 private:
  class Watch;
  struct Limit {  // of an objective, by workload
    std::size_t slo = 0;
    std::int64_t ns = 0;
  };

  const models::CompiledModel& model_;
  std::vector<std::vector<Limit>> limits_;  // by workload
  std::size_t slos_ = 0;
  bool counts_ = false;  // there are limits
  std::vector<AbortRule> rules_;
  mutable std::mutex mutex_;
  analysis::SlowRequests slow_;
  std::map<std::uint32_t, std::string> aborted_;
};

// Errors for thresholds with evaluate_every that cannot be asked before the end.
void check_abort_rules(const models::ScenarioDoc& doc, const models::Topology& topology,
                       models::Diagnostics& diagnostics);

}  // namespace tailrace::scenarios
