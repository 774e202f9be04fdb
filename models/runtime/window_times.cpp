// Percentiles of each call and each station in each window. A look at a histogram reads octaves of it, some
// kilobytes: with a hundred of them and 200 windows as much time as a short run takes. So they belong to what
// is only done for runs that are looked into, as traced ones are, and not for thousands of points of a sweep;
// and where nobody has said how fine they should be, to two windows at a time.
#include <numeric>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

namespace {

constexpr std::size_t kMostTimed = 1000;  // calls and operations; with more of them windows have no times

WindowRecord::Times times_of(sim::WindowCounts& counts) {
  WindowRecord::Times t;
  t.count = static_cast<std::uint32_t>(counts.count());
  if (t.count == 0) return t;
  t.p50_s = sim::seconds_of(counts.quantile(0.5));
  t.p99_s = sim::seconds_of(counts.quantile(0.99));
  t.max_s = sim::seconds_of(counts.max());
  counts.clear();
  return t;
}

// Where each edge's and operation's times are recorded while the run goes: some are recorded once for
// several.
void find_series(const CompiledModel& m, WindowState& w) {
  std::vector<std::uint32_t> original(m.series.size());
  std::iota(original.begin(), original.end(), 0u);
  for (const auto& [copy, from] : m.series_copies) original[copy] = from;
  for (const std::uint32_t series : m.operation_series) w.operation_series.push_back(original[series]);
  for (const EdgeTable& e : m.edges)
    w.edge_series.push_back(e.series != kNoId ? e.series : w.operation_series[e.operation]);
  w.operations_of.resize(m.stations.size());
  for (std::uint32_t o = 0; o < m.operations.size(); ++o)
    w.operations_of[static_cast<std::size_t>(m.topology->operations[o].station)].push_back(o);
  w.operation_sketches.resize(w.operation_series.size());
  w.edge_sketches.resize(w.edge_series.size());
}

}  // namespace

void Execution::window_times(WindowRecord& window) {
  const CompiledModel& m = *model_;
  if (!tracer_ || m.edges.size() + m.operations.size() > kMostTimed) return;
  const bool asked_for = m.topology->run.time_resolution.ns > 0;
  if (!asked_for && record_.windows.size() % 2 == 0) return;
  if (window_.edge_series.empty() && window_.operation_series.empty()) find_series(m, window_);
  if (!record_at_once_) record_all_recent();
  // All operations of a station together.
  window.station_times.reserve(m.stations.size());
  for (const std::vector<std::uint32_t>& operations : window_.operations_of) {
    for (const std::uint32_t o : operations)
      window_.operation_sketches[o].look(series_[window_.operation_series[o]], window_.counts);
    window.station_times.push_back(times_of(window_.counts));
  }
  // A call without times of its own takes what its operation takes, which may have been looked at already.
  window.edge_times.reserve(m.edges.size());
  for (std::size_t i = 0; i < m.edges.size(); ++i) {
    const std::uint32_t operation = m.edges[i].operation;
    const auto station = static_cast<std::size_t>(m.topology->operations[operation].station);
    if (window_.edge_series[i] == window_.operation_series[operation] &&
        window_.operations_of[station].size() == 1) {
      window.edge_times.push_back(window.station_times[station]);
      continue;
    }
    window_.edge_sketches[i].look(series_[window_.edge_series[i]], window_.counts);
    window.edge_times.push_back(times_of(window_.counts));
  }
}

}  // namespace tailrace::models
