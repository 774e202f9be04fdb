#pragma once
// When a signal leaves its own baseline, and when it comes back. A signal is a row of window values of which
// higher is worse; its baseline is what it was before anything happened. It is away from a bound on: six
// standard deviations above the mean, one and a half times the highest baseline window, and a floor that says
// how much matters at all, whichever is highest; for two windows, or for one at three times that distance.
// It is back after three windows within the bound, or after fewer that the run ends with.
//
// Six deviations instead of a change-point test: queue lengths of neighbouring windows are correlated, and
// tests that assume otherwise cry wolf. The rate of false alarms is measured, not assumed (docs/cascades.md).
#include <cstddef>
#include <span>
#include <vector>

namespace tailrace::analysis {

struct Floor {
  double absolute = 0;  // above the mean
  double relative = 0;  // of the mean, above it
};

struct Baseline {
  double mean = 0, deviation = 0, highest = 0;
  std::size_t windows = 0;  // with a value
  double bound(const Floor& floor) const;
};
inline constexpr std::size_t kFewestBaselineWindows = 8;

// NaN values are left out.
Baseline baseline_of(std::span<const double> values);

struct Episode {
  std::size_t first = 0;
  std::size_t end = 0;  // the first window that is back; the number of windows while it lasts
  bool over = false;    // it has ended
  double worst = 0;     // highest value in it
};

// Episodes from window `from` on. A NaN continues what was: nothing happened in that window.
std::vector<Episode> find_episodes(std::span<const double> values, std::size_t from, const Baseline& baseline,
                                   const Floor& floor);

}  // namespace tailrace::analysis
