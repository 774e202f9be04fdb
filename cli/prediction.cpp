#include "cli/prediction.hpp"

#include <cmath>

#include "analysis/prediction/text.hpp"

namespace tailrace::cli {

namespace {

using analysis::Figure;
using analysis::JsonText;
using analysis::Measured;

void add(std::vector<Measured>& list, const std::string& name, Measured::What what,
         const analysis::Interval& interval) {
  list.push_back({name, what, interval.estimate, interval.low, interval.high, interval.known});
}

std::vector<Measured> measured(const analysis::RunReport& report) {
  std::vector<Measured> list;
  for (const analysis::ClassReport& w : report.workloads) {
    if (w.success_duration.count == 0) continue;
    add(list, w.workload, Measured::What::throughput, w.throughput);
    add(list, w.workload, Measured::What::response, w.success_duration.mean);
  }
  for (const analysis::StationReport& s : report.stations) {
    if (s.served == 0) continue;
    if (s.workers != models::kUnlimited) {
      add(list, s.name, Measured::What::utilization, s.utilization);
      // Where requests may give up waiting, theory speaks of all of them. A wait that nobody feels is left
      // out.
      const analysis::Interval& wait = s.abandoned > 0 ? s.wait_mean_all : s.wait_mean;
      if (wait.estimate > 0.01 * s.service_mean.estimate) add(list, s.name, Measured::What::wait_mean, wait);
    }
    if (s.cpus > 0) add(list, s.name, Measured::What::core_utilization, s.cpu_utilization);
  }
  return list;
}

void figure(JsonText& j, const char* name, const Figure& f) {
  j.key(name).begin_object().key("value");
  (f.known && std::isfinite(f.value)) ? j.value(f.value) : j.null();
  j.field("exact", f.known && f.exact).field("reason", f.reason).end_object();
}

}  // namespace

std::string prediction_block(const models::Topology& topology, analysis::TextStyle style) {
  return analysis::prediction_text(analysis::predict(topology), style.unicode);
}

std::string comparison_block(const models::Topology& topology, const analysis::RunReport& report,
                             analysis::TextStyle style) {
  if (report.events == 0) return {};
  return analysis::beside_text(analysis::predict(topology), measured(report), style.unicode);
}

void write_prediction(JsonText& j, const models::Topology& topology) {
  const analysis::Prediction p = analysis::predict(topology);
  j.key("prediction").begin_object().field("stable", p.stable).field("message", p.message);
  j.key("bottleneck");
  p.bottleneck < 0 ? j.null() : j.value(p.stations[static_cast<std::size_t>(p.bottleneck)].name);
  figure(j, "max_load_multiplier", p.max_load_multiplier);
  figure(j, "knee_population", p.knee_population);
  figure(j, "max_throughput_per_s", p.max_throughput_per_s);
  j.key("stations").begin_array();
  for (const analysis::StationPrediction& s : p.stations) {
    j.begin_object().field("name", s.name).key("visit_rate_per_s");
    s.rate_known ? j.value(s.visit_rate_per_s) : j.null();
    figure(j, "utilization", s.utilization);
    figure(j, "cpu_utilization", s.core_utilization);
    figure(j, "wait_mean_s", s.wait_mean_s);
    figure(j, "response_mean_s", s.response_mean_s);
    j.field("remark", s.remark).end_object();
  }
  j.end_array().key("workloads").begin_array();
  for (const analysis::WorkloadPrediction& w : p.workloads) {
    j.begin_object().field("name", w.name);
    figure(j, "throughput_per_s", w.throughput_per_s);
    figure(j, "response_mean_s", w.response_mean_s);
    j.field("zero_load_response_s", w.zero_load_response_s).end_object();
  }
  j.end_array().key("single_points_of_failure").begin_array();
  for (const analysis::SinglePointOfFailure& s : p.single_points_of_failure) {
    j.begin_object()
        .field("component", s.component)
        .field("dependents", static_cast<std::int64_t>(s.dependents))
        .end_object();
  }
  j.end_array().key("critical_paths").begin_array();
  for (const analysis::RequestPath& path : p.critical_paths) {
    j.begin_object()
        .field("workload", path.workload)
        .field("request", path.request)
        .field("seconds", path.seconds);
    j.key("elements").begin_array();
    for (const analysis::PathElement& e : path.elements)
      j.begin_object().field("name", e.name).field("seconds", e.seconds).end_object();
    j.end_array().end_object();
  }
  j.end_array().key("notes").begin_array();
  for (const std::string& note : p.notes) j.value(note);
  j.end_array().end_object();
}

}  // namespace tailrace::cli
