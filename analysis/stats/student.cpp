#include "analysis/stats/student.hpp"

#include <cmath>

#include "sim/base/check.hpp"
#include "sim/base/math.hpp"

namespace tailrace::analysis {

namespace math = sim::math;

namespace {

// Past this, the expansion around the normal quantile is the more accurate of the two: its first omitted term
// is of order dof^-5, while log_gamma's rounding grows with dof.
constexpr double kLargeDegrees = 1000;

// Continued fraction of I_x(a, b) (Abramowitz & Stegun 26.5.8) by Lentz's method; converges in O(sqrt(max(a,
// b))) steps for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr int kMaxSteps = 10000;
  constexpr double kTiny = 1e-300;
  const auto nonzero = [](double v) { return std::fabs(v) < kTiny ? kTiny : v; };
  double c = 1;
  double d = 1 / nonzero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m <= kMaxSteps; ++m) {
    const double k = m;
    const double even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
    d = 1 / nonzero(1 + even * d);
    c = nonzero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));
    d = 1 / nonzero(1 + odd * d);
    c = nonzero(1 + odd / c);
    const double step = d * c;
    fraction *= step;
    if (std::fabs(step - 1) < 1e-16) break;
  }
  return fraction;
}

// I_x(a, b) with y = 1 - x passed in, so that neither end loses digits.
double incomplete_beta(double a, double b, double x, double y) {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const double log_front =
      math::log_gamma(a + b) - math::log_gamma(a) - math::log_gamma(b) + a * math::log(x) + b * math::log(y);
  const double front = math::exp(log_front);
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, y) / b;
}

// P(T > t) for t >= 0, without cancellation in the tail.
double t_tail(double t, double dof) {
  const double s = dof + t * t;
  return 0.5 * incomplete_beta(0.5 * dof, 0.5, dof / s, t * t / s);
}

double t_density(double t, double dof) {
  const double log_front = math::log_gamma(0.5 * (dof + 1)) - math::log_gamma(0.5 * dof);
  return math::exp(log_front - 0.5 * (dof + 1) * math::log1p(t * t / dof)) / std::sqrt(dof * math::kPi);
}

// Abramowitz & Stegun 26.7.5: t in powers of 1/dof around the normal quantile x.
double expanded_quantile(double p, double dof) {
  const double x = math::normal_quantile(p);
  const double q = x * x;
  const double g1 = x * (q + 1) / 4;
  const double g2 = x * ((5 * q + 16) * q + 3) / 96;
  const double g3 = x * (((3 * q + 19) * q + 17) * q - 15) / 384;
  const double g4 = x * ((((79 * q + 776) * q + 1482) * q - 1920) * q - 945) / 92160;
  return x + (g1 + (g2 + (g3 + g4 / dof) / dof) / dof) / dof;
}

}  // namespace

double incomplete_beta(double a, double b, double x) {
  TAILRACE_CHECK(a > 0 && b > 0 && x >= 0 && x <= 1);
  return incomplete_beta(a, b, x, 1 - x);
}

double t_cdf(double t, double degrees_of_freedom) {
  TAILRACE_CHECK(degrees_of_freedom > 0);
  const double tail = t_tail(std::fabs(t), degrees_of_freedom);
  return t > 0 ? 1 - tail : tail;
}

double t_quantile(double p, double degrees_of_freedom) {
  TAILRACE_CHECK(p > 0 && p < 1);
  TAILRACE_CHECK(degrees_of_freedom >= 1);
  if (p == 0.5) return 0;
  if (p < 0.5) return -t_quantile(1 - p, degrees_of_freedom);
  if (degrees_of_freedom > kLargeDegrees) return expanded_quantile(p, degrees_of_freedom);
  // The tail is convex and falling for t > 0, so Newton's steps from the left never pass the root: they rise
  // to it. For one degree of freedom and p near 1 they double t each time, hence the generous bound.
  constexpr int kMaxSteps = 200;
  const double target = 1 - p;
  double t = 0;
  for (int i = 0; i < kMaxSteps; ++i) {
    const double step = (t_tail(t, degrees_of_freedom) - target) / t_density(t, degrees_of_freedom);
    t += step;
    if (std::fabs(step) <= 1e-15 * t) break;
  }
  return t;
}

double two_sided_p(double estimate, double standard_error, double degrees_of_freedom) {
  if (!(standard_error > 0)) return estimate == 0 ? 1 : 0;
  return 2 * t_cdf(-std::fabs(estimate / standard_error), degrees_of_freedom);
}

double t_critical(double confidence, double degrees_of_freedom) {
  TAILRACE_CHECK(confidence > 0 && confidence < 1);
  // A report asks for the same value at each of its figures.
  struct Last {
    double confidence = 0, degrees = 0, t = 0;
  };
  thread_local Last last;
  if (last.confidence != confidence || last.degrees != degrees_of_freedom)
    last = {confidence, degrees_of_freedom, t_quantile(0.5 + 0.5 * confidence, degrees_of_freedom)};
  return last.t;
}

}  // namespace tailrace::analysis
