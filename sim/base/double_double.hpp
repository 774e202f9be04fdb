#pragma once
// Arithmetic of about 106 bits on pairs of doubles (Dekker 1971; Knuth, TAOCP 2, 4.2.2), all of it constexpr.
// It builds the tables behind sim/base/math.hpp and the ziggurats at compile time, in the open, instead of
// pages of literals that nobody can check. Too slow for a hot path. Arguments are finite and of moderate size
// (|x| < 2^500). Needs strict IEEE doubles: no contraction, no extended precision, no fast-math.
#include <bit>
#include <cstdint>

namespace tailrace::sim::math {

struct DoubleDouble {
  double hi = 0;  // the value rounded to a double
  double lo = 0;  // what the rounding left, at most half a unit in the last place of hi
};

constexpr DoubleDouble quick_two_sum(double a, double b) {  // needs |a| >= |b| or a == 0
  const double s = a + b;
  return {s, b - (s - a)};
}
constexpr DoubleDouble two_sum(double a, double b) {
  const double s = a + b;
  const double t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}
// The exact product; the factors are split into halves of 26 bits because not every machine has a fused
// multiply-add.
constexpr DoubleDouble two_product(double a, double b) {
  const double p = a * b;
  const double ta = 134217729.0 * a;  // 2^27 + 1
  const double ah = ta - (ta - a);
  const double al = a - ah;
  const double tb = 134217729.0 * b;
  const double bh = tb - (tb - b);
  const double bl = b - bh;
  return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

constexpr DoubleDouble operator+(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble s = two_sum(a.hi, b.hi);
  const DoubleDouble t = two_sum(a.lo, b.lo);
  const DoubleDouble u = quick_two_sum(s.hi, s.lo + t.hi);
  return quick_two_sum(u.hi, u.lo + t.lo);
}
constexpr DoubleDouble operator-(DoubleDouble a) {
  return {-a.hi, -a.lo};
}
constexpr DoubleDouble operator-(DoubleDouble a, DoubleDouble b) {
  return a + (-b);
}
constexpr DoubleDouble operator*(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble p = two_product(a.hi, b.hi);
  return quick_two_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}
constexpr DoubleDouble operator/(DoubleDouble a, DoubleDouble b) {
  const double q1 = a.hi / b.hi;
  const DoubleDouble r = a - b * DoubleDouble{q1, 0};
  const double q2 = r.hi / b.hi;
  const DoubleDouble s = r - b * DoubleDouble{q2, 0};
  return quick_two_sum(q1, q2) + DoubleDouble{s.hi / b.hi, 0};
}

inline constexpr DoubleDouble kLn2{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};

// 2^k for -1022 <= k <= 1023.
constexpr double power_of_two(int k) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

// |x| < 600. Reduced to |r| <= ln 2 / 32, then Taylor: r^14/14! < 2^-108.
constexpr DoubleDouble exp_slow(DoubleDouble x) {
  const double turns = x.hi / kLn2.hi;
  const int k = static_cast<int>(turns < 0 ? turns - 0.5 : turns + 0.5);
  DoubleDouble r = x - kLn2 * DoubleDouble{static_cast<double>(k), 0};
  r = {r.hi / 16, r.lo / 16};
  DoubleDouble sum{1, 0};
  for (int n = 14; n >= 1; --n) sum = DoubleDouble{1, 0} + r * sum / DoubleDouble{static_cast<double>(n), 0};
  for (int n = 0; n < 4; ++n) sum = sum * sum;
  const double scale = power_of_two(k);
  return {sum.hi * scale, sum.lo * scale};
}

// x a positive normal number. log m = 2 atanh((m - 1)/(m + 1)) for m in [0.7, 1.4]; the 22nd term is below
// 2^-110.
constexpr DoubleDouble log_slow(DoubleDouble x) {
  int k = static_cast<int>(std::bit_cast<std::uint64_t>(x.hi) >> 52) - 1023;
  if (x.hi * power_of_two(-k) > 1.4) ++k;
  const double scale = power_of_two(-k);
  const DoubleDouble m{x.hi * scale, x.lo * scale};
  const DoubleDouble t = (m - DoubleDouble{1, 0}) / (m + DoubleDouble{1, 0});
  const DoubleDouble t2 = t * t;
  DoubleDouble sum{0, 0};
  for (int n = 43; n >= 1; n -= 2)
    sum = DoubleDouble{1, 0} / DoubleDouble{static_cast<double>(n), 0} + t2 * sum;
  const DoubleDouble twice = t * sum;
  return DoubleDouble{2 * twice.hi, 2 * twice.lo} + kLn2 * DoubleDouble{static_cast<double>(k), 0};
}

// x > 0. Newton from a power of two near the root; each step doubles the good bits.
constexpr DoubleDouble sqrt_slow(DoubleDouble x) {
  const int k = static_cast<int>(std::bit_cast<std::uint64_t>(x.hi) >> 52) - 1023;
  double y = power_of_two(k / 2);
  for (int n = 0; n < 7; ++n) y = 0.5 * (y + x.hi / y);
  const DoubleDouble root = DoubleDouble{y, 0} + x / DoubleDouble{y, 0};
  return {root.hi / 2, root.lo / 2};
}

}  // namespace tailrace::sim::math
