#pragma once
// Mean and variance of a time, plus what the exact formulas need to know about its law: whether it is a
// constant, or a constant plus one exponential (the laws for which the join of parallel branches has an exact
// mean).
#include <cmath>
#include <vector>

#include "sim/random/distribution.hpp"

namespace tailrace::analysis::detail {

struct Moments {
  enum class Law { constant, shifted_exponential, other };

  double mean = 0;
  double variance = 0;
  Law law = Law::constant;
  bool exact = true;  // the mean is

  bool is_exponential() const {
    return law == Law::shifted_exponential && std::fabs(variance - mean * mean) <= 1e-9 * mean * mean;
  }
  double scv() const { return mean > 0 ? variance / (mean * mean) : 0; }
  double second() const { return variance + mean * mean; }
};

// `unit` in seconds: 1e-9 for a law of nanoseconds.
inline Moments moments_of(const sim::Distribution& d, double unit) {
  Moments m{d.mean() * unit, d.variance() * unit * unit, Moments::Law::other, true};
  if (d.is_constant()) m.law = Moments::Law::constant;
  if (d.kind() == sim::Distribution::Kind::exponential) m.law = Moments::Law::shifted_exponential;
  return m;
}

// One after the other, independent.
inline Moments operator+(const Moments& a, const Moments& b) {
  Moments m{a.mean + b.mean, a.variance + b.variance, Moments::Law::other, a.exact && b.exact};
  if (a.law == Moments::Law::constant) m.law = b.law;
  if (b.law == Moments::Law::constant) m.law = a.law;
  return m;
}

inline Moments scaled(Moments m, double factor) {
  m.mean *= factor;
  m.variance *= factor * factor;
  return m;
}

// The `needed`-th of several independent times to end, given that so many end: each does with the probability
// at its place in `ends`. Each is taken as a constant plus an exponential of the same mean and variance,
// which is exact for laws of that form and flagged otherwise. O(n^2) per point of a fixed quadrature.
Moments order_statistic(const std::vector<Moments>& times, const std::vector<double>& ends, int needed);

}  // namespace tailrace::analysis::detail
