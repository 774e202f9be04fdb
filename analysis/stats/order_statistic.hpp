#pragma once
// Distribution-free interval of a percentile from n independent values: the order statistics that enclose it.
// The number of values at or below the percentile is binomial(n, p), so ranks (l, u) cover it with P(l <= B <
// u), whatever the law. For independent values only (one value per replication, a benchmark's samples):
// latencies of one simulated run are correlated, and there this interval is far too narrow. Use
// percentile_interval for those. Cost: O(sqrt(n)), the probabilities outward from the binomial's mode.
#include <cstdint>

#include "analysis/stats/interval.hpp"
#include "sim/observe/histogram.hpp"

namespace tailrace::analysis {

struct RankInterval {
  std::uint64_t low = 0;  // ranks in 1..n, of the sorted values
  std::uint64_t high = 0;
  double coverage =
      0;  // P(value of rank low <= percentile <= value of rank high), at least the confidence when known
  bool known = false;  // false: even the extremes do not cover with the confidence asked for
};

RankInterval order_statistic_ranks(std::uint64_t n, double p, double confidence);

// The same read from a histogram. Its resolution is the histogram's own, 2^-10 of the value.
Interval order_statistic_interval(const sim::Histogram& values, double p, double confidence);

}  // namespace tailrace::analysis
