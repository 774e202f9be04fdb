#pragma once
// The state of the system over time, replications together: window w of all replications that have it whole.
// The last window of a run that ended early is shorter than the others and counts only for the replication
// that it belongs to. Rates are of all replications' time, percentiles are means over the replications.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/runtime/record.hpp"

namespace tailrace::analysis {

struct TimeWindow {
  double start_s = 0, end_s = 0, seconds = 0;  // seconds: all replications together
  std::vector<const models::WindowRecord*> parts;
};

// Times count from the start of the run, so the warm-up is there too.
std::vector<TimeWindow> time_windows(const std::vector<models::RunRecord>& records);

struct ClassWindow {
  double arrivals_per_s = 0, successes_per_s = 0, failures_per_s = 0;
  bool timed = false;  // some request succeeded; otherwise there are no times
  double mean_s = 0, p50_s = 0, p99_s = 0, max_s = 0;
};
ClassWindow class_window(const TimeWindow& window, std::size_t request_class);

// How long calls, or the operations of a station, took in the window: percentiles as means over the
// replications that have some (within 1.6 %), the maximum of all (never too low, at most a thirty-second part
// too high). count 0: none ended, or the model is too large for times per window.
struct TimesWindow {
  std::uint64_t count = 0;
  double p50_s = 0, p99_s = 0, max_s = 0;
};
TimesWindow edge_times(const TimeWindow& window, std::size_t edge);
TimesWindow station_times(const TimeWindow& window, std::size_t station);

}  // namespace tailrace::analysis
