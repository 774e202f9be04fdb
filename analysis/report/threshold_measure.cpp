#include <algorithm>
#include <functional>
#include <limits>

#include "analysis/report/threshold_metric.hpp"

namespace tailrace::analysis::detail {

using models::CompiledModel;
using models::RunRecord;
using models::Topology;
using Records = std::vector<RunRecord>;
using A = Aggregation;

std::string component_name(const Topology& t, int id) {
  return t.components[static_cast<std::size_t>(id)].name;
}
bool is_call(const Topology& t, const models::Edge& e, std::string_view owner) {
  const std::string from = component_name(t, e.from_component) + " -> ";
  const int to = t.operations[static_cast<std::size_t>(e.operation)].component;
  return owner == from + component_name(t, to) || owner == from + t.operation_name(e.operation);
}
Interval exactly(double value, std::uint64_t count, const char* reason) {
  Interval i;
  i.estimate = value;
  i.count = count;
  i.reason = reason;
  return i;
}

namespace {

RatioOf made_of(Metric of_calls) {
  if (of_calls == Metric::retry_amplification) return RatioOf::sums;
  return of_calls == Metric::hedged ? RatioOf::events : RatioOf::trials;
}

// Any percentile of a latency; `groups` are the replications' histograms, in ns.
Interval percentile(const LatencyReport& latency, double p,
                    const std::vector<const sim::Histogram*>& groups) {
  for (std::size_t k = 0; k < kPercentiles.size(); ++k) {
    if (kPercentiles[k] == p) return latency.percentiles[k];
  }
  if (p <= 0) return exactly(latency.min, latency.count, "a minimum has no interval");
  if (p >= 1) return exactly(latency.max, latency.count, "a maximum has no interval");
  return in_seconds(
      percentile_interval(std::span<const sim::Histogram* const>(groups), p, latency.mean.confidence));
}

Interval wait_percentile(const CompiledModel& model, const Records& records, const RunReport& report,
                         const Resolved& r) {
  const double p = r.aggregation == A::med ? 0.5 : r.percentile;
  sim::Histogram pooled;
  std::uint64_t served = 0;
  std::vector<sim::Histogram> each;  // with a 0 for everybody who did not wait
  for (const RunRecord& record : records) {
    const sim::Histogram& waits = record.series[model.stations[r.id].wait_series];
    const std::uint64_t grants = record.stations[r.id].counts.grants;
    pooled.merge(waits);
    served += grants;
    each.push_back(waits);
    each.back().record_many(0, grants - std::min(grants, waits.count()));
  }
  const double value = wait_quantile(pooled, served, p);
  if (p <= 0) return exactly(value, served, "a minimum has no interval");
  if (p >= 1) return exactly(value, served, "a maximum has no interval");
  Interval i = in_seconds(percentile_interval(each, p, report.confidence));
  const double half = i.half_width();
  i.estimate = value;
  i.low = value - half;
  i.high = value + half;
  return i;
}

// Sums over sums, per replication.
Interval ratio(const Records& records, const RunReport& report, RatioOf what,
               const std::function<RatioSample(const RunRecord&)>& of) {
  std::vector<RatioSample> samples;
  for (const RunRecord& record : records) samples.push_back(of(record));
  return ratio_interval(samples, what, report.confidence);
}

Interval measure_calls(const CompiledModel& model, const Records& records, const RunReport& report,
                       const Resolved& r) {
  std::vector<std::size_t> edges;
  for (std::size_t i = 0; i < model.topology->edges.size(); ++i) {
    if (is_call(*model.topology, model.topology->edges[i], r.owner)) edges.push_back(i);
  }
  std::uint64_t calls = 0;
  Interval i = ratio(records, report, made_of(r.info->metric), [&](const RunRecord& record) {
    RatioSample sample;
    for (const std::size_t e : edges) {
      const models::EdgeRecord& edge = record.edges[e];
      const std::uint64_t ended = models::total(edge.ended);
      std::uint64_t part = 0, whole = edge.calls;
      if (r.info->metric == Metric::retry_amplification) part = edge.attempts;
      if (r.info->metric == Metric::hedged) part = edge.hedges;
      if (r.info->metric == Metric::fallbacks) part = edge.fallbacks;
      if (r.info->metric == Metric::call_failed) part = ended - edge.ended[0], whole = ended;
      sample.total += static_cast<double>(part);
      sample.weight += static_cast<double>(whole);
      calls += whole;
    }
    return sample;
  });
  i.count = calls;
  return i;
}

Interval measure_policy(const Records& records, const RunReport& report, const Resolved& r) {
  std::vector<std::size_t> policies;
  std::uint64_t trips = 0;
  for (std::size_t i = 0; i < report.policies.size(); ++i) {
    if (report.policies[i].name() != r.owner) continue;
    policies.push_back(i);
    trips += report.policies[i].trips;
  }
  if (r.info->metric == Metric::policy_trips)
    return exactly(static_cast<double>(trips), trips, "a count has no interval");
  std::uint64_t asked = 0;
  Interval i = ratio(records, report, RatioOf::trials, [&](const RunRecord& record) {
    RatioSample sample;
    for (const std::size_t p : policies) {
      const models::AdmissionCounts& c = record.policies[p].counts;
      sample.total += static_cast<double>(c.rejected);
      sample.weight += static_cast<double>(c.admitted + c.rejected);
      asked += c.admitted + c.rejected;
    }
    return sample;
  });
  i.count = asked;
  return i;
}

// A run that does not recover has no time of recovery: it is infinite. One that nothing befell took none.
Interval measure_cascade(const CascadeReport& c, const Resolved& r) {
  const auto replications = [&](Verdict v) { return c.verdicts[static_cast<std::size_t>(v)]; };
  const int judged = c.replications - replications(Verdict::unknown);
  const int down = replications(Verdict::degraded) + replications(Verdict::metastable);
  const auto count = static_cast<std::uint64_t>(judged);
  if (judged == 0) return exactly(0, 0, "no baseline to compare with");
  if (r.info->metric == Metric::metastable) {
    const double n = replications(Verdict::metastable);
    return exactly(r.aggregation == A::count ? n : n / judged, count, "replications are counted");
  }
  Interval i = r.info->metric == Metric::lost ? c.lost : c.recovery;
  i.count = count;
  if (r.info->metric == Metric::lost) return i;
  if (down > 0)
    return exactly(std::numeric_limits<double>::infinity(), count, "not every replication recovered");
  if (replications(Verdict::recovered) < judged)
    return exactly(i.estimate * replications(Verdict::recovered) / judged, count,
                   "some replications were not affected");
  return i;
}

}  // namespace

Interval of_latency(const LatencyReport& latency, const Resolved& r,
                    const std::vector<const sim::Histogram*>& groups) {
  switch (r.aggregation) {
    case A::avg:
      return latency.mean;
    case A::min:
      return exactly(latency.min, latency.count, "a minimum has no interval");
    case A::max:
      return exactly(latency.max, latency.count, "a maximum has no interval");
    case A::med:
      return percentile(latency, 0.5, groups);
    default:
      return percentile(latency, r.percentile, groups);
  }
}

Interval measure(const CompiledModel& model, const Records& records, const RunReport& report,
                 const Resolved& r) {
  if (r.info->owner == Owner::call) return measure_calls(model, records, report, r);
  if (r.info->owner == Owner::policy) return measure_policy(records, report, r);
  if (r.info->owner == Owner::run) return measure_cascade(report.cascade, r);
  if (r.info->owner == Owner::cache) return measure_cache(report, r);
  if (r.info->owner >= Owner::group) return measure_messages(model, records, report, r);
  const auto counted = [&](std::uint64_t n) {
    return exactly(static_cast<double>(n), n, "a count has no interval");
  };
  if (r.info->owner == Owner::workload) {
    const ClassReport& c = r.of_class ? report.classes[r.id] : report.workloads[r.id];
    std::vector<const sim::Histogram*> groups;
    for (const sim::Histogram& h : c.duration.by_replication) groups.push_back(&h);
    const std::uint64_t ended = models::total(c.ended);
    Interval i;
    switch (r.info->metric) {
      case Metric::request_duration:
        return of_latency(c.duration, r, groups);
      case Metric::request_failed:
        i = c.failed;
        i.count = ended;
        return i;
      case Metric::degraded:
        i = c.degraded;
        i.count = c.ended[0];
        return i;
      case Metric::requests:
        if (r.aggregation == A::count) return counted(c.arrived);
        i = c.arrival_rate;
        i.count = c.arrived;
        return i;
      default:
        if (r.aggregation == A::count) return counted(c.ended[0]);
        i = c.goodput;
        i.count = c.ended[0];
        return i;
    }
  }
  const auto events = [&](std::uint64_t all, auto of_record) {
    if (r.aggregation == A::count) return counted(all);
    return ratio(records, report, RatioOf::events, [&](const RunRecord& record) {
      return RatioSample{static_cast<double>(of_record(record)), record.seconds()};
    });
  };
  if (r.info->owner == Owner::operation) {
    const OperationReport& op = report.operations[r.id];
    if (r.info->metric == Metric::arrivals_per_request) return op.arrivals_per_request;
    if (r.info->metric == Metric::unheard)
      return events(op.unheard, [&](const RunRecord& record) { return record.operations[r.id].unheard; });
    std::vector<const sim::Histogram*> groups;
    for (const RunRecord& record : records) groups.push_back(&record.series[model.operation_series[r.id]]);
    return of_latency(op.response, r, groups);
  }
  const StationReport& s = report.stations[r.id];
  const auto scaling = std::find_if(report.scaling.begin(), report.scaling.end(),
                                    [&](const ScalingReport& of) { return of.id == r.id; });
  if (scaling != report.scaling.end()) {
    switch (r.info->metric) {
      case Metric::instances:
        if (r.aggregation == A::min) return counted(scaling->least);
        if (r.aggregation == A::max) return counted(scaling->most);
        return scaling->instances;
      case Metric::cold_starts:
        return r.aggregation == A::count ? counted(scaling->cold) : scaling->cold_starts;
      case Metric::scale_events:
        return counted(scaling->ups + scaling->downs);
      default:
        break;
    }
  }
  switch (r.info->metric) {
    case Metric::utilization:
      return s.utilization;
    case Metric::cpu_utilization:
      return s.cpu_utilization;
    case Metric::queue_length:
      return s.queue_length;
    case Metric::wait:
      if (r.aggregation == A::avg) return s.wait_mean;
      return wait_percentile(model, records, report, r);
    case Metric::availability:
      return s.availability;
    case Metric::instances_up:
      return s.instances_up;
    case Metric::outages:
      return events(s.outages, [&](const RunRecord& record) { return record.stations[r.id].outages; });
    case Metric::wasted:
      return s.wasted;
    case Metric::dropped:
      return events(s.dropped, [&](const RunRecord& record) { return record.stations[r.id].counts.dropped; });
    default:
      return events(s.rejected,
                    [&](const RunRecord& record) { return record.stations[r.id].counts.rejected; });
  }
}

bool has_data(const Resolved& r, const Interval& i, const RunReport& report) {
  if (!(report.measured_s > 0)) return false;
  switch (r.info->metric) {
    case Metric::request_duration:
    case Metric::request_failed:
    case Metric::wait:
    case Metric::response_time:
    case Metric::degraded:
    case Metric::retry_amplification:
    case Metric::hedged:
    case Metric::fallbacks:
    case Metric::call_failed:
    case Metric::policy_rejected:
    case Metric::end_to_end:
    case Metric::message_wait:
    case Metric::recovery_time:
    case Metric::lost:
    case Metric::metastable:
      return i.count > 0;
    case Metric::dead_lettered:
    case Metric::messages_dropped:
    case Metric::messages_expired:
    case Metric::redelivered:
    case Metric::refused:
    case Metric::duplicates:
    case Metric::missed:
    case Metric::cold_starts:
    case Metric::coalesced:
    case Metric::stale:
      return r.aggregation == A::count || i.count > 0;
    case Metric::hit_ratio:
      return i.count > 0;
    case Metric::utilization:
    case Metric::cpu_utilization:
    case Metric::wasted:
    case Metric::arrivals_per_request:
      return i.groups > 0;
    case Metric::milestone:
      return r.aggregation == A::count || r.aggregation == A::rate || i.count > 0;
    default:
      return true;
  }
}

}  // namespace tailrace::analysis::detail
