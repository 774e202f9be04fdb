#include "analysis/report/prometheus.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "models/field/diagnostics.hpp"

namespace tailrace::analysis {

namespace {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

// A channel's publishing and its handling have one name, and several calls may come from one place of the
// scenario: those after the first are numbered, since a scrape with a series twice is refused as a whole.
std::vector<Labels> numbered(std::vector<Labels> all) {
  std::map<Labels, int> seen;
  for (Labels& labels : all) {
    const int number = ++seen[labels];
    if (number > 1) labels.emplace_back("number", std::to_string(number));
  }
  return all;
}

Labels with(Labels labels, std::string_view key, std::string value) {
  labels.emplace_back(key, std::move(value));
  return labels;
}

// In the order in which the format wants it: all of a metric together, behind its help and type.
class Text {
 public:
  void metric(const char* name, const char* type, const char* help) {
    name_ = name;
    out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  void sample(const Labels& labels, double value, const char* suffix = "") {
    if (!std::isfinite(value)) return;
    out_ += fmt::format("{}{}", name_, suffix);
    bool first = true;
    for (const auto& [key, text] : labels) {
      out_ += fmt::format("{}{}=\"{}\"", first ? "{" : ",", key, quoted(text));
      first = false;
    }
    out_ += fmt::format("{} {}\n", first ? "" : "}", value);
  }
  void sample(const Labels& labels, std::uint64_t value, const char* suffix = "") {
    sample(labels, static_cast<double>(value), suffix);
  }
  void sample(const Labels& labels, const Interval& value) { sample(labels, value.estimate); }
  std::string take() { return std::move(out_); }

 private:
  // Backslash, quote and line break have escapes; other control characters become visible first.
  static std::string quoted(const std::string& text) {
    std::string out;
    for (const char c : models::escaped(text)) {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
    return out;
  }
  const char* name_ = "";
  std::string out_;
};

const char* outcome(std::size_t o) {
  return models::kOutcomeNames[o];
}

void requests(Text& text, const RunReport& report) {
  text.metric("tailrace_requests_total", "counter", "Requests that ended.");
  for (const ClassReport& c : report.classes) {
    for (std::size_t o = 0; o < c.ended.size(); ++o) {
      if (c.ended[o] > 0 || o == 0)
        text.sample({{"workload", c.workload}, {"class", c.name}, {"outcome", outcome(o)}}, c.ended[o]);
    }
  }
  text.metric("tailrace_requests_arrived_total", "counter", "Requests that were sent.");
  for (const ClassReport& c : report.classes)
    text.sample({{"workload", c.workload}, {"class", c.name}}, c.arrived);
  text.metric("tailrace_request_duration_seconds", "summary", "Duration of requests that succeeded.");
  for (const ClassReport& c : report.classes) {
    const LatencyReport& l = c.success_duration;
    for (std::size_t k = 0; k < kPercentiles.size() && l.count > 0; ++k) {
      text.sample(
          {{"workload", c.workload}, {"class", c.name}, {"quantile", fmt::format("{}", kPercentiles[k])}},
          l.percentiles[k]);
    }
    text.sample({{"workload", c.workload}, {"class", c.name}}, static_cast<double>(l.histogram.sum()) * 1e-9,
                "_sum");
    text.sample({{"workload", c.workload}, {"class", c.name}}, l.count, "_count");
  }
}

void stations(Text& text, const RunReport& report) {
  const auto gauge = [&](const char* name, const char* help, auto value) {
    text.metric(name, "gauge", help);
    for (const StationReport& s : report.stations) value(s);
  };
  const auto counter = [&](const char* name, const char* help, auto value) {
    text.metric(name, "counter", help);
    for (const StationReport& s : report.stations)
      text.sample({{"service", s.name}, {"kind", s.kind}}, value(s));
  };
  counter("tailrace_service_started_total", "Starts of service.",
          [](const StationReport& s) { return s.served; });
  counter("tailrace_service_rejected_total", "Requests that a full queue turned away.",
          [](const StationReport& s) { return s.rejected; });
  counter("tailrace_service_abandoned_total", "Requests that left the queue unserved.",
          [](const StationReport& s) { return s.abandoned; });
  counter("tailrace_service_dropped_total", "Requests that were thrown away when their turn came.",
          [](const StationReport& s) { return s.dropped; });
  gauge("tailrace_service_busy_workers", "Busy workers, mean over time.", [&](const StationReport& s) {
    text.sample({{"service", s.name}, {"kind", s.kind}}, s.busy);
  });
  gauge("tailrace_service_queue_length", "Requests that wait, mean over time.", [&](const StationReport& s) {
    text.sample({{"service", s.name}, {"kind", s.kind}}, s.queue_length);
  });
  gauge("tailrace_service_utilization_ratio", "Busy workers over all workers.", [&](const StationReport& s) {
    if (s.workers >= 0) text.sample({{"service", s.name}, {"kind", s.kind}}, s.utilization);
  });
  gauge("tailrace_service_cpu_utilization_ratio", "Busy cores over all cores.", [&](const StationReport& s) {
    if (s.cpus > 0) text.sample({{"service", s.name}, {"kind", s.kind}}, s.cpu_utilization);
  });
  gauge("tailrace_service_instances_up", "Instances that serve, mean over time.",
        [&](const StationReport& s) {
          text.sample({{"service", s.name}, {"kind", s.kind}}, s.instances_up);
        });
}

void operations(Text& text, const RunReport& report) {
  text.metric("tailrace_operation_duration_seconds", "summary", "At the server, from arrival to reply.");
  std::vector<Labels> all;
  for (const OperationReport& op : report.operations) all.push_back({{"operation", op.name}});
  all = numbered(std::move(all));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const LatencyReport& l = report.operations[i].response;
    for (std::size_t k = 0; k < kPercentiles.size() && l.count > 0; ++k)
      text.sample(with(all[i], "quantile", fmt::format("{}", kPercentiles[k])), l.percentiles[k]);
    text.sample(all[i], static_cast<double>(l.histogram.sum()) * 1e-9, "_sum");
    text.sample(all[i], l.count, "_count");
  }
}

void edges(Text& text, const RunReport& report) {
  std::vector<Labels> all;
  for (const EdgeReport& e : report.edges) all.push_back({{"from", e.from}, {"to", e.to}, {"path", e.path}});
  all = numbered(std::move(all));
  const auto each = [&](const char* name, const char* help, auto value) {
    text.metric(name, "counter", help);
    for (std::size_t i = 0; i < all.size(); ++i) text.sample(all[i], value(report.edges[i]));
  };
  each("tailrace_calls_total", "Calls that were made.", [](const EdgeReport& e) { return e.calls; });
  each("tailrace_call_attempts_total", "Attempts that were sent.",
       [](const EdgeReport& e) { return e.attempts; });
  each("tailrace_call_hedges_total", "Attempts beside a first one.",
       [](const EdgeReport& e) { return e.hedges; });
  text.metric("tailrace_call_duration_seconds", "summary",
              "Duration of calls as their callers see it; without network, timers and retries it is the "
              "operation's.");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const LatencyReport& d = report.edges[i].duration;
    if (!report.edges[i].has_duration) continue;
    for (std::size_t k = 0; k < kPercentiles.size() && d.count > 0; ++k)
      text.sample(with(all[i], "quantile", fmt::format("{}", kPercentiles[k])), d.percentiles[k]);
    text.sample(all[i], static_cast<double>(d.histogram.sum()) * 1e-9, "_sum");
    text.sample(all[i], d.count, "_count");
  }
  text.metric("tailrace_calls_ended_total", "counter", "Calls that ended, by how.");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const models::OutcomeCounts& ended = report.edges[i].ended;
    for (std::size_t o = 0; o < ended.size(); ++o) {
      if (ended[o] > 0) text.sample(with(all[i], "outcome", outcome(o)), ended[o]);
    }
  }
}

void rest(Text& text, const RunResults& results) {
  const RunReport& report = results.report;
  text.metric("tailrace_fault_activations_total", "counter", "How often a fault came.");
  std::vector<Labels> faults;
  for (const FaultReport& f : report.faults) faults.push_back({{"fault", f.name}});
  faults = numbered(std::move(faults));
  for (std::size_t i = 0; i < faults.size(); ++i) text.sample(faults[i], report.faults[i].activations);
  if (report.tail.traced) {
    text.metric("tailrace_tail_seconds", "gauge",
                "Mean time on the critical path of the requests of a band of latency.");
    for (const TailClass& cls : report.tail.classes) {
      for (const TailBand& band : cls.bands) {
        // Calls between the same two have one name, and a series may stand here once.
        std::map<std::array<std::string, 3>, double> seconds;
        for (const TailPart& part : band.parts)
          seconds[{place_kind(part.place), place_name(results.model, part.place),
                   reason_name(part.reason)}] += part.mean_s;
        for (const auto& [where, mean_s] : seconds) {
          text.sample({{"class", cls.name},
                       {"band", band.name},
                       {"kind", where[0]},
                       {"place", where[1]},
                       {"reason", where[2]}},
                      mean_s);
        }
      }
    }
  }
  text.metric("tailrace_measured_seconds", "gauge",
              "Simulated time behind the figures, all replications together.");
  text.sample({}, report.measured_s);
}

}  // namespace

std::string prometheus_text(const RunResults& results) {
  Text text;
  requests(text, results.report);
  stations(text, results.report);
  operations(text, results.report);
  edges(text, results.report);
  rest(text, results);
  return text.take();
}

}  // namespace tailrace::analysis
