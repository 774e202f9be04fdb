#include "sim/random/zipf.hpp"

#include <cmath>

#include "sim/base/check.hpp"
#include "sim/base/math.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::sim {
namespace {

// The acceptance probability is above 0.8 for every s and n, so this many rejections in a row do not happen.
constexpr int kMaxRejections = 200;
constexpr std::uint64_t kDirectTerms = 40;  // of harmonic_sum; Euler-Maclaurin starts there

// (e^x - 1)/x and log(1 + x)/x, continued through 0.
double expm1_ratio(double x) {
  return std::abs(x) > 1e-8 ? math::expm1(x) / x : 1 + x / 2;
}
double log1p_ratio(double x) {
  return std::abs(x) > 1e-8 ? math::log1p(x) / x : 1 - x / 2;
}

// The integral of t^-s from a to b.
double power_integral(double a, double b, double s) {
  const double l = math::log(b / a);
  return math::pow(a, 1 - s) * l * expm1_ratio((1 - s) * l);
}

}  // namespace

double harmonic_sum(std::uint64_t n, double s) {
  double direct = 0;
  const std::uint64_t first = n <= 2 * kDirectTerms ? n + 1 : kDirectTerms;
  for (std::uint64_t k = first - 1; k >= 1; --k) direct += math::pow(static_cast<double>(k), -s);
  if (first > n) return direct;
  // Euler-Maclaurin over first..n: integral, half the ends, and B_2j/(2j)! times the odd derivatives at the
  // ends.
  const auto a = static_cast<double>(first);
  const auto b = static_cast<double>(n);
  double fa = math::pow(a, -s);
  double fb = math::pow(b, -s);
  double rest = power_integral(a, b, s) + 0.5 * (fa + fb);
  constexpr double kBernoulli[] = {1.0 / 12,           -1.0 / 720,     1.0 / 30240,
                                   -1.0 / 1209600,     1.0 / 47900160, -691.0 / 1307674368000.0,
                                   1.0 / 74724249600.0};
  double order = s;
  fa *= order / a;
  fb *= order / b;
  for (const double coefficient : kBernoulli) {
    rest += coefficient * (fa - fb);
    fa *= (order + 1) * (order + 2) / (a * a);
    fb *= (order + 1) * (order + 2) / (b * b);
    order += 2;
  }
  return direct + rest;
}

ZipfLaw::ZipfLaw(double exponent, std::uint64_t n) : s_(exponent), n_(n) {
  TAILRACE_CHECK(exponent >= 0 && exponent < math::kInfinity);
  TAILRACE_CHECK(n >= 1 && n <= kMaxRanks);
  sum_ = harmonic_sum(n, exponent);
  integral_low_ = integral(1.5) - 1;
  integral_high_ = integral(static_cast<double>(n) + 0.5);
  squeeze_ = 2 - inverse_integral(integral(2.5) - math::pow(2, -s_));
}

double ZipfLaw::integral(double x) const {
  const double l = math::log(x);
  return expm1_ratio((1 - s_) * l) * l;
}
double ZipfLaw::inverse_integral(double y) const {
  double t = y * (1 - s_);
  if (t < -1) t = -1;  // rounding; the integral of s > 1 stays below 1/(s - 1)
  return math::exp(log1p_ratio(t) * y);
}

std::uint64_t ZipfLaw::draw(std::uint64_t bits) const {
  SplitMix64 more{bits};
  std::uint64_t rank = 1;
  const auto last = static_cast<double>(n_);
  for (int i = 0; i < kMaxRejections; ++i) {
    const double u =
        integral_high_ + static_cast<double>(bits >> 11) * 0x1p-53 * (integral_low_ - integral_high_);
    const double x = inverse_integral(u);
    const double nearest = x + 0.5 >= last ? last : x < 1.5 ? 1 : std::floor(x + 0.5);
    rank = static_cast<std::uint64_t>(nearest);
    if (nearest - x <= squeeze_) break;
    if (u >= integral(nearest + 0.5) - math::exp(-s_ * math::log(nearest))) break;
    bits = more.next();
  }
  return rank;
}

double ZipfLaw::mean() const {
  return harmonic_sum(n_, s_ - 1) / sum_;
}
double ZipfLaw::variance() const {
  if (n_ == 1) return 0;
  const double m = mean();
  const double square = harmonic_sum(n_, s_ - 2) / sum_;
  const double v = square - m * m;
  return v > 0 ? v : 0;
}
double ZipfLaw::cdf(std::uint64_t rank) const {
  if (rank == 0) return 0;
  return rank >= n_ ? 1 : harmonic_sum(rank, s_) / sum_;
}
std::uint64_t ZipfLaw::quantile(double p) const {
  std::uint64_t low = 1;
  std::uint64_t high = n_;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (cdf(middle) >= p) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace tailrace::sim
