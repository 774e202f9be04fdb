#pragma once
// Confidence intervals for what a simulation estimates. The independent unit is a replication (or, in one
// long run, a batch), never a request: requests that share a queue are correlated, and an interval that
// treats them as independent is too narrow by an unknown factor. Groups are taken in the order given, so
// equal inputs give equal bits.
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "sim/observe/histogram.hpp"

namespace tailrace::analysis {

// What the two sums of a ratio are made of. It decides how sure one is of none, or of all, which no spread of
// the replications can tell: nothing has happened in any of them.
enum class RatioOf : std::uint8_t {
  sums,    // whatever adds up: seconds, bytes, attempts of calls
  events,  // a count, of what happened in so much time or in so many calls
  trials,  // the count of those, of so many, of which something is true
};

// `known` says that [low, high] is a confidence interval. When it is false the bounds are infinite, `reason`
// says in the user's words what is missing, and `estimate` is the best guess the data allow (0 when there are
// none).
struct Interval {
  double estimate = 0;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  double confidence = 0.95;
  std::uint64_t count = 0;  // observations behind the estimate
  int groups = 0;           // independent groups (replications or batches) behind the interval
  bool known = false;
  std::string reason;
  RatioOf exact = RatioOf::sums;  // events, trials: there were none, or all, and the bounds are exact ones

  double half_width() const { return 0.5 * (high - low); }
  // Half the width over the estimate's size; 0 when both are 0, infinite when only the estimate is.
  double relative_half_width() const;
  bool covers(double truth) const { return low <= truth && truth <= high; }
};

// Mean of independent replication values: average +- t * s / sqrt(R). Every replication weighs the same.
Interval mean_interval(std::span<const double> replications, double confidence);

// One group's share of a ratio: mean latency is (sum of latencies) / (requests), an error rate errors /
// requests.
struct RatioSample {
  double total = 0;
  double weight = 0;  // >= 0
};
// Ratio of sums over groups, with the jackknife's standard error:
//   theta = sum(total) / sum(weight);  se^2 = (R-1)/R * sum_r (theta_without_r - mean of those)^2
// Groups without weight are left out. Groups may differ in weight: a replication with twice the requests
// counts twice.
// Of no events, or of none or all of n trials, that error would be 0, and three requests without a failure
// would prove that none can fail. There the other bound is the exact one of Clopper and Pearson (1934):
// 1 - (alpha / 2)^(1/n) from the estimate, 3.7 / n at 95 % (the "rule of three" is the one-sided 3 / n); of
// events in a weight w Garwood's (1936), -ln(alpha / 2) / w. Both take trials or events as independent.
Interval ratio_interval(std::span<const RatioSample> groups, RatioOf what, double confidence);

// Of nanoseconds: the same in seconds.
Interval in_seconds(Interval ns);

// The same interval at another confidence; what is not known stays so.
void set_confidence(Interval& interval, double confidence);

// Requests that must lie beyond a percentile (count * min(p, 1 - p)) in each group on average, and in the
// fewest groups. A group's own quantile is biased and skewed when few of its requests lie beyond it, and the
// interval of many such groups covers too seldom: measured for exponential and for Pareto (2.2) values, 95 %
// intervals of 5 to 25 groups cover 84 to 89 % of the time with 1 beyond in each, 90 to 92 % with 2, 93 to
// 95 % from 6 on.
inline constexpr double kMinBeyondInGroup = 6;
inline constexpr double kMinBeyondPercentile = 2 * kMinBeyondInGroup;
std::uint64_t requests_needed(double p);  // 2^63 where no run has so many

// Percentile p (0 < p < 1) from replications: the estimate is the pooled histogram's quantile, the half width
// t * s / sqrt(G) over the quantiles of G groups. A group is a replication where enough of its requests lie
// beyond the percentile, otherwise several neighbours together: fewer groups make a wider interval, and one
// that covers as it says. Needs kMinBeyondPercentile requests beyond the percentile in total, else `known` is
// false ("needs about N requests"). Empty replications are left out.
Interval percentile_interval(std::span<const sim::Histogram* const> replications, double p,
                             double confidence);
Interval percentile_interval(std::span<const sim::Histogram> replications, double p, double confidence);

// The difference b - a of two means, and the p-value of "there is none", two-sided; 1 where it is unknown.
struct MeanDifference {
  Interval interval;
  double p_value = 1;
};
// Of independent, unpaired groups (Welch 1947).
MeanDifference welch_difference(std::span<const double> a, std::span<const double> b, double confidence);
// Of pairs (common random numbers), where what a pair shares cancels.
MeanDifference paired_difference(std::span<const double> a, std::span<const double> b, double confidence);

}  // namespace tailrace::analysis
