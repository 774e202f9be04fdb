#include "analysis/report/threshold_metric.hpp"

namespace tailrace::analysis::detail {

using models::CompiledModel;
using models::RunRecord;
using Records = std::vector<RunRecord>;
using A = Aggregation;

namespace {

Interval counted(std::uint64_t n) {
  return exactly(static_cast<double>(n), n, "a count has no interval");
}
// A share or rate of so many; or, where the count is asked for, the count.
Interval share(const Resolved& r, std::uint64_t part, Interval i, std::uint64_t whole) {
  if (r.aggregation == A::count) return counted(part);
  i.count = whole;
  return i;
}

Interval of_series(const LatencyReport& latency, std::uint32_t series, const Records& records,
                   const Resolved& r) {
  std::vector<const sim::Histogram*> groups;
  for (const RunRecord& record : records) groups.push_back(&record.series[series]);
  return of_latency(latency, r, groups);
}

Interval of_group(const CompiledModel& model, const Records& records, const RunReport& report,
                  const Resolved& r) {
  const models::GroupTable& table = model.groups[r.id];
  const GroupReport& g = report.messaging.channels[table.channel].groups[table.subscription];
  switch (r.info->metric) {
    case Metric::end_to_end:
      return of_series(g.end_to_end, table.end_to_end_series, records, r);
    case Metric::message_wait:
      return of_series(g.wait, table.waiting_series, records, r);
    case Metric::lag:
      if (r.aggregation == A::max)
        return exactly(static_cast<double>(g.peak_lag), g.peak_lag, "a maximum has no interval");
      return r.aggregation == A::avg ? g.lag : g.lag_at_end;
    case Metric::dead_lettered: {
      std::uint64_t ended = 0;
      for (const std::uint64_t n : g.ended) ended += n;
      return share(r, g.ended[static_cast<std::size_t>(models::Fate::dead_lettered)], g.dead_lettered, ended);
    }
    case Metric::messages_dropped:
      return counted(g.ended[static_cast<std::size_t>(models::Fate::dropped)]);
    case Metric::messages_expired:
      return counted(g.ended[static_cast<std::size_t>(models::Fate::expired)]);
    case Metric::redelivered:
      return share(r, g.redeliveries, g.redelivered, g.deliveries);
    default:
      return g.throughput;
  }
}

}  // namespace

Interval measure_messages(const CompiledModel& model, const Records& records, const RunReport& report,
                          const Resolved& r) {
  const MessagingReport& m = report.messaging;
  switch (r.info->owner) {
    case Owner::group:
      return of_group(model, records, report, r);
    case Owner::channel: {
      const ChannelReport& c = m.channels[r.id];
      if (r.info->metric == Metric::unpublished) return counted(c.unpublished);
      if (r.info->metric == Metric::published)
        return share(r, c.counts.published, c.published, c.counts.published);
      return share(r, c.counts.refused, c.refused, c.counts.refused + c.counts.published);
    }
    case Owner::effect: {
      const EffectReport& e = m.effects[r.id];
      if (r.info->metric == Metric::out_of_order) return counted(e.counts.out_of_order);
      if (r.info->metric == Metric::duplicates)
        return share(r, e.counts.duplicates, e.duplicates, e.counts.applied);
      return share(r, e.missed_count, e.missed, e.missed_count + e.counts.distinct);
    }
    default: {
      const MilestoneReport& milestone = m.milestones[r.id];
      if (r.aggregation == A::count || r.aggregation == A::rate)
        return share(r, milestone.time.count, milestone.rate, milestone.time.count);
      return of_series(milestone.time, model.milestone_series[r.id], records, r);
    }
  }
}

}  // namespace tailrace::analysis::detail
