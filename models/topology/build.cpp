#include "models/topology/build.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/catalog.hpp"
#include "models/field/units.hpp"
#include "models/kind/builder.hpp"
#include "models/topology/call_cycles.hpp"

namespace tailrace::models {

namespace {

struct RunSpec {
  sim::Duration duration{60'000'000'000};
  std::string warmup = "0s";
  Mark warmup_mark;
  Count seed = 1;
  Count replications = 5;
  Limit max_events;
  std::optional<SizeDistribution> max_memory;
  Count max_call_depth = 0;
  std::optional<sim::Duration> time_resolution;
};

struct ScenarioSpec {
  Count tailrace = kScenarioVersion;
  std::string name, about;
  RunSpec run;
  std::vector<Threshold> thresholds;
};

void read_thresholds(const Node& node, ScenarioSpec& spec, ReadContext& context) {
  if (!node.is_map()) return context.error(node, "expected a mapping from metrics to conditions", "shoppers.request_duration: [\"p(99) < 400ms\"]");
  for (const MapEntry& entry : node.entries) {
    PathScope scope(context, entry.key);
    const auto one = [&](const Node& item) {
      if (!item.is_scalar()) return context.error(item, "expected a condition such as \"p(99) < 400ms\"");
      spec.thresholds.push_back({entry.key, item.text, item.mark});
    };
    if (entry.value.is_list()) {
      for (const Node& item : entry.value.items) one(item);
    } else {
      one(entry.value);
    }
  }
}

void fill_run(const RunSpec& spec, Mark mark, RunSettings& run, Diagnostics& diagnostics) {
  run.duration = spec.duration;
  run.seed = static_cast<std::uint64_t>(spec.seed);
  run.replications = spec.replications;
  run.max_events = spec.max_events.value;
  run.max_call_depth = spec.max_call_depth;
  if (spec.time_resolution) run.time_resolution = *spec.time_resolution;
  if (spec.max_memory) run.max_memory_bytes = spec.max_memory->value.mean();
  const Mark at = spec.warmup_mark.line != 0 ? spec.warmup_mark : mark;
  if (spec.warmup == "auto") {
    run.warmup_auto = true;
  } else {
    const Quantity q = parse_duration_ns(spec.warmup);
    if (!q.value) {
      diagnostics.error(at, "run.warmup", q.error, q.hint.empty() ? "a duration, or auto" : q.hint);
      return;
    }
    run.warmup = sim::Duration::from_ns(*q.value);
  }
  if (run.duration.ns == 0) diagnostics.warning(mark, "run.duration", "the run has no duration: no requests");
  if (run.warmup.ns > 0 && run.warmup >= run.duration) {
    diagnostics.error(at, "run.warmup",
                      fmt::format("the warm-up ({}) is not shorter than the run ({})", show_value(run.warmup), show_value(run.duration)));
  }
}

// Reads every component of every kind, sorted by name within its kind.
struct Declared {
  const Kind* kind;
  std::string name;
  Mark mark;
  std::string path;
  std::shared_ptr<void> spec;
  int declared_order;
};

void read_components(const Kind& kind, const Node& section, ReadContext& context, std::vector<Declared>& out) {
  PathScope scope(context, kind.section);
  const auto add = [&](const std::string& name, Mark mark, const Node& node) {
    Declared d{&kind, name, mark, context.path, kind.make(), static_cast<int>(out.size())};
    read_section(kind.fields, node, d.spec.get(), context);
    out.push_back(std::move(d));
  };
  if (!kind.named) return add(kind.section, section.mark, section);
  if (section.is_null()) return;
  if (!section.is_map()) return context.error(section, fmt::format("expected a mapping from names to {}s", kind.name));
  for (const MapEntry& entry : section.entries) {
    PathScope name_scope(context, entry.key);
    if (check_name(entry.key, entry.key_mark, context)) add(entry.key, entry.key_mark, entry.value);
  }
}

void check_unique_names(const std::vector<Declared>& components, Diagnostics& diagnostics) {
  for (std::size_t i = 1; i < components.size(); ++i) {
    const Declared& a = components[i - 1];
    const Declared& b = components[i];
    if (a.name != b.name || !a.kind->named || !b.kind->named) continue;
    const Declared& later = a.declared_order < b.declared_order ? b : a;
    const Declared& first = a.declared_order < b.declared_order ? a : b;
    diagnostics.error(later.mark, later.path, fmt::format("there is a {} named \"{}\" already", first.kind->name, escaped(first.name)));
    diagnostics.note(first.mark, "first defined here");
  }
}

void warn_unused(const Topology& t, Diagnostics& diagnostics) {
  std::vector<bool> called(t.components.size(), false);
  for (const Edge& e : t.edges) {
    const int to = t.operations[static_cast<std::size_t>(e.operation)].component;
    if (to != e.from_component) called[static_cast<std::size_t>(to)] = true;
  }
  for (std::size_t i = 0; i < t.components.size(); ++i) {
    const Component& c = t.components[i];
    if (called[i] || c.kind == "workload" || c.kind == "network") continue;
    diagnostics.warning(c.mark, c.name, fmt::format("nobody calls this {}", c.kind));
  }
  if (t.workloads.empty()) diagnostics.warning({}, "workloads", "there is no workload: no requests");
}

}  // namespace

FieldTable run_fields() {
  const auto read_warmup = [](const Node& n, RunSpec& s, ReadContext& c) {
    if (!n.is_scalar()) return c.error(n, "expected a duration, or auto");
    s.warmup = n.text;
    s.warmup_mark = n.mark;
  };
  return Fields<RunSpec>("run", "How long, how often, and within which limits.")
      .add("duration", &RunSpec::duration, "simulated time of each replication")
      .custom("warmup", FieldType::duration, read_warmup,
              "time at the start that no statistic counts; auto finds it by MSER-5 in a pilot run; default 0s")
      .add("seed", &RunSpec::seed, "of every random stream")
      .add("replications", &RunSpec::replications, "independent runs; intervals come from their spread", between(1, 1e6))
      .add("max_events", &RunSpec::max_events, "per replication; then the run ends with what it has")
      .add("max_memory", &RunSpec::max_memory, "of calls in flight, per replication; then the run ends with what it has; default 4GiB", more_than(0))
      .add("max_call_depth", &RunSpec::max_call_depth, "allows call cycles, and fails calls that go deeper", between(0, 250))
      .add("time_resolution", &RunSpec::time_resolution, "of timeseries.csv; default about 200 points", more_than(0))
      .table();
}

FieldTable scenario_fields() {
  return Fields<ScenarioSpec>("scenario", "A system, its load, and what is asked of it.")
      .add("tailrace", &ScenarioSpec::tailrace, "version of the scenario format")
      .add("name", &ScenarioSpec::name, "what the scenario is called")
      .add("about", &ScenarioSpec::about, "its story, in a sentence or two")
      .section("run", &ScenarioSpec::run, run_fields(), "how long, how often, and within which limits")
      .custom("thresholds", FieldType::text, read_thresholds,
              "conditions on metrics, as in k6; exit code 99 when one fails")
      .table();
}

std::optional<Topology> build_topology(const ScenarioDoc& doc, Diagnostics& diagnostics) {
  ReadContext context{diagnostics, doc, {}};
  if (!doc.root.is_map()) {
    context.error(doc.root, "expected a mapping with workloads, services, ...");
    return std::nullopt;
  }
  if (const Node* version = doc.root.find("tailrace")) {
    const Quantity q = version->is_scalar() ? parse_count(version->text) : Quantity{};
    if (q.value && *q.value > kScenarioVersion) {
      diagnostics.error(version->mark, "tailrace", fmt::format("the scenario needs format version {}; this program reads up to {}", *q.value, kScenarioVersion),
                        "get a newer tailrace");
      return std::nullopt;
    }
  }

  // The scenario's own fields go through their table, the kinds' sections through theirs.
  ScenarioSpec spec;
  FieldTable table = scenario_fields();
  std::vector<Declared> components;
  for (const Kind& kind : kinds()) {
    Field section;
    section.name = kind.section;
    section.read = [&kind, &components](const Field&, const Node& node, void*, ReadContext& at) {
      const std::string outer = at.path;
      at.path.clear();  // read_components adds the section itself
      read_components(kind, node, at, components);
      at.path = outer;
    };
    table.fields.push_back(std::move(section));
  }
  read_section(table, doc.root, &spec, context);
  std::stable_sort(components.begin(), components.end(), [](const Declared& a, const Declared& b) { return a.name < b.name; });
  check_unique_names(components, diagnostics);
  if (!diagnostics.ok()) return std::nullopt;

  TopologyBuilder builder(diagnostics);
  builder.topology.name = spec.name;
  builder.topology.about = spec.about;
  builder.topology.thresholds = spec.thresholds;
  const Node* run = doc.root.find("run");
  fill_run(spec.run, run != nullptr ? run->mark : Mark{}, builder.topology.run, diagnostics);
  for (const Declared& d : components) {
    const int id = static_cast<int>(builder.topology.components.size());
    builder.topology.components.push_back({d.name, d.kind->name, d.mark, d.declared_order});
    if (d.kind->named) builder.component_ids.emplace(d.name, id);
    d.kind->declare(d.spec.get(), id, builder);
  }
  const auto expand = [&](bool named) {
    for (std::size_t i = 0; i < components.size(); ++i) {
      if (components[i].kind->named != named) continue;
      builder.component = static_cast<int>(i);
      builder.station = kNone;
      builder.path = components[i].path;
      components[i].kind->expand(components[i].spec.get(), static_cast<int>(i), builder);
    }
  };
  expand(true);
  if (!diagnostics.ok()) return std::nullopt;
  expand(false);  // the network looks at all edges
  if (!diagnostics.ok()) return std::nullopt;
  check_call_cycles(builder.topology, diagnostics);
  warn_unused(builder.topology, diagnostics);
  if (!diagnostics.ok()) return std::nullopt;
  return std::move(builder.topology);
}

int TopologyBuilder::resolve(const Reference& reference) {
  const int id = find_operation(reference.text);
  if (id != kNone) return id;
  const auto dot = reference.text.find('.');
  const std::string owner = reference.text.substr(0, dot);
  std::string message;
  std::vector<std::string_view> known;
  std::string near;
  if (const auto it = component_ids.find(owner); it != component_ids.end()) {
    const std::string prefix = owner + ".";
    for (auto op = operation_ids.lower_bound(prefix); op != operation_ids.end() && op->first.rfind(prefix, 0) == 0; ++op) {
      known.push_back(op->first);
    }
    message = dot == std::string::npos ? fmt::format("\"{}\" names no operation", escaped(owner))
                                       : fmt::format("\"{}\" has no operation \"{}\"", escaped(owner), escaped(reference.text.substr(dot + 1)));
    near = nearest_word(reference.text, known);
    if (near.empty() && !known.empty()) near = std::string(known.front());
  } else {
    message = fmt::format("there is no component \"{}\"", escaped(owner));
    for (const auto& [name, op] : operation_ids) known.push_back(name);
    near = nearest_word(reference.text, known);
  }
  diagnostics.error(reference.mark, path, std::move(message), near.empty() ? "" : fmt::format("did you mean {}?", escaped(near)));
  return kNone;
}

}  // namespace tailrace::models
