#pragma once
// Probability distributions of a non-negative quantity (a service time in nanoseconds, a size in bytes, a
// batch count). Distribution describes: an immutable value with its moments, cdf and quantile, for theory and
// for people. Sampler draws: the same thing compiled to a small plain record for the hot path. A draw takes
// exactly one 64-bit output of its Stream, whatever the distribution: rejection steps take their further bits
// from a SplitMix64 seeded by that output. So two runs that differ in one parameter stay in step (common
// random numbers), draw for draw. All arithmetic is IEEE +, -, *, /, sqrt over sim/base/math.hpp: no libm,
// the same bits on every machine.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/time.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::sim {

class Distribution {
 public:
  enum class Kind : std::uint8_t {
    constant,
    uniform,
    exponential,
    erlang,
    gamma,
    normal,
    lognormal,
    weibull,
    pareto,
    hyperexponential,
    mixture,
    empirical,
    zipf
  };

  // Each factory expects arguments that its caller has validated (TAILRACE_CHECK guards): values >= 0 and
  // finite, scales and shapes > 0. A law without spread (uniform(5, 5), normal(5, 0), one part of weight 1)
  // comes back as that part or constant. mean == 0 where a scale is expected (exponential(0)) is the constant
  // 0.
  static Distribution constant(double value);
  static Distribution uniform(double min, double max);
  static Distribution exponential(double mean);
  static Distribution erlang(int k, double mean);  // k phases, mean of the sum
  static Distribution gamma(double shape, double scale);
  static Distribution normal(double mean,
                             double sd);  // truncated at 0; the parameters are those before truncation
  static Distribution lognormal_mu_sigma(double mu, double sigma);  // of the logarithm
  static Distribution lognormal_mean_sd(double mean, double sd);
  static Distribution lognormal_mean_p99(
      double mean, double p99);  // needs mean < p99 and a solution; see lognormal_mean_p99_solvable
  static Distribution lognormal_p50_p99(double p50, double p99);
  static bool lognormal_mean_p99_solvable(
      double mean, double p99);  // p99/mean <= exp(z^2/2) ~ 14.97; the smaller sigma is taken
  static Distribution weibull(double shape, double scale);
  static Distribution pareto(double alpha, double minimum);
  static Distribution hyperexponential(std::vector<double> weights, std::vector<double> means);
  static Distribution mixture(std::vector<double> weights,
                              std::vector<Distribution> parts);      // bimodal is two constants
  static Distribution empirical_values(std::vector<double> values);  // each value equally likely
  static Distribution empirical_cdf(std::vector<double> x, std::vector<double> cdf);  // linear between points
  static Distribution zipf(double exponent, std::uint64_t n);  // ranks 1..n, P(k) ~ k^-exponent

  Kind kind() const;
  bool is_constant() const;
  double mean() const;      // infinity where it does not exist
  double variance() const;  // infinity where it does not exist
  double scv() const;       // squared coefficient of variation, variance / mean^2; 0 for mean 0
  double minimum() const;   // greatest lower bound of the support
  double cdf(double x) const;
  double quantile(double p) const;  // the smallest x with cdf(x) >= p, p in [0,1); quantile(0) is minimum()
  Distribution scaled(double factor) const;  // of factor * X
  std::string to_string() const;             // "exponential(mean=1e6)", in the distribution's own unit

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  static Distribution build(Impl impl, double mean, double variance);
  static Distribution mixture_of(Kind kind, std::vector<double> weights, std::vector<Distribution> parts);
  explicit Distribution(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace tailrace::sim
