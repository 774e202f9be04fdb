// The cdf and the quantile of every kind: closed forms where there are some, otherwise bisection of the cdf.
#include <algorithm>
#include <bit>
#include <cmath>

#include "sim/base/check.hpp"
#include "sim/base/math.hpp"
#include "sim/random/distribution_impl.hpp"

namespace tailrace::sim {
namespace {

// The smallest x >= low with cdf(x) >= p. Non-negative doubles are ordered as their bit patterns are, so
// halving the pattern finds the exact answer in at most 64 steps, whatever the scale and with atoms and flat
// stretches too.
double bisect(const Distribution& d, double p, double low) {
  std::uint64_t from = std::bit_cast<std::uint64_t>(low);
  std::uint64_t to = std::bit_cast<std::uint64_t>(math::kInfinity);
  while (from < to) {
    const std::uint64_t middle = from + (to - from) / 2;
    if (d.cdf(std::bit_cast<double>(middle)) >= p) {
      to = middle;
    } else {
      from = middle + 1;
    }
  }
  return std::bit_cast<double>(from);
}

double normal_truncated_cdf(double mean, double sd, double x) {
  const double kept = math::normal_cdf(mean / sd);
  if (x > mean) return 1 - math::normal_tail((x - mean) / sd) / kept;
  return std::max(0.0, (math::normal_cdf((x - mean) / sd) - math::normal_tail(mean / sd)) / kept);
}
// From the nearer end, so that neither tail cancels.
double normal_truncated_quantile(double mean, double sd, double p) {
  const double kept = math::normal_cdf(mean / sd);
  const double z = p < 0.5 ? math::normal_quantile(math::normal_tail(mean / sd) + p * kept)
                           : -math::normal_quantile((1 - p) * kept);
  return std::max(0.0, mean + sd * z);
}

}  // namespace

double Distribution::minimum() const {
  const Impl& d = *impl_;
  switch (d.kind) {
    case Kind::constant:
    case Kind::uniform:
    case Kind::zipf:
      return d.a;
    case Kind::pareto:
      return d.b;
    case Kind::hyperexponential:
    case Kind::mixture: {
      double least = d.parts[0].minimum();
      for (const Distribution& part : d.parts) least = std::min(least, part.minimum());
      return least;
    }
    case Kind::empirical: {
      if (!d.is_cdf()) return d.x[0];
      const std::size_t first = d.pick.find(0);  // the first point with a positive probability below or at it
      return first == 0 ? d.x[0] : d.x[first - 1];
    }
    default:
      return 0;
  }
}

double Distribution::cdf(double x) const {
  const Impl& d = *impl_;
  if (!(x >= 0)) return 0;
  if (x == math::kInfinity) return 1;
  switch (d.kind) {
    case Kind::constant:
      return x >= d.a ? 1 : 0;
    case Kind::uniform:
      return std::clamp((x - d.a) / (d.b - d.a), 0.0, 1.0);
    case Kind::exponential:
      return -math::expm1(-x / d.a);
    case Kind::erlang:
      return math::gamma_p(d.a, x / (d.b / d.a));
    case Kind::gamma:
      return math::gamma_p(d.a, x / d.b);
    case Kind::normal:
      return normal_truncated_cdf(d.a, d.b, x);
    case Kind::lognormal:
      return x == 0 ? 0 : math::normal_cdf((math::log(x) - d.a) / d.b);
    case Kind::weibull:
      return -math::expm1(-math::pow(x / d.b, d.a));
    case Kind::pareto:
      return x <= d.b ? 0 : -math::expm1(-d.a * math::log(x / d.b));
    case Kind::hyperexponential:
    case Kind::mixture: {
      double sum = 0;
      double weight =
          0;  // divides, so that the cdf of the far end is exactly 1 whatever the weights round to
      for (std::size_t i = 0; i < d.parts.size(); ++i) {
        sum += d.weights[i] * d.parts[i].cdf(x);
        weight += d.weights[i];
      }
      return sum / weight;
    }
    case Kind::empirical: {
      const auto after = static_cast<std::size_t>(std::upper_bound(d.x.begin(), d.x.end(), x) - d.x.begin());
      if (!d.is_cdf()) return static_cast<double>(after) / static_cast<double>(d.x.size());
      if (after == 0) return 0;
      const double low = d.pick[after - 1];
      if (after == d.x.size()) return low;
      const double part = (x - d.x[after - 1]) / (d.x[after] - d.x[after - 1]);
      return low + (d.pick[after] - low) * part;
    }
    case Kind::zipf: {
      const double rank = std::floor(x / d.a);
      return rank >= static_cast<double>(d.zipf.ranks()) ? 1 : d.zipf.cdf(static_cast<std::uint64_t>(rank));
    }
  }
  return 0;
}

double Distribution::quantile(double p) const {
  TAILRACE_CHECK(p >= 0 && p < 1);
  const Impl& d = *impl_;
  if (p == 0) return minimum();
  switch (d.kind) {
    case Kind::constant:
      return d.a;
    case Kind::uniform:
      return d.a + p * (d.b - d.a);
    case Kind::exponential:
      return -d.a * math::log1p(-p);
    case Kind::normal:
      return normal_truncated_quantile(d.a, d.b, p);
    case Kind::lognormal:
      return math::exp(d.a + d.b * math::normal_quantile(p));
    case Kind::weibull:
      return d.b * math::pow(-math::log1p(-p), 1 / d.a);
    case Kind::pareto:
      return d.b * math::exp(-math::log1p(-p) / d.a);
    case Kind::erlang:
    case Kind::gamma:
    case Kind::hyperexponential:
    case Kind::mixture:
      return bisect(*this, p, minimum());
    case Kind::empirical: {
      if (!d.is_cdf()) {
        const auto n = static_cast<double>(d.x.size());
        double rank = std::max(std::ceil(p * n), 1.0);
        if (rank > 1 && (rank - 1) / n >= p) --rank;  // 0.07 * 100 is 7.000000000000001, and means 7
        return d.x[static_cast<std::size_t>(rank - 1)];
      }
      const std::vector<double>& c = d.pick.values();
      const auto j = static_cast<std::size_t>(std::lower_bound(c.begin(), c.end(), p) - c.begin());
      if (j == 0) return d.x[0];
      return d.x[j - 1] + (d.x[j] - d.x[j - 1]) * ((p - c[j - 1]) / (c[j] - c[j - 1]));
    }
    case Kind::zipf:
      return d.a * static_cast<double>(d.zipf.quantile(p));
  }
  return 0;
}

}  // namespace tailrace::sim
