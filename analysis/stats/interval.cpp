#include "analysis/stats/interval.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "analysis/stats/student.hpp"
#include "sim/base/check.hpp"
#include "sim/base/math.hpp"

namespace tailrace::analysis {

namespace {

struct Moments {
  double mean = 0;
  double variance = 0;  // of the sample (n - 1)
};

Moments moments_of(std::span<const double> values) {
  Moments m;
  if (values.empty()) return m;
  const double n = static_cast<double>(values.size());
  for (const double v : values) m.mean += v;
  m.mean /= n;
  if (values.size() < 2) return m;
  for (const double v : values) m.variance += (v - m.mean) * (v - m.mean);
  m.variance /= n - 1;
  return m;
}

Interval with_error(Interval interval, double standard_error, double degrees_of_freedom) {
  const double half = t_critical(interval.confidence, degrees_of_freedom) * standard_error;
  interval.low = interval.estimate - half;
  interval.high = interval.estimate + half;
  interval.known = true;
  return interval;
}

// None were counted, or all: one bound is the estimate. `expected` is the least share, or rate, at which none
// would come about too seldom, were events independent.
Interval with_exact_bound(Interval interval, double expected) {
  const double width = interval.exact == RatioOf::events ? expected : -sim::math::expm1(-expected);
  interval.low = interval.estimate == 0 ? 0 : interval.estimate - width;
  interval.high = interval.estimate == 0 ? width : interval.estimate;
  interval.known = true;
  return interval;
}
double excluded_by_none(double confidence) {  // events
  return -sim::math::log((1 - confidence) / 2);
}

const char* too_few_groups(int groups) {
  return groups == 0 ? "no observations" : "one replication gives no interval; it needs at least 2";
}

}  // namespace

double Interval::relative_half_width() const {
  const double half = half_width();
  if (half == 0) return 0;
  return estimate == 0 ? std::numeric_limits<double>::infinity() : half / std::fabs(estimate);
}

Interval mean_interval(std::span<const double> replications, double confidence) {
  const Moments m = moments_of(replications);
  Interval interval;
  interval.estimate = m.mean;
  interval.confidence = confidence;
  interval.groups = static_cast<int>(replications.size());
  interval.count = replications.size();
  if (interval.groups < 2) {
    interval.reason = too_few_groups(interval.groups);
    return interval;
  }
  return with_error(interval, std::sqrt(m.variance / interval.groups), interval.groups - 1);
}

Interval ratio_interval(std::span<const RatioSample> groups, RatioOf what, double confidence) {
  Interval interval;
  interval.confidence = confidence;
  double total = 0;
  double weight = 0;
  for (const RatioSample& group : groups) {
    TAILRACE_CHECK(group.weight >= 0);
    if (group.weight == 0) continue;
    ++interval.groups;
    total += group.total;
    weight += group.weight;
  }
  if (interval.groups > 0) interval.estimate = total / weight;
  interval.count = weight < 0x1p63 ? static_cast<std::uint64_t>(weight) : 0;
  if (interval.groups < 2) {
    interval.reason = too_few_groups(interval.groups);
    return interval;
  }
  const bool none = total == 0, all = total == weight;
  if ((what != RatioOf::sums && none) || (what == RatioOf::trials && all)) {
    interval.exact = what;
    return with_exact_bound(interval, excluded_by_none(confidence) / weight);
  }
  std::vector<double> without;
  without.reserve(groups.size());
  for (const RatioSample& group : groups) {
    if (group.weight == 0) continue;
    // theta_without - theta, in the form that does not cancel when the ratios are nearly equal.
    without.push_back((interval.estimate * group.weight - group.total) / (weight - group.weight));
  }
  const double r = interval.groups;
  const double squares = moments_of(without).variance * (r - 1);
  return with_error(interval, std::sqrt((r - 1) / r * squares), r - 1);
}

Interval in_seconds(Interval ns) {
  for (double* v : {&ns.estimate, &ns.low, &ns.high}) *v /= 1e9;
  return ns;
}

void set_confidence(Interval& i, double confidence) {
  if (!i.known || i.groups < 2) return;
  const double before = std::exchange(i.confidence, confidence);
  if (i.exact != RatioOf::sums) {
    const double width = i.high - i.low;
    const double expected = i.exact == RatioOf::events ? width : -sim::math::log1p(-width);
    i = with_exact_bound(i, expected * excluded_by_none(confidence) / excluded_by_none(before));
    return;
  }
  const double dof = i.groups - 1;
  const double factor = t_critical(confidence, dof) / t_critical(before, dof);
  i.low = i.estimate - factor * (i.estimate - i.low);
  i.high = i.estimate + factor * (i.high - i.estimate);
}

std::uint64_t requests_needed(double p) {
  TAILRACE_CHECK(p > 0 && p < 1);
  // Less a little before rounding up: 12 / (1 - 0.99) is 1200, not 1200 and a rounding error.
  const double needed = kMinBeyondPercentile / std::min(p, 1 - p);
  return static_cast<std::uint64_t>(std::min(std::ceil(needed * (1 - 1e-9)), 0x1p63));
}

Interval percentile_interval(std::span<const sim::Histogram* const> replications, double p,
                             double confidence) {
  Interval interval;
  interval.confidence = confidence;
  sim::Histogram pooled;
  std::vector<const sim::Histogram*> filled;
  for (const sim::Histogram* replication : replications) {
    if (replication->empty()) continue;
    filled.push_back(replication);
    pooled.merge(*replication);
  }
  interval.groups = static_cast<int>(filled.size());
  interval.count = pooled.count();
  interval.estimate = static_cast<double>(pooled.quantile(p));
  const std::uint64_t needed = requests_needed(p);
  if (interval.count < needed) {
    interval.reason =
        fmt::format("p{:g} needs about {} requests; there are {}", 100 * p, needed, interval.count);
    return interval;
  }
  if (interval.groups < 2) {
    interval.reason = too_few_groups(interval.groups);
    return interval;
  }
  const double beyond = static_cast<double>(interval.count) * std::min(p, 1 - p) * (1 + 1e-9);
  const std::size_t groups =
      std::min(filled.size(), static_cast<std::size_t>(std::max(2.0, beyond / kMinBeyondInGroup)));
  std::vector<double> quantiles;
  sim::Histogram group;
  for (std::size_t r = 0; r < filled.size();) {
    const std::size_t g = quantiles.size();
    const std::size_t end = (g + 1) * filled.size() / groups;
    if (end == r + 1) {
      quantiles.push_back(static_cast<double>(filled[r++]->quantile(p)));
      continue;
    }
    group.clear();
    for (; r < end; ++r) group.merge(*filled[r]);
    quantiles.push_back(static_cast<double>(group.quantile(p)));
  }
  interval.groups = static_cast<int>(groups);
  return with_error(interval, std::sqrt(moments_of(quantiles).variance / interval.groups),
                    interval.groups - 1);
}

Interval percentile_interval(std::span<const sim::Histogram> replications, double p, double confidence) {
  std::vector<const sim::Histogram*> pointers;
  pointers.reserve(replications.size());
  for (const sim::Histogram& replication : replications) pointers.push_back(&replication);
  return percentile_interval(pointers, p, confidence);
}

MeanDifference welch_difference(std::span<const double> a, std::span<const double> b, double confidence) {
  const Moments ma = moments_of(a);
  const Moments mb = moments_of(b);
  MeanDifference out;
  Interval& interval = out.interval;
  interval.estimate = mb.mean - ma.mean;
  interval.confidence = confidence;
  interval.groups = static_cast<int>(a.size() + b.size());
  interval.count = a.size() + b.size();
  if (a.size() < 2 || b.size() < 2) {
    interval.reason = "a difference needs at least 2 replications on each side";
    return out;
  }
  const double na = static_cast<double>(a.size());
  const double nb = static_cast<double>(b.size());
  const double va = ma.variance / na;
  const double vb = mb.variance / nb;
  const double squares = va * va / (na - 1) + vb * vb / (nb - 1);
  const double dof = squares > 0 ? std::max(1.0, (va + vb) * (va + vb) / squares) : na + nb - 2;
  const double error = std::sqrt(va + vb);
  interval = with_error(interval, error, dof);
  out.p_value = two_sided_p(interval.estimate, error, dof);
  return out;
}

MeanDifference paired_difference(std::span<const double> a, std::span<const double> b, double confidence) {
  TAILRACE_CHECK(a.size() == b.size());
  std::vector<double> differences(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) differences[i] = b[i] - a[i];
  MeanDifference out{mean_interval(differences, confidence)};
  if (!out.interval.known) return out;
  const double n = static_cast<double>(a.size());
  const double error = std::sqrt(moments_of(differences).variance / n);
  out.p_value = two_sided_p(out.interval.estimate, error, n - 1);
  return out;
}

}  // namespace tailrace::analysis
