#include "analysis/stats/paired.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/stats/student.hpp"
#include "sim/base/check.hpp"
#include "sim/base/math.hpp"

namespace tailrace::analysis {

namespace {

// Standard error of the mean of `values`.
double standard_error(std::span<const double> values) {
  const double n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double v : values) mean += v;
  mean /= n;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / (n - 1) / n);
}

std::string too_few(std::size_t pairs) {
  return pairs == 0 ? "no observations on both sides"
                    : "one pair of replications gives no interval; it needs at least 2";
}

// From the pooled estimates in `result` and one value of each side per group.
void judge(PairedComparison& result, std::span<const double> a, std::span<const double> b) {
  const double pairs = static_cast<double>(a.size());
  std::vector<double> change(a.size()), relative(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) change[i] = b[i] - a[i];
  const double t = t_critical(result.difference.confidence, pairs - 1);
  const double error = standard_error(change);
  Interval& d = result.difference;
  d.low = d.estimate - t * error;
  d.high = d.estimate + t * error;
  d.known = true;
  result.p_value = two_sided_p(d.estimate, error, pairs - 1);
  Interval& ratio = result.ratio;
  if (!(result.a > 0) || !(result.b > 0)) {
    ratio.reason = "a ratio needs two positive values";
    return;
  }
  for (std::size_t i = 0; i < a.size(); ++i) relative[i] = b[i] / result.b - a[i] / result.a;
  const double half = t * standard_error(relative);
  ratio.estimate = result.b / result.a;
  ratio.low = ratio.estimate * sim::math::exp(-half);
  ratio.high = ratio.estimate * sim::math::exp(half);
  ratio.known = true;
}

void set_up(PairedComparison& result, double confidence, std::size_t groups) {
  for (Interval* i : {&result.difference, &result.ratio}) {
    i->confidence = confidence;
    i->count = std::min(result.count_a, result.count_b);
    i->groups = static_cast<int>(groups);
  }
  result.difference.estimate = result.b - result.a;
  result.ratio.estimate = result.a > 0 ? result.b / result.a : 0;
}

void unknown(PairedComparison& result, const std::string& reason) {
  result.difference.reason = reason;
  result.ratio.reason = reason;
}

// One side's percentile q.
struct Spread {
  std::vector<double> values;  // by replication, in its first order; none where their spread is but buckets
  double low = 0, high = 0;    // its limits by themselves
  bool corner = false;         // the quantile function bends at q: one of these is far nearer than the other
};

// What each replication says of q (Bahadur): q and the replication's surplus of requests beyond q, times the
// slope of the quantile function about p. The slope is taken over the width of the interval itself (as
// Woodruff's intervals are), so it is that of what may be the percentile. Of requests that are exactly q, as
// after a timeout, so many count as beyond it that p of all are not: otherwise no replication would differ
// where q is their maximum. None where the width is within a few buckets of the histogram: then its
// resolution is all one would see.
Spread spread_of(const std::vector<const sim::Histogram*>& each, const sim::Histogram& pooled, double p,
                 double unit, double confidence) {
  constexpr double kFarthest = 2.5;  // standard errors: with three pairs Student's are many
  const std::int64_t q = pooled.quantile(p);
  const auto less =
      q - static_cast<std::int64_t>(2 * sim::Histogram::kRelativeError * static_cast<double>(q)) - 1;
  const auto within = [&](const sim::Histogram& h, std::int64_t x) {
    return x < 0 ? 0 : h.fraction_at_or_below(x);
  };
  const double at_q = within(pooled, q), below_q = within(pooled, less);
  const double share = at_q > below_q ? std::clamp((at_q - p) / (at_q - below_q), 0.0, 1.0) : 0.0;
  const auto not_beyond = [&](const sim::Histogram& h) {
    return share * within(h, less) + (1 - share) * within(h, q);
  };
  const double whole = static_cast<double>(pooled.count()), all = not_beyond(pooled);
  const double n = static_cast<double>(each.size());
  std::vector<double> surplus;  // in shares of all requests, n times
  double squares = 0;
  for (const sim::Histogram* h : each) {
    surplus.push_back(n * static_cast<double>(h->count()) / whole * (all - not_beyond(*h)));
    squares += surplus.back() * surplus.back();
  }
  const double t = t_critical(confidence, n - 1);
  const double reach = std::min(t, kFarthest) * std::sqrt(squares / (n - 1) / n);
  const double low = std::max(0.0, p - reach), high = std::min(1.0, p + reach);
  const double middle = static_cast<double>(q);
  const double under = middle - static_cast<double>(pooled.quantile(low));
  const double over = static_cast<double>(pooled.quantile(high)) - middle;
  constexpr double kBuckets = 8;
  constexpr double kCorner = 0.4;  // with less on one side a line missed 7 to 12 of 100 times in place of 5
  const double farther = t / std::min(t, kFarthest);
  Spread out;
  out.low = std::max(0.0, middle - under * farther) / unit;
  out.high = (middle + over * farther) / unit;
  if (!(under + over > kBuckets * sim::Histogram::kRelativeError * middle)) return out;
  out.corner = std::min(under, over) < kCorner * std::max(under, over);
  const double slope = (under + over) / (high - low);
  for (double& s : surplus) s = (middle + slope * s) / unit;
  out.values = std::move(surplus);
  return out;
}

double correlation(std::span<const double> x, std::span<const double> y) {
  double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) mean_x += x[i], mean_y += y[i];
  mean_x /= static_cast<double>(x.size()), mean_y /= static_cast<double>(y.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

// Where one of the two has a corner no straight line describes it: a percentile that is the timeout cannot be
// more. The difference's limits are made of those of both, each on its own side (MOVER: Zou and Donner 2008).
void judge_by_limits(PairedComparison& result, const Spread& a, const Spread& b, double pairs) {
  const double rho = a.values.empty() || b.values.empty() ? 0 : correlation(a.values, b.values);
  const auto together = [&](double x, double y) {
    return std::sqrt(std::max(0.0, x * x + y * y - 2 * rho * x * y));
  };
  Interval& d = result.difference;
  const double under = together(result.b - b.low, a.high - result.a);
  const double over = together(b.high - result.b, result.a - a.low);
  d.low = d.estimate - under;
  d.high = d.estimate + over;
  d.known = true;
  const double error = (d.estimate > 0 ? under : over) / t_critical(d.confidence, pairs - 1);
  result.p_value = two_sided_p(d.estimate, error, pairs - 1);
  Interval& ratio = result.ratio;
  if (!(result.a > 0) || !(result.b > 0)) {
    ratio.reason = "a ratio needs two positive values";
    return;
  }
  ratio.estimate = result.b / result.a;
  ratio.low = ratio.estimate *
              sim::math::exp(-together((result.b - b.low) / result.b, (a.high - result.a) / result.a));
  ratio.high = ratio.estimate *
               sim::math::exp(together((b.high - result.b) / result.b, (result.a - a.low) / result.a));
  ratio.known = true;
}

// The jackknife's pseudo-values: their mean is the (bias-corrected) estimate, their spread its error.
std::vector<double> pseudo_values(std::span<const RatioSample> samples, double total, double weight) {
  const double n = static_cast<double>(samples.size());
  std::vector<double> values;
  for (const RatioSample& s : samples) {
    const double change = (total / weight * s.weight - s.total) / (weight - s.weight);
    values.push_back(total / weight - (n - 1) * change);
  }
  return values;
}

}  // namespace

PairedComparison compare_ratios(std::span<const RatioSample> a, std::span<const RatioSample> b,
                                double confidence) {
  TAILRACE_CHECK(a.size() == b.size());
  PairedComparison result;
  std::vector<RatioSample> left, right;
  RatioSample sum_a, sum_b;
  const auto add = [](RatioSample& to, const RatioSample& from) {
    to.total += from.total;
    to.weight += from.weight;
  };
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a[i].weight > 0) || !(b[i].weight > 0)) continue;
    left.push_back(a[i]);
    right.push_back(b[i]);
    add(sum_a, a[i]);
    add(sum_b, b[i]);
  }
  if (!left.empty()) {
    result.a = sum_a.total / sum_a.weight;
    result.b = sum_b.total / sum_b.weight;
    const auto whole = [](double w) { return w < 0x1p63 ? static_cast<std::uint64_t>(w) : 0; };
    result.count_a = whole(sum_a.weight);
    result.count_b = whole(sum_b.weight);
  }
  set_up(result, confidence, left.size());
  if (left.size() < 2) {
    unknown(result, too_few(left.size()));
  } else {
    judge(result, pseudo_values(left, sum_a.total, sum_a.weight),
          pseudo_values(right, sum_b.total, sum_b.weight));
  }
  return result;
}

PairedComparison compare_percentiles(std::span<const sim::Histogram* const> a,
                                     std::span<const sim::Histogram* const> b, double p, double unit,
                                     double confidence) {
  TAILRACE_CHECK(a.size() == b.size());
  PairedComparison result;
  std::vector<std::size_t> pairs;
  sim::Histogram pooled_a, pooled_b;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i]->empty() || b[i]->empty()) continue;
    pairs.push_back(i);
    pooled_a.merge(*a[i]);
    pooled_b.merge(*b[i]);
  }
  result.count_a = pooled_a.count();
  result.count_b = pooled_b.count();
  result.a = static_cast<double>(pooled_a.quantile(p)) / unit;
  result.b = static_cast<double>(pooled_b.quantile(p)) / unit;
  const std::uint64_t fewest = std::min(result.count_a, result.count_b);
  const std::uint64_t needed = requests_needed(p);
  set_up(result, confidence, pairs.size());
  if (pairs.size() < 2 || fewest < needed) {
    unknown(result, pairs.size() < 2
                        ? too_few(pairs.size())
                        : fmt::format("p{:g} needs about {} requests on both sides; there are {}", 100 * p,
                                      needed, fewest));
    return result;
  }
  std::vector<const sim::Histogram*> each_a, each_b;
  for (const std::size_t i : pairs) {
    each_a.push_back(a[i]);
    each_b.push_back(b[i]);
  }
  const Spread by_a = spread_of(each_a, pooled_a, p, unit, confidence);
  const Spread by_b = spread_of(each_b, pooled_b, p, unit, confidence);
  if (by_a.corner || by_b.corner) {
    judge_by_limits(result, by_a, by_b, static_cast<double>(pairs.size()));
    return result;
  }
  if (!by_a.values.empty() && !by_b.values.empty()) {
    judge(result, by_a.values, by_b.values);
    return result;
  }
  const double beyond = static_cast<double>(fewest) * std::min(p, 1 - p) * (1 + 1e-9);
  const std::size_t groups =
      std::min(pairs.size(), static_cast<std::size_t>(std::max(2.0, beyond / kMinBeyondInGroup)));
  std::vector<double> left, right;
  for (std::size_t g = 0, i = 0; g < groups; ++g) {
    sim::Histogram group_a, group_b;
    for (const std::size_t end = (g + 1) * pairs.size() / groups; i < end; ++i) {
      group_a.merge(*a[pairs[i]]);
      group_b.merge(*b[pairs[i]]);
    }
    left.push_back(static_cast<double>(group_a.quantile(p)) / unit);
    right.push_back(static_cast<double>(group_b.quantile(p)) / unit);
  }
  set_up(result, confidence, groups);
  judge(result, left, right);
  return result;
}

std::vector<double> holm_adjusted(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t x, std::size_t y) { return p_values[x] < p_values[y]; });
  std::vector<double> adjusted(p_values.size());
  double least = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double factor = static_cast<double>(order.size() - rank);
    least = std::max(least, std::min(1.0, factor * p_values[order[rank]]));
    adjusted[order[rank]] = least;
  }
  return adjusted;
}

}  // namespace tailrace::analysis
