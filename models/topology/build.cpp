#include "models/topology/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/caching/key_law.hpp"
#include "models/catalog.hpp"
#include "models/deployment/deployment.hpp"
#include "models/entry/layer_4.hpp"
#include "models/entry/route.hpp"
#include "models/fault/fault.hpp"
#include "models/field/path.hpp"
#include "models/field/units.hpp"
#include "models/kind/builder.hpp"
#include "models/policies/transport/transport.hpp"
#include "models/prices/prices.hpp"
#include "models/slo/slo.hpp"
#include "models/steps/subscription_steps.hpp"
#include "models/topology/call_cycles.hpp"
#include "models/topology/key_lints.hpp"
#include "models/topology/keys.hpp"
#include "models/topology/policy_lints.hpp"
#include "models/topology/queue_lints.hpp"
#include "models/topology/timeout_lints.hpp"
#include "models/upkeep/expand.hpp"

namespace tailrace::models {

namespace {

constexpr std::int64_t kMostRows = 10'000;          // of the time series
constexpr double kMostCells = 5e7;                  // of all results of all replications: 2 GB
constexpr std::int64_t kMostInstances = 5'000'000;  // of all stations: 128 bytes each in every replication

struct RunSpec {
  sim::Duration duration{60'000'000'000};
  sim::Duration warmup{0};
  bool warmup_auto = false;
  Count seed = 1;
  Count replications = 5;
  Limit max_events;
  std::optional<SizeDistribution> max_memory;
  Count max_call_depth = 0;
  std::optional<sim::Duration> time_resolution;
};

struct DefaultsSpec {
  PolicySet outbound, inbound, target;
};

struct ScenarioSpec {
  Count tailrace = kScenarioVersion;
  std::string name, about;
  RunSpec run;
  std::vector<Threshold> thresholds;
  DefaultsSpec defaults;
  std::vector<FaultEntry> faults;
  std::vector<DeploymentSpec> deployments;
  std::vector<Named<SloSpec>> slos;
};

// {threshold: "p(99) < 400ms", abort_on_fail: true}, as in k6. Whether a failure ends the run is asked of the
// document by whoever runs replications (scenarios/run/early_stop.hpp); the model does not depend on it.
void read_threshold_entry(const Node& item, const std::string& metric, ScenarioSpec& spec,
                          ReadContext& context) {
  const Node* condition = item.find("threshold");
  if (condition == nullptr || !condition->is_scalar()) {
    return context.error(item, "expected a threshold with its condition",
                         "{threshold: \"p(99) < 400ms\", abort_on_fail: true}");
  }
  for (const MapEntry& field : item.entries) {
    if (field.key == "threshold") continue;
    if (field.key == "evaluate_every" || field.key == "delay_abort_eval") {
      const Quantity q = field.value.is_scalar() ? parse_duration_ns(field.value.text)
                                                 : Quantity{{}, "expected a duration", {}};
      if (!q.value || !(*q.value > 0))
        context.error(field.value, q.value ? "expected a time longer than 0" : q.error, "10s");
      const Node* abort = item.find("abort_on_fail");
      if (abort == nullptr || abort->text != "true" || item.find("evaluate_every") == nullptr)
        context.error(field.value,
                      fmt::format("{} needs abort_on_fail: true{}", field.key,
                                  field.key == "evaluate_every" ? "" : " and evaluate_every"),
                      "{threshold: \"p(99) < 400ms\", abort_on_fail: true, evaluate_every: 2s}");
      continue;
    }
    if (field.key != "abort_on_fail") {
      context.error(field.value, fmt::format("a threshold has no field \"{}\"", escaped(field.key)),
                    "threshold, abort_on_fail, evaluate_every, delay_abort_eval");
    } else if (!field.value.is_scalar() || field.value.quoted || !parse_bool(field.value.text)) {
      context.error(field.value, "expected true or false", bool_hint(field.value.text));
    }
  }
  spec.thresholds.push_back({metric, condition->text, condition->mark});
}

void read_thresholds(const Node& node, ScenarioSpec& spec, ReadContext& context) {
  if (!node.is_map())
    return context.error(node, "expected a mapping from metrics to conditions",
                         "shoppers.request_duration: [\"p(99) < 400ms\"]");
  for (const MapEntry& entry : node.entries) {
    PathScope scope(context, child_path("", entry.key));
    const auto one = [&](const Node& item) {
      if (item.is_map()) return read_threshold_entry(item, entry.key, spec, context);
      if (!item.is_scalar()) return context.error(item, "expected a condition such as \"p(99) < 400ms\"");
      spec.thresholds.push_back({entry.key, item.text, item.mark});
    };
    if (!entry.value.is_list()) {
      one(entry.value);
      continue;
    }
    for (const Node& item : entry.value.items) one(item);
    if (entry.value.items.empty())
      context.diagnostics.warning(entry.value.mark, context.path, "nothing is asked of this metric");
  }
}

void fill_run(const RunSpec& spec, Mark mark, RunSettings& run, Diagnostics& diagnostics) {
  run.duration = spec.duration;
  run.warmup = spec.warmup;
  run.warmup_auto = spec.warmup_auto;
  run.seed = static_cast<std::uint64_t>(spec.seed);
  run.replications = spec.replications;
  run.max_events = spec.max_events.value;
  run.max_call_depth = spec.max_call_depth;
  if (spec.time_resolution) run.time_resolution = *spec.time_resolution;
  if (spec.max_memory) {
    run.max_memory_bytes = spec.max_memory->value.mean();
    if (!spec.max_memory->value.is_constant())
      diagnostics.error(mark, "run.max_memory", "expected one size, not a distribution");
  }
  const std::int64_t finest = run.duration.ns / kMostRows + (run.duration.ns % kMostRows != 0 ? 1 : 0);
  if (run.time_resolution.ns > 0 && run.time_resolution.ns < finest) {
    diagnostics.error(mark, "run.time_resolution",
                      fmt::format("{} in rows of {} are more than {} rows", show_value(run.duration),
                                  show_value(run.time_resolution), kMostRows),
                      fmt::format("the finest for this duration is {}", show_value(sim::Duration{finest})));
  }
  if (run.duration.ns == 0) diagnostics.warning(mark, "run.duration", "the run has no duration: no requests");
  if (run.warmup.ns > 0 && run.warmup >= run.duration) {
    diagnostics.error(mark, "run.warmup",
                      fmt::format("the warm-up ({}) is not shorter than the run ({})", show_value(run.warmup),
                                  show_value(run.duration)));
  }
}

struct Declared {
  const Kind* kind;
  std::string name;
  Mark mark;
  std::string path;
  std::shared_ptr<void> spec;
  int declared_order;
  bool clean;              // its fields were read without an error
  bool operations_unread;  // and if not, it may have operations that nobody knows
};

// Kinds expand specs, which no longer know where their fields stood, so what they report points at their
// component. The path leads to the field, or to the last part of it that was written.
Mark place_of(const std::string& path, const Node& root, Mark component) {
  const Node* node = &root;
  for (std::size_t at = 0; at < path.size();) {
    const Node* const next = step_into(*node, path, at);
    if (next == nullptr) break;
    node = next;
  }
  return node->mark.line == 0 ? component : node->mark;
}

void locate(std::size_t first, const std::vector<Declared>& components, const Node& root,
            Diagnostics& diagnostics) {
  const auto same = [](Mark a, Mark b) {
    return a.file == b.file && a.line == b.line && a.column == b.column;
  };
  for (std::size_t i = first; i < diagnostics.all().size(); ++i) {
    const Diagnostic& d = diagnostics.all()[i];
    if (d.path.starts_with("run.") && d.mark.line != 0)
      diagnostics.relocate(i, place_of(d.path, root, d.mark));
    const auto owner = std::find_if(components.begin(), components.end(),
                                    [&](const Declared& c) { return same(c.mark, d.mark); });
    if (owner == components.end() || d.path.size() <= owner->path.size() || !d.path.starts_with(owner->path))
      continue;
    const Mark found = place_of(d.path, root, d.mark);
    if (!same(found, place_of(owner->path, root, d.mark))) diagnostics.relocate(i, found);
  }
}

void read_components(const Kind& kind, const Node& section, ReadContext& context,
                     std::vector<Declared>& out) {
  PathScope scope(context, kind.section);
  const auto add = [&](const std::string& name, Mark mark, const Node& node) {
    const int order = static_cast<int>(out.size());
    Declared d{&kind, name, mark, context.path, kind.make(), order, true, false};
    const int errors = context.diagnostics.errors();
    const bool lost_outside = std::exchange(context.names_lost, false);
    read_section(kind.fields, node, d.spec.get(), context);
    d.operations_unread = std::exchange(context.names_lost, lost_outside);
    d.clean = context.diagnostics.errors() == errors;
    out.push_back(std::move(d));
  };
  if (!kind.named) return add(kind.section, section.mark, section);
  if (section.is_null()) return;
  if (!section.is_map()) {
    context.names_lost = true;
    return context.error(section, fmt::format("expected a mapping from names to {}", kind.section));
  }
  for (const MapEntry& entry : section.entries) {
    PathScope name_scope(context, entry.key);
    if (check_name(entry.key, entry.key_mark, context)) {
      add(entry.key, entry.key_mark, entry.value);
    } else {
      context.names_lost = true;
    }
  }
}

void check_unique_names(const std::vector<Declared>& components, Diagnostics& diagnostics) {
  for (std::size_t i = 1; i < components.size(); ++i) {
    const Declared& a = components[i - 1];
    const Declared& b = components[i];
    if (a.name != b.name || !a.kind->named || !b.kind->named) continue;
    const Declared& later = a.declared_order < b.declared_order ? b : a;
    const Declared& first = a.declared_order < b.declared_order ? a : b;
    diagnostics.error(
        later.mark, later.path,
        fmt::format("there is {} named \"{}\" already", with_article(first.kind->name), escaped(first.name)));
    diagnostics.note(first.mark, "first defined here");
  }
}

bool version_fits(const ScenarioDoc& doc, Diagnostics& diagnostics) {
  const Node* version = doc.root.find("tailrace");
  if (version == nullptr || !version->is_scalar()) return true;
  const Quantity q = parse_count(version->text);  // what is no number is found by the field's own reader
  if (q.value && *q.value > kScenarioVersion) {
    diagnostics.error(version->mark, "tailrace",
                      fmt::format("the scenario needs format version {}; this program reads up to {}",
                                  *q.value, kScenarioVersion),
                      "get a newer tailrace");
    return false;
  }
  if (q.value && *q.value < 1) {
    diagnostics.error(version->mark, "tailrace", fmt::format("there is no format version {}", *q.value),
                      fmt::format("write tailrace: {}", kScenarioVersion));
    return false;
  }
  return true;
}

// What stands in a document, by name.
struct Written {
  ScenarioSpec spec;
  std::vector<Declared> components;
  bool run_is_clean = true;
};

// The scenario's own fields go through their table, the kinds' sections through theirs.
void read_document(Written& out, ReadContext& context) {
  FieldTable table = scenario_fields();
  for (Field& field : table.fields) {
    if (field.name != "run") continue;
    field.read = [&out, read = field.read](const Field& self, const Node& node, void* into, ReadContext& at) {
      const int errors = at.diagnostics.errors();
      read(self, node, into, at);
      out.run_is_clean = at.diagnostics.errors() == errors;
    };
  }
  for (const Kind& kind : kinds()) {
    Field section;
    section.name = kind.section;
    if (kind.named) section.type = FieldType::map_of;
    section.read = [&kind, &out](const Field&, const Node& node, void*, ReadContext& at) {
      const std::string outer = at.path;
      at.path.clear();  // read_components adds the section itself
      read_components(kind, node, at, out.components);
      at.path = outer;
    };
    table.fields.push_back(std::move(section));
  }
  read_section(table, context.doc.root, &out.spec, context);
  // A section that is one component itself has a name that others may have, too: those stand together.
  std::stable_sort(out.components.begin(), out.components.end(), [](const Declared& a, const Declared& b) {
    return std::pair(std::string_view(a.name), !a.kind->named) <
           std::pair(std::string_view(b.name), !b.kind->named);
  });
  check_unique_names(out.components, context.diagnostics);
}

// What a run would keep in memory whatever happens in it.
void check_size(const Topology& t, Mark mark, Diagnostics& diagnostics) {
  std::int64_t instances = 0;
  for (const Station& s : t.stations) {
    instances = sim::saturating_add(instances, s.instances);
    if (instances <= kMostInstances) continue;
    diagnostics.error(t.components[static_cast<std::size_t>(s.component)].mark, s.name,
                      fmt::format("more than {} instances in all", kMostInstances),
                      "model fewer replicas with more workers each");
    return;
  }
  const double rows =
      t.run.time_resolution.ns > 0 ? static_cast<double>(t.run.duration.ns / t.run.time_resolution.ns) : 200;
  double columns = t.stations.size() <= 1000 ? static_cast<double>(t.stations.size()) : 0;
  for (const Workload& w : t.workloads) columns += static_cast<double>(w.classes.size());
  // An instance leaves a row of its own, of twice that size.
  const double cells =
      (rows * columns + 2 * static_cast<double>(instances)) * static_cast<double>(t.run.replications);
  if (cells > kMostCells) {
    diagnostics.error(mark, "run.replications",
                      fmt::format("{} replications keep {:.0f} rows of results; at most {:.0f} are allowed",
                                  t.run.replications, cells, kMostCells),
                      "ask for fewer replications, or a coarser time_resolution");
  }
}

// What a call may not ask of a service whose instances share a queue: they have none of their own.
void check_managed(const Topology& t, Diagnostics& diagnostics) {
  for (const Edge& e : t.edges) {
    const Operation& op = t.operations[static_cast<std::size_t>(e.operation)];
    if (!t.stations[static_cast<std::size_t>(op.station)].shared_queue) continue;
    for (const AdmissionUse& use : e.admissions) {
      if (use.scope != Scope::instance) continue;
      diagnostics.error(
          e.mark, e.path,
          fmt::format("{} per instance: the instances of {} share a queue, so a call goes to none",
                      with_article(use.policy), t.stations[static_cast<std::size_t>(op.station)].name),
          "scope: service");
    }
  }
}

// Brokers and shared caches are spoken to in protocols of their own; what defaults say is not meant for them.
void drop_transports(Topology& t) {
  for (Edge& e : t.edges) {
    if (e.publication == kNone && e.cache == kNone) continue;
    std::erase_if(e.admissions, [](const AdmissionUse& use) { return use.policy == "transport"; });
  }
}

// Before a shared queue a request is at no instance that could treat it badly.
void check_shared_faults(const Topology& t, Diagnostics& diagnostics) {
  for (const Fault& f : t.faults) {
    const bool at_door = std::any_of(f.effects.begin(), f.effects.end(), [](const FaultEffect& e) {
      return e.action == FaultAction::delay || e.action == FaultAction::abort ||
             e.action == FaultAction::refuse || e.action == FaultAction::vanish ||
             (e.action == FaultAction::notify && e.lasts);  // tokens
    });
    if (!at_door) continue;
    for (const FaultTarget& target : f.targets) {
      if (target.instances.empty() ||
          !t.stations[static_cast<std::size_t>(target.instances.front().first)].shared_queue)
        continue;
      diagnostics.error(
          f.mark, f.path,
          fmt::format("{} cannot hit {}: its instances share a queue", with_article(f.type), target.name),
          "a fault on the network to it, or pod_failure, pause, cpu_stress");
      break;
    }
  }
}

// Waits name groups that may be expanded later than they are.
void check_waits(const Topology& t, Diagnostics& diagnostics) {
  std::vector<std::string_view> known;
  for (const Effect& e : t.effects) {
    if (e.component != kNone) known.push_back(e.name);
  }
  for (const Effect& e : t.effects) {
    if (e.component != kNone) continue;
    const std::string near = nearest_word(e.name, known);
    diagnostics.error(e.mark, e.path, fmt::format("there is no consumer group \"{}\"", escaped(e.name)),
                      near.empty() ? "" : fmt::format("did you mean {}?", near));
  }
}

// Steps that ask a cache for the request's own key, where no request has one.
void check_cache_keys(const TopologyBuilder& b, Diagnostics& diagnostics) {
  if (some_have_keys(b.topology)) return;
  for (const auto& [mark, path] : b.cache_keys_missing)
    diagnostics.error(mark, path, "which key is looked for? No request has a key of its own",
                      "key: zipf(s=1, n=10000) here, keys at the cache, or a key at the workload");
}

// What is full from the start, or pinned, is so with the most popular keys: which are these?
void check_popular_keys(const Topology& t, Diagnostics& diagnostics) {
  for (const Cache& c : t.caches) {
    const bool pinned = c.settings.policy == Replacement::pinned;
    if (!c.used || (c.warm == 0 && !pinned)) continue;
    bool all = false;
    if (c.keys && !popular_keys(*c.keys, 1, all).empty()) continue;
    diagnostics.error(t.components[static_cast<std::size_t>(c.component)].mark,
                      fmt::format("caches.{}.{}", c.name, pinned ? "policy" : "warm"),
                      c.keys ? "the keys are too many to say which are the most popular"
                             : "which keys are the most popular? Those of requests are not known beforehand",
                      "keys: zipf(s=1, n=10000)");
  }
}

void warn_unused(const Topology& t, Diagnostics& diagnostics) {
  std::vector<bool> called(t.components.size(), false), channels(t.components.size(), false);
  for (const Edge& e : t.edges) {
    const int to = t.operations[static_cast<std::size_t>(e.operation)].component;
    if (to != e.from_component) called[static_cast<std::size_t>(to)] = true;
  }
  for (const MessageChannel& channel : t.channels) {
    if (channel.component == kNone) continue;
    channels[static_cast<std::size_t>(channel.component)] = true;
    if (channel.named) called[static_cast<std::size_t>(channel.component)] = true;
  }
  for (const Cache& c : t.caches) {
    if (c.used) called[static_cast<std::size_t>(c.component)] = true;
  }
  for (std::size_t i = 0; i < t.components.size(); ++i) {
    const Component& c = t.components[i];
    if (called[i] || c.kind == "workload" || !find_kind(c.kind)->named) continue;
    diagnostics.warning(c.mark, c.name,
                        fmt::format("nobody {} this {}", channels[i] ? "publishes to" : "calls", c.kind));
  }
  if (t.workloads.empty()) diagnostics.warning({}, "workloads", "there is no workload: no requests");
}

}  // namespace

FieldTable run_fields() {
  return Fields<RunSpec>("run", "How long, how often, and within which limits.")
      .add("duration", &RunSpec::duration, "simulated time of each replication")
      .add("warmup", &RunSpec::warmup,
           "time at the start that no statistic counts; auto finds it by MSER-5 in a pilot run")
      .also("auto", &RunSpec::warmup_auto)
      .add("seed", &RunSpec::seed, "of every random stream")
      .add("replications", &RunSpec::replications, "independent runs; intervals come from their spread",
           between(1, 1'000'000))
      .add("max_events", &RunSpec::max_events, "per replication; then the run ends with what it has")
      .add("max_memory", &RunSpec::max_memory,
           "of calls in flight and statistics, per replication; then the run ends with what it has; default "
           "4GiB",
           more_than(0))
      .add("max_call_depth", &RunSpec::max_call_depth, "allows call cycles, and fails calls that go deeper",
           between(0, 250))
      .add("time_resolution", &RunSpec::time_resolution, "of timeseries.csv; default about 200 points",
           more_than(0))
      .table();
}

FieldTable defaults_fields() {
  FieldTable table =
      Fields<DefaultsSpec>("defaults", "Policies that hold wherever nothing else is said.")
          .section("outbound", &DefaultsSpec::outbound,
                   policy_set_fields(PolicyPlace::call, "outbound",
                                     "Policies of every call that a service makes."),
                   "of every call, also those of workloads")
          .section("inbound", &DefaultsSpec::inbound,
                   policy_set_fields(PolicyPlace::inbound, "inbound", "Policies at a service's door."),
                   "at the door of every service and database")
          .table();
  add_policy_fields(table, PolicyPlace::target,
                    [](void* spec) -> PolicySet& { return static_cast<DefaultsSpec*>(spec)->target; });
  return table;
}

FieldTable scenario_fields() {
  return Fields<ScenarioSpec>("scenario", "A system, its load, and what is asked of it.")
      .add("tailrace", &ScenarioSpec::tailrace, "version of the scenario format")
      .add("name", &ScenarioSpec::name, "what the scenario is called")
      .add("about", &ScenarioSpec::about, "its story, in a sentence or two")
      .section("run", &ScenarioSpec::run, run_fields(), "how long, how often, and within which limits")
      .custom("thresholds", FieldType::text, read_thresholds,
              "conditions on metrics, as in k6; exit code 99 when one fails; with {threshold: ..., "
              "abort_on_fail: true} the run ends early")
      .section("defaults", &ScenarioSpec::defaults, defaults_fields(),
               "policies for every call and every service that does not say otherwise")
      .custom(
          "faults", FieldType::list_of,
          [](const Node& node, ScenarioSpec& spec, ReadContext& context) {
            read_faults(node, spec.faults, context);
          },
          "what goes wrong, when, and where")
      .list_of("deployments", &ScenarioSpec::deployments, deployment_fields(),
               "when new versions of services replace the old ones, and how")
      .map_of("slos", &ScenarioSpec::slos, slo_fields(),
              "objectives of workloads: error budgets, and alerts that would fire")
      .table();
}

std::optional<Topology> build_topology(const ScenarioDoc& doc, Diagnostics& diagnostics) {
  ReadContext context{diagnostics, doc, {}};
  if (!doc.root.is_map()) {
    context.error(doc.root, "expected a mapping with workloads, services, ...");
    return std::nullopt;
  }
  if (!version_fits(doc, diagnostics)) return std::nullopt;
  Written written;
  read_document(written, context);
  const ScenarioSpec& spec = written.spec;
  const std::vector<Declared>& components = written.components;

  // After errors it goes on with what is clean, so that one look at the file reports what is wrong in it.
  // What could only follow from an error that is reported already stays unsaid.
  const std::size_t from_reading = diagnostics.all().size();  // those know their places
  TopologyBuilder builder(diagnostics);
  builder.components_unread = context.names_lost;
  builder.topology.name = spec.name;
  builder.topology.about = spec.about;
  builder.topology.thresholds = spec.thresholds;
  builder.default_outbound = spec.defaults.outbound;
  builder.default_inbound = spec.defaults.inbound;
  builder.default_target = spec.defaults.target;
  const Node* run = doc.root.find("run");
  if (written.run_is_clean)
    fill_run(spec.run, run != nullptr ? run->mark : Mark{}, builder.topology.run, diagnostics);
  for (const Declared& d : components) {
    const int id = static_cast<int>(builder.topology.components.size());
    builder.topology.components.push_back({d.name, d.kind->name, d.mark, d.declared_order, {}});
    if (d.kind->named) builder.component_ids.emplace(d.name, id);
    if (d.operations_unread) builder.operations_unread.insert(id);
    d.kind->declare(d.spec.get(), id, builder);
  }
  const auto expand = [&](bool named) {
    for (std::size_t i = 0; i < components.size(); ++i) {
      if (components[i].kind->named != named || !components[i].clean) continue;
      builder.component = static_cast<int>(i);
      builder.station = kNone;
      builder.path = components[i].path;
      builder.outbound = builder.default_outbound;
      components[i].kind->expand(components[i].spec.get(), static_cast<int>(i), builder);
    }
  };
  expand(true);
  expand_upkeep(builder);
  expand(false);  // the network looks at all edges
  if (diagnostics.ok()) check_waits(builder.topology, diagnostics);
  if (diagnostics.ok()) check_notified(builder);
  if (diagnostics.ok()) expand_deployments(spec.deployments, doc.root.find("deployments"), builder);
  if (diagnostics.ok()) check_managed(builder.topology, diagnostics);
  drop_transports(builder.topology);
  leave_messages_unread(builder.topology, diagnostics);
  if (diagnostics.ok()) check_transports(builder.topology, diagnostics);
  if (diagnostics.ok()) check_cache_keys(builder, diagnostics);
  if (diagnostics.ok()) check_client_keys(builder.topology, diagnostics);
  if (diagnostics.ok()) check_popular_keys(builder.topology, diagnostics);
  expand_faults(spec.faults, builder);
  if (diagnostics.ok()) check_shared_faults(builder.topology, diagnostics);
  if (diagnostics.ok()) check_size(builder.topology, run != nullptr ? run->mark : Mark{}, diagnostics);
  locate(from_reading, components, doc.root, diagnostics);
  if (!diagnostics.ok()) return std::nullopt;
  check_call_cycles(builder.topology, diagnostics);
  if (diagnostics.ok()) warn_timeouts(builder.topology, diagnostics);
  if (diagnostics.ok()) lint_policies(builder.topology, diagnostics);
  if (diagnostics.ok()) lint_faults(builder.topology, diagnostics);
  if (diagnostics.ok()) lint_keys(builder.topology, diagnostics);
  if (diagnostics.ok()) lint_queues(builder.topology, diagnostics);
  check_slos(spec.slos, builder.topology, diagnostics);
  if (diagnostics.ok()) check_prices(doc, builder.topology, diagnostics);
  warn_unused(builder.topology, diagnostics);
  if (!diagnostics.ok()) return std::nullopt;
  for (MessageChannel& channel : builder.topology.channels)
    channel.model->routing_keys(builder.topology.routing_keys);
  return std::move(builder.topology);
}

}  // namespace tailrace::models
