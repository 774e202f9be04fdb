// Error function, normal quantile, gamma and incomplete gamma functions. For theory, cdfs and tables, not for
// a draw: plain series and continued fractions that converge provably, rather than the shortest fit.
#include <cmath>

#include "sim/base/double_double.hpp"
#include "sim/base/math.hpp"

namespace tailrace::sim::math {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kTwoOverSqrtPi = 0x1.20dd750429b6dp+0;
constexpr double kLogSqrtTwoPi = 0x1.d67f1c864beb5p-1;
constexpr int kMaxTerms =
    100000;  // of any series below; the slowest needs about 8 sqrt(a) with a <= kLargeShape
constexpr double kLargeShape = 1e6;  // from here on gamma_p uses the normal-like expansion
constexpr double kTiny = 1e-300;     // keeps Lentz's quotients off zero

// exp(-x^2) with the square to 106 bits: at x = 26 its rounding alone would cost 400 units in the last place.
double exp_minus_square(double x) {
  const DoubleDouble square = two_product(x, x);
  return exp(-square.hi) * (1 - square.lo);
}

// erf for |x| < 2: e^(-x^2) 2x/sqrt(pi) sum (2x^2)^n / (2n+1)!!, all terms of one sign (Abramowitz &
// Stegun 7.1.6).
double erf_series(double x) {
  const double x2 = 2 * x * x;
  double term = 1;
  double sum = 1;
  for (int n = 1; n < kMaxTerms && term > 1e-18 * sum; ++n) {
    term *= x2 / (2 * n + 1);
    sum += term;
  }
  return kTwoOverSqrtPi * x * exp_minus_square(x) * sum;
}
// erfc for x >= 1 by the continued fraction x + (1/2)/(x + 1/(x + (3/2)/(x + ...))), modified Lentz
// (A&S 7.1.14).
double erfc_fraction(double x) {
  double f = x;
  double c = x;
  double d = 0;
  for (int n = 1; n < kMaxTerms; ++n) {
    const double a = 0.5 * n;
    d = 1 / (x + a * d);
    c = x + a / c;
    const double step = c * d;
    f *= step;
    if (std::abs(step - 1) < 0x1p-53) break;
  }
  return exp_minus_square(x) * (0.5 * kTwoOverSqrtPi) / f;
}

// log Gamma(x) - ((x - 1/2) log x - x + log sqrt(2 pi)), x >= 10 (Stirling's series, A&S 6.1.41).
double stirling_rest(double x) {
  const double y = 1 / (x * x);
  double s = -3617.0 / 122400;
  s = s * y + 1.0 / 156;
  s = s * y - 691.0 / 360360;
  s = s * y + 1.0 / 1188;
  s = s * y - 1.0 / 1680;
  s = s * y + 1.0 / 1260;
  s = s * y - 1.0 / 360;
  s = s * y + 1.0 / 12;
  return s / x;
}

// x^a e^-x / Gamma(a + 1), with the large parts taken together where a is large.
double gamma_density(double a, double x) {
  if (a < 10) return exp(a * log(x) - x) / gamma(a + 1);
  const double d = (x - a) / a;
  return exp(a * (log1p(d) - d) - stirling_rest(a)) / std::sqrt(2 * kPi * a);
}

double gamma_p_series(double a, double x) {
  double term = 1;
  double sum = 1;
  for (int n = 1; n < kMaxTerms && term > 1e-17 * sum; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return gamma_density(a, x) * sum;
}
// Q(a, x) = x^a e^-x / Gamma(a) * 1/(x+1-a - 1(1-a)/(x+3-a - 2(2-a)/(x+5-a - ...)))  (A&S 6.5.31, even part)
double gamma_q_fraction(double a, double x) {
  double b = x + 1 - a;
  double c = 1 / kTiny;
  double d = 1 / b;
  double f = d;
  for (int n = 1; n < kMaxTerms; ++n) {
    const double an = -n * (n - a);
    b += 2;
    d = an * d + b;
    if (std::abs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1 / d;
    const double step = c * d;
    f *= step;
    if (std::abs(step - 1) < 0x1p-53) break;
  }
  return gamma_density(a, x) * a * f;
}
// Temme 1979, leading term and first correction: error O(a^-3/2). eta^2/2 = l - 1 - log l, l = x/a.
double gamma_q_large(double a, double x) {
  const double m = (x - a) / a;
  const double half_square = m - log1p(m);
  const double eta =
      std::abs(m) < 1e-4 ? m * (1 - m / 3 + 7 * m * m / 36) : (m < 0 ? -1 : 1) * std::sqrt(2 * half_square);
  const double correction = std::abs(m) < 1e-3 ? -1.0 / 3 + eta / 12 - 2 * eta * eta / 135 : 1 / m - 1 / eta;
  return 0.5 * erfc(eta * std::sqrt(a / 2)) + exp(-a * eta * eta / 2) / std::sqrt(2 * kPi * a) * correction;
}

double horner(const double (&c)[8], double x) {
  double s = c[7];
  for (int i = 6; i >= 0; --i) s = s * x + c[i];
  return s;
}

}  // namespace

double erf(double x) {
  if (x != x) return x;
  if (std::abs(x) < 2) return erf_series(x);
  if (std::abs(x) > 6) return x < 0 ? -1 : 1;
  return x < 0 ? erfc_fraction(-x) - 1 : 1 - erfc_fraction(x);
}
double erfc(double x) {
  if (x != x) return x;
  if (x < 1) return x <= -6 ? 2 : 1 - erf(x);
  return x > 27.5 ? 0 : erfc_fraction(x);
}
double normal_cdf(double z) {
  return 0.5 * erfc(-z / kSqrt2);
}
double normal_tail(double z) {
  return 0.5 * erfc(z / kSqrt2);
}

double normal_quantile(double p) {
  static constexpr double a[8] = {
      3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
      4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static constexpr double b[8] = {1.0,
                                  4.2313330701600911252e+1,
                                  6.8718700749205790830e+2,
                                  5.3941960214247511077e+3,
                                  2.1213794301586595867e+4,
                                  3.9307895800092710610e+4,
                                  2.8729085735721942674e+4,
                                  5.2264952788528545610e+3};
  static constexpr double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                  5.76949722146069140550e0,  3.64784832476320460504e0,
                                  1.27045825245236838258e0,  2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double d[8] = {1.0,
                                  2.05319162663775882187e0,
                                  1.67638483018380384940e0,
                                  6.89767334985100004550e-1,
                                  1.48103976427480074590e-1,
                                  1.51986665636164571966e-2,
                                  5.47593808499534494600e-4,
                                  1.05075007164441684324e-9};
  static constexpr double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                  1.78482653991729133580e0,  2.96560571828504891230e-1,
                                  2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                  2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double f[8] = {1.0,
                                  5.99832206555887937690e-1,
                                  1.36929880922735805310e-1,
                                  1.48753612908506148525e-2,
                                  7.86869131145613259100e-4,
                                  1.84631831751005468180e-5,
                                  1.42151175831644588870e-7,
                                  2.04426310338993978564e-15};
  if (!(p > 0 && p < 1)) return p == 0 ? -kInfinity : p == 1 ? kInfinity : kNaN;
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * horner(a, r) / horner(b, r);
  }
  const double r = std::sqrt(-log(q < 0 ? p : 1 - p));
  const double z = r <= 5 ? horner(c, r - 1.6) / horner(d, r - 1.6) : horner(e, r - 5) / horner(f, r - 5);
  return q < 0 ? -z : z;
}

double log_gamma(double x) {
  if (!(x > 0)) return kNaN;
  if (x == kInfinity) return x;
  if (x >= 10) return (x - 0.5) * log(x) - x + (kLogSqrtTwoPi + stirling_rest(x));
  return log(gamma(x));
}
double gamma(double x) {
  if (!(x > 0)) return kNaN;
  if (x > 171.7) return kInfinity;
  double shift = 1;  // Gamma(x) = Gamma(x + n) / (x (x+1) ... (x+n-1))
  if (x < 24 && x == std::floor(x)) {
    for (double k = 2; k < x; ++k) shift *= k;
    return shift;
  }
  while (x < 10) {
    shift *= x;
    x += 1;
  }
  const double half = pow(x, 0.5 * x - 0.25);  // in two factors: x^x overflows before Gamma(x) does
  return half * (exp(-x) * half) * (2.5066282746310005024 * exp(stirling_rest(x))) / shift;
}

double gamma_p(double a, double x) {
  if (!(a > 0) || !(x >= 0)) return kNaN;
  if (x == 0) return 0;
  if (x == kInfinity) return 1;
  if (a > kLargeShape) return 1 - gamma_q_large(a, x);
  return x < a + 1 ? gamma_p_series(a, x) : 1 - gamma_q_fraction(a, x);
}
double gamma_q(double a, double x) {
  if (!(a > 0) || !(x >= 0)) return kNaN;
  if (x == 0) return 1;
  if (x == kInfinity) return 0;
  if (a > kLargeShape) return gamma_q_large(a, x);
  return x < a + 1 ? 1 - gamma_p_series(a, x) : gamma_q_fraction(a, x);
}

}  // namespace tailrace::sim::math
