// What is computed in the background takes no worker; it is computed in an instance all the same: on its
// cores, at its speed, and no longer than it lives.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// Two of 10 ms share one core, whose part of the work of each is done at 20.
TEST(Background, SharesTheCores) {
  for (const char* mode : {"blocking", "async"}) {
    Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [0ms]}}, calls: s.op}}}}
services:
  s: {{cpus: 1, mode: {}, endpoints: {{op: [{{background: [compute: 10ms, call: b.op]}}, compute: 10ms]}}}}
  b: {{endpoints: {{op: []}}}}
)",
                        mode));
    t.requests("load", {{20, success}});
    t.sent("s", "b.op", {20});
    EXPECT_NEAR(t.station("s").instances[0].cpu_s, 0.02, 1e-12) << mode;
    t.is_quiet();
  }
}

// One core for one at a time: the request's own 10 ms, then those that it started, then who came at 5.
TEST(Background, StandsInLineForACore) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms, 5ms]}, calls: s.op}}
services:
  s:
    cpus: 1
    cpu_scheduling: per_core
    endpoints: {op: [{background: [compute: 10ms, call: b.op]}, compute: 10ms]}
  b: {endpoints: {op: []}}
)");
  t.requests("load", {{10, success}, {30, success}});
  t.sent("s", "b.op", {20, 40});
  t.is_quiet();
}

// Where there are no cores it takes its time: the only worker is free for who comes at 10.
TEST(Background, TakesNoWorker) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms, 10ms]}, calls: s.op}}
services:
  s: {workers: 1, endpoints: {op: [{background: [compute: 50ms, call: b.op]}, compute: 10ms]}}
  b: {endpoints: {op: []}}
)");
  t.requests("load", {{10, success}, {20, success}});
  t.sent("s", "b.op", {50, 60});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 20);
  t.is_quiet();
}

// 40 ms of work: at twice the speed, at half of it for a fault from 10 on (which is for work that begins
// then), later by a pause, and never where the instance has died.
TEST(Background, IsAsFastAsItsInstance) {
  const auto sent = [](const char* instances, const char* fault, const std::vector<double>& ms) {
    SCOPED_TRACE(fault);
    Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [0ms]}}, calls: s.op}}}}
services:
  s: {{{}endpoints: {{op: [{{background: [compute: 10ms, compute: 30ms, call: b.op]}}]}}}}
  b: {{endpoints: {{op: []}}}}
{}
)",
                        instances, fault));
    t.requests("load", {{0, success}});
    t.sent("s", "b.op", ms);
    t.is_quiet();
  };
  sent("", "", {40});
  sent("instances: [{speed: 2}], ", "", {20});
  sent("", "faults: [{type: cpu_stress, target: s, load: 50%, start: 5ms, duration: 1s}]", {70});
  sent("", "faults: [{type: pause, target: s, start: 15ms, duration: 7ms}]", {47});
  sent("cpus: 1, ", "faults: [{type: pause, target: s, start: 15ms, duration: 7ms}]", {47});
  sent("", "faults: [{type: pod_kill, target: s, start: 15ms, restart_time: 5ms}]", {});
  sent("cpus: 1, ", "faults: [{type: pod_kill, target: s, start: 15ms, restart_time: 5ms}]", {});
}

}  // namespace
}  // namespace tailrace::tests
