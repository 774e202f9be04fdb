#pragma once
// A threshold once its words are understood: which metric of whom, aggregated how. thresholds.cpp reads the
// words, threshold_measure.cpp looks the figure up in the report and the records.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/report/thresholds.hpp"

namespace tailrace::analysis::detail {

enum class Metric : std::uint8_t {
  request_duration,
  request_failed,
  requests,
  goodput,
  utilization,
  cpu_utilization,
  queue_length,
  wait,
  rejected,
  response_time,
  degraded,
  wasted,
  dropped,
  unheard,
  arrivals_per_request,
  retry_amplification,
  hedged,
  fallbacks,
  call_failed,
  policy_rejected,
  policy_trips,
  end_to_end,
  message_wait,
  lag,
  dead_lettered,
  redelivered,
  group_throughput,
  published,
  refused,
  unpublished,
  duplicates,
  missed,
  out_of_order,
  milestone,
  recovery_time,
  lost,
  metastable,
  availability,
  instances_up,
  instances,
  cold_starts,
  scale_events,
  outages,
  hit_ratio,
  look_ups,
  coalesced,
  stale,
  fetches,
  evictions,
  lost_writes,
  messages_dropped,
  messages_expired
};
enum class Aggregation : std::uint8_t { avg, min, med, max, percentile, count, rate, value };
// A call is "orders -> payments" or "orders -> payments.charge": all call sites of that name together. A
// policy is "orders -> payments.circuit_breaker", at a door "payments.rate_limit".
// A consumer group is "orders/mailers"; the effect of its handling has the same name.
enum class Owner : std::uint8_t {
  workload,
  station,
  operation,
  call,
  policy,
  run,  // what follows from faults; named by itself
  group,
  channel,
  effect,
  milestone,
  cache
};

// Which aggregations a metric has, and what its value means. The unit is that of `count` too, except that a
// count is a plain number, and that the rate of a time is how often it was taken per second.
struct MetricInfo {
  std::string_view name;
  Metric metric;
  Owner owner;
  FigureUnit unit;
  std::vector<Aggregation> aggregations;
};

struct Resolved {
  const MetricInfo* info = nullptr;
  std::size_t id = 0;     // workload, class, station, ...; a group of all channels' groups
  bool of_class = false;  // workload metrics: id is a class of the report
  std::string owner;      // of calls and policies, which may be several
  Aggregation aggregation = Aggregation::value;
  double percentile = 0;  // 0..1
  std::string op;
  double limit = 0;
  FigureUnit unit = FigureUnit::number;
};

std::string component_name(const models::Topology& t, int id);
// Is the call site one of those that this name stands for?
bool is_call(const models::Topology& t, const models::Edge& e, std::string_view owner);

// False: its words are wrong.
bool resolve_threshold(const models::Topology& topology, const models::Threshold& threshold, Resolved& r);
bool holds(double value, const std::string& op, double limit);
Interval measure(const models::CompiledModel& model, const std::vector<models::RunRecord>& records,
                 const RunReport& report, const Resolved& r);
// Of the messaging metrics.
Interval measure_messages(const models::CompiledModel& model, const std::vector<models::RunRecord>& records,
                          const RunReport& report, const Resolved& r);
Interval measure_cache(const RunReport& report, const Resolved& r);
Interval of_latency(const LatencyReport& latency, const Resolved& r,
                    const std::vector<const sim::Histogram*>& groups);
Interval exactly(double value, std::uint64_t count, const char* reason);
// A time without a single request behind it is no measurement, nor is a share of nothing; a count of zero is
// one.
bool has_data(const Resolved& r, const Interval& i, const RunReport& report);

}  // namespace tailrace::analysis::detail
