#pragma once
// The Zipf law on ranks 1..n, P(k) proportional to k^-s, for any s >= 0 and n up to 2^50 without a table of n
// numbers. Draws by rejection-inversion (Hormann & Derflinger 1996): invert the integral of x^-s, round,
// accept almost always. Sums over the ranks by Euler-Maclaurin: a few dozen terms however many ranks there
// are.
#include <cstdint>

namespace tailrace::sim {

// sum of k^-s for k = 1..n; s >= -2. Relative error about 1e-14.
double harmonic_sum(std::uint64_t n, double s);

class ZipfLaw {
 public:
  static constexpr std::uint64_t kMaxRanks = 1ULL << 50;

  ZipfLaw() = default;
  ZipfLaw(double exponent, std::uint64_t n);

  std::uint64_t draw(std::uint64_t bits) const;
  double mean() const;
  double variance() const;
  double cdf(std::uint64_t rank) const;
  std::uint64_t quantile(double p) const;

  double exponent() const { return s_; }
  std::uint64_t ranks() const { return n_; }

 private:
  double integral(double x) const;  // of t^-s from 1 to x
  double inverse_integral(double y) const;

  double s_ = 0;
  std::uint64_t n_ = 1;
  double sum_ = 1;            // of all k^-s
  double integral_low_ = 0;   // integral(1.5) - 1: rank 1 gets exactly its weight
  double integral_high_ = 0;  // integral(n + 1/2)
  double squeeze_ = 0;        // within this distance above the inverse no comparison is needed
};

}  // namespace tailrace::sim
