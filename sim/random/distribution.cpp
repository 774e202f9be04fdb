#include "sim/random/distribution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/check.hpp"
#include "sim/base/math.hpp"
#include "sim/random/distribution_impl.hpp"

namespace tailrace::sim {
namespace {

constexpr double kNormalQuantile99 = 2.3263478740408411;
constexpr double kWeightTolerance = 1e-9;  // how far weights may sum from 1

bool is_value(double x) {
  return x >= 0 && x < math::kInfinity;
}
bool is_scale(double x) {
  return x > 0 && x < math::kInfinity;
}

double square(double x) {
  return x * x;
}

// Variance / mean^2 of a Weibull law: Gamma(1 + 2e) / Gamma(1 + e)^2 - 1, e = 1/shape. For steep laws by the
// series of log Gamma(1 + e) in zeta values, where the quotient would cancel.
double weibull_scv(double shape) {
  const double e = 1 / shape;
  if (e > 0.01) return math::gamma(1 + 2 * e) / square(math::gamma(1 + e)) - 1;
  constexpr double kZeta[] = {1.6449340668482264, 1.2020569031595942, 1.0823232337111382, 1.0369277551433699,
                              1.0173430619844491, 1.0083492773819228, 1.0040773561979443};
  double sum = 0;
  double power = e;
  double two = 2;
  double sign = 1;
  for (int n = 2; n <= 8; ++n) {
    power *= e;
    two *= 2;
    sum += sign * kZeta[n - 2] / n * (two - 2) * power;
    sign = -sign;
  }
  return math::expm1(sum);
}

// "1e6" rather than "1e+06": six digits, as people write them.
std::string number(double x) {
  std::string s = fmt::format("{:.6g}", x);
  const std::size_t e = s.find('e');
  if (e == std::string::npos) return s;
  std::size_t digits = e + 1;
  const bool negative = s[digits] == '-';
  while (digits < s.size() && (s[digits] == '+' || s[digits] == '-' || s[digits] == '0')) ++digits;
  return s.substr(0, e + 1) + (negative ? "-" : "") + s.substr(digits);
}

}  // namespace

Distribution Distribution::build(Impl impl, double mean, double variance) {
  impl.mean = mean;
  impl.variance = variance;
  return Distribution(std::make_shared<const Impl>(std::move(impl)));
}

Distribution Distribution::constant(double value) {
  TAILRACE_CHECK(is_value(value));
  return build({.kind = Kind::constant, .a = value}, value, 0);
}

Distribution Distribution::uniform(double min, double max) {
  TAILRACE_CHECK(is_value(min) && is_value(max));
  TAILRACE_CHECK(min <= max);
  if (min == max) return constant(min);
  return build({.kind = Kind::uniform, .a = min, .b = max}, min + (max - min) / 2, square(max - min) / 12);
}

Distribution Distribution::exponential(double mean) {
  TAILRACE_CHECK(is_value(mean));
  if (mean == 0) return constant(0);
  return build({.kind = Kind::exponential, .a = mean}, mean, mean * mean);
}

Distribution Distribution::erlang(int k, double mean) {
  TAILRACE_CHECK(k >= 1);
  TAILRACE_CHECK(is_value(mean));
  if (mean == 0) return constant(0);
  return build({.kind = Kind::erlang, .a = static_cast<double>(k), .b = mean}, mean, mean * mean / k);
}

Distribution Distribution::gamma(double shape, double scale) {
  TAILRACE_CHECK(is_scale(shape));
  TAILRACE_CHECK(is_scale(scale));
  return build({.kind = Kind::gamma, .a = shape, .b = scale}, shape * scale, shape * scale * scale);
}

Distribution Distribution::normal(double mean, double sd) {
  TAILRACE_CHECK(is_value(mean) && is_value(sd));
  if (sd == 0) return constant(mean);
  // Truncation at 0 is -h standard deviations; the hazard there is lambda (Johnson, Kotz &
  // Balakrishnan, 13.10).
  const double h = mean / sd;
  const double lambda = math::exp(-0.5 * h * h) / std::sqrt(2 * math::kPi) / math::normal_cdf(h);
  return build({.kind = Kind::normal, .a = mean, .b = sd}, mean + sd * lambda,
               sd * sd * (1 - h * lambda - lambda * lambda));
}

Distribution Distribution::lognormal_mu_sigma(double mu, double sigma) {
  TAILRACE_CHECK(std::abs(mu) < math::kInfinity);
  TAILRACE_CHECK(is_value(sigma));
  if (sigma == 0) return constant(math::exp(mu));
  const double mean = math::exp(mu + sigma * sigma / 2);
  return build({.kind = Kind::lognormal, .a = mu, .b = sigma}, mean,
               mean * mean * math::expm1(sigma * sigma));
}
Distribution Distribution::lognormal_mean_sd(double mean, double sd) {
  TAILRACE_CHECK(is_scale(mean) && is_value(sd));
  if (sd == 0) return constant(mean);
  const double sigma2 = math::log1p(square(sd / mean));
  return lognormal_mu_sigma(math::log(mean) - sigma2 / 2, std::sqrt(sigma2));
}
// p99 = exp(mu + z sigma) and mean = exp(mu + sigma^2/2) give log(p99/mean) = z sigma - sigma^2/2. Of the two
// roots the smaller one is the law that people mean: the larger has sigma > 2.33, most of its mean in the top
// percent.
Distribution Distribution::lognormal_mean_p99(double mean, double p99) {
  TAILRACE_CHECK(lognormal_mean_p99_solvable(mean, p99));
  const double l = math::log(p99 / mean);
  const double rest = square(kNormalQuantile99) - 2 * l;
  const double root = std::sqrt(rest > 0 ? rest : 0);
  const double sigma = 2 * l / (kNormalQuantile99 + root);
  return lognormal_mu_sigma(math::log(mean) - sigma * sigma / 2, sigma);
}
bool Distribution::lognormal_mean_p99_solvable(double mean, double p99) {
  if (!is_scale(mean) || !is_scale(p99) || !(p99 > mean)) return false;
  return 2 * math::log(p99 / mean) <= square(kNormalQuantile99);
}
Distribution Distribution::lognormal_p50_p99(double p50, double p99) {
  TAILRACE_CHECK(is_scale(p50) && is_scale(p99));
  TAILRACE_CHECK(p50 <= p99);
  if (p50 == p99) return constant(p50);
  return lognormal_mu_sigma(math::log(p50), math::log(p99 / p50) / kNormalQuantile99);
}

Distribution Distribution::weibull(double shape, double scale) {
  TAILRACE_CHECK(is_scale(shape) && is_scale(scale));
  const double mean = scale * math::gamma(1 + 1 / shape);
  const double scv = weibull_scv(shape);
  const bool finite =
      mean < math::kInfinity && scv < math::kInfinity;  // shapes below 0.012 pass a double's range
  return build({.kind = Kind::weibull, .a = shape, .b = scale}, mean,
               finite ? mean * mean * scv : math::kInfinity);
}

Distribution Distribution::pareto(double alpha, double minimum) {
  TAILRACE_CHECK(is_scale(alpha) && is_scale(minimum));
  const double mean = alpha > 1 ? minimum * alpha / (alpha - 1) : math::kInfinity;
  const double variance =
      alpha > 2 ? minimum * minimum * alpha / (square(alpha - 1) * (alpha - 2)) : math::kInfinity;
  return build({.kind = Kind::pareto, .a = alpha, .b = minimum}, mean, variance);
}

Distribution Distribution::mixture_of(Kind kind, std::vector<double> weights,
                                      std::vector<Distribution> parts) {
  TAILRACE_CHECK(weights.size() == parts.size());
  double sum = 0;
  Impl impl{.kind = kind};
  for (std::size_t i = 0; i < weights.size(); ++i) {
    TAILRACE_CHECK(weights[i] >= 0);
    sum += weights[i];
    if (weights[i] == 0) continue;
    impl.weights.push_back(weights[i]);
    impl.parts.push_back(std::move(parts[i]));
  }
  TAILRACE_CHECK(std::abs(sum - 1) <= kWeightTolerance);
  if (impl.parts.size() == 1) return impl.parts[0];
  std::vector<double> cumulative;
  double below = 0;
  double mean = 0;
  for (std::size_t i = 0; i < impl.parts.size(); ++i) {
    impl.weights[i] /= sum;
    below += impl.weights[i];
    cumulative.push_back(below < 1 ? below : 1);
    mean += impl.weights[i] * impl.parts[i].mean();
    impl.samplers.emplace_back(impl.parts[i]);
  }
  cumulative.back() = 1;
  impl.pick = CumulativeTable(std::move(cumulative));
  double variance = 0;  // within the parts and between them; an infinite mean has an infinite variance
  for (std::size_t i = 0; i < impl.parts.size(); ++i) {
    variance += impl.weights[i] * impl.parts[i].variance();
    if (mean < math::kInfinity) variance += impl.weights[i] * square(impl.parts[i].mean() - mean);
  }
  return build(std::move(impl), mean, variance);
}

Distribution Distribution::hyperexponential(std::vector<double> weights, std::vector<double> means) {
  std::vector<Distribution> parts;
  for (const double mean : means) parts.push_back(exponential(mean));
  return mixture_of(Kind::hyperexponential, std::move(weights), std::move(parts));
}

Distribution Distribution::mixture(std::vector<double> weights, std::vector<Distribution> parts) {
  return mixture_of(Kind::mixture, std::move(weights), std::move(parts));
}

Distribution Distribution::empirical_values(std::vector<double> values) {
  TAILRACE_CHECK(!values.empty());
  TAILRACE_CHECK(std::all_of(values.begin(), values.end(), is_value));
  std::sort(values.begin(), values.end());
  if (values.front() == values.back()) return constant(values.front());
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const double x : values) mean += x / n;
  double variance = 0;
  for (const double x : values) variance += square(x - mean) / n;
  Impl impl{.kind = Kind::empirical};
  impl.x = std::move(values);
  return build(std::move(impl), mean, variance);
}

Distribution Distribution::empirical_cdf(std::vector<double> x, std::vector<double> cdf) {
  TAILRACE_CHECK(!x.empty() && x.size() == cdf.size());
  TAILRACE_CHECK(std::all_of(x.begin(), x.end(), is_value));
  TAILRACE_CHECK(std::is_sorted(x.begin(), x.end()) && std::is_sorted(cdf.begin(), cdf.end()));
  TAILRACE_CHECK(cdf.front() >= 0 && std::abs(cdf.back() - 1) <= kWeightTolerance);
  for (double& p : cdf) p = std::min(p / cdf.back(), 1.0);
  cdf.back() = 1;
  if (x.front() == x.back()) return constant(x.front());
  double mean = cdf[0] * x[0];  // an atom at the first point, then a uniform piece per step
  for (std::size_t i = 1; i < x.size(); ++i)
    mean += (cdf[i] - cdf[i - 1]) * (x[i - 1] + (x[i] - x[i - 1]) / 2);
  double variance = cdf[0] * square(x[0] - mean);
  for (std::size_t i = 1; i < x.size(); ++i) {
    const double middle = x[i - 1] + (x[i] - x[i - 1]) / 2;
    variance += (cdf[i] - cdf[i - 1]) * (square(middle - mean) + square(x[i] - x[i - 1]) / 12);
  }
  Impl impl{.kind = Kind::empirical};
  impl.x = std::move(x);
  impl.pick = CumulativeTable(std::move(cdf));
  return build(std::move(impl), mean, variance);
}

Distribution Distribution::zipf(double exponent, std::uint64_t n) {
  Impl impl{.kind = Kind::zipf, .a = 1};
  impl.zipf = ZipfLaw(exponent, n);
  const double mean = impl.zipf.mean();
  const double variance = impl.zipf.variance();
  return build(std::move(impl), mean, variance);
}

Distribution::Kind Distribution::kind() const {
  return impl_->kind;
}
bool Distribution::is_constant() const {
  return impl_->kind == Kind::constant;
}
double Distribution::mean() const {
  return impl_->mean;
}
double Distribution::variance() const {
  return impl_->variance;
}
double Distribution::scv() const {
  if (impl_->mean == 0) return 0;
  return impl_->variance == math::kInfinity ? math::kInfinity : impl_->variance / impl_->mean / impl_->mean;
}

Distribution Distribution::scaled(double factor) const {
  TAILRACE_CHECK(is_value(factor));
  if (factor == 0) return constant(0);
  Impl impl = *impl_;
  switch (impl.kind) {
    case Kind::constant:
    case Kind::exponential:
    case Kind::zipf:
      impl.a *= factor;
      break;
    case Kind::uniform:
    case Kind::normal:
      impl.a *= factor;
      impl.b *= factor;
      break;
    case Kind::erlang:
    case Kind::gamma:
    case Kind::weibull:
    case Kind::pareto:
      impl.b *= factor;
      break;
    case Kind::lognormal:
      impl.a += math::log(factor);
      break;
    case Kind::hyperexponential:
    case Kind::mixture:
      for (std::size_t i = 0; i < impl.parts.size(); ++i) {
        impl.parts[i] = impl.parts[i].scaled(factor);
        impl.samplers[i] = Sampler(impl.parts[i]);
      }
      break;
    case Kind::empirical:
      for (double& x : impl.x) x *= factor;
      break;
  }
  return build(std::move(impl), impl_->mean * factor, impl_->variance * factor * factor);
}

std::string Distribution::to_string() const {
  const Impl& d = *impl_;
  const std::string a = number(d.a);
  const std::string b = number(d.b);
  switch (d.kind) {
    case Kind::constant:
      return fmt::format("constant({})", a);
    case Kind::uniform:
      return fmt::format("uniform(min={}, max={})", a, b);
    case Kind::exponential:
      return fmt::format("exponential(mean={})", a);
    case Kind::erlang:
      return fmt::format("erlang(k={}, mean={})", a, b);
    case Kind::gamma:
      return fmt::format("gamma(shape={}, scale={})", a, b);
    case Kind::normal:
      return fmt::format("normal(mean={}, sd={})", a, b);
    case Kind::lognormal:
      return fmt::format("lognormal(mean={}, cv={})", number(d.mean), number(std::sqrt(scv())));
    case Kind::weibull:
      return fmt::format("weibull(shape={}, scale={})", a, b);
    case Kind::pareto:
      return fmt::format("pareto(alpha={}, min={})", a, b);
    case Kind::hyperexponential:
      if (d.parts.size() == 2) {
        return fmt::format("hyperexponential(p1={}, mean1={}, mean2={})", number(d.weights[0]),
                           number(d.parts[0].mean()), number(d.parts[1].mean()));
      }
      [[fallthrough]];
    case Kind::mixture: {
      std::string s = "mixture(";
      for (std::size_t i = 0; i < d.parts.size(); ++i) {
        s += fmt::format("{}{}: {}", i == 0 ? "" : ", ", number(d.weights[i]), d.parts[i].to_string());
      }
      return s + ")";
    }
    case Kind::empirical:
      return fmt::format("{}({} {}, mean={})", d.is_cdf() ? "empirical_cdf" : "empirical", d.x.size(),
                         d.is_cdf() ? "points" : "values", number(d.mean));
    case Kind::zipf: {
      const std::string law = fmt::format("zipf(s={}, n={})", number(d.zipf.exponent()), d.zipf.ranks());
      return d.a == 1 ? law : a + "*" + law;
    }
  }
  return {};
}

}  // namespace tailrace::sim
