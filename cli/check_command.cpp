#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/load_scenario.hpp"
#include "cli/prediction.hpp"
#include "cli/reach_text.hpp"
#include "cli/topology_text.hpp"
#include "models/compile/compiled_model.hpp"

namespace tailrace::cli {

namespace {

using analysis::JsonText;

void limit(JsonText& j, const char* name, std::int64_t value) {
  j.key(name);
  value == models::kUnlimited ? j.null() : j.value(value);
}

void duration(JsonText& j, const char* name, const std::optional<sim::Duration>& d) {
  j.key(name);
  d ? j.value(sim::seconds_of(d->ns)) : j.null();
}

// In the order in which they are asked: a call first asks what it asks once.
void admissions(JsonText& j, const char* name, std::vector<models::AdmissionUse> uses, bool of_call) {
  if (of_call) std::stable_partition(uses.begin(), uses.end(), [](const auto& u) { return !u.per_attempt; });
  constexpr const char* kScopes[] = {"service", "instance", "call"};
  j.key(name).begin_array();
  for (const models::AdmissionUse& use : uses) {
    j.begin_inline_object().field("policy", use.policy);
    j.field("scope", kScopes[static_cast<std::size_t>(use.scope)]).field("shared", use.shared);
    if (of_call) j.field("per_attempt", use.per_attempt);
    j.end_object();
  }
  j.end_array();
}

void call(JsonText& j, const models::Topology& t, const models::Edge& e) {
  j.begin_object().field("from", t.components[static_cast<std::size_t>(e.from_component)].name);
  j.field("to", t.operation_name(e.operation)).field("path", e.path);
  duration(j, "timeout_s", e.timeout);
  limit(j, "retries", e.retries);
  duration(j, "per_try_timeout_s", e.per_try_timeout);
  duration(j, "deadline_s", e.deadline);
  j.field("cancels", e.cancels).field("retry_budget", e.retry_budget != nullptr).key("hedges");
  e.hedging ? j.value(e.hedging->most) : j.null();
  j.key("fallback");
  e.fallback ? j.value(e.fallback->steps ? "steps" : e.fallback->stale ? "stale" : "value") : j.null();
  j.field("ignore_failure", e.ignore_failure);
  admissions(j, "admissions", e.admissions, true);
  j.end_object();
}

void channels(JsonText& j, const models::Topology& t) {
  j.key("channels").begin_array();
  for (const models::MessageChannel& c : t.channels) {
    j.begin_object().field("name", c.name);
    j.field("kind", t.components[static_cast<std::size_t>(c.component)].kind);
    j.key("entries").begin_array();
    for (const std::string& entry : c.model->entries()) j.value(entry);
    j.end_array().key("groups").begin_array();
    for (const models::ConsumerGroup& g : c.groups) {
      const bool handles = g.station != models::kNone;
      j.begin_inline_object().field("name", g.name).key("instances");
      handles ? j.value(t.stations[static_cast<std::size_t>(g.station)].instances) : j.null();
      j.key("concurrency");
      handles ? j.value(t.stations[static_cast<std::size_t>(g.station)].workers) : j.null();
      j.key("idempotent");
      handles ? j.value(t.effects[static_cast<std::size_t>(g.effect)].idempotent) : j.null();
      j.field("transactional", g.transactional).end_object();
    }
    j.end_array().end_object();
  }
  j.end_array();
}

// What segmentation leaves open to whoever takes over a component.
void reach(JsonText& j, const models::Topology& t) {
  if (!t.segmentation.on) return;
  const analysis::ReachReport report = analysis::reach_of(t);
  const auto names = [&](const char* key, const std::vector<int>& ids) {
    j.key(key).begin_array();
    for (const int id : ids) j.value(t.components[static_cast<std::size_t>(id)].name);
    j.end_array();
  };
  j.key("reach").begin_array();
  for (const analysis::ReachOf& r : report.from) {
    j.begin_object().field("name", t.components[static_cast<std::size_t>(r.component)].name);
    names("reaches", r.reachable);
    names("calls_reach", r.called);
    j.end_object();
  }
  j.end_array();
}

// What was understood, as data: ids are names, times seconds.
std::string topology_json(const LoadedScenario& scenario) {
  const models::Topology& t = *scenario.topology;
  JsonText j;
  j.begin_object();
  write_diagnostics(j, scenario.diagnostics, scenario.files);
  j.key("scenario").begin_object().field("name", t.name).field("about", t.about).end_object();
  j.key("run").begin_object().field("duration_s", sim::seconds_of(t.run.duration.ns));
  j.key("warmup_s");
  t.run.warmup_auto ? j.null() : j.value(sim::seconds_of(t.run.warmup.ns));
  j.field("replications", t.run.replications).field("seed", t.run.seed).end_object();
  j.key("workloads").begin_array();
  for (const models::Workload& w : t.workloads) {
    j.begin_object().field("name", w.name).field("arrivals", arrivals_text(w)).key("classes").begin_array();
    for (const models::RequestClass& c : w.classes) {
      j.begin_object()
          .field("name", c.name)
          .field("weight", c.weight)
          .field("priority", c.priority)
          .end_object();
    }
    j.end_array().end_object();
  }
  j.end_array().key("stations").begin_array();
  for (const models::Station& s : t.stations) {
    j.begin_object()
        .field("name", s.name)
        .field("kind", t.components[static_cast<std::size_t>(s.component)].kind);
    j.field("instances", s.instances);
    limit(j, "workers_per_instance", s.workers);
    limit(j, "queue_capacity", s.queue_capacity);
    j.key("cpus_per_instance");
    s.cpus ? j.value(*s.cpus) : j.null();
    j.field("load_balancer", balancer_text(s.balancer));
    j.field("outlier_detection", s.balancer.outliers.has_value());
    j.field("health_check", s.balancer.health.has_value());
    admissions(j, "doors", s.doors, false);
    constexpr const char* kCancellations[] = {"ignore", "at_step", "at_once"};
    j.field("queue_policy", s.queue_policy != nullptr);
    j.field("cancellation", kCancellations[static_cast<std::size_t>(s.cancellation)]);
    j.field("drop_expired", s.drop_expired).end_object();
  }
  j.end_array().key("operations").begin_array();
  for (std::size_t i = 0; i < t.operations.size(); ++i) {
    const models::Operation& op = t.operations[i];
    j.begin_object().field("name", t.operation_name(static_cast<int>(i)));
    j.field("station", t.stations[static_cast<std::size_t>(op.station)].name)
        .field("error_rate", op.error_rate)
        .end_object();
  }
  j.end_array().key("calls").begin_array();
  for (const models::Edge& e : t.edges) call(j, t, e);
  j.end_array();
  channels(j, t);
  reach(j, t);
  write_prediction(j, t);
  j.end_object();
  return j.take();
}

}  // namespace

int check_command(const ScenarioArguments& arguments) {
  const LoadedScenario scenario = load_scenario(arguments);
  if (scenario.topology == nullptr) return scenario.exit_code;
  models::compile(scenario.topology);  // the last stage at which a scenario can be refused
  if (arguments.variant.empty()) {
    for (const std::string& variant : scenario.variants) {
      ScenarioArguments changed = arguments;
      changed.variant = variant;
      changed.quiet = true;  // its warnings are mostly those of the scenario, told already
      if (const LoadedScenario loaded = load_scenario(changed); loaded.topology == nullptr) {
        complain(fmt::format("the scenario is good, its variant {} is not", variant));
        return loaded.exit_code;
      }
    }
  }
  if (arguments.format == OutputFormat::json)
    return write_stdout(topology_json(scenario)) ? kGood : kInputOutput;
  if (arguments.quiet) return kGood;
  const analysis::TextStyle style = stream_style().out;
  std::string text = topology_text(*scenario.topology, style);
  const std::string reach = reach_text(*scenario.topology, style);
  if (!reach.empty()) text += "\n" + reach;
  const std::string prediction = prediction_block(*scenario.topology, style);
  if (!prediction.empty()) text += "\n" + prediction;
  return write_stdout(text) ? kGood : kInputOutput;
}

}  // namespace tailrace::cli
