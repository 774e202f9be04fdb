#include "viewer/widgets/ticks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/report/human.hpp"

namespace tailrace::viewer {

namespace {

constexpr int kMostTicks = 64;

double step_for(double span, int most, AxisKind kind) {
  const double raw = span / std::max(1, most);
  if (kind == AxisKind::clock && raw > 0.5) {
    for (const double s :
         {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400})
      if (s >= raw) return s;
    return std::ceil(raw / 86400) * 86400;
  }
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double m : {1.0, 2.0, 5.0, 10.0})
    if (m * power >= raw * 0.999) return m * power;
  return 10 * power;
}

std::string short_number(double value) {
  const double size = std::abs(value);
  if (size >= 1e6) return fmt::format("{:.3g}M", value / 1e6);
  if (size >= 1e4) return fmt::format("{:.3g}k", value / 1e3);
  if (size >= 1e3) return fmt::format("{:.4g}", value);
  return fmt::format("{:.3g}", value);
}

std::string short_duration(double s) {
  const double size = std::abs(s);
  if (size == 0) return "0";
  if (size < 0.9999e-6) return fmt::format("{:.3g} ns", s * 1e9);
  if (size < 0.9999e-3) return fmt::format("{:.3g} µs", s * 1e6);
  if (size < 0.9999) return fmt::format("{:.3g} ms", s * 1e3);
  if (size < 119.9) return fmt::format("{:.3g} s", s);
  return fmt::format("{:.3g} min", s / 60);
}

}  // namespace

double Axis::fraction(double v) const {
  if (!logarithmic) return max > min ? (v - min) / (max - min) : 0;
  if (!(v > 0) || !(max > min)) return 0;
  return std::log(v / min) / std::log(max / min);
}
double Axis::value(double f) const {
  return logarithmic ? min * std::pow(max / min, f) : min + f * (max - min);
}

std::string axis_text(AxisKind kind, double value) {
  switch (kind) {
    case AxisKind::clock: {
      // As many decimals as it has: labels of an axis by 0.05 s are not all different by tenths.
      int decimals = 0;
      for (double unit = 1; decimals < 6 && std::abs(value - std::round(value * unit) / unit) > 1e-9;
           ++decimals)
        unit *= 10;
      return clock_text(value, decimals);
    }
    case AxisKind::duration:
      return short_duration(value);
    case AxisKind::share:
      return fmt::format("{:.3g}%", value * 100);
    default:
      return short_number(value);
  }
}

std::string value_text(AxisKind kind, double value) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return "∞";
  constexpr analysis::TextStyle kStyle{false, true};
  switch (kind) {
    case AxisKind::clock:
      return clock_text(value, 1);
    case AxisKind::duration:
      return value == 0 ? "0" : analysis::human_duration(value, kStyle);
    case AxisKind::rate:
      return analysis::human_rate(value);
    case AxisKind::share:
      return fmt::format("{:.{}f}%", value * 100, value > 0 && value < 0.0995 ? 1 : 0);
    default:
      // Means of counts: below a hundredth there is nobody.
      return std::abs(value) < 0.01 ? "0"
             : std::abs(value) < 10 ? fmt::format("{:.2g}", value)
                                    : short_number(value);
  }
}

std::vector<Tick> ticks(const Axis& axis, int most) {
  std::vector<Tick> marks;
  most = std::clamp(most, 1, kMostTicks);
  if (!(axis.max > axis.min)) return marks;
  if (!axis.logarithmic) {
    const double step = step_for(axis.max - axis.min, most, axis.kind);
    const double first = std::ceil(axis.min / step - 1e-9);
    for (int i = 0; i <= kMostTicks; ++i) {
      const double at = (first + i) * step;
      if (at > axis.max + step * 1e-9) break;
      marks.push_back({at, axis_text(axis.kind, std::abs(at) < step * 1e-9 ? 0 : at)});
    }
    return marks;
  }
  const int low = static_cast<int>(std::floor(std::log10(axis.min) + 1e-9));
  const int high = static_cast<int>(std::ceil(std::log10(axis.max) - 1e-9));
  const int decades = std::max(1, high - low);
  const int every = std::max(1, (decades + most - 1) / most);  // label each n-th decade
  const bool between = decades * 3 <= most;
  for (int d = low; d <= high; ++d) {
    for (int m = 1; m < 10; ++m) {
      const double at = m * std::pow(10.0, d);
      if (at < axis.min * 0.999999 || at > axis.max * 1.000001) continue;
      const bool named = m == 1 ? (d - low) % every == 0 : between && (m == 2 || m == 5);
      marks.push_back({at, named ? axis_text(axis.kind, at) : ""});
    }
  }
  return marks;
}

double rounded_up(double value) {
  if (!(value > 0)) return 1;
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double m : {1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0})
    if (m * power >= value * (1 - 1e-9)) return m * power;
  return 10 * power;
}

}  // namespace tailrace::viewer
