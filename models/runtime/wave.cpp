#include "models/runtime/wave.hpp"

#include "sim/base/math.hpp"

namespace tailrace::models {

double wave_advance(const Wave& w, double from, double needed) {
  if (!(w.base > 0)) return 1e300;
  const double omega = 2 * sim::math::kPi / w.period;
  const auto turns = [&](double t) { return t / w.period + w.phase; };
  const auto area = [&](double x) {  // of the rate over [from, from + x]; a whole wave adds only its base
    return w.base * x +
           w.amplitude / omega * (sim::math::cos_turn(turns(from)) - sim::math::cos_turn(turns(from + x)));
  };
  // The area lies within 2 amplitude / omega of base x, which brackets the root.
  const double slack = 2 * w.amplitude / omega;
  double low = needed > slack ? (needed - slack) / w.base : 0;
  double high = (needed + slack) / w.base;
  double x = needed / (w.base + w.amplitude * sim::math::sin_turn(turns(from)) + 1e-300);
  if (!(x > low && x < high)) x = 0.5 * (low + high);
  for (int i = 0; i < 100 && high - low > 0.01; ++i) {
    const double error = area(x) - needed;
    if (error > 0) {
      high = x;
    } else {
      low = x;
    }
    const double rate = w.base + w.amplitude * sim::math::sin_turn(turns(from + x));
    double next = rate > 0 ? x - error / rate : low;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (next - x < 0.01 && x - next < 0.01) return from + next;
    x = next;
  }
  return from + x;
}

}  // namespace tailrace::models
