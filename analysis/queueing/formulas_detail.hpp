#pragma once
// What the closed forms share: argument checks, Little's law and the inversion of a tail.
#include <cmath>
#include <limits>

#include "analysis/queueing/formulas.hpp"
#include "sim/base/math.hpp"

namespace tailrace::analysis::detail {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

inline bool is_rate(double x) {
  return x >= 0 && x < sim::math::kInfinity;
}
inline bool is_mean(double x) {
  return x > 0 && x < sim::math::kInfinity;
}
inline bool is_scv(double x) {
  return x >= 0;
}  // infinite is allowed: Pareto with alpha <= 2
inline bool is_quantile(double q) {
  return q >= 0 && q < 1;
}

inline QueueMeans invalid_queue(const char* source) {
  return {kNan, kNan, kNan, kNan, kNan, kNan, false, false, source};
}

// Fills in what Little's law gives from the wait of a stable queue.
inline QueueMeans from_wait(double arrival_rate, double service_mean_s, double utilization,
                            double wait_probability, double wait_mean_s, const char* source,
                            bool exact = true) {
  QueueMeans m;
  m.utilization = utilization;
  m.wait_probability = wait_probability;
  m.wait_mean_s = wait_mean_s;
  m.response_mean_s = wait_mean_s + service_mean_s;
  m.in_queue_mean = arrival_rate * wait_mean_s;
  m.in_system_mean = arrival_rate * m.response_mean_s;
  m.exact = exact;
  m.source = source;
  return m;
}

inline QueueMeans overloaded(double offered_utilization, const char* source, bool exact = true) {
  QueueMeans m;
  m.utilization = offered_utilization;
  m.wait_probability = 1;
  m.wait_mean_s = m.response_mean_s = m.in_queue_mean = m.in_system_mean = sim::math::kInfinity;
  m.stable = false;
  m.exact = exact;
  m.source = source;
  return m;
}

// The t at which a falling tail P(X > t) reaches 1 - q, by bisection down to neighbouring doubles.
template <typename Tail>
double invert_tail(const Tail& tail, double q, double scale) {
  constexpr int kMaxDoublings = 200, kMaxHalvings = 200;
  const double target = 1 - q;
  if (tail(0.0) <= target) return 0;
  double low = 0, high = scale;
  for (int i = 0; i < kMaxDoublings && tail(high) > target; ++i) {
    low = high;
    high *= 2;
  }
  for (int i = 0; i < kMaxHalvings; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (tail(middle) > target ? low : high) = middle;
  }
  return high;
}

}  // namespace tailrace::analysis::detail
