#pragma once
// What scaling did: how many instances there were, when and why their number changed, what they cost, and how
// new versions came. Counts are of the measured time, deployments of the whole run.
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/stats/interval.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

inline constexpr std::size_t kMostListedScaleEvents = 200;

struct ScaleEventReport {
  std::uint32_t replication = 0;
  double at_s = 0;
  std::uint32_t from = 0, to = 0;
  std::string reason;
  double value = 0;  // of the metric
};
struct ScalingReport {
  std::string station;
  std::size_t id = 0;         // of the station
  bool autoscales = true;     // otherwise only deployments change its instances
  Interval instances;         // mean number, starting and draining ones included
  double instance_hours = 0;  // per replication
  std::uint32_t least = 0, most = 0;
  std::uint64_t ups = 0, downs = 0, started = 0, stopped = 0;
  std::uint64_t requests = 0, cold = 0, cut_off = 0;
  Interval cold_starts;                  // share of the requests that found no ready instance
  std::vector<ScaleEventReport> events;  // the first, by replication and time
};
struct DeploymentReport {
  std::string name;
  std::uint64_t started = 0, finished = 0, rolled_back = 0;  // replications
  double start_s = 0, duration_s = 0;                        // means over those
  std::uint64_t requests = 0, failed = 0;                    // at its instances
  std::uint64_t skewed = 0;                                  // requests whose caller and instance did not fit
  std::uint64_t blocked = 0;  // replications in which its contract gate never let it begin
  double blocked_s = 0;       // that it waited there, mean over all
};

std::vector<ScalingReport> scaling_reports(const models::CompiledModel& model,
                                           const std::vector<models::RunRecord>& records, double confidence);
std::vector<DeploymentReport> deployment_reports(const models::CompiledModel& model,
                                                 const std::vector<models::RunRecord>& records);

}  // namespace tailrace::analysis
