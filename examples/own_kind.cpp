// A component kind outside the tree: functions as a service. A kind is a spec, a field table that describes
// it, and two functions: which operations others may call, and what they do. The parser, the diagnostics, the
// schema and the reference know it from the moment it is added; the runtime need not.
#include <fmt/format.h>

#include "analysis/report/run_report.hpp"
#include "models/catalog.hpp"
#include "scenarios/run/load.hpp"
#include "scenarios/run/replicate.hpp"

using namespace tailrace;
using namespace tailrace::models;

namespace {

struct FunctionSpec {
  TimeDistribution work;
  TimeDistribution cold_start{sim::Distribution::constant(0)};
  Fraction cold{0};
  Count concurrency = 1000;
};

void declare(const void*, int component, TopologyBuilder& b) {
  b.declare_operation(component, "invoke");
}

Step timed(Step::Kind kind, const sim::Distribution& time) {
  Step step;
  step.kind = kind;
  step.distribution = time;
  return step;
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const FunctionSpec& spec = *static_cast<const FunctionSpec*>(raw);
  const std::string& name = b.topology.components[static_cast<std::size_t>(component)].name;
  Station station;
  station.name = name;
  station.component = component;
  station.groups.push_back({1, 1, 1, 0, {}});
  station.workers = spec.concurrency;
  station.queue_capacity = 0;  // over the limit it is refused, not queued
  const int place = b.add_station(std::move(station));

  Operation& invoke = b.topology.operations[static_cast<std::size_t>(b.find_operation(name + ".invoke"))];
  invoke.station = place;
  Step start;
  start.kind = Step::Kind::branch;
  start.branches.push_back({spec.cold.value, {timed(Step::Kind::sleep, spec.cold_start.value)}});
  invoke.steps.push_back(std::move(start));
  invoke.steps.push_back(timed(Step::Kind::compute, spec.work.value));
}

Kind function_kind() {
  Kind kind;
  kind.name = "function";
  kind.section = "functions";
  kind.about = "Code that runs on demand; some invocations meet a cold start.";
  kind.fields =
      Fields<FunctionSpec>("function", kind.about)
          .add("work", &FunctionSpec::work, "time of an invocation that is warm")
          .required()
          .add("cold_start", &FunctionSpec::cold_start, "what a cold one needs besides")
          .add("cold", &FunctionSpec::cold, "share of the invocations that are cold")
          .add("concurrency", &FunctionSpec::concurrency, "at a time; more are refused", between(1, 1e6))
          .table();
  kind.example = "{resize: {work: 20ms}}";
  kind.make = make_spec<FunctionSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

constexpr const char* kScenario = R"(tailrace: 1
run: {duration: 120s, replications: 5}
workloads: {uploads: {constant_arrival_rate: 50/s, calls: photos.put}}
services: {photos: {workers: unlimited, endpoints: {put: [compute: 1ms, call: resize.invoke]}}}
functions: {resize: {work: 20ms, cold_start: 800ms, cold: 1.5%}}
)";

}  // namespace

int main() {
  add_kind(function_kind());
  const auto model = scenarios::load_text(kScenario);
  const auto report = analysis::build_run_report(*model, scenarios::replicate(model, {}).records);
  const analysis::LatencyReport& latency = report.workloads[0].duration;
  // 1.5 % of 800 ms is 12 ms in the mean and everything in the p99.
  fmt::print("mean {:.1f} ms (theory 33.0)\n", 1e3 * latency.mean.estimate);
  fmt::print("p50  {:.0f} ms\n", 1e3 * latency.percentile(0.5).estimate);
  fmt::print("p99  {:.0f} ms\n", 1e3 * latency.percentile(0.99).estimate);
  try {
    scenarios::load_text(kScenario, {"functions.resize.cold_strat=1s"});
  } catch (const scenarios::ScenarioError& error) {
    fmt::print("\nand a slip is found:\n{}", error.what());
  }
}
