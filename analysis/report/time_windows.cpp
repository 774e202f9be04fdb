#include "analysis/report/time_windows.hpp"

#include <algorithm>
#include <cstdint>

namespace tailrace::analysis {

namespace {

using Times = std::vector<models::WindowRecord::Times>;

TimesWindow times_of(const TimeWindow& window, Times models::WindowRecord::*which, std::size_t id) {
  TimesWindow out;
  double with_data = 0;
  for (const models::WindowRecord* part : window.parts) {
    const Times& list = part->*which;
    if (id >= list.size() || list[id].count == 0) continue;
    ++with_data;
    out.count += list[id].count;
    out.p50_s += list[id].p50_s;
    out.p99_s += list[id].p99_s;
    out.max_s = std::max(out.max_s, list[id].max_s);
  }
  if (with_data == 0) return out;
  out.p50_s /= with_data;
  out.p99_s /= with_data;
  return out;
}

}  // namespace

TimesWindow edge_times(const TimeWindow& window, std::size_t edge) {
  return times_of(window, &models::WindowRecord::edge_times, edge);
}
TimesWindow station_times(const TimeWindow& window, std::size_t station) {
  return times_of(window, &models::WindowRecord::station_times, station);
}

std::vector<TimeWindow> time_windows(const std::vector<models::RunRecord>& records) {
  std::vector<TimeWindow> list;
  std::size_t longest = 0;
  for (const models::RunRecord& r : records) longest = std::max(longest, r.windows.size());
  for (std::size_t w = 0; w < longest; ++w) {
    TimeWindow window;
    std::int64_t end = 0;
    for (const models::RunRecord& r : records) {
      if (w < r.windows.size()) end = std::max(end, r.windows[w].end_ns);
    }
    for (const models::RunRecord& r : records) {
      if (w >= r.windows.size() || r.windows[w].end_ns != end) continue;
      std::int64_t start = w == 0 ? 0 : r.windows[w - 1].end_ns;
      if (start < r.start_ns && r.start_ns <= end)
        start = r.start_ns;  // counts began anew inside this window
      window.parts.push_back(&r.windows[w]);
      window.start_s = sim::seconds_of(start);
      window.seconds += sim::seconds_of(end - start);
    }
    window.end_s = sim::seconds_of(end);
    if (window.seconds > 0) list.push_back(std::move(window));
  }
  return list;
}

ClassWindow class_window(const TimeWindow& window, std::size_t request_class) {
  ClassWindow figures;
  double arrived = 0, succeeded = 0, failed = 0, with_data = 0;
  for (const models::WindowRecord* part : window.parts) {
    const models::WindowRecord::PerClass& c = part->classes[request_class];
    arrived += static_cast<double>(c.arrived);
    succeeded += static_cast<double>(c.succeeded);
    failed += static_cast<double>(c.failed);
    const models::WindowRecord::ClassTimes* const times = part->times_of_class(request_class);
    if (times == nullptr) continue;
    ++with_data;
    figures.mean_s += times->mean_s * static_cast<double>(c.succeeded);
    figures.p50_s += times->p50_s;
    figures.p99_s += times->p99_s;
    figures.max_s = std::max(figures.max_s, times->max_s);
  }
  figures.arrivals_per_s = arrived / window.seconds;
  figures.successes_per_s = succeeded / window.seconds;
  figures.failures_per_s = failed / window.seconds;
  if (with_data == 0) return figures;
  figures.timed = true;
  figures.mean_s /= succeeded;
  figures.p50_s /= with_data;
  figures.p99_s /= with_data;
  return figures;
}

}  // namespace tailrace::analysis
