#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>

#include "analysis/report/run_report.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/field/diagnostics.hpp"
#include "models/field/units.hpp"
#include "models/field/utf8.hpp"
#include "models/topology/build.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/run/replicate.hpp"
#include "sim/base/check.hpp"

namespace tailrace::fuzz {
namespace {

using models::Node;

void check_quantity(const models::Quantity& q) {
  TAILRACE_CHECK(q.value.has_value() == q.error.empty());
  if (q.value) TAILRACE_CHECK(*q.value - *q.value == 0);  // finite
}

void check_scalar(const std::string& text) {
  const models::Quantity duration = models::parse_duration_ns(text);
  for (const auto& q :
       {duration, models::parse_rate_per_s(text), models::parse_size_bytes(text),
        models::parse_bandwidth_bit_per_s(text), models::parse_fraction(text), models::parse_count(text)}) {
    check_quantity(q);
    if (q.value) TAILRACE_CHECK(*q.value >= 0);
  }
  check_quantity(models::parse_number(text));
  if (!duration.value) return;
  const models::Quantity again = models::parse_duration_ns(models::format_duration(*duration.value));
  TAILRACE_CHECK(again.value.has_value());
  TAILRACE_CHECK(*again.value == *duration.value);
}

void check_mark(models::Mark mark, const models::ScenarioDoc& doc) {
  TAILRACE_CHECK(mark.file < doc.files.size());
  const std::vector<std::string>& lines = doc.files[mark.file].lines;
  TAILRACE_CHECK(mark.line >= 1 && mark.line <= lines.size() + 1);
  const std::size_t length = mark.line <= lines.size() ? lines[mark.line - 1].size() : 0;
  TAILRACE_CHECK(mark.column >= 1 && mark.column <= length + 1);
}

void check_node(const Node& node, const models::ScenarioDoc& doc, int depth) {
  TAILRACE_CHECK(depth <= 64);
  check_mark(node.mark, doc);
  if (node.is_scalar()) check_scalar(node.text);
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    check_mark(node.entries[i].key_mark, doc);
    TAILRACE_CHECK(node.find(node.entries[i].key) == &node.entries[i].value);  // no duplicates
    check_node(node.entries[i].value, doc, depth + !node.entries[i].value.is_scalar());
  }
  for (const Node& item : node.items) check_node(item, doc, depth + !item.is_scalar());
}

// What one input may cost. The scenario's own limits hold below these.
constexpr std::int64_t kMostEvents = 20'000;
constexpr double kMostMemory = 64e6;
constexpr std::int64_t kMostInstances = 20'000;
constexpr std::size_t kMostSteps = 50'000;
constexpr std::int64_t kMostUsers = 10'000;
constexpr sim::Duration kLongestRun{3'600'000'000'000};

void check_diagnostics(const models::Diagnostics& diagnostics, const models::ScenarioDoc& doc) {
  for (const models::Diagnostic& d : diagnostics.all()) {
    TAILRACE_CHECK(!d.message.empty());
    if (d.mark.line > 0 && d.mark.column > 0) check_mark(d.mark, doc);
  }
  for (char c : models::format_diagnostics(diagnostics, doc.files)) {
    TAILRACE_CHECK(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
  }
}

// Legal, but too large to run thousands of times a second.
bool too_large(const models::Topology& t, const models::CompiledModel& model) {
  std::int64_t users = 0;
  for (const models::Workload& w : t.workloads) {
    if (w.process != models::ArrivalProcess::constant_vus && w.process != models::ArrivalProcess::ramping_vus)
      continue;
    users += w.vus;
    for (const models::RateStage& s : w.stages) users += static_cast<std::int64_t>(s.target);
  }
  return static_cast<std::int64_t>(model.instance_station.size()) > kMostInstances ||
         model.steps.size() > kMostSteps || users > kMostUsers;
}

// Steps that one request may take without time passing, roughly and at most: loops and calls multiply, and a
// budget of events alone would let an input run for minutes.
class Effort {
 public:
  explicit Effort(const models::Topology& t) : t_(t), known_(t.operations.size(), -1) {}
  double of(const models::Steps& steps) {
    double sum = 1;
    for (const models::Step& step : steps) {
      double inside = 1;
      for (const models::StepBranch& branch : step.branches) inside += of(branch.steps);
      if (step.kind == models::Step::Kind::loop)
        inside *= std::max(1.0, std::min(step.distribution->mean(), kMost));
      if (step.kind == models::Step::Kind::call)
        inside += of_call(t_.edges[static_cast<std::size_t>(step.edge)]);
      sum = std::min(sum + inside, kMost);
    }
    return sum;
  }

 private:
  static constexpr double kMost = 1e18;
  double of_call(const models::Edge& edge) {
    const auto operation = static_cast<std::size_t>(edge.operation);
    if (known_[operation] < 0) {
      known_[operation] = 100;  // met again inside itself: a cycle
      known_[operation] = of(t_.operations[operation].steps);
    }
    return known_[operation];
  }
  const models::Topology& t_;
  std::vector<double> known_;
};

std::int64_t affordable_events(const models::Topology& t) {
  constexpr double kMostEffort = 2e7;
  double most = 1;
  Effort effort(t);
  for (const models::Workload& w : t.workloads) {
    for (const models::RequestClass& c : w.classes)
      most = std::max(most, effort.of(c.steps) * std::max(1.0, w.batch_size.mean()));
  }
  return std::max<std::int64_t>(10, static_cast<std::int64_t>(kMostEffort / most));
}

void check_report(const models::CompiledModel& model, const std::vector<models::RunRecord>& records) {
  TAILRACE_CHECK(records.size() == 1);
  const models::RunRecord& r = records.front();
  TAILRACE_CHECK(r.status != models::RunStatus::invariant_broken);
  TAILRACE_CHECK((r.status == models::RunStatus::completed) == r.message.empty());
  TAILRACE_CHECK(r.end_ns >= r.start_ns);
  for (const models::ClassRecord& c : r.classes) {  // every request is somewhere
    TAILRACE_CHECK(c.started_in_flight + c.arrived == models::total(c.ended) + c.in_flight);
  }
  const analysis::RunReport report = analysis::build_run_report(model, records);
  TAILRACE_CHECK(report.classes.size() == model.classes.size());
  TAILRACE_CHECK(report.conservation_holds);
  const bool whole = r.status == models::RunStatus::completed || r.status == models::RunStatus::event_budget;
  if (whole) TAILRACE_CHECK(report.littles_law_holds);  // memory may run out in the middle of an event
}

void run_topology(models::Topology topology) {
  models::RunSettings& run = topology.run;
  run.replications = 1;
  const std::int64_t events = std::min(kMostEvents, affordable_events(topology));
  run.max_events = run.max_events == models::kUnlimited ? events : std::min(run.max_events, events);
  run.max_memory_bytes = std::min(run.max_memory_bytes, kMostMemory);
  if (run.duration > kLongestRun) {
    run.duration = kLongestRun;
    run.warmup = std::min(run.warmup, sim::Duration{kLongestRun.ns / 2});
  }
  const auto model = models::compile(std::make_shared<const models::Topology>(std::move(topology)));
  if (too_large(*model->topology, *model)) return;
  scenarios::ReplicateOptions options;
  options.jobs = 1;
  check_report(*model, scenarios::replicate(model, options).records);
}

}  // namespace

// A text whose first line begins with "#set " gives an override there; the rest is the scenario.
int run_one(std::string_view text) {
  scenarios::ReadOptions options;
  options.max_alias_nodes = 10'000;  // the default only makes the fuzzer slow
  options.max_nodes = 100'000;
  if (text.substr(0, 5) == "#set ") options.overrides.emplace_back(text.substr(5, text.find('\n') - 5));
  models::Diagnostics diagnostics;
  const scenarios::ReadResult read = scenarios::read_scenario_text(text, "fuzz.yaml", options, diagnostics);
  TAILRACE_CHECK((read.status == scenarios::ReadStatus::ok) == diagnostics.ok());
  check_diagnostics(diagnostics, read.doc);
  if (read.status != scenarios::ReadStatus::ok) return 0;
  TAILRACE_CHECK(read.doc.root.is_map());
  check_node(read.doc.root, read.doc, 1);
  std::optional<models::Topology> topology = models::build_topology(read.doc, diagnostics);
  TAILRACE_CHECK(topology.has_value() == diagnostics.ok());
  check_diagnostics(diagnostics, read.doc);
  if (topology) run_topology(std::move(*topology));
  return 0;
}

}  // namespace tailrace::fuzz
