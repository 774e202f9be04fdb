#pragma once
// A latency with its intervals, from one histogram per replication. The estimates of percentiles pool all
// replications; the intervals take a replication as the independent unit, or batches of a single one.
#include <array>
#include <cstdint>
#include <vector>

#include "analysis/stats/interval.hpp"
#include "sim/observe/histogram.hpp"

namespace tailrace::analysis {

inline constexpr std::array<double, 7> kPercentiles = {0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999};

struct LatencyReport {
  std::uint64_t count = 0;
  Interval mean;
  double stddev = 0, min = 0, max = 0;
  std::array<Interval, kPercentiles.size()> percentiles;
  sim::Histogram histogram;                    // pooled, ns
  std::vector<sim::Histogram> by_replication;  // requests only

  const Interval& percentile(double p) const;  // p: one of kPercentiles
};

// `groups`: one histogram per replication; `batches` (of one replication) stand in where there is only one.
// `keep`: also by replication.
LatencyReport latency_report(std::vector<const sim::Histogram*> groups,
                             const std::vector<sim::Histogram>& batches, bool keep, double confidence);

}  // namespace tailrace::analysis
