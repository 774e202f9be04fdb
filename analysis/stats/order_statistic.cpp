#include "analysis/stats/order_statistic.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "sim/base/check.hpp"

namespace tailrace::analysis {

namespace {

constexpr std::uint64_t kMaxValues =
    1'000'000'000'000;                 // keeps the table of probabilities below 10^7 entries
constexpr double kNegligible = 1e-20;  // of the mode's probability

// P(B = k), up to a factor that `total` divides out, for the k around the mode that matter: first .. first +
// size - 1.
struct BinomialTable {
  std::uint64_t first = 0;
  std::vector<double> weight;
  double total = 0;
};

BinomialTable binomial_around_mode(std::uint64_t n, double p) {
  const double q = 1 - p;
  const double size = static_cast<double>(n);
  const std::uint64_t mode = static_cast<std::uint64_t>((size + 1) * p);
  std::vector<double> below;
  double w = 1;
  for (std::uint64_t k = mode; k > 0; --k) {
    w *= static_cast<double>(k) / static_cast<double>(n - k + 1) * (q / p);
    if (w < kNegligible) break;
    below.push_back(w);
  }
  BinomialTable table;
  table.first = mode - below.size();
  table.weight.assign(below.rbegin(), below.rend());
  table.weight.push_back(1);
  w = 1;
  for (std::uint64_t k = mode; k < n; ++k) {
    w *= static_cast<double>(n - k) / static_cast<double>(k + 1) * (p / q);
    if (w < kNegligible) break;
    table.weight.push_back(w);
  }
  for (const double weight : table.weight) table.total += weight;
  return table;
}

}  // namespace

RankInterval order_statistic_ranks(std::uint64_t n, double p, double confidence) {
  TAILRACE_CHECK(p > 0 && p < 1);
  TAILRACE_CHECK(confidence > 0 && confidence < 1);
  TAILRACE_CHECK(n <= kMaxValues);
  RankInterval ranks;
  if (n == 0) return ranks;
  const BinomialTable table = binomial_around_mode(n, p);
  const double allowed = 0.5 * (1 - confidence) * table.total;

  // low: the largest rank l with P(B < l) <= alpha / 2, high: the smallest rank u with P(B >= u) <= alpha
  // / 2.
  double missed_below = 0;
  std::size_t low = 0;
  while (low < table.weight.size() && missed_below + table.weight[low] <= allowed)
    missed_below += table.weight[low++];
  double missed_above = 0;
  std::size_t high = table.weight.size();
  while (high > 0 && missed_above + table.weight[high - 1] <= allowed) missed_above += table.weight[--high];
  ranks.low = table.first + low;
  ranks.high = table.first + high;

  // Rank 0 and rank n + 1 do not exist: the extremes stand in and miss what lies beyond them.
  if (ranks.low == 0) {
    ranks.low = 1;
    missed_below = table.weight[0];
  }
  if (ranks.high > n) {
    ranks.high = n;
    missed_above = table.weight.back();
  }
  ranks.coverage = 1 - (missed_below + missed_above) / table.total;
  ranks.known = ranks.coverage >= confidence;
  return ranks;
}

Interval order_statistic_interval(const sim::Histogram& values, double p, double confidence) {
  Interval interval;
  interval.confidence = confidence;
  interval.count = values.count();
  interval.groups = static_cast<int>(std::min<std::uint64_t>(values.count(), 1u << 30));
  interval.estimate = static_cast<double>(values.quantile(p));
  const RankInterval ranks = order_statistic_ranks(values.count(), p, confidence);
  if (!ranks.known) {
    interval.reason = "too few values beyond the percentile for an interval";
    return interval;
  }
  interval.low = static_cast<double>(values.value_at_rank(ranks.low));
  interval.high = static_cast<double>(values.value_at_rank(ranks.high));
  interval.known = true;
  return interval;
}

}  // namespace tailrace::analysis
