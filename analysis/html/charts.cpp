#include "analysis/html/charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "analysis/html/svg.hpp"
#include "analysis/html/text.hpp"
#include "analysis/report/time_windows.hpp"

namespace tailrace::analysis::html {

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr double kWideRange = 30;       // of latencies: from here on the axis is logarithmic
constexpr double kFinest = 1.0 / 500;   // of the run: bands begin and end on this raster
constexpr std::size_t kMostNamed = 12;  // faults below a chart

std::string time_text(double s) {
  return s == 0 ? "0" : human_duration(s, kText);
}

double end_of(const std::vector<models::RunRecord>& records) {
  double end = 0;
  for (const models::RunRecord& r : records) end = std::max(end, sim::seconds_of(r.end_ns));
  return end > 0 ? end : 1;
}

// How many replications have a fault at each time: +1 where one's first fault begins, -1 where its last ends.
std::vector<Band> fault_bands(const std::vector<models::RunRecord>& records, double run_end) {
  const double raster = run_end * kFinest;
  std::map<double, int> change;
  for (const models::RunRecord& r : records) {
    std::vector<std::pair<double, double>> spans;
    for (const models::FaultActivation& a : r.fault_activations) {
      const double start = sim::seconds_of(a.start_ns);
      const double end = sim::seconds_of(a.end_ns < 0 ? r.end_ns : a.end_ns);
      const double from = std::floor(start / raster) * raster;
      spans.emplace_back(from, std::max(std::ceil(end / raster) * raster, from + raster));
    }
    std::sort(spans.begin(), spans.end());
    for (std::size_t i = 0; i < spans.size();) {
      double end = spans[i].second;
      std::size_t next = i + 1;
      for (; next < spans.size() && spans[next].first <= end; ++next) end = std::max(end, spans[next].second);
      ++change[spans[i].first], --change[end];
      i = next;
    }
  }
  std::vector<Band> bands;
  int active = 0;
  for (auto at = change.begin(); at != change.end(); ++at) {
    active += at->second;
    const auto next = std::next(at);
    if (active <= 0 || next == change.end()) continue;
    bands.push_back({at->first, std::min(next->first, run_end),
                     static_cast<double>(active) / static_cast<double>(records.size()), "fault",
                     fmt::format("faults in {} of {} replications", active, records.size())});
  }
  return bands;
}

std::vector<Band> bands_of(const RunResults& results, double run_end) {
  std::vector<Band> bands;
  if (results.report.warmup_s > 0)
    bands.push_back({0, std::min(results.report.warmup_s, run_end), 1, "warmup", "warm-up: not measured"});
  for (Band& band : fault_bands(results.records, run_end)) bands.push_back(std::move(band));
  for (const Trigger& t : results.report.cascade.triggers) {
    if (t.fault < 0 && t.deployment < 0)
      bands.push_back({t.start_s, std::min(t.end_s, run_end), 1, "load", "more load"});
  }
  return bands;
}

std::string legend(const std::vector<Line>& lines) {
  std::string out = "<p class=\"legend\">";
  for (const Line& line : lines)
    out += fmt::format("<span><i class=\"key {}\"></i>{}</span> ", line.style, line.label);
  return out + "</p>";
}

std::string chart(const std::string& title, const Plot& plot) {
  return "<figure><figcaption>" + title + legend(plot.lines) + "</figcaption>" + plot_svg(plot) +
         "</figure>\n";
}

std::string charts_of(const std::vector<TimeWindow>& windows, std::size_t id, const std::string& name,
                      const Plot& empty) {
  Line arrivals{"arrivals", "arrivals", {}, {}}, goodput{"goodput", "successes", {}, {}},
      failures{"failures", "failures", {}, {}}, p50{"p50", "p50", {}, {}}, p99{"p99", "p99", {}, {}};
  double least = 0, most = 0;
  bool some_failed = false;
  for (const TimeWindow& window : windows) {
    const ClassWindow c = class_window(window, id);
    const double middle = (window.start_s + window.end_s) / 2;
    for (Line* line : {&arrivals, &goodput, &failures, &p50, &p99}) line->x.push_back(middle);
    arrivals.y.push_back(c.arrivals_per_s);
    goodput.y.push_back(c.successes_per_s);
    failures.y.push_back(c.failures_per_s);
    some_failed = some_failed || c.failures_per_s > 0;
    p50.y.push_back(c.timed ? c.p50_s : kNothing);
    p99.y.push_back(c.timed ? c.p99_s : kNothing);
    if (!c.timed) continue;
    if (c.p50_s > 0) least = least > 0 ? std::min(least, c.p50_s) : c.p50_s;
    most = std::max(most, c.p99_s);
  }
  Plot load = empty;
  load.label = name + ": requests per second over time";
  load.y_text = human_rate;
  load.lines = {std::move(arrivals), std::move(goodput)};
  if (some_failed) load.lines.push_back(std::move(failures));
  Plot latency = empty;
  latency.label = name + ": latency of successes over time";
  latency.logarithmic = least > 0 && most > least * kWideRange;
  latency.y_text = time_text;
  latency.lines = {std::move(p50), std::move(p99)};
  return "<div class=\"pair\">\n" + chart(name + ", requests per second", load) +
         chart(name + ", latency of successes", latency) + "</div>\n";
}

std::string fault_list(const RunReport& report) {
  if (report.faults.empty()) return "";
  std::string out = "<ul class=\"faults\">";
  for (std::size_t i = 0; i < report.faults.size() && i < kMostNamed; ++i) {
    const FaultReport& f = report.faults[i];
    out += fmt::format("<li><i class=\"key fault\"></i>{} <small>({})</small>: ", html(f.name), html(f.type));
    if (f.timeline.empty()) {
      out += "never came";
    } else {
      const FaultActivationReport& a = f.timeline.front();
      out += fmt::format("{} to {}", time_text(a.start_s),
                         a.ended ? human_duration(a.end_s, kText) : std::string("the end"));
      if (f.activations > static_cast<std::uint64_t>(report.replications)) {
        const double each = static_cast<double>(f.activations) / std::max(1, report.replications);
        out += fmt::format(", and more: {} times in a replication", human_number(each));
      }
    }
    out += "</li>";
  }
  if (report.faults.size() > kMostNamed)
    out += fmt::format("<li>and {} more</li>", report.faults.size() - kMostNamed);
  return out + "</ul>\n";
}

}  // namespace

std::string charts_html(const RunResults& results) {
  const std::vector<TimeWindow> windows = time_windows(results.records);
  if (windows.empty()) return "";
  Plot empty;
  empty.x_end = end_of(results.records);
  empty.bands = bands_of(results, empty.x_end);
  empty.x_text = time_text;
  std::string out = "<section><h2>Over time</h2>\n";
  std::size_t id = 0;
  for (const models::Workload& w : results.model.topology->workloads) {
    for (const models::RequestClass& c : w.classes) {
      if (id < kMostCharts)
        out += charts_of(windows, id, html(c.name.empty() ? w.name : w.name + " / " + c.name), empty);
      ++id;
    }
  }
  if (id > kMostCharts)
    out += fmt::format("<p class=\"note\">{} more in timeseries.csv</p>\n", human_count(id - kMostCharts));
  out += fault_list(results.report);
  return out + "</section>\n";
}

}  // namespace tailrace::analysis::html
