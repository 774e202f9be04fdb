#include "analysis/cascade/episodes.hpp"

#include <algorithm>
#include <cmath>

namespace tailrace::analysis {

namespace {

constexpr double kDeviations = 6;
constexpr double kOverHighest = 1.5;
constexpr double kAtOnce = 3;  // times the distance of the bound: one window is enough
constexpr std::size_t kWindowsAway = 2, kWindowsBack = 3;

}  // namespace

double Baseline::bound(const Floor& floor) const {
  return std::max({mean + kDeviations * deviation, kOverHighest * highest, mean + floor.absolute,
                   mean * (1 + floor.relative)});
}

Baseline baseline_of(std::span<const double> values) {
  Baseline b;
  double sum = 0;
  for (const double v : values) {
    if (std::isnan(v)) continue;
    b.highest = b.windows == 0 ? v : std::max(b.highest, v);
    sum += v;
    ++b.windows;
  }
  if (b.windows == 0) return b;
  b.mean = sum / static_cast<double>(b.windows);
  double squares = 0;
  for (const double v : values) {
    if (!std::isnan(v)) squares += (v - b.mean) * (v - b.mean);
  }
  if (b.windows > 1) b.deviation = std::sqrt(squares / static_cast<double>(b.windows - 1));
  return b;
}

std::vector<Episode> find_episodes(std::span<const double> values, std::size_t from, const Baseline& baseline,
                                   const Floor& floor) {
  std::vector<Episode> list;
  const double bound = baseline.bound(floor);
  const double at_once = baseline.mean + kAtOnce * (bound - baseline.mean);
  std::size_t away = 0, back = 0, since = from;
  bool inside = false;
  for (std::size_t w = from; w < values.size(); ++w) {
    const double v = values[w];
    if (std::isnan(v)) continue;
    if (v > bound) {
      if (away++ == 0) since = w;
      back = 0;
      if (!inside && (away >= kWindowsAway || v > at_once)) {
        inside = true;
        list.push_back({since, values.size(), false, v});
        for (std::size_t k = since; k < w; ++k) {
          if (values[k] > list.back().worst) list.back().worst = values[k];
        }
      }
      if (inside) list.back().worst = std::max(list.back().worst, v);
      continue;
    }
    away = 0;
    if (!inside) continue;
    if (back++ == 0) list.back().end = w;
    if (back >= kWindowsBack) {
      list.back().over = true;
      inside = false;
      back = 0;
    }
  }
  if (inside) {
    list.back().over = back > 0;
    if (back == 0) list.back().end = values.size();  // it may have been back for a window or two
  }
  return list;
}

}  // namespace tailrace::analysis
