#include "analysis/report/summary_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "analysis/report/cache_output.hpp"
#include "analysis/report/cascade_output.hpp"
#include "analysis/report/json_figures.hpp"
#include "analysis/report/messaging_json.hpp"
#include "analysis/report/tail_output.hpp"
#include "analysis/report/upkeep_output.hpp"

namespace tailrace::analysis {

namespace {

using models::total;

void outcomes(JsonText& json, std::string_view name, const models::OutcomeCounts& counts) {
  json.key(name).begin_inline_object();
  for (std::size_t o = 0; o < counts.size(); ++o) json.field(models::kOutcomeNames[o], counts[o]);
  json.end_object();
}

void requests(JsonText& json, const ClassReport& c) {
  const std::uint64_t ended = total(c.ended);
  json.field("arrived", c.arrived).field("ended", ended);
  json.field("in_flight_start", c.in_flight_start).field("in_flight_end", c.in_flight_end);
  outcomes(json, "outcomes", c.ended);
  interval(json, "arrival_rate_per_s", c.arrival_rate, c.arrived);
  interval(json, "throughput_per_s", c.throughput, ended);
  interval(json, "goodput_per_s", c.goodput, c.ended[0]);
  interval(json, "failed_fraction", c.failed, ended);
  json.field("degraded", c.degraded_count);
  interval(json, "degraded_fraction", c.degraded, c.ended[0]);
  latency(json, "duration_s", c.duration);
  latency(json, "success_duration_s", c.success_duration);
  latency(json, "failure_duration_s", c.failure_duration);
}

void workloads(JsonText& json, const RunReport& report) {
  json.key("workloads").begin_array();
  for (const ClassReport& w : report.workloads) {
    json.begin_object().field("name", w.workload);
    requests(json, w);
    json.key("classes").begin_array();
    for (const ClassReport& c : report.classes) {
      if (c.workload != w.workload || c.name.empty()) continue;
      json.begin_object().field("name", c.name);
      requests(json, c);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

// -1 is "unlimited" inside the program; outside it is null.
void limit(JsonText& json, std::string_view name, std::int64_t value) {
  json.key(name);
  value == models::kUnlimited ? json.null() : json.value(value);
}

void station(JsonText& json, const StationReport& s) {
  json.begin_object().field("name", s.name).field("kind", s.kind).field("instances", s.instances);
  limit(json, "workers_per_instance", s.workers);
  json.key("cpus_per_instance");
  s.cpus > 0 ? json.value(s.cpus) : json.null();
  json.field("served", s.served)
      .field("waited", s.waited)
      .field("rejected", s.rejected)
      .field("abandoned", s.abandoned)
      .field("dropped", s.dropped)
      .field("completed", s.completed)
      .field("unheard", s.unheard)
      .field("wasted_s", s.wasted_s);
  interval(json, "wasted_fraction", s.wasted);
  interval(json, "utilization", s.utilization);
  interval(json, "busy_workers", s.busy);
  interval(json, "cpu_utilization", s.cpu_utilization);
  json.field("min_instance_utilization", s.min_instance_utilization)
      .field("max_instance_utilization", s.max_instance_utilization);
  interval(json, "availability", s.availability);
  interval(json, "instances_up", s.instances_up);
  interval(json, "outages_per_hour", s.outages_per_hour);
  json.field("outages", s.outages).field("min_available", s.min_available);
  interval(json, "queue_length", s.queue_length);
  json.field("peak_queue", s.peak_queue);
  interval(json, "throughput_per_s", s.throughput, s.served);
  interval(json, "wait_mean_s", s.wait_mean, s.served);
  interval(json, "wait_mean_all_s", s.wait_mean_all);
  interval(json, "wait_probability", s.wait_probability);
  json.key("wait_percentiles_s").begin_inline_object();
  for (std::size_t k = 0; k < kPercentiles.size(); ++k) {
    json.key(percentile_name(kPercentiles[k]));
    s.served >= requests_needed(kPercentiles[k]) ? json.value(s.wait_percentiles[k]) : json.null();
  }
  json.end_object();
  interval(json, "service_mean_s", s.service_mean, s.served);
  json.key("residence_mean_s");
  s.served > 0 ? json.value(s.residence_mean) : json.null();
  json.end_object();
}

void edge(JsonText& json, const EdgeReport& e) {
  json.begin_object().field("from", e.from).field("to", e.to).field("path", e.path);
  json.field("calls", e.calls).field("attempts", e.attempts).key("attempts_per_call");
  e.calls > 0 ? json.value(e.attempts_per_call) : json.null();
  interval(json, "retry_amplification", e.retry_amplification, e.calls);
  json.field("hedges", e.hedges)
      .field("hedges_won", e.hedges_won)
      .field("hedges_wasted", e.hedges - std::min(e.hedges, e.hedges_won))
      .field("budget_denied", e.budget_denied)
      .field("pushbacks", e.pushbacks)
      .field("fallbacks", e.fallbacks);
  outcomes(json, "outcomes", e.ended);
  outcomes(json, "attempt_outcomes", e.attempt_ended);
  if (e.has_duration) {
    latency(json, "duration_s", e.duration);
  } else {
    json.key("duration_s").null();
  }
  json.end_object();
}

// The first changes only; policies.csv has them all.
void timeline(JsonText& json, const std::vector<PolicyChange>& changes, std::uint64_t all,
              const std::function<std::string(std::uint8_t)>& name) {
  json.field("timeline_cut", changes.size() < all).key("timeline").begin_array();
  for (const PolicyChange& c : changes) {
    json.begin_inline_object().field("replication", c.replication).field("caller_instance", c.caller);
    json.field("target_instance", c.target).field("at_s", c.at_s).field("from", name(c.from));
    json.field("to", name(c.to)).end_object();
  }
  json.end_array();
}

void policy(JsonText& json, const PolicyReport& p, const models::AdmissionModel& model) {
  const std::uint64_t asked = p.counts.admitted + p.counts.rejected;
  json.begin_object().field("policy", p.policy).field("place", p.door ? "door" : "call");
  json.field("holder", p.holder).key("target");
  p.door ? json.null() : json.value(p.target);
  json.key("path");
  p.path.empty() ? json.null() : json.value(p.path);
  json.field("states", std::uint64_t{p.callers} * p.targets);
  json.field("admitted", p.counts.admitted)
      .field("rejected", p.counts.rejected)
      .field("delayed", p.counts.delayed)
      .field("waited", p.counts.waited);
  interval(json, "rejected_fraction", p.rejected, asked);
  json.key("gauge");
  if (p.gauge.groups > 0) {
    json.begin_object().field("name", p.gauge_name);
    interval(json, "value", p.gauge);
    json.end_object();
  } else {
    json.null();
  }
  json.field("changes", p.changes);
  const std::vector<std::string> names = model.statuses();
  if (!names.empty()) {
    json.field("trips", p.trips);
    interval(json, "trips_per_hour", p.trips_per_hour, p.trips);
    json.key("statuses").begin_array();
    for (const StatusShare& s : p.statuses) {
      json.begin_object().field("name", s.name);
      interval(json, "share_of_time", s.share);
      json.end_object();
    }
    json.end_array();
    timeline(json, p.timeline, p.changes, [&](std::uint8_t s) { return names[s]; });
  }
  json.end_object();
}

void detection(JsonText& json, const DetectionReport& d) {
  json.key("detection").begin_object().field("hits", d.hits).field("noticed", d.noticed);
  interval(json, "after_s", d.seconds, d.noticed);
  json.end_object();
}

void ejections(JsonText& json, const EjectionReport& e) {
  json.begin_object().field("caller", e.caller).field("target", e.target);
  json.field("ejections", e.ejections).key("instances").begin_array();
  for (const EjectionReport::Instance& i : e.instances) {
    json.begin_object().field("ejections", i.ejections);
    interval(json, "ejected_share_of_time", i.out, i.ejections);
    json.end_object();
  }
  json.end_array();
  detection(json, e.detection);
  timeline(json, e.timeline, e.changes, [](std::uint8_t s) { return std::string(kEjectionStatuses[s]); });
  json.end_object();
}

void health(JsonText& json, const HealthReport& h) {
  json.begin_object().field("target", h.target).key("instances").begin_array();
  for (const HealthReport::Instance& i : h.instances) {
    json.begin_object().field("found_unhealthy", i.failures);
    interval(json, "unhealthy_share_of_time", i.out);
    json.end_object();
  }
  json.end_array();
  detection(json, h.detection);
  timeline(json, h.timeline, h.changes, [](std::uint8_t s) { return std::string(kHealthStatuses[s]); });
  json.end_object();
}

void link(JsonText& json, const LinkReport& l) {
  json.begin_object()
      .field("name", l.name)
      .field("messages", l.messages)
      .field("transmissions", l.transmissions);
  json.field("lost", l.lost).field("delayed", l.delayed).field("bytes_per_s", l.bytes_per_s);
  interval(json, "utilization", l.utilization);
  json.end_object();
}

void scaling(JsonText& json, const ScalingReport& s) {
  json.begin_object().field("name", s.station).field("autoscales", s.autoscales);
  interval(json, "instances", s.instances);
  json.field("instance_hours", s.instance_hours).field("least", s.least).field("most", s.most);
  json.field("ups", s.ups).field("downs", s.downs).field("started", s.started).field("stopped", s.stopped);
  json.field("requests", s.requests).field("cold", s.cold).field("cut_off", s.cut_off);
  interval(json, "cold_starts", s.cold_starts, s.requests);
  json.key("events").begin_array();
  for (const ScaleEventReport& e : s.events) {
    json.begin_inline_object()
        .field("replication", e.replication)
        .field("at_s", e.at_s)
        .field("from", e.from)
        .field("to", e.to)
        .field("reason", e.reason)
        .field("value", e.value)
        .end_object();
  }
  json.end_array().end_object();
}

void deployment(JsonText& json, const DeploymentReport& d) {
  json.begin_object().field("name", d.name).field("started", d.started).field("finished", d.finished);
  json.field("rolled_back", d.rolled_back).field("start_s", d.start_s).field("duration_s", d.duration_s);
  json.field("requests", d.requests).field("failed", d.failed).field("skewed", d.skewed);
  json.field("blocked", d.blocked).field("blocked_s", d.blocked_s).end_object();
}

void fault(JsonText& json, const FaultReport& f) {
  json.begin_object().field("name", f.name).field("type", f.type);
  json.field("activations", f.activations).field("active_s", f.active_s);
  json.field("targets", f.targets).field("targets_hit", f.hit);
  json.field("requests_ended", f.requests_ended)
      .field("requests_delayed", f.requests_delayed)
      .field("requests_added", f.requests_added);
  json.key("timeline").begin_array();
  for (const FaultActivationReport& a : f.timeline) {
    json.begin_object()
        .field("replication", a.replication)
        .field("start_s", a.start_s)
        .field("end_s", a.end_s);
    json.field("ended", a.ended).key("targets").begin_inline_array();
    for (const std::string& target : a.targets) json.value(target);
    json.end_array();
    json.field("requests_ended", a.requests_ended).field("requests_delayed", a.requests_delayed).end_object();
  }
  json.end_array().end_object();
}

const char* unit_name(FigureUnit unit) {
  switch (unit) {
    case FigureUnit::seconds:
      return "s";
    case FigureUnit::fraction:
      return "1";
    case FigureUnit::per_second:
      return "1/s";
    case FigureUnit::number:
      return "";
  }
  return "";
}

void threshold(JsonText& json, const ThresholdResult& t) {
  const bool data = t.verdict != ThresholdVerdict::no_data;
  json.begin_object()
      .field("metric", t.metric)
      .field("condition", t.expression)
      .field("verdict", verdict_name(t.verdict));
  json.field("unit", unit_name(t.unit))
      .field("limit", t.limit)
      .key("measured")
      .begin_inline_object()
      .key("estimate");
  data ? json.value(t.measured.estimate) : json.null();
  json.key("low");
  data&& t.measured.known ? json.value(t.measured.low) : json.null();
  json.key("high");
  data&& t.measured.known ? json.value(t.measured.high) : json.null();
  json.field("confidence", t.measured.confidence)
      .field("count", t.measured.count)
      .field("groups", t.measured.groups);
  if (!t.note.empty()) json.field("reason", t.note);
  json.end_object().field("straddles", t.straddles).end_object();
}

template <class List, class Each>
void array(JsonText& json, std::string_view name, const List& list, Each each) {
  json.key(name).begin_array();
  for (const auto& item : list) each(json, item);
  json.end_array();
}

}  // namespace

std::string summary_json(const RunResults& results, const std::vector<KeptFigure>& kept,
                         const std::vector<SloReport>& slos, const CostReport& cost) {
  const RunReport& report = results.report;
  const models::Topology& t = *results.model.topology;
  JsonText json;
  json.begin_object();
  json.field("format", "tailrace-summary").field("version", kSummaryVersion);
  json.key("scenario").begin_object().field("name", t.name).field("about", t.about).end_object();
  json.field("complete", report.status == models::RunStatus::completed);
  json.field("status", models::status_name(report.status)).field("message", report.message);
  json.key("run").begin_object();
  json.field("seed", t.run.seed)
      .field("replications_planned", t.run.replications)
      .field("replications", report.replications);
  json.field("duration_s", sim::seconds_of(t.run.duration.ns)).field("warmup_s", report.warmup_s);
  json.field("measured_s", report.measured_s)
      .field("events", report.events)
      .field("confidence", report.confidence);
  json.end_object();
  json.key("fingerprints").begin_object();
  json.field("trajectory", fmt::format("{:016x}", report.trajectory_fingerprint));
  json.field("result", fmt::format("{:016x}", report.result_fingerprint)).end_object();
  json.key("checks").begin_object();
  json.field("littles_law", report.littles_law_holds)
      .field("conservation", report.conservation_holds)
      .end_object();
  models::OutcomeCounts ended{};
  for (const ClassReport& w : report.workloads) {
    for (std::size_t o = 0; o < ended.size(); ++o) ended[o] += w.ended[o];
  }
  outcomes(json, "outcomes", ended);
  workloads(json, report);
  array(json, "operations", report.operations, [](JsonText& j, const OperationReport& op) {
    j.begin_object().field("name", op.name).field("arrived", op.arrived);
    outcomes(j, "outcomes", op.ended);
    j.field("unheard", op.unheard);
    interval(j, "arrivals_per_request", op.arrivals_per_request);
    if (!op.by_workload.empty())
      array(j, "arrivals_by_workload", op.by_workload, [](JsonText& k, const WorkloadArrivals& a) {
        k.begin_object().field("workload", a.workload);
        interval(k, "per_request", a.per_request);
        k.field("in_proportion", a.in_proportion).end_object();
      });
    interval(j, "throughput_per_s", op.throughput, total(op.ended));
    latency(j, "response_s", op.response);
    j.end_object();
  });
  array(json, "stations", report.stations, station);
  array(json, "edges", report.edges, edge);
  array(json, "links", report.links, link);
  json.key("policies").begin_array();
  for (std::size_t i = 0; i < report.policies.size(); ++i)
    policy(json, report.policies[i], *results.model.admission_groups[i].model);
  json.end_array();
  array(json, "outlier_ejections", report.ejections, ejections);
  array(json, "health_checks", report.health, health);
  array(json, "faults", report.faults, fault);
  cascade_json(json, report.cascade);
  tail_json(json, report.tail, results.model);
  array(json, "scaling", report.scaling, scaling);
  array(json, "deployments", report.deployments, deployment);
  upkeep_json(json, report.upkeep);
  messaging_json(json, report.messaging, results.model);
  cache_json(json, report.caches);
  array(json, "thresholds", results.thresholds, threshold);
  const auto texts = [](JsonText& j, const std::string& text) { j.value(text); };
  slo_json(json, slos);
  cost_json(json, cost);
  array(json, "figures", kept, [](JsonText& j, const KeptFigure& f) {
    j.begin_object().field("name", f.name).field("unit", f.unit).field("better", f.better);
    j.key("values").begin_inline_array();
    for (const double v : f.values) j.value(v);
    j.end_array().end_object();
  });
  array(json, "warnings", results.warnings, texts);
  array(json, "notes", results.notes, texts);
  json.end_object();
  return json.take();
}

}  // namespace tailrace::analysis
