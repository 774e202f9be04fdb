// A blocking service's worker goes with the branch of a `try` or of a loop (models/compile/lent_worker.hpp):
// what is computed there is interrupted, stopped, killed and waited for as it is without them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// The urgent request takes the worker from 10 to 30: of the 60 ms 10 are done by then and 50 are left.
TEST(LentWorker, IsInterruptedAndResumes) {
  for (const char* steps :
       {"[compute: 60ms]", "[try: [compute: 60ms]]", "[{loop: 100, steps: [compute: 600us]}]",
        "[try: [{loop: 100, steps: [try: [compute: 600us]]}]]",
        "[{try: [compute: 5ms, {fail: 100%}], on_failure: [compute: 55ms]}]",
        "[{try: [compute: 25ms, {fail: 100%}], on_failure: [try: [compute: 25ms]]}, compute: 10ms]"}) {
    SCOPED_TRACE(steps);
    Trace t(fmt::format(R"(
workloads:
  minor: {{trace: {{times: [0s, 200ms]}}, calls: s.op}}
  major: {{trace: {{times: [10ms]}}, calls: s.short, priority: 3}}
services:
  s: {{workers: 1, queue: {{discipline: preemptive_priority}}, endpoints: {{op: {}, short: [compute: 20ms]}}}}
)",
                        steps));
    t.requests("major", {{30, success}});
    t.requests("minor", {{80, success}, {260, success}});
    EXPECT_DOUBLE_EQ(t.busy_ms("s"), 140);
    t.is_quiet();
  }
}

// The branches of a `parallel` compute beside the worker, which nobody takes from who does not compute.
TEST(LentWorker, StaysWithWhoHasSeveralBranches) {
  Trace t(R"(
workloads:
  minor: {trace: {times: [0s]}, calls: s.op}
  major: {trace: {times: [10ms]}, calls: s.short, priority: 3}
services:
  s:
    workers: 1
    queue: {discipline: preemptive_priority}
    endpoints: {op: [parallel: [compute: 60ms, compute: 60ms]], short: [compute: 20ms]}
)");
  t.requests("minor", {{60, success}});
  t.requests("major", {{80, success}});
  t.is_quiet();
}

// Two classes at random, utilization 0.8: whoever computes within a `try` or a loop waits, is interrupted and
// ends as whoever computes without, request by request.
TEST(LentWorker, MakesNoDifferenceToPriorities) {
  const auto run = [](const char* steps) {
    return run_text(fmt::format(R"(
run: {{duration: 200s, warmup: 0s, seed: 5, replications: 1}}
workloads:
  high: {{constant_arrival_rate: 40/s, priority: 1, calls: s.op}}
  low: {{constant_arrival_rate: 40/s, calls: s.op}}
services: {{s: {{workers: 1, queue: {{discipline: preemptive_priority}}, endpoints: {{op: {}}}}}}}
)",
                                steps));
  };
  const Results plain = run("[compute: 10ms]");
  const models::RunRecord& p = plain.records.at(0);
  ASSERT_GT(p.stations.at(0).counts.wait_sum, 0);
  for (const char* steps : {"[try: [compute: 10ms]]", "[{loop: 100, steps: [compute: 100us]}]"}) {
    SCOPED_TRACE(steps);
    const Results wrapped = run(steps);
    const models::RunRecord& w = wrapped.records.at(0);
    for (std::size_t c = 0; c < 2; ++c) {
      const std::uint32_t series = plain.model->classes[c].success_series;
      EXPECT_GT(p.series[series].count(), 7000u);
      EXPECT_EQ(w.series[series].count(), p.series[series].count());
      EXPECT_EQ(w.series[series].sum(), p.series[series].sum());
      EXPECT_EQ(w.series[series].max(), p.series[series].max());
    }
    EXPECT_EQ(w.stations.at(0).counts.wait_sum, p.stations.at(0).counts.wait_sum);
    EXPECT_EQ(w.stations.at(0).counts.hold_sum, p.stations.at(0).counts.hold_sum);
    EXPECT_EQ(w.stations.at(0).counts.grants, p.stations.at(0).counts.grants);
  }
}

// The caller leaves at 50, in the middle of the step that ends at 60. Between its steps the server keeps its
// worker until then; at once it is free at 50. Who came at 1 has it after that, for 10 ms.
TEST(LentWorker, ComesBackWhenACancelledStepEnds) {
  for (const char* steps : {"try: [compute: 60ms, compute: 60ms]", "{loop: 100, steps: [compute: 60ms]}",
                            "try: [{loop: 100, steps: [compute: 60ms]}]",
                            "{try: [{fail: 100%}], on_failure: [try: [compute: 60ms]]}, compute: 1ms"}) {
    SCOPED_TRACE(steps);
    const auto scenario = [&](const char* cancellation) {
      return fmt::format(R"(
workloads:
  leaves: {{trace: {{times: [0s]}}, calls: s.op, timeout: 50ms, cancellation: true}}
  stays: {{trace: {{times: [1ms]}}, calls: s.short}}
services: {{s: {{workers: 1, cancellation: {}, endpoints: {{op: [{}], short: [compute: 10ms]}}}}}}
)",
                         cancellation, steps);
    };
    Trace at_step(scenario("at_step"));
    at_step.served("s.op", {{50, cancelled}});
    at_step.requests("stays", {{70, success}});
    EXPECT_DOUBLE_EQ(at_step.wasted_ms("s"), 10);
    at_step.is_quiet();
    Trace at_once(scenario("at_once"));
    at_once.served("s.op", {{50, cancelled}});
    at_once.requests("stays", {{60, success}});
    EXPECT_DOUBLE_EQ(at_once.wasted_ms("s"), 0);
    at_once.is_quiet();
  }
}

// Interrupted at 10, left by its caller at 20: what it would have resumed at 30 is not begun again.
TEST(LentWorker, IsNotWaitedForByWhoWasLeft) {
  for (const char* cancellation : {"at_step", "at_once"}) {
    Trace t(fmt::format(R"(
workloads:
  minor: {{trace: {{times: [0s]}}, calls: s.op, timeout: 20ms, cancellation: true}}
  major: {{trace: {{times: [10ms, 100ms]}}, calls: s.short, priority: 3}}
services:
  s:
    workers: 1
    queue: {{discipline: preemptive_priority}}
    cancellation: {}
    endpoints: {{op: [try: [compute: 60ms]], short: [compute: 20ms]}}
)",
                        cancellation));
    t.served("s.op", {{20, cancelled}});
    t.requests("major", {{30, success}, {120, success}});
    EXPECT_DOUBLE_EQ(t.busy_ms("s"), 10 + 20 + 20) << cancellation;
    t.is_quiet();
  }
}

// The call within is given up with the request, and the worker with it.
TEST(LentWorker, ComesBackFromACallThatIsGivenUp) {
  Trace t(R"(
workloads:
  leaves: {trace: {times: [0s]}, calls: s.op, timeout: 50ms, cancellation: true}
  stays: {trace: {times: [1ms]}, calls: s.short}
services:
  s:
    workers: 1
    cancellation: at_step
    endpoints: {op: [try: [{call: b.op, cancellation: true}]], short: [compute: 10ms]}
  b: {cancellation: at_once, endpoints: {op: [compute: 100ms]}}
)");
  t.served("b.op", {{50, cancelled}});
  t.requests("stays", {{60, success}});
  EXPECT_DOUBLE_EQ(t.wasted_ms("s"), 0);
  t.is_quiet();
}

// At 25 one computes, the other has been interrupted since 10; both die.
TEST(LentWorker, DiesWithItsInstance) {
  Trace t(R"(
workloads:
  minor: {trace: {times: [0s, 100ms]}, calls: s.op}
  major: {trace: {times: [10ms]}, calls: s.op, priority: 3}
services: {s: {workers: 1, queue: {discipline: preemptive_priority}, endpoints: {op: [try: [compute: 60ms]]}}}
faults: [{type: pod_kill, target: s, start: 25ms, restart_time: 10ms}]
)");
  t.requests("minor", {{25, network}, {160, success}});
  t.requests("major", {{25, network}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 25 + 60);
  t.is_quiet();
}

// What a pause makes late is work like the rest. Still from 4 to 6: of 10 ms 6 are done when the worker is
// taken at 8. From 4 to 9: at 10 as much is left as it stood still, 3 ms of it at 12. From 8 to 13: it stands
// still at its end, goes on for 2 ms, and has one left at 14.
TEST(LentWorker, IsInterruptedWhileItIsLateByAPause) {
  struct {
    const char* pause;
    int major_ms, minor_ends_ms;
  } const pauses[] = {{"start: 4ms, duration: 2ms", 8, 14},
                      {"start: 4ms, duration: 5ms", 12, 17},
                      {"start: 8ms, duration: 5ms", 14, 17}};
  for (const char* steps : {"[compute: 10ms]", "[try: [compute: 10ms]]"}) {
    for (const auto& p : pauses) {
      SCOPED_TRACE(fmt::format("{} {}", steps, p.pause));
      Trace t(fmt::format(R"(
workloads:
  minor: {{trace: {{times: [0s]}}, calls: s.op}}
  major: {{trace: {{times: [{}ms]}}, calls: s.short, priority: 3}}
services:
  s: {{workers: 1, queue: {{discipline: preemptive_priority}}, endpoints: {{op: {}, short: [compute: 2ms]}}}}
faults: [{{type: pause, target: s, {}}}]
)",
                          p.major_ms, steps, p.pause));
      t.requests("major", {{p.major_ms + 2.0, success}});
      t.requests("minor", {{static_cast<double>(p.minor_ends_ms), success}});
      t.is_quiet();
    }
  }
}

// Still from 4 to 9, so late from 10 to 15: at 12 its caller leaves, or it dies.
TEST(LentWorker, IsStoppedWhileItIsLateByAPause) {
  for (const char* steps : {"[compute: 10ms]", "[try: [compute: 10ms]]"}) {
    const auto scenario = [&](const char* policies, const char* fault) {
      return fmt::format(R"(
workloads: {{load: {{trace: {{times: [0s, 50ms]}}, calls: s.op{}}}}}
services:
  s: {{workers: 1, queue: {{discipline: preemptive_priority}}, cancellation: at_once, endpoints: {{op: {}}}}}
faults: [{{type: pause, target: s, start: 4ms, duration: 5ms}}{}]
)",
                         policies, steps, fault);
    };
    Trace left(scenario(", timeout: 12ms, cancellation: true", ""));
    left.served("s.op", {{12, cancelled}, {60, success}});
    EXPECT_DOUBLE_EQ(left.busy_ms("s"), 12 + 10) << steps;
    left.is_quiet();
    Trace dead(scenario("", ", {type: pod_kill, target: s, start: 12ms, restart_time: 5ms}"));
    dead.served("s.op", {{12, network}, {60, success}});
    EXPECT_DOUBLE_EQ(dead.busy_ms("s"), 12 + 10) << steps;
    dead.is_quiet();
  }
}

}  // namespace
}  // namespace tailrace::tests
