#include "analysis/report/tables_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "analysis/report/time_windows.hpp"

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

void class_row(std::string& out, const TimeWindow& window, const std::string& workload,
               const std::string& name, std::size_t id) {
  const ClassWindow c = class_window(window, id);
  cell(out, window.start_s), cell(out, window.end_s), cell(out, "workload"), cell(out, workload),
      cell(out, name);
  cell(out, c.arrivals_per_s), cell(out, c.successes_per_s), cell(out, c.failures_per_s);
  if (c.timed) {
    cell(out, c.mean_s), cell(out, c.p50_s), cell(out, c.p99_s), cell(out, c.max_s);
  } else {
    empty_cells(out, 4);
  }
  out += ",,,,\n";
}

// p50_s, p99_s, max_s
void times_cells(std::string& out, const TimesWindow& times) {
  if (times.count == 0) return empty_cells(out, 3);
  cell(out, times.p50_s), cell(out, times.p99_s), cell(out, times.max_s);
}

void station_row(std::string& out, const TimeWindow& window, const std::string& kind, const std::string& name,
                 std::size_t id) {
  double busy = 0, queue = 0, rejected = 0, instances = 0;
  for (const models::WindowRecord* part : window.parts) {
    const models::WindowRecord::PerStation& s = part->stations[id];
    busy += s.busy;
    queue += s.queue;
    rejected += static_cast<double>(s.rejected);
    instances += s.instances;
  }
  const double n = static_cast<double>(window.parts.size());
  cell(out, window.start_s), cell(out, window.end_s), cell(out, kind), cell(out, name);
  empty_cells(out, 5);
  times_cells(out, station_times(window, id));
  cell(out, busy / n), cell(out, queue / n), cell(out, rejected / window.seconds);
  empty_cells(out, 1);
  cell(out, instances / n, true);
}

void lag_row(std::string& out, const TimeWindow& window, const std::string& name, std::size_t id) {
  double lag = 0;
  for (const models::WindowRecord* part : window.parts) lag += static_cast<double>(part->depths[id]);
  cell(out, window.start_s), cell(out, window.end_s), cell(out, "consumer_group"), cell(out, name);
  empty_cells(out, 11);
  cell(out, lag / static_cast<double>(window.parts.size()));
  out += '\n';
}

// Rows so far have no last three columns; these go in front of the line break.
void end_row(std::string& out, std::optional<double> attempts_per_s, std::string_view faults,
             std::string_view causes = {}) {
  out.back() = ',';
  attempts_per_s ? cell(out, *attempts_per_s) : empty_cells(out, 1);
  cell(out, faults), cell(out, causes, true);
}

// Which faults were on at some time of the window, in some replication.
std::string faults_during(const TimeWindow& window, const models::Topology& t,
                          const std::vector<models::RunRecord>& records) {
  std::vector<bool> on(t.faults.size(), false);
  for (const models::RunRecord& r : records) {
    for (const models::FaultActivation& a : r.fault_activations) {
      const std::int64_t end_ns = a.end_ns < 0 ? r.end_ns : a.end_ns;
      const bool before_end = sim::seconds_of(a.start_ns) < window.end_s;
      const bool point = end_ns == a.start_ns && sim::seconds_of(a.start_ns) >= window.start_s;
      if (before_end && (sim::seconds_of(end_ns) > window.start_s || point)) on[a.fault] = true;
    }
  }
  std::string names;
  for (std::size_t f = 0; f < on.size(); ++f) {
    if (on[f]) names += (names.empty() ? "" : "; ") + t.faults[f].name;
  }
  return names;
}

void edge_row(std::string& out, const TimeWindow& window, const std::string& path, std::size_t id,
              std::string_view faults) {
  double calls = 0, attempts = 0, good = 0, failed = 0;
  models::OutcomeCounts ended{};
  for (const models::WindowRecord* part : window.parts) {
    const models::WindowRecord::PerEdge& e = part->edges[id];
    calls += e.calls;
    attempts += e.attempts;
    good += e.ended[0];
    for (std::size_t o = 1; o < e.ended.size(); ++o) {
      failed += e.ended[o];
      ended[o] += e.ended[o];
    }
  }
  const double s = window.seconds;
  std::string causes;
  for (std::size_t o = 1; o < ended.size(); ++o) {
    if (ended[o] == 0) continue;
    causes += fmt::format("{}{} {:.6g}", causes.empty() ? "" : "; ", models::kOutcomeNames[o],
                          static_cast<double>(ended[o]) / s);
  }
  cell(out, window.start_s), cell(out, window.end_s), cell(out, "call"), cell(out, path);
  empty_cells(out, 1);
  cell(out, calls / s), cell(out, good / s), cell(out, failed / s);
  empty_cells(out, 1);
  times_cells(out, edge_times(window, id));
  empty_cells(out, 4);
  out += '\n';
  end_row(out, attempts / s, faults, causes);
}

void buckets(std::string& out, const ClassReport& c, std::string_view outcome,
             const sim::Histogram& histogram) {
  std::uint64_t below = 0;
  histogram.for_each_bucket([&](const sim::Histogram::Bucket& b) {
    below += b.count;
    cell(out, c.workload), cell(out, c.name), cell(out, outcome);
    cell(out, sim::seconds_of(std::max(b.lower, histogram.min()))),
        cell(out, sim::seconds_of(std::min(b.upper, histogram.max())));
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
      "mean_s,p50_s,p99_s,max_s,busy_workers,queue_length,rejections_per_s,lag,instances,attempts_per_s,"
      "faults,failures_by_cause_per_s\n";
  for (const TimeWindow& window : time_windows(results.records)) {
    const std::string faults = faults_during(window, t, results.records);
    std::size_t id = 0;
    for (const models::Workload& w : t.workloads) {
      for (const models::RequestClass& c : w.classes) {
        class_row(out, window, w.name, c.name, id++);
        end_row(out, {}, faults);
      }
    }
    std::size_t group = 0;
    for (const models::MessageChannel& channel : t.channels) {
      for (const models::ConsumerGroup& g : channel.groups)
        lag_row(out, window, g.name, group++), end_row(out, {}, faults);
    }
    // Very large topologies leave no rows per call and station.
    if (window.parts.front()->edges.size() == t.edges.size()) {
      for (std::size_t i = 0; i < t.edges.size(); ++i) edge_row(out, window, t.edges[i].path, i, faults);
    }
    if (window.parts.front()->stations.size() != t.stations.size()) continue;
    for (std::size_t i = 0; i < t.stations.size(); ++i) {
      station_row(out, window, t.components[static_cast<std::size_t>(t.stations[i].component)].kind,
                  t.stations[i].name, i);
      end_row(out, {}, faults);
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

std::string faults_csv(const RunResults& results) {
  std::string out = "replication,fault,type,start_s,end_s,targets,requests_ended,requests_delayed\n";
  const models::Topology& t = *results.model.topology;
  for (const models::RunRecord& r : results.records) {
    for (const models::FaultActivation& a : r.fault_activations) {
      const models::Fault& fault = t.faults[a.fault];
      std::string targets;
      for (std::size_t k = 0; k < a.targets.size(); ++k)
        targets += (k == 0 ? "" : "; ") + hit_target(results.model, a, k);
      cell(out, std::uint64_t{r.replication}), cell(out, fault.name), cell(out, fault.type);
      cell(out, sim::seconds_of(a.start_ns));
      a.end_ns < 0 ? empty_cells(out, 1) : cell(out, sim::seconds_of(a.end_ns));
      cell(out, targets), cell(out, a.ended), cell(out, a.delayed, true);
    }
  }
  return out;
}

std::string scaling_csv(const RunResults& results) {
  std::string out = "replication,service,time_s,from,to,reason,value\n";
  const models::Topology& t = *results.model.topology;
  for (const models::RunRecord& r : results.records) {
    for (const models::ScalingRecord& s : r.scaling) {
      for (const models::ScaleEvent& e : s.events) {
        cell(out, std::uint64_t{r.replication}), cell(out, t.stations[s.station].name),
            cell(out, sim::seconds_of(e.at_ns));
        cell(out, std::uint64_t{e.from}), cell(out, std::uint64_t{e.to});
        cell(out, models::kScaleReasons[static_cast<std::size_t>(e.reason)]), cell(out, e.value, true);
      }
    }
  }
  return out;
}

std::string policies_csv(const RunResults& results) {
  const models::CompiledModel& model = results.model;
  std::string out = "replication,policy,holder,target,caller_instance,target_instance,time_s,from,to\n";
  // The rows of one state, which all begin alike.
  const auto rows = [&](const models::PolicyStateRecord& state, const std::string& begin, const auto& name) {
    for (const models::StatusChange& c : state.timeline) {
      out += begin;
      cell(out, sim::seconds_of(c.at.ns)), cell(out, name(c.from)), cell(out, name(c.to), true);
    }
  };
  const auto begin = [](std::uint32_t replication, std::string_view policy, std::string_view holder,
                        std::string_view target, std::optional<std::uint64_t> caller,
                        std::optional<std::uint64_t> instance) {
    std::string text;
    cell(text, std::uint64_t{replication});
    cell(text, policy), cell(text, holder), cell(text, target);
    for (const auto& number : {caller, instance}) number ? cell(text, *number) : empty_cells(text, 1);
    return text;
  };
  const auto if_several = [](std::uint32_t count, std::uint64_t number) {
    return count > 1 ? std::optional(number) : std::nullopt;
  };
  for (const models::RunRecord& r : results.records) {
    for (std::size_t g = 0; g < model.admission_groups.size(); ++g) {
      const models::AdmissionGroup& group = model.admission_groups[g];
      const PolicyReport& p = results.report.policies[g];
      const std::vector<std::string> names = group.model->statuses();
      for (std::size_t i = 0; i < r.policies[g].states.size(); ++i) {
        rows(r.policies[g].states[i],
             begin(r.replication, p.policy, p.holder, p.target, if_several(group.callers, i / group.targets),
                   if_several(group.targets, i % group.targets)),
             [&](std::uint8_t status) { return std::string_view(names[status]); });
      }
    }
    std::size_t next = 0;
    for (const models::BalancerGroup& group : model.balancers) {
      if (!model.topology->stations[group.station].balancer.outliers) continue;
      const EjectionReport& e = results.report.ejections[next++];
      for (std::uint32_t i = 0; i < group.callers; ++i) {
        const models::BalancerRecord& balancer = r.balancers[group.first_state + i];
        for (std::size_t k = 0; k < balancer.instances.size(); ++k) {
          rows(balancer.instances[k],
               begin(r.replication, "outlier_detection", e.caller, e.target, if_several(group.callers, i), k),
               [](std::uint8_t status) { return std::string_view(kEjectionStatuses[status]); });
        }
      }
    }
    for (std::size_t p = 0; p < model.probers.size(); ++p) {
      const HealthReport& h = results.report.health[p];
      for (std::size_t k = 0; k < h.instances.size(); ++k) {
        rows(r.health[model.probers[p].first_state + k],
             begin(r.replication, "health_check", h.target, h.target, std::nullopt, k),
             [](std::uint8_t status) { return std::string_view(kHealthStatuses[status]); });
      }
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
