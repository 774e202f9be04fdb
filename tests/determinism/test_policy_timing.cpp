// Timing policies to the nanosecond: timeouts, deadlines that travel, hedged and tied requests.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// Backoff of 10 ms, then 20 ms, and a server that takes 80 ms where the caller gives 50.
//   attempt   sent   given up   done at the server
//      1        0       50            80
//      2       60      110           140
//      3      130      180           210
TEST(Timeout, EachTryHasItsTimeAndEachRetryItsPause) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0s]}
    calls: s.op
    retries: {attempts: 2, per_try_timeout: 50ms, backoff: {base_interval: 10ms, multiplier: 2, jitter: none}}
services: {s: {workers: 3, endpoints: {op: [compute: 80ms]}}}
)");
  t.sent("load", "s.op", {0, 60, 130});
  t.ended("load", "s.op", {{50, timeout}, {110, timeout}, {180, timeout}});
  t.requests("load", {{180, timeout}});
  t.served("s.op", {{80, success}, {140, success}, {210, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 240);
  EXPECT_DOUBLE_EQ(t.wasted_ms("s"), 90);
  EXPECT_EQ(t.operation("s.op").unheard, 3u);
  t.is_quiet();
}

// The same with 100 ms for the whole call: it ends the second attempt in the middle.
TEST(Timeout, OfTheCallEndsTheAttemptThatIsUnderWay) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0s]}
    calls: s.op
    timeout: 100ms
    retries: {attempts: 2, per_try_timeout: 50ms, backoff: {base_interval: 10ms, jitter: none}}
services: {s: {workers: 3, endpoints: {op: [compute: 80ms]}}}
)");
  t.sent("load", "s.op", {0, 60});
  t.ended("load", "s.op", {{50, timeout}, {100, timeout}});
  t.calls("load", "s.op", {{100, timeout}});
  EXPECT_DOUBLE_EQ(t.wasted_ms("s"), 30 + 40);
  t.is_quiet();
}

TEST(Timeout, OfTheCallEndsThePauseBeforeARetry) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0s]}
    calls: s.op
    timeout: 100ms
    retries: {attempts: 2, backoff: {base_interval: 200ms, jitter: none}}
services: {s: {workers: 3, error_rate: 1, endpoints: {op: [compute: 30ms]}}}
)");
  t.sent("load", "s.op", {0});
  t.ended("load", "s.op", {{30, error}});
  t.requests("load", {{100, timeout}});
  t.is_quiet();
}

TEST(Timeout, AReplyInItsLastNanosecondIsASuccess) {
  Trace t(R"(
workloads:
  whole: {trace: {times: [0s]}, calls: s.op, timeout: 80ms}
  single: {trace: {times: [0s]}, calls: s.op, retries: {attempts: 1, per_try_timeout: 80ms}}
  late: {trace: {times: [0s]}, calls: s.op, timeout: 79.999999ms}
services: {s: {workers: 3, endpoints: {op: [compute: 80ms]}}}
)");
  t.requests("whole", {{80, success}});
  t.requests("single", {{80, success}});
  t.requests("late", {{79.999999, timeout}});
  t.is_quiet();
}

// --- three layers: a works 20 ms and calls b, which works 30 ms and calls c, which works 100 ms. The client
// leaves at 100 ms, when c is half done.

std::string three_layers(const std::string& client, const std::string& rest, const std::string& mode) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [0s]}}, calls: a.op, {}}}}}
services:
  a: {{workers: 1, cancellation: {}, endpoints: {{op: [compute: 20ms, call: b.op]}}}}
  b: {{workers: 1, cancellation: {}, endpoints: {{op: [compute: 30ms, call: c.op]}}}}
  c: {{workers: 1, cancellation: {}, endpoints: {{op: [compute: 70ms, compute: 30ms]}}}}
{}
)",
                     client, mode, mode, mode, rest);
}

TEST(Deadline, WithoutOneThreeLayersWorkOnForNobody) {
  Trace t(three_layers("timeout: 100ms", "", "at_once"));  // listens, but nobody says anything
  t.requests("load", {{100, timeout}});
  t.served("c.op", {{150, success}});
  t.served("b.op", {{150, success}});
  t.served("a.op", {{150, success}});
  for (const char* s : {"a", "b", "c"}) EXPECT_DOUBLE_EQ(t.wasted_ms(s), 50) << s;
  EXPECT_DOUBLE_EQ(t.busy_ms("a"), 150);
  EXPECT_DOUBLE_EQ(t.busy_ms("b"), 130);
  EXPECT_DOUBLE_EQ(t.busy_ms("c"), 100);
  t.is_quiet();
}

// Every caller on the way knows the deadline and stops waiting; only the one that computes does not look up.
TEST(Deadline, TravelsDownAndFreesAllButTheLastLayer) {
  Trace t(three_layers("deadline: 100ms", "", "ignore"));
  t.requests("load", {{100, deadline}});
  t.ended("a", "b.op", {{100, deadline}});
  t.ended("b", "c.op", {{100, deadline}});
  t.served("a.op", {{100, deadline}});
  t.served("b.op", {{100, deadline}});
  t.served("c.op", {{150, success}});
  EXPECT_DOUBLE_EQ(t.wasted_ms("a"), 0);
  EXPECT_DOUBLE_EQ(t.wasted_ms("b"), 0);
  EXPECT_DOUBLE_EQ(t.wasted_ms("c"), 50);
  t.is_quiet();
}

TEST(Deadline, WithCancellationWastesNothing) {
  Trace t(three_layers("deadline: 100ms", "defaults: {outbound: {cancellation: true}}", "at_once"));
  t.requests("load", {{100, deadline}});
  t.served("c.op", {{100, cancelled}});
  EXPECT_DOUBLE_EQ(t.busy_ms("c"), 50);
  for (const char* s : {"a", "b", "c"}) EXPECT_DOUBLE_EQ(t.wasted_ms(s), 0) << s;
  t.is_quiet();
}

// c notices between its steps, the first of which ends at 50 + 70 ms.
TEST(Deadline, WithCancellationAtStepsWastesTheRestOfTheStep) {
  Trace t(three_layers("deadline: 100ms", "defaults: {outbound: {cancellation: true}}", "at_step"));
  t.requests("load", {{100, deadline}});
  t.served("c.op", {{120, cancelled}});
  EXPECT_DOUBLE_EQ(t.busy_ms("c"), 70);
  EXPECT_DOUBLE_EQ(t.wasted_ms("c"), 20);
  t.is_quiet();
}

TEST(Deadline, ThatIsOverMakesNoCall) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s]}, calls: a.op, deadline: 100ms}}
services:
  a: {workers: 1, endpoints: {op: [compute: 120ms, call: b.op]}}
  b: {workers: 1, endpoints: {op: [compute: 10ms]}}
)");
  t.requests("load", {{100, deadline}});
  t.sent("a", "b.op", {});
  t.calls("a", "b.op", {{120, deadline}});
  t.served("a.op", {{120, deadline}});
  EXPECT_DOUBLE_EQ(t.wasted_ms("a"), 20);
  t.is_quiet();
}

// A retry that could only start after the deadline is not waited for: 40 + 70 > 100.
TEST(Deadline, LeavesNoTimeForALateRetry) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0s]}
    calls: s.op
    deadline: 100ms
    retries: {attempts: 1, backoff: {base_interval: 70ms, jitter: none}}
services: {s: {workers: 1, error_rate: 1, endpoints: {op: [compute: 40ms]}}}
)");
  t.sent("load", "s.op", {0});
  t.requests("load", {{40, error}});
  t.is_quiet();
}

// The client leaves at 0 + 100. Its word takes 5 ms for each layer, and each layer had begun 5 ms later:
//   a works from 5, b from 30, c from 65; they hear of it at 105, 110 and 115.
TEST(Cancellation, TravelsAsAMessageDoes) {
  Trace t(three_layers("timeout: 100ms",
                       "defaults: {outbound: {cancellation: true}}\nnetwork: {default: {latency: 5ms}}",
                       "at_once"));
  t.requests("load", {{100, timeout}});
  t.served("a.op", {{105, cancelled}});
  t.served("b.op", {{110, cancelled}});
  t.served("c.op", {{115, cancelled}});
  EXPECT_DOUBLE_EQ(t.busy_ms("a"), 100);
  EXPECT_DOUBLE_EQ(t.busy_ms("b"), 80);
  EXPECT_DOUBLE_EQ(t.busy_ms("c"), 50);
  EXPECT_DOUBLE_EQ(t.wasted_ms("a"), 5);
  EXPECT_DOUBLE_EQ(t.wasted_ms("b"), 10);
  EXPECT_DOUBLE_EQ(t.wasted_ms("c"), 15);
  t.is_quiet();
}

// --- hedges. Two instances; the first is asked first.

std::string hedged(double first_ms, double second_ms, const std::string& call, const std::string& service) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [0s]}}, calls: s.op, {}}}}}
services:
  s:
    instances: [{{speed: {}}}, {{speed: {}}}]
    workers: 1
    {}
    endpoints: {{op: [compute: 5ms, compute: 5ms]}}
)",
                     call, 10 / first_ms, 10 / second_ms, service);
}

TEST(Hedge, IsSentAfterItsDelayAndWins) {
  Trace t(hedged(100, 10, "hedge: {delay: 20ms, budget: 100%}", ""));
  t.sent("load", "s.op", {0, 20});
  t.ended("load", "s.op", {{30, success}, {30, cancelled}});
  t.requests("load", {{30, success}});
  EXPECT_EQ(t.edge("load", "s.op").hedges, 1u);
  EXPECT_EQ(t.edge("load", "s.op").hedges_won, 1u);
  EXPECT_DOUBLE_EQ(t.busy_ms("s", 0), 100);  // burns its worker to the end
  EXPECT_DOUBLE_EQ(t.busy_ms("s", 1), 10);
  EXPECT_DOUBLE_EQ(t.wasted_ms("s"), 70);
  t.is_quiet();
}

TEST(Hedge, LoserIsCancelledAtOnce) {
  Trace t(hedged(100, 10, "cancellation: true, hedge: {delay: 20ms, budget: 100%}", "cancellation: at_once"));
  t.served("s.op", {{30, success}, {30, cancelled}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s", 0), 30);
  EXPECT_DOUBLE_EQ(t.wasted_ms("s"), 0);
  t.is_quiet();
}

TEST(Hedge, LoserIsCancelledAtItsNextStep) {
  Trace t(hedged(100, 10, "cancellation: true, hedge: {delay: 20ms, budget: 100%}", "cancellation: at_step"));
  t.served("s.op", {{30, success}, {50, cancelled}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s", 0), 50);
  EXPECT_DOUBLE_EQ(t.wasted_ms("s"), 20);
  t.is_quiet();
}

TEST(Hedge, MayLose) {
  Trace t(hedged(25, 100, "hedge: {delay: 20ms, budget: unlimited}", ""));
  t.sent("load", "s.op", {0, 20});
  t.requests("load", {{25, success}});
  EXPECT_EQ(t.edge("load", "s.op").hedges_won, 0u);
  EXPECT_DOUBLE_EQ(t.wasted_ms("s"), 95);
  t.is_quiet();
}

TEST(Hedge, IsNotSentForAFastAnswer) {
  Trace t(hedged(20, 20, "hedge: {delay: 20ms, budget: 100%}", ""));
  t.sent("load", "s.op", {0});
  t.requests("load", {{20, success}});
  t.is_quiet();
}

// A tenth of a token per call: the first has not earned a hedge. The tenth has: ten tenths.
TEST(Hedge, NeedsABudget) {
  Trace one(hedged(100, 10, "hedge: {delay: 20ms}", ""));
  one.sent("load", "s.op", {0});
  one.requests("load", {{100, success}});
  EXPECT_EQ(one.edge("load", "s.op").budget_denied, 1u);
  Trace ten(R"(
workloads: {load: {trace: {times: [0s, 100ms, 200ms, 300ms, 400ms, 500ms, 600ms, 700ms, 800ms, 900ms]}, calls: s.op,
    hedge: {delay: 20ms}}}
services: {s: {workers: 1, endpoints: {op: [compute: 30ms]}}}
)");
  ten.sent("load", "s.op", {0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 920});
  EXPECT_EQ(ten.edge("load", "s.op").budget_denied, 9u);
  ten.is_quiet();
}

TEST(Hedge, SeveralFollowEachOther) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s]}, calls: s.op, hedge: {delay: 10ms, max_requests: 3, budget: 100%}}}
services: {s: {replicas: 4, workers: 1, endpoints: {op: [compute: 45ms]}}}
)");
  t.sent("load", "s.op", {0, 10, 20, 30});
  t.ended("load", "s.op", {{45, success}, {45, cancelled}, {45, cancelled}, {45, cancelled}});
  EXPECT_DOUBLE_EQ(t.wasted_ms("s"), 10 + 20 + 30);
  t.is_quiet();
}

// A failed attempt does not end a call while its hedge is under way.
TEST(Hedge, OutlivesTheFailureOfTheOther) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s]}, calls: s.op, hedge: {delay: 20ms, budget: 100%}}}
services:
  s: {instances: [{error_rate: 1}, {}], workers: 1, endpoints: {op: [compute: 30ms]}}
)");
  t.ended("load", "s.op", {{30, error}, {50, success}});
  t.requests("load", {{50, success}});
  t.is_quiet();
}

// Each attempt fails after 30 ms. The hedge of 20 is no retry: when it has failed too, at 50, the one retry
// is left, after 10 ms.
TEST(Hedge, IsNoRetry) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0s]}
    calls: s.op
    retries: {attempts: 1, backoff: {base_interval: 10ms, jitter: none}}
    hedge: {delay: 20ms, budget: 100%}
services: {s: {workers: 9, error_rate: 1, endpoints: {op: [compute: 30ms]}}}
)");
  t.sent("load", "s.op", {0, 20, 60});
  t.requests("load", {{90, error}});
}

// The per-try timeout at 20 ms sends the hedge and leaves the first attempt alone; the hedge has a per-try
// timeout of its own, at 40.
TEST(Hedge, CanFollowThePerTryTimeout) {
  Trace t(hedged(
      100, 40,
      "retries: {attempts: 1, per_try_timeout: 20ms}, hedge: {on_per_try_timeout: true, budget: 100%}", ""));
  t.sent("load", "s.op", {0, 20});
  t.ended("load", "s.op", {{40, timeout}, {100, success}});
  t.requests("load", {{100, success}});
  t.is_quiet();
}

// Twenty-one instances, one after another; the last is ten times slower. Twenty successes of 10 ms have been
// seen by then, so p95 is 10 ms, and the hedge goes back to the first.
TEST(Hedge, DelayIsAPercentileOfWhatWasSeen) {
  Trace t(R"(
workloads:
  load: {constant_arrival_rate: 20/s, spacing: regular, calls: s.op, hedge: {delay: p95, budget: 100%}}
services:
  s: {instances: [{count: 20}, {speed: 0.1}], workers: 1, endpoints: {op: [compute: 10ms]}}
)",
          1100);
  const double slow = 1050;
  const models::EdgeRecord e = t.edge("load", "s.op");
  EXPECT_EQ(e.hedges, 1u);
  EXPECT_EQ(t.until(static_cast<std::int64_t>((slow + 9.9) * 1e6)).edges[0].hedges, 0u);
  EXPECT_EQ(t.until(static_cast<std::int64_t>((slow + 10.1) * 1e6)).edges[0].hedges, 1u);
}

// Both are asked at once; the one that comes second is called back, from the queue too.
TEST(TiedRequests, CostNoMoreThanTheFaster) {
  Trace t(hedged(100, 10, "cancellation: true, hedge: {delay: 0s, budget: 100%}", "cancellation: at_once"));
  t.sent("load", "s.op", {0, 0});
  t.served("s.op", {{10, success}, {10, cancelled}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 20);
  t.is_quiet();
}

// The first instance works for somebody else until 50 ms: there the request only waits, and leaves at 11 ms.
TEST(TiedRequests, LeaveTheQueueTheyWaitIn) {
  Trace t(R"(
workloads:
  first: {trace: {times: [0s]}, calls: s.long}
  tied: {trace: {times: [1ms]}, calls: s.op, cancellation: true, hedge: {delay: 0s, budget: 100%}}
services:
  s: {replicas: 2, workers: 1, cancellation: at_once, endpoints: {op: [compute: 10ms], long: [compute: 50ms]}}
)");
  t.requests("tied", {{11, success}});
  t.served("s.op", {{11, success}, {11, cancelled}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 60);
  t.is_quiet();
}

}  // namespace
}  // namespace tailrace::tests
