// Callers who leave, in every place where their requests can be: on cores, preempted, in branches, in lines
// and pauses. A later request, alone in the system, shows that nothing has been left behind.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

double cpu_ms(Trace& t, const std::string& station) {
  double sum = 0;
  for (const models::InstanceRecord& i : t.station(station).instances) sum += i.cpu_s;
  return sum * 1e3;
}

// Two of 60 ms share a core: at 50 ms each has 35 left; alone, the second is done at 85.
TEST(Cancellation, FreesItsShareOfACore) {
  Trace t(R"(
workloads:
  leaves: {trace: {times: [0s]}, calls: s.op, timeout: 50ms, cancellation: true}
  stays: {trace: {times: [0s, 200ms]}, calls: s.op}
services: {s: {workers: 4, cpus: 1, cancellation: at_once, endpoints: {op: [compute: 60ms]}}}
)");
  t.requests("leaves", {{50, timeout}});
  t.requests("stays", {{85, success}, {260, success}});
  t.served("s.op", {{50, cancelled}, {85, success}, {260, success}});
  EXPECT_NEAR(cpu_ms(t, "s"), 50 + 35 + 60, 1e-6);
  t.is_quiet();
}

// One whole core, one after another. The first leaves at 50, so the second runs from 50 to 110.
TEST(Cancellation, HandsItsCoreOn) {
  Trace t(R"(
workloads:
  leaves: {trace: {times: [0s]}, calls: s.op, timeout: 50ms, cancellation: true}
  stays: {trace: {times: [1ms, 200ms]}, calls: s.op}
services:
  s: {workers: 4, cpus: 1, cpu_scheduling: per_core, cancellation: at_once, endpoints: {op: [compute: 60ms]}}
)");
  t.served("s.op", {{50, cancelled}, {110, success}, {260, success}});
  EXPECT_NEAR(cpu_ms(t, "s"), 50 + 60 + 60, 1e-6);
  t.is_quiet();
}

// The second of three waits for the core when its caller leaves.
TEST(Cancellation, LeavesTheLineForACore) {
  Trace t(R"(
workloads:
  stays: {trace: {times: [0s, 2ms, 200ms]}, calls: s.op}
  leaves: {trace: {times: [1ms]}, calls: s.op, timeout: 50ms, cancellation: true}
services:
  s: {workers: 4, cpus: 1, cpu_scheduling: per_core, cancellation: at_once, endpoints: {op: [compute: 60ms]}}
)");
  t.served("s.op", {{51, cancelled}, {60, success}, {120, success}, {260, success}});
  EXPECT_NEAR(cpu_ms(t, "s"), 180, 1e-6);
  t.is_quiet();
}

// At a step it keeps the core until its 60 ms are over.
TEST(Cancellation, AtAStepKeepsTheCoreUntilThen) {
  Trace t(R"(
workloads:
  leaves: {trace: {times: [0s]}, calls: s.op, timeout: 50ms, cancellation: true}
  stays: {trace: {times: [1ms]}, calls: s.op}
services:
  s: {workers: 4, cpus: 1, cpu_scheduling: per_core, cancellation: at_step, endpoints: {op: [compute: 60ms]}}
)");
  t.served("s.op", {{60, cancelled}, {120, success}});
  EXPECT_DOUBLE_EQ(t.wasted_ms("s"), 10);
  t.is_quiet();
}

// The important one interrupts at 10 and leaves at 40: the other has 50 of its 60 ms left.
TEST(Cancellation, GivesAnInterruptedWorkerBack) {
  Trace t(R"(
workloads:
  minor: {trace: {times: [0s, 200ms]}, calls: s.op}
  major: {trace: {times: [10ms]}, calls: s.op, priority: 3, timeout: 30ms, cancellation: true}
services:
  s: {workers: 1, queue: {discipline: preemptive_priority}, cancellation: at_once, endpoints: {op: [compute: 60ms]}}
)");
  t.served("s.op", {{40, cancelled}, {90, success}, {260, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 150);
  t.is_quiet();
}

// The one that was interrupted leaves, at 30, half done.
TEST(Cancellation, EndsInterruptedWork) {
  for (const char* mode : {"at_once", "at_step"}) {
    Trace t(fmt::format(R"(
workloads:
  minor: {{trace: {{times: [0s]}}, calls: s.op, timeout: 30ms, cancellation: true}}
  major: {{trace: {{times: [10ms, 200ms]}}, calls: s.op, priority: 3}}
services:
  s: {{workers: 1, queue: {{discipline: preemptive_priority}}, cancellation: {}, endpoints: {{op: [compute: 60ms]}}}}
)",
                        mode));
    t.served("s.op", {{30, cancelled}, {70, success}, {260, success}});
    EXPECT_DOUBLE_EQ(t.busy_ms("s"), 10 + 60 + 60) << mode;
    t.is_quiet();
  }
}

// Join losers. `any` of three is decided at 10 ms: `b` takes 100 ms, the computing branch 60 and then a step
// more.
std::string decided_at_10(const std::string& rest, const std::string& cancellation) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [0s, 500ms]}}, calls: a.op}}}}
services:
  a:
    workers: 9
    mode: async
    cancellation: {}
    endpoints:
      op:
        - {{parallel: [compute: 10ms, {{call: b.op, cancellation: true}}, [compute: 60ms, compute: 7ms]], join: any{}}}
        - compute: 5ms
  b: {{workers: 9, cancellation: at_once, endpoints: {{op: [compute: 100ms]}}}}
)",
                     cancellation, rest);
}

TEST(CancelRest, WithoutItTheRestRunsOn) {
  Trace t(decided_at_10("", "ignore"));
  t.requests("load", {{15, success}, {515, success}});
  t.calls("a", "b.op", {{100, success}, {600, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("b"), 200);
  t.is_quiet();
}

// The call is given up and its server told, at 10; what computes ends with its step of 60 ms.
TEST(CancelRest, StopsTheRestAtItsStep) {
  for (const char* cancellation : {"ignore", "at_step"}) {
    Trace t(decided_at_10(", cancel_rest: true", cancellation));
    t.requests("load", {{15, success}, {515, success}});
    t.calls("a", "b.op", {{10, cancelled}, {510, cancelled}});
    t.served("b.op", {{10, cancelled}, {510, cancelled}});
    EXPECT_DOUBLE_EQ(t.busy_ms("b"), 20) << cancellation;
    EXPECT_NEAR(t.busy_ms("a"), 2 * (10 + 60 + 5), 1e-6) << cancellation;
    EXPECT_NEAR(t.wasted_ms("a"), 2 * 50, 1e-6) << cancellation;
    t.is_quiet();
  }
}

TEST(CancelRest, CutsTheRestWhereTheServiceListensAtOnce) {
  Trace t(decided_at_10(", cancel_rest: true", "at_once"));
  t.requests("load", {{15, success}, {515, success}});
  EXPECT_NEAR(t.busy_ms("a"), 2 * (10 + 10 + 5), 1e-6);
  t.is_quiet();
}

// All of two cannot succeed any more when one has failed, at 10; and a client's branches stop too, in a pause
// and in a call, which ends for the client at 10 and in a server that is not told at 100.
TEST(CancelRest, StopsWhatCannotSaveTheJoin) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0s]}
    steps: [{parallel: [call: bad.op, call: b.op, [sleep: 50ms, call: b.op]], cancel_rest: true}]
services:
  bad: {error_rate: 1, endpoints: {op: [compute: 10ms]}}
  b: {endpoints: {op: [compute: 100ms]}}
)");
  t.requests("load", {{10, error}});
  t.calls("load", "b.op", {{10, cancelled}});
  t.served("b.op", {{100, success}});
  EXPECT_DOUBLE_EQ(t.wasted_ms("b"), 90);
  t.is_quiet();
}

// A branch that ends at the very instant at which the join is decided has ended; nothing is left of it.
TEST(CancelRest, BranchesThatEndTogether) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 50ms]}, calls: a.op}}
services:
  a:
    cancellation: at_once
    endpoints: {op: [{parallel: [compute: 10ms, compute: 10ms, [call: b.op]], join: any, cancel_rest: true}]}
  b: {endpoints: {op: [compute: 10ms]}}
)");
  t.requests("load", {{10, success}, {60, success}});
  t.is_quiet();
}

// A request in three branches: one calls b, one calls b by way of a loop, one computes.
TEST(Cancellation, ReachesAllBranches) {
  const char* body = R"(
workloads: {{load: {{trace: {{times: [0s]}}, calls: a.op, timeout: 50ms, cancellation: true}}}}
defaults: {{outbound: {{cancellation: true}}}}
services:
  a:
    workers: 1
    mode: {}
    cancellation: at_once
    endpoints: {{op: [parallel: [call: b.op, [{{loop: 3, steps: [call: b.op]}}], compute: 100ms], compute: 1ms]}}
  b: {{workers: 2, cancellation: at_once, endpoints: {{op: [compute: 30ms]}}}}
)";
  for (const char* mode : {"blocking", "async"}) {
    Trace t(fmt::format(fmt::runtime(body), mode));
    t.requests("load", {{50, timeout}});
    t.served("a.op", {{50, cancelled}});
    t.served("b.op", {{30, success}, {30, success}, {50, cancelled}});
    EXPECT_DOUBLE_EQ(t.busy_ms("b"), 80) << mode;
    EXPECT_DOUBLE_EQ(t.busy_ms("a"), 50) << mode;
    t.is_quiet();
  }
}

// The same where both look up only between steps: what waits for its branches is between two, and ends at 50;
// b ends with its step, at 70, and the branch that computes until 100 does not call b any more.
TEST(Cancellation, ReachesBranchesAtTheirSteps) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s]}, calls: a.op, timeout: 50ms, cancellation: true}}
defaults: {outbound: {cancellation: true}}
services:
  a: {workers: 1, cancellation: at_step, endpoints: {op: [parallel: [call: b.op, [compute: 100ms, call: b.op]]]}}
  b: {workers: 2, cancellation: at_step, endpoints: {op: [compute: 70ms]}}
)");
  t.served("a.op", {{50, cancelled}});
  t.served("b.op", {{70, cancelled}});
  t.is_quiet();
}

// An async server holds no worker while it waits for its own call, and takes none again.
TEST(Cancellation, OfAnAsyncServerThatWaits) {
  Trace t(R"(
workloads:
  load: {trace: {times: [0s]}, calls: a.op, timeout: 50ms, cancellation: true}
  later: {trace: {times: [200ms]}, calls: a.op}
defaults: {outbound: {cancellation: true}}
services:
  a: {workers: 1, mode: async, cancellation: at_once, endpoints: {op: [compute: 10ms, call: b.op, compute: 10ms]}}
  b: {workers: 1, cancellation: at_once, endpoints: {op: [compute: 60ms]}}
)");
  t.served("a.op", {{50, cancelled}, {280, success}});
  t.served("b.op", {{50, cancelled}, {270, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("a"), 10 + 20);
  EXPECT_DOUBLE_EQ(t.busy_ms("b"), 40 + 60);
  t.is_quiet();
}

// An async server's continuation waits for the worker when the word comes.
TEST(Cancellation, OfAContinuationInTheQueue) {
  Trace t(R"(
workloads:
  load: {trace: {times: [0s]}, calls: a.op, timeout: 50ms, cancellation: true}
  long: {trace: {times: [15ms]}, calls: a.long}
services:
  a:
    workers: 1
    mode: async
    cancellation: at_once
    endpoints: {op: [compute: 10ms, sleep: 10ms, compute: 10ms], long: [compute: 100ms]}
)");
  t.served("a.op", {{50, cancelled}});
  t.served("a.long", {{115, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("a"), 110);
  t.is_quiet();
}

// In the pause before a retry, in a line for a place, in the queue of a server that is busy: all at 50 ms.
TEST(Cancellation, OfACallThatPausesOrStandsInLine) {
  Trace t(R"(
workloads:
  pauses: {trace: {times: [0s]}, calls: a.pauses, timeout: 50ms, cancellation: true}
  waits: {trace: {times: [0s, 1ms, 500ms]}, calls: a.waits, timeout: 50ms, cancellation: true}
services:
  a:
    workers: 4
    cancellation: at_once
    endpoints:
      pauses: [{call: bad.op, retries: {attempts: 1, backoff: {base_interval: 100ms, jitter: none}}}]
      waits: [{call: slow.op, bulkhead: {max_concurrent_calls: 1, max_wait_duration: 1s}}]
  bad: {error_rate: 1, endpoints: {op: []}}
  slow: {workers: 1, endpoints: {op: [compute: 80ms]}}
)");
  t.sent("a", "bad.op", {0});
  t.served("a.pauses", {{50, cancelled}});
  t.sent("a", "slow.op", {0, 50, 500});  // the place goes on to the second, for one ms
  t.calls("a", "slow.op", {{50, cancelled}, {51, cancelled}, {550, cancelled}});
  t.served("a.waits", {{50, cancelled}, {51, cancelled}, {550, cancelled}});
  t.is_quiet();
}

// On its way to the server: it is not started.
TEST(Cancellation, MeetsTheRequestOnTheWay) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s]}, steps: [{call: s.op, timeout: 50ms, cancellation: true, request_size: 1MB}]}}
services: {s: {workers: 1, cancellation: at_once, endpoints: {op: [compute: 10ms]}}}
network: {default: {latency: 1ms, bandwidth: 100Mbit/s}}
)");
  t.requests("load", {{50, timeout}});
  t.reached("s.op", {81});
  t.served("s.op", {{81, cancelled}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 0);
  t.is_quiet();
}

// Two instances, the one with fewer requests is asked. Forty requests are sent and called back, on the way,
// in the queue and at work; of the two hundred that come later, one at a time, both get their share (equal
// ones are drawn): nothing is still counted as theirs.
TEST(Cancellation, LeavesNoLoadForTheBalancerToSee) {
  for (const char* own : {"false", "true"}) {
    std::string times = repeated("0s", 20) + ", " + repeated("5ms", 20), later = "1s";
    for (int i = 1; i < 200; ++i) later += fmt::format(", {}ms", 1000 + 10 * i);
    Trace t(fmt::format(R"(
workloads:
  early: {{trace: {{times: [{}]}}, calls: s.long, timeout: 7ms, cancellation: true, hedge: {{delay: 3ms,
        budget: 100%}}}}
  later: {{trace: {{times: [{}]}}, calls: s.op}}
services:
  s:
    replicas: 2
    workers: 3
    queue: {{capacity: 4}}
    cancellation: at_once
    load_balancer: {{policy: least_request, choice_count: 0, own_view: {}}}
    endpoints: {{long: [compute: 100ms], op: [compute: 1ms]}}
network: {{default: {{latency: 1ms}}}}
)",
                        times, later, own),
            5000);
    t.is_quiet();
    EXPECT_EQ(t.edge("later", "s.op").ended[static_cast<std::size_t>(success)], 200u);
    // Standard deviation of a share of 200 fair draws: 7 ms. The early ones had both equally busy.
    EXPECT_NEAR(t.busy_ms("s", 0), t.busy_ms("s", 1), 70) << own;
    EXPECT_GT(t.busy_ms("s", 0), 60) << own;
    EXPECT_GT(t.busy_ms("s", 1), 60) << own;
  }
}

// A caller that says nothing, or a server that does not listen, is the plain case.
TEST(Cancellation, NeedsBothSides) {
  const char* body = R"(
workloads: {{load: {{trace: {{times: [0s]}}, calls: s.op, timeout: 50ms, cancellation: {}}}}}
services: {{s: {{workers: 1, cancellation: {}, endpoints: {{op: [compute: 60ms]}}}}}}
)";
  Trace silent(fmt::format(fmt::runtime(body), "false", "at_once"));
  silent.served("s.op", {{60, success}});
  EXPECT_DOUBLE_EQ(silent.wasted_ms("s"), 10);
  Trace deaf(fmt::format(fmt::runtime(body), "true", "ignore"));
  deaf.served("s.op", {{60, success}});
  EXPECT_DOUBLE_EQ(deaf.wasted_ms("s"), 10);
}

}  // namespace
}  // namespace tailrace::tests
