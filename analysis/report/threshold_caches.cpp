#include "analysis/report/threshold_metric.hpp"

namespace tailrace::analysis::detail {

Interval measure_cache(const RunReport& report, const Resolved& r) {
  const CacheReport& c = report.caches[r.id];
  const bool counts = r.aggregation == Aggregation::count;
  const auto counted = [](std::uint64_t n) {
    return exactly(static_cast<double>(n), n, "a count has no interval");
  };
  const auto of = [&](std::uint64_t n, Interval i, std::uint64_t whole) {
    if (counts) return counted(n);
    i.count = whole;
    return i;
  };
  const models::StoreRecord& n = c.counts;
  switch (r.info->metric) {
    case Metric::look_ups:
      return of(c.look_ups, c.look_ups_per_s, c.look_ups);
    case Metric::coalesced:
      return of(n.coalesced, c.coalesced, c.look_ups);
    case Metric::stale:
      return of(n.stale + n.stale_if_error, c.stale, c.look_ups);
    case Metric::fetches:
      return of(n.fetches, c.fetches_per_s, n.fetches);
    case Metric::evictions:
      return of(n.evictions, c.evictions_per_s, n.evictions);
    case Metric::lost_writes:
      return counted(n.lost_writes);
    default:
      return of(n.hits, c.hit_ratio, c.look_ups);
  }
}

}  // namespace tailrace::analysis::detail
