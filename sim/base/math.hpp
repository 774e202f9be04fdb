#pragma once
// Elementary and special functions from +, -, *, / and sqrt alone, so that a result has the same bits with
// every compiler, optimisation level and C library (libm differs between systems in the last place, and a
// simulation amplifies one bit into another trajectory). exp, log, pow, log1p, expm1 are within 1-2 units in
// the last place, NaN, infinities, zeros and denormals included; exp and log cost a few nanoseconds. Rounding
// is to nearest. errno and the floating-point flags are left alone. Elementary functions are in math.cpp, the
// special ones in special_functions.cpp.
#include <cmath>
#include <limits>

namespace tailrace::sim::math {

inline constexpr double kPi = 0x1.921fb54442d18p+1;
inline constexpr double kSqrt2 = 0x1.6a09e667f3bcdp+0;
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

double exp(double x);
double expm1(double x);
double log(double x);
double log1p(double x);
double pow(double x, double y);  // special cases as in C: pow(x, 0) = 1, pow(1, y) = 1, pow(-8, 1/3.) = NaN
// Absolute error below 2^-52 for |x| <= 10^6; beyond, the argument's own last place decides. Periodic signals
// over a long time should use the _turn forms.
double sin(double x);
double cos(double x);
double sin_turn(double turns);  // sin(2 pi turns), the reduction is exact for every argument
double cos_turn(double turns);

// Error functions, relative error below 1e-14 (erfc too, down to underflow near x = 26.5).
double erf(double x);
double erfc(double x);
double normal_cdf(double z);
double normal_tail(double z);      // 1 - normal_cdf(z) without the cancellation
double normal_quantile(double p);  // Wichura 1988, AS 241: relative error about 1e-15; -inf at 0, inf at 1

// x > 0 (NaN otherwise). gamma: relative error below 1e-14; log_gamma: below 1e-14 of max(1, |result|).
double log_gamma(double x);
double gamma(double x);
// P(a, x) and Q(a, x) = 1 - P, a > 0, x >= 0: the cdf and the tail of a gamma law with shape a, scale 1.
// Relative error below 2e-13 up to a = 10^4, absolute error below 1e-9 for any a.
double gamma_p(double a, double x);
double gamma_q(double a, double x);

}  // namespace tailrace::sim::math
