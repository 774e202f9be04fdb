#pragma once
// Two systems, replication by replication: is B different from A, and by how much? Replication r of A and
// replication r of B form a pair; with common random numbers the pair shares its luck, and the luck cancels
// in the difference. The interval is Student's over the pairs; that is right for independent pairs too, only
// wider. Estimates are those of the pooled data, as a run reports them; the spread comes from one value per
// group:
//   a ratio of sums     the jackknife's pseudo-value of each pair (for equal weights: the plain ratios)
//   a percentile        each pair's surplus of requests beyond the pooled one, times the slope of the
//                       quantile function over the width of the interval (Bahadur, Woodruff); where that is
//                       within the histogram's resolution, the quantile of each pair's histogram, neighbours
//                       taken together until enough requests lie beyond it on both sides
//                       (kMinBeyondInGroup); where the quantile function has a corner, as where a timeout
//                       cuts off, limits of both sides
// The ratio B/A has its interval on the log scale by the delta method, so its bounds stay positive.
#include <span>
#include <vector>

#include "analysis/stats/interval.hpp"
#include "sim/observe/histogram.hpp"

namespace tailrace::analysis {

struct PairedComparison {
  double a = 0, b = 0;  // pooled estimates; meaningless where count is 0
  std::uint64_t count_a = 0, count_b = 0;
  Interval difference;  // b - a
  Interval ratio;       // b / a; unknown where either is not positive
  double p_value = 1;   // two-sided, of "no difference"; 1 where the difference is unknown
};

// Pairs in which a side has no weight are left out.
PairedComparison compare_ratios(std::span<const RatioSample> a, std::span<const RatioSample> b,
                                double confidence);
// Percentile p of values; both sides have one histogram per pair. The answer is in `unit`s (1e9: seconds of
// ns).
PairedComparison compare_percentiles(std::span<const sim::Histogram* const> a,
                                     std::span<const sim::Histogram* const> b, double p, double unit,
                                     double confidence);

// Holm's step-down correction (1979): p-values of a family, adjusted so that rejecting those at or below
// alpha errs anywhere in the family with probability alpha at most, whatever the dependence between them.
std::vector<double> holm_adjusted(std::span<const double> p_values);

}  // namespace tailrace::analysis
