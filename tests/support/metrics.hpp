#pragma once
// Names for what a case measures: functions from a run's results to one number, in seconds, per second or as
// fractions. Each works on any set of replications, so one function gives both the pooled estimate and every
// replication's own.
#include <functional>
#include <span>
#include <string>

#include "analysis/report/run_report.hpp"

namespace tailrace::tests {

struct Observed {
  const analysis::RunReport& report;
  std::span<const models::RunRecord> records;
};
using Metric = std::function<double(const Observed&)>;

// Parts of a report by name; a name that is not there is a broken test and throws.
const analysis::ClassReport& workload(const analysis::RunReport& report, const std::string& name);
const analysis::StationReport& station(const analysis::RunReport& report, const std::string& name);
const analysis::OperationReport& operation(const analysis::RunReport& report, const std::string& name);
const analysis::ChannelReport& channel(const analysis::RunReport& report, const std::string& name);
const analysis::GroupReport& group(const analysis::RunReport& report, const std::string& name);
const analysis::EffectReport& effect(const analysis::RunReport& report, const std::string& name);
const analysis::MilestoneReport& milestone(const analysis::RunReport& report, const std::string& name);
const analysis::ScalingReport& scaling(const analysis::RunReport& report, const std::string& station);
double percentile(const analysis::LatencyReport& latency, double p);  // one of kPercentiles

// Of requests that succeeded, of the workload "load".
Metric response_mean(std::string name = "load");
Metric response_stddev(std::string name = "load");
Metric response_percentile(double p, std::string name = "load");
Metric slower_than(double seconds, std::string name = "load");  // fraction of the successes
// Of all requests that ended.
Metric any_response_mean(std::string name = "load");
Metric failed_fraction(std::string name = "load");
Metric success_fraction(std::string name = "load");
Metric throughput(std::string name = "load");
Metric goodput(std::string name = "load");

// Of a station.
Metric wait_mean(std::string name);
Metric wait_mean_all(std::string name);  // also of those who left unserved
Metric wait_percentile(std::string name, double p);
Metric wait_probability(std::string name);
Metric utilization(std::string name);
Metric cpu_utilization(std::string name);
Metric busy_mean(std::string name);
Metric in_queue(std::string name);
Metric in_station(std::string name);  // waiting and in service
Metric station_throughput(std::string name);
Metric residence_mean(std::string name);  // wait and service, per visit
Metric abandoned_fraction(std::string name);

// Of an operation's visits per root request that arrived; of the first edge, attempts per call.
Metric visits(std::string operation_name);
Metric attempts_per_call();

// Of a consumer group.
Metric lag_mean(std::string name);
Metric lag_at_end(std::string name);
Metric handled_per_s(std::string name);
Metric end_to_end_mean(std::string name);
Metric end_to_end_percentile(std::string name, double p);
Metric deliveries_per_message(std::string name);
Metric redelivered_fraction(std::string name);    // of the deliveries
Metric dead_lettered_fraction(std::string name);  // of what left
Metric duplicate_fraction(std::string name);      // of what came about
// Of the batches of a channel's producers.
Metric batch_size_mean(std::string name);
Metric batching_mean(std::string name);
Metric batches_per_s(std::string name);
// Copies of messages that no count of their place explains, at all places.
Metric message_residual();

Metric minus(Metric metric, double constant);

}  // namespace tailrace::tests
