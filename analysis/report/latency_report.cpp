#include "analysis/report/latency_report.hpp"

#include <algorithm>

#include <span>

#include "sim/base/check.hpp"
#include "sim/base/time.hpp"

namespace tailrace::analysis {

const Interval& LatencyReport::percentile(double p) const {
  const auto found = std::find(kPercentiles.begin(), kPercentiles.end(), p);
  TAILRACE_CHECK(found != kPercentiles.end());
  return percentiles[static_cast<std::size_t>(found - kPercentiles.begin())];
}

LatencyReport latency_report(std::vector<const sim::Histogram*> groups,
                             const std::vector<sim::Histogram>& batches, bool keep, double confidence) {
  LatencyReport report;
  for (const sim::Histogram* h : groups) {
    report.histogram.merge(*h);
    if (keep) report.by_replication.push_back(*h);
  }
  const bool single = groups.size() == 1 && !batches.empty();
  if (single) {
    groups.clear();
    for (const sim::Histogram& h : batches) groups.push_back(&h);
  }
  const sim::Histogram& all = report.histogram;
  report.count = all.count();
  if (all.empty()) return report;
  report.stddev = all.stddev() * 1e-9;
  report.min = sim::seconds_of(all.min());
  report.max = sim::seconds_of(all.max());
  std::vector<RatioSample> means;
  for (const sim::Histogram* h : groups)
    means.push_back({static_cast<double>(h->sum()) * 1e-9, static_cast<double>(h->count())});
  report.mean = ratio_interval(means, RatioOf::sums, confidence);
  report.mean.estimate = all.mean() / 1e9;
  for (std::size_t i = 0; i < kPercentiles.size(); ++i) {
    report.percentiles[i] = in_seconds(
        percentile_interval(std::span<const sim::Histogram* const>(groups), kPercentiles[i], confidence));
    if (single) report.percentiles[i].estimate = sim::seconds_of(all.quantile(kPercentiles[i]));
  }
  return report;
}

}  // namespace tailrace::analysis
