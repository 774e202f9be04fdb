#include "sim/base/math.hpp"

#include <array>
#include <bit>
#include <cstdint>

#include "sim/base/double_double.hpp"

namespace tailrace::sim::math {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Adding 1.5 * 2^52 rounds to a whole number and leaves it in the low bits.
constexpr double kRounder = 0x1.8p52;

// ---------------------------------------------------------------------------------------------------------------
// exp(x) = 2^k * 2^(j/64) * e^r with |r| <= ln 2 / 128 (Tang 1989): table for 2^(j/64) to 106 bits, Taylor
// for e^r.

constexpr int kExpSteps = 64;

constexpr std::array<DoubleDouble, kExpSteps> make_exp_table() {
  std::array<DoubleDouble, kExpSteps> t{};
  for (int j = 0; j < kExpSteps; ++j) {
    t[static_cast<std::size_t>(j)] = exp_slow(kLn2 * DoubleDouble{j / 64.0, 0});
  }
  return t;
}
constinit const std::array<DoubleDouble, kExpSteps> kExpTable = make_exp_table();

// ln 2 / 64 in two parts. The first has 33 bits, so that its product with k*64 + j (17 bits) is exact.
constexpr double cut_low_bits(double x, int bits) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) >> bits << bits);
}
constexpr double kLn2StepHi = cut_low_bits(kLn2.hi, 20) / 64;
constexpr double kLn2StepLo = ((kLn2.hi - cut_low_bits(kLn2.hi, 20)) + kLn2.lo) / 64;
constexpr double kStepsPerLn2 = 0x1.71547652b82fep+6;  // 64 / ln 2

constexpr double kExpOverflow = 0x1.62e42fefa39efp+9;    // 1024 ln 2
constexpr double kExpUnderflow = -0x1.74910d52d3052p+9;  // -1075 ln 2: below, the result rounds to 0

// e^(x + tail) for |x| within the limits above and a tail below 2^-40: the tail lets pow keep its extra bits.
inline double exp_reduced(double x, double tail) {
  const double shifted = x * kStepsPerLn2 + kRounder;
  const auto n = static_cast<std::int32_t>(static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(shifted)));
  const double steps = shifted - kRounder;
  const double r = (x - steps * kLn2StepHi) - (steps * kLn2StepLo - tail);
  const double r2 = r * r;
  const double p =
      r + (r2 * (0.5 + r * (1.0 / 6)) + r2 * r2 * ((1.0 / 24) + r * (1.0 / 120) + r2 * (1.0 / 720)));
  const DoubleDouble t = kExpTable[static_cast<std::size_t>(n & (kExpSteps - 1))];
  const double value = t.hi + (t.lo + t.hi * p);
  const int k = n >> 6;
  if (k >= -1021 && k <= 1023) [[likely]] {
    return value * power_of_two(k);
  }
  if (k > 1023) return value * power_of_two(k - 1) * 2;
  return value * power_of_two(k + 200) * 0x1p-200;
}

// ---------------------------------------------------------------------------------------------------------------
// log(2^k z) = k ln 2 - log(inverse) + log1p(r), r = z * inverse - 1, z in [0.6875, 1.375). The 128 inverses
// have 12 bits, so that r needs one rounding; the two cells that meet at 1 have inverse 1, which keeps log
// accurate there.

constexpr std::uint64_t kLogOrigin = 0x3fe6000000000000ULL;  // 0.6875
constexpr int kLogCells = 128;

struct LogCell {
  double inverse;
  double hi, lo;  // -log(inverse); hi a multiple of 2^-42, so that k * ln 2 (hi) + hi is exact
};
constexpr double round_to_42(double x) {
  return (x + 0x1.8p10) - 0x1.8p10;
}

constexpr std::array<LogCell, kLogCells> make_log_table() {
  std::array<LogCell, kLogCells> t{};
  for (std::uint64_t i = 0; i < kLogCells; ++i) {
    const double middle = std::bit_cast<double>(kLogOrigin + (i << 45) + (1ULL << 44));
    LogCell& cell = t[i];
    cell.inverse = ((1 / middle) + 0x1.8p41) - 0x1.8p41;  // to a multiple of 2^-11
    if (middle > 1 - 1.0 / 256 && middle < 1 + 1.0 / 128) cell.inverse = 1;
    if (cell.inverse == 1) continue;
    const DoubleDouble value = -log_slow({cell.inverse, 0});
    cell.hi = round_to_42(value.hi);
    cell.lo = (value.hi - cell.hi) + value.lo;
  }
  return t;
}
constinit const std::array<LogCell, kLogCells> kLogTable = make_log_table();
constexpr double kLn2Hi = round_to_42(kLn2.hi);
constexpr double kLn2Lo = (kLn2.hi - kLn2Hi) + kLn2.lo;

struct LogParts {
  double base;        // k ln 2 - log(inverse), exact
  double base_lo;     // and its low part
  double r_hi, r_lo;  // r = r_hi + r_lo, both exact
};
// x positive, finite, normal; exponent_shift corrects for a scaled denormal.
inline LogParts log_parts(std::uint64_t bits, int exponent_shift) {
  const std::uint64_t offset = bits - kLogOrigin;
  const std::size_t i = (offset >> 45) & (kLogCells - 1);
  const auto k = static_cast<double>((static_cast<std::int64_t>(offset) >> 52) - exponent_shift);
  const std::uint64_t z_bits = bits - (offset & (0xfffULL << 52));
  const auto z = std::bit_cast<double>(z_bits);
  const auto z_hi = std::bit_cast<double>(z_bits & 0xffffffff00000000ULL);
  const LogCell cell = kLogTable[i];
  return {k * kLn2Hi + cell.hi, k * kLn2Lo + cell.lo, z_hi * cell.inverse - 1, (z - z_hi) * cell.inverse};
}
// log1p(r) - r + r^2/2, |r| <= 1/128
inline double log1p_rest(double r) {
  const double r2 = r * r;
  return r2 * r *
         ((1.0 / 3 - r * 0.25) +
          r2 * ((0.2 - r * (1.0 / 6)) + r2 * ((1.0 / 7 - r * 0.125) + r2 * (1.0 / 9))));
}

constexpr std::uint64_t kInfinityBits = 0x7ff0000000000000ULL;
constexpr std::uint64_t kSmallestNormalBits = 0x0010000000000000ULL;

// log x to about 68 bits, x positive, finite, nonzero.
DoubleDouble log_extended(double x) {
  std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  int shift = 0;
  if (bits < kSmallestNormalBits) {
    bits = std::bit_cast<std::uint64_t>(x * 0x1p52);
    shift = 52;
  }
  const LogParts p = log_parts(bits, shift);
  const DoubleDouble r = two_sum(p.r_hi, p.r_lo);
  const DoubleDouble square = two_product(r.hi, r.hi);
  const DoubleDouble a = two_sum(p.base, r.hi);
  const DoubleDouble b = two_sum(a.hi, -0.5 * square.hi);
  const double rest = log1p_rest(r.hi) + (r.lo - r.hi * r.lo) - 0.5 * square.lo + p.base_lo;
  return two_sum(b.hi, (a.lo + b.lo) + rest);
}

// ---------------------------------------------------------------------------------------------------------------
// sin and cos on [-pi/4, pi/4] by Taylor; x + tail is the argument.

double sin_kernel(double x, double tail) {
  const double x2 = x * x;
  double p = -1.0 / 1307674368000.0;
  p = p * x2 + 1.0 / 6227020800.0;
  p = p * x2 - 1.0 / 39916800.0;
  p = p * x2 + 1.0 / 362880.0;
  p = p * x2 - 1.0 / 5040.0;
  p = p * x2 + 1.0 / 120.0;
  p = p * x2 - 1.0 / 6.0;
  return x + (p * x2 * x + tail * (1 - 0.5 * x2));
}
double cos_kernel(double x, double tail) {
  const double x2 = x * x;
  double p = 1.0 / 20922789888000.0;
  p = p * x2 - 1.0 / 87178291200.0;
  p = p * x2 + 1.0 / 479001600.0;
  p = p * x2 - 1.0 / 3628800.0;
  p = p * x2 + 1.0 / 40320.0;
  p = p * x2 - 1.0 / 720.0;
  p = p * x2 + 1.0 / 24.0;
  const double half = 0.5 * x2;
  const double w = 1 - half;
  return w + (((1 - w) - half) + (p * x2 * x2 - x * tail));
}
double sin_of_quarter(std::uint64_t quarter, double x, double tail) {
  const double value = (quarter & 1) != 0 ? cos_kernel(x, tail) : sin_kernel(x, tail);
  return (quarter & 2) != 0 ? -value : value;
}

struct Quarter {
  std::uint64_t n;
  double x, tail;
};
// pi/2 in parts of 33 bits (Cody & Waite): the first two products are exact for |n| < 2^20.
Quarter reduce_radians(double x) {
  constexpr double kHalfPi1 = 0x1.921fb544p+0;
  constexpr double kHalfPi2 = 0x1.0b4611a6p-34;
  constexpr double kHalfPi3 = 0x1.3198a2e037073p-69;
  const double turns = x * (2 / kPi);
  const double n = std::abs(turns) < 0x1p51 ? (turns + kRounder) - kRounder : 0;
  const DoubleDouble a = two_sum(x - n * kHalfPi1, -(n * kHalfPi2));
  const DoubleDouble b = two_sum(a.hi, a.lo - n * kHalfPi3);
  return {static_cast<std::uint64_t>(static_cast<std::int64_t>(n)), b.hi, b.lo};
}
Quarter reduce_turns(double turns) {
  // Past 2^52 a double is a whole number of turns.
  if (!(std::abs(turns) < 0x1p52)) return {0, 0, 0};
  const double whole = static_cast<double>(static_cast<std::int64_t>(turns));
  const double part = 4 * (turns - whole);  // exact, -4 < part < 4
  const double n = (part + kRounder) - kRounder;
  const DoubleDouble x = two_product(part - n, kPi / 2);
  constexpr double kHalfPiLo = 0x1.1a62633145c07p-54;
  return {static_cast<std::uint64_t>(static_cast<std::int64_t>(n)), x.hi, x.lo + (part - n) * kHalfPiLo};
}

}  // namespace

double exp(double x) {
  if (!(std::abs(x) < 708)) [[unlikely]] {
    if (x != x) return x;
    if (x >= kExpOverflow) return kInfinity;
    if (x <= kExpUnderflow) return 0;
  }
  return exp_reduced(x, 0);
}

double expm1(double x) {
  if (!(std::abs(x) < 0.7)) return x < -40 ? -1 : exp(x) - 1;
  if (std::abs(x) < 0x1p-54) return x;
  double p = 1.0 / 6402373705728000.0;  // 1/18!
  constexpr double kFactorials[] = {355687428096000.0,
                                    20922789888000.0,
                                    1307674368000.0,
                                    87178291200.0,
                                    6227020800.0,
                                    479001600.0,
                                    39916800.0,
                                    3628800.0,
                                    362880.0,
                                    40320.0,
                                    5040.0,
                                    720.0,
                                    120.0,
                                    24.0,
                                    6.0};
  for (const double f : kFactorials) p = p * x + 1 / f;
  const double x2 = x * x;
  return x + (0.5 * x2 + p * x2 * x);
}

double log(double x) {
  std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  int shift = 0;
  if (bits - kSmallestNormalBits >= kInfinityBits - kSmallestNormalBits) [[unlikely]] {
    if (x == 0) return -kInfinity;
    if (x != x || x == kInfinity) return x;
    if (x < 0) return kNaN;
    bits = std::bit_cast<std::uint64_t>(x * 0x1p52);
    shift = 52;
  }
  const LogParts p = log_parts(bits, shift);
  const double r = p.r_hi + p.r_lo;
  const double sum = p.base + r;
  const double sum_lo = (p.base - sum) + r;
  return sum + ((sum_lo + p.base_lo) + (log1p_rest(r) - 0.5 * r * r));
}

double log1p(double x) {
  if (std::abs(x) < 0x1p-54) return x;
  const double u = 1 + x;
  if (!(u > 0) || u == kInfinity) return log(u);
  const double lost = std::abs(x) < 1 ? x - (u - 1) : 1 - (u - x);
  return log(u) + lost / u;
}

double pow(double x, double y) {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return x + y;
  const double size = std::abs(x);
  const bool whole = std::abs(y) >= 0x1p53 || static_cast<double>(static_cast<std::int64_t>(y)) == y;
  const bool odd = whole && std::abs(y) < 0x1p53 && (static_cast<std::int64_t>(y) & 1) != 0;
  const double sign = odd && std::signbit(x) ? -1 : 1;
  if (size == 0) return sign * (y < 0 ? kInfinity : 0);
  if (std::abs(y) == kInfinity) {
    if (size == 1) return 1;
    return (size > 1) == (y > 0) ? kInfinity : 0;
  }
  if (size == kInfinity) return sign * (y > 0 ? kInfinity : 0);
  if (x < 0 && !whole) return kNaN;
  const DoubleDouble l = log_extended(size);
  if (const double rough = l.hi * y; !(std::abs(rough) < 0x1.8p9)) return sign * (rough > 0 ? kInfinity : 0);
  if (std::abs(y) < 0x1p-100)
    return sign;  // |log x| < 745, the power rounds to 1; and two_product stays in range
  const DoubleDouble product = two_product(l.hi, y);
  if (product.hi >= kExpOverflow) return sign * kInfinity;
  if (product.hi <= kExpUnderflow) return sign * 0.0;
  return sign * exp_reduced(product.hi, product.lo + l.lo * y);
}

double sin(double x) {
  if (!(std::abs(x) < kInfinity)) return kNaN;
  if (std::abs(x) < 0x1p-27) return x;
  const Quarter q = reduce_radians(x);
  return sin_of_quarter(q.n, q.x, q.tail);
}
double cos(double x) {
  if (!(std::abs(x) < kInfinity)) return kNaN;
  const Quarter q = reduce_radians(x);
  return sin_of_quarter(q.n + 1, q.x, q.tail);
}
double sin_turn(double turns) {
  if (!(std::abs(turns) < kInfinity)) return kNaN;
  const Quarter q = reduce_turns(turns);
  return sin_of_quarter(q.n, q.x, q.tail);
}
double cos_turn(double turns) {
  if (!(std::abs(turns) < kInfinity)) return kNaN;
  const Quarter q = reduce_turns(turns);
  return sin_of_quarter(q.n + 1, q.x, q.tail);
}

}  // namespace tailrace::sim::math
