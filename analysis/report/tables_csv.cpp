#include "analysis/report/tables_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tailrace::analysis {

namespace {

void cell(std::string& out, std::string_view text, bool last = false) {
  out += csv_cell(text);
  out += last ? '\n' : ',';
}
void cell(std::string& out, double value, bool last = false) {
  if (std::isfinite(value)) fmt::format_to(std::back_inserter(out), "{}", value == 0 ? 0.0 : value);
  out += last ? '\n' : ',';
}
void cell(std::string& out, std::uint64_t value, bool last = false) {
  fmt::format_to(std::back_inserter(out), "{}", value);
  out += last ? '\n' : ',';
}
void empty_cells(std::string& out, int count) {
  out.append(static_cast<std::size_t>(count), ',');
}

double seconds(std::int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

// Window w of every replication that has it whole. The last window of a run that ended early is shorter than
// the others and counts only for the replication it belongs to.
struct Window {
  double start_s = 0, end_s = 0, seconds = 0;  // seconds: all replications together
  std::vector<const models::WindowRecord*> parts;
};

std::vector<Window> windows(const std::vector<models::RunRecord>& records) {
  std::vector<Window> list;
  std::size_t longest = 0;
  for (const models::RunRecord& r : records) longest = std::max(longest, r.windows.size());
  for (std::size_t w = 0; w < longest; ++w) {
    Window window;
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
      window.start_s = seconds(start);
      window.seconds += seconds(end - start);
    }
    window.end_s = seconds(end);
    if (window.seconds > 0) list.push_back(std::move(window));
  }
  return list;
}

void class_row(std::string& out, const Window& window, const std::string& workload, const std::string& name,
               std::size_t id) {
  double arrived = 0, succeeded = 0, failed = 0, mean = 0, p50 = 0, p99 = 0, max = 0, with_data = 0;
  for (const models::WindowRecord* part : window.parts) {
    const models::WindowRecord::PerClass& c = part->classes[id];
    arrived += static_cast<double>(c.arrived);
    succeeded += static_cast<double>(c.succeeded);
    failed += static_cast<double>(c.failed);
    if (!c.timed) continue;
    ++with_data;
    mean += c.mean_s * static_cast<double>(c.succeeded);
    p50 += c.p50_s;
    p99 += c.p99_s;
    max = std::max(max, c.max_s);
  }
  cell(out, window.start_s), cell(out, window.end_s), cell(out, "workload"), cell(out, workload),
      cell(out, name);
  cell(out, arrived / window.seconds), cell(out, succeeded / window.seconds),
      cell(out, failed / window.seconds);
  if (with_data > 0) {
    cell(out, mean / succeeded), cell(out, p50 / with_data), cell(out, p99 / with_data), cell(out, max);
  } else {
    empty_cells(out, 4);
  }
  out += ",,\n";
}

void station_row(std::string& out, const Window& window, const std::string& kind, const std::string& name,
                 std::size_t id) {
  double busy = 0, queue = 0, rejected = 0;
  for (const models::WindowRecord* part : window.parts) {
    const models::WindowRecord::PerStation& s = part->stations[id];
    busy += s.busy;
    queue += s.queue;
    rejected += static_cast<double>(s.rejected);
  }
  const double n = static_cast<double>(window.parts.size());
  cell(out, window.start_s), cell(out, window.end_s), cell(out, kind), cell(out, name);
  empty_cells(out, 8);
  cell(out, busy / n), cell(out, queue / n), cell(out, rejected / window.seconds, true);
}

void buckets(std::string& out, const ClassReport& c, std::string_view outcome,
             const sim::Histogram& histogram) {
  std::uint64_t below = 0;
  histogram.for_each_bucket([&](const sim::Histogram::Bucket& b) {
    below += b.count;
    cell(out, c.workload), cell(out, c.name), cell(out, outcome);
    cell(out, seconds(std::max(b.lower, histogram.min()))),
        cell(out, seconds(std::min(b.upper, histogram.max())));
    cell(out, b.count), cell(out, static_cast<double>(below) / static_cast<double>(histogram.count()), true);
  });
}

void interval_cells(std::string& out, const Interval& i, bool estimable) {
  if (!estimable) return empty_cells(out, 3);
  cell(out, i.estimate);
  if (i.known) {
    cell(out, i.low), cell(out, i.high);
  } else {
    empty_cells(out, 2);
  }
}

void metrics_row(std::string& out, const ClassReport& c, const std::string& name) {
  const std::uint64_t ended = models::total(c.ended);
  cell(out, c.workload), cell(out, name), cell(out, c.arrived), cell(out, ended), cell(out, c.ended[0]);
  interval_cells(out, c.arrival_rate, c.arrival_rate.groups > 0);
  interval_cells(out, c.goodput, c.goodput.groups > 0);
  interval_cells(out, c.failed, ended > 0);
  const LatencyReport& l = c.duration;
  interval_cells(out, l.mean, l.count > 0);
  for (const double v : {l.stddev, l.min, l.max}) l.count > 0 ? cell(out, v) : empty_cells(out, 1);
  for (std::size_t k = 0; k < kPercentiles.size(); ++k) {
    interval_cells(out, l.percentiles[k], l.count >= requests_needed(kPercentiles[k]));
  }
  out.back() = '\n';  // in place of the last comma
}

}  // namespace

std::string csv_cell(std::string_view text) {
  std::string out;
  const bool formula =
      !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  if (formula) out += '\'';
  out += text;
  if (out.find_first_of(",\"\n\r") == std::string::npos) return out;
  std::string quoted = "\"";
  for (const char c : out) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string timeseries_csv(const RunResults& results) {
  const models::Topology& t = *results.model.topology;
  std::string out =
      "start_s,end_s,kind,name,class,arrivals_per_s,successes_per_s,failures_per_s,"
      "mean_s,p50_s,p99_s,max_s,busy_workers,queue_length,rejections_per_s\n";
  for (const Window& window : windows(results.records)) {
    std::size_t id = 0;
    for (const models::Workload& w : t.workloads) {
      for (const models::RequestClass& c : w.classes) class_row(out, window, w.name, c.name, id++);
    }
    // Very large topologies leave no rows per station.
    if (window.parts.front()->stations.size() != t.stations.size()) continue;
    for (std::size_t i = 0; i < t.stations.size(); ++i) {
      station_row(out, window, t.components[static_cast<std::size_t>(t.stations[i].component)].kind,
                  t.stations[i].name, i);
    }
  }
  return out;
}

std::string latency_csv(const RunResults& results) {
  std::string out = "workload,class,outcome,lower_s,upper_s,count,cumulative_fraction\n";
  for (const ClassReport& c : results.report.classes) {
    buckets(out, c, "success", c.success_duration.histogram);
    buckets(out, c, "failure", c.failure_duration.histogram);
  }
  return out;
}

std::string policies_csv(const RunResults& results) {
  const RunReport& report = results.report;
  std::string out = "replication,policy,holder,target,caller_instance,target_instance,time_s,from,to\n";
  const auto row = [&](const PolicyChange& c, const std::string& policy, const std::string& holder,
                       const std::string& target, bool several_callers, bool several_targets,
                       std::string_view from, std::string_view to) {
    cell(out, std::uint64_t{c.replication});
    cell(out, policy), cell(out, holder), cell(out, target);
    several_callers ? cell(out, std::uint64_t{c.caller}) : empty_cells(out, 1);
    several_targets ? cell(out, std::uint64_t{c.target}) : empty_cells(out, 1);
    cell(out, c.at_s), cell(out, from), cell(out, to, true);
  };
  // Timelines are in order of the replications: each goes on where the one before ended.
  std::vector<std::size_t> of_policy(report.policies.size(), 0), of_ejection(report.ejections.size(), 0);
  const auto each = [](const std::vector<PolicyChange>& all, std::size_t& next, const models::RunRecord& r,
                       const auto& use) {
    for (; next < all.size() && all[next].replication == r.replication; ++next) use(all[next]);
  };
  for (const models::RunRecord& r : results.records) {
    for (std::size_t i = 0; i < report.policies.size(); ++i) {
      const PolicyReport& p = report.policies[i];
      const std::vector<std::string> names = results.model.admission_groups[i].model->statuses();
      each(p.timeline, of_policy[i], r, [&](const PolicyChange& c) {
        row(c, p.policy, p.holder, p.target, p.callers > 1, p.targets > 1, names[c.from], names[c.to]);
      });
    }
    for (std::size_t i = 0; i < report.ejections.size(); ++i) {
      const EjectionReport& e = report.ejections[i];
      each(e.timeline, of_ejection[i], r, [&](const PolicyChange& c) {
        row(c, "outlier_detection", e.caller, e.target, e.callers > 1, true, kEjectionStatuses[c.from],
            kEjectionStatuses[c.to]);
      });
    }
  }
  return out;
}

std::string metrics_csv(const RunReport& report) {
  std::string out = "workload,class,requests,ended,succeeded";
  const auto columns = [&](const std::string& name) { out += fmt::format(",{0},{0}_low,{0}_high", name); };
  for (const char* name : {"arrivals_per_s", "goodput_per_s", "failed_fraction", "mean_s"}) columns(name);
  out += ",stddev_s,min_s,max_s";
  for (const double p : kPercentiles) columns(fmt::format("p{:g}_s", 100 * p));
  out += '\n';
  for (const ClassReport& w : report.workloads) {
    metrics_row(out, w, "");
    for (const ClassReport& c : report.classes) {
      if (c.workload == w.workload && !c.name.empty()) metrics_row(out, c, c.name);
    }
  }
  return out;
}

}  // namespace tailrace::analysis
