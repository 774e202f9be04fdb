// Admission policies of a caller to the nanosecond: circuit breakers, bulkheads, connection pools, and the
// order in which they are asked.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;
constexpr std::uint8_t kClosed = 0, kOpen = 1, kHalfOpen = 2;

struct Change {
  double ms;
  std::uint8_t to;
};
void expect_timeline(const models::PolicyStateRecord& state, const std::vector<Change>& changes) {
  ASSERT_EQ(state.timeline.size(), changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_DOUBLE_EQ(static_cast<double>(state.timeline[i].at.ns) * 1e-6, changes[i].ms) << i;
    EXPECT_EQ(state.timeline[i].to, changes[i].to) << i;
  }
}

// Instances in turn: three that fail, then those that do not. Answers take 5 ms.
//   45 third failure: open until 145 | 60 to 140 refused | 160 the probe, 163 refused meanwhile | 165 closed
TEST(CircuitBreaker, ClosedOpenHalfOpenClosed) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0s, 20ms, 40ms, 60ms, 80ms, 140ms, 160ms, 163ms, 180ms]}
    calls: s.op
    circuit_breaker: {consecutive_failures: 3, wait_duration_in_open_state: 100ms}
services: {s: {instances: [{count: 3, error_rate: 1}, {count: 2}], endpoints: {op: [compute: 5ms]}}}
)");
  t.sent("load", "s.op", {0, 20, 40, 160, 180});
  t.requests("load", {{5, error},
                      {25, error},
                      {45, error},
                      {60, circuit_open},
                      {80, circuit_open},
                      {140, circuit_open},
                      {163, circuit_open},
                      {165, success},
                      {185, success}});
  const models::PolicyRecord& breaker = t.policy("circuit_breaker");
  EXPECT_EQ(breaker.counts.admitted, 5u);
  EXPECT_EQ(breaker.counts.rejected, 4u);
  ASSERT_EQ(breaker.states.size(), 1u);
  expect_timeline(breaker.states[0], {{45, kOpen}, {145, kHalfOpen}, {165, kClosed}});
  EXPECT_NEAR(breaker.states[0].seconds.at(kOpen), 0.1, 1e-12);
  EXPECT_NEAR(breaker.states[0].seconds.at(kHalfOpen), 0.02, 1e-12);
  EXPECT_NEAR(breaker.states[0].seconds.at(kClosed), 10 - 0.12, 1e-12);
  t.is_quiet();
}

// A fourth that fails: the probe at 160 reopens at 165, the next at 280 closes at 285.
TEST(CircuitBreaker, AFailedProbeOpensItAgain) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0s, 20ms, 40ms, 160ms, 260ms, 280ms]}
    calls: s.op
    circuit_breaker: {consecutive_failures: 3, wait_duration_in_open_state: 100ms}
services: {s: {instances: [{count: 4, error_rate: 1}, {}], endpoints: {op: [compute: 5ms]}}}
)");
  t.sent("load", "s.op", {0, 20, 40, 160, 280});
  expect_timeline(t.policy("circuit_breaker").states[0],
                  {{45, kOpen}, {145, kHalfOpen}, {165, kOpen}, {265, kHalfOpen}, {285, kClosed}});
}

// Failure, success, failure, success: 50 % of a window of four, at the fourth result.
TEST(CircuitBreaker, OpensAtAShareOfItsWindow) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0s, 10ms, 20ms, 30ms, 40ms]}
    calls: s.op
    circuit_breaker: {failure_rate_threshold: 50, sliding_window_size: 4, minimum_number_of_calls: 4}
services: {s: {instances: [{error_rate: 1}, {}], endpoints: {op: []}}}
)");
  t.sent("load", "s.op", {0, 10, 20, 30});
  t.requests("load", {{0, error}, {10, success}, {20, error}, {30, success}, {40, circuit_open}});
  expect_timeline(t.policy("circuit_breaker").states[0], {{30, kOpen}});
}

TEST(CircuitBreaker, OpensForSlowSuccesses) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0s, 10ms, 75ms]}
    calls: s.op
    circuit_breaker: {slow_call_rate_threshold: 100, slow_call_duration_threshold: 50ms, sliding_window_size: 2,
        minimum_number_of_calls: 2}
services: {s: {endpoints: {op: [compute: 60ms]}}}
)");
  t.requests("load", {{60, success}, {70, success}, {75, circuit_open}});
  expect_timeline(t.policy("circuit_breaker").states[0], {{70, kOpen}});
}

// A caller that gives up has seen a failure, at the moment when it gave up.
TEST(CircuitBreaker, CountsTimeouts) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0s, 10ms, 45ms]}
    calls: s.op
    timeout: 30ms
    circuit_breaker: {consecutive_failures: 2, wait_duration_in_open_state: 1s}
services: {s: {endpoints: {op: [compute: 60ms]}}}
)");
  t.requests("load", {{30, timeout}, {40, timeout}, {45, circuit_open}});
  expect_timeline(t.policy("circuit_breaker").states[0], {{40, kOpen}});
  t.is_quiet();
}

TEST(CircuitBreaker, ForcedOpenLetsNothingThrough) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 1s]}, calls: s.op, circuit_breaker: {state: forced_open}}}
services: {s: {endpoints: {op: []}}}
)");
  t.sent("load", "s.op", {});
  t.requests("load", {{0, circuit_open}, {1000, circuit_open}});
}

// Round robin over a bad and a good instance. The bad one's breaker opens at its second failure, at 20; what
// is sent to it at 40 is refused, the good one gets all it did before.
TEST(CircuitBreaker, PerInstanceLeavesTheOthersAlone) {
  const char* body = R"(
workloads:
  load:
    trace: {{times: [0s, 10ms, 20ms, 30ms, 40ms, 50ms]}}
    calls: s.op
    circuit_breaker: {{consecutive_failures: 2, scope: {}}}
services: {{s: {{instances: [{{error_rate: 1}}, {{}}], endpoints: {{op: []}}}}}}
)";
  Trace t(fmt::format(fmt::runtime(body), "instance"));
  t.requests("load",
             {{0, error}, {10, success}, {20, error}, {30, success}, {40, circuit_open}, {50, success}});
  EXPECT_EQ(t.policy("circuit_breaker").states.size(), 2u);
  // For the service as a whole there are never two failures in a row.
  Trace whole(fmt::format(fmt::runtime(body), "service"));
  whole.requests("load", {{0, error}, {10, success}, {20, error}, {30, success}, {40, error}, {50, success}});
}

// --- inside or outside the retries

std::string ordered(const std::string& order) {
  return fmt::format(R"(
workloads:
  load:
    trace: {{times: [0s, 100ms, 200ms, 300ms]}}
    calls: s.op
    retries: {{attempts: 3, backoff: {{base_interval: 10ms, multiplier: 1, jitter: none}}}}
    circuit_breaker: {{consecutive_failures: 3, wait_duration_in_open_state: 1s}}
    {}
services: {{s: {{error_rate: 1, endpoints: {{op: []}}}}}}
)",
                     order);
}

TEST(Order, InsideTheRetriesABreakerCountsAttempts) {
  Trace t(ordered(""));
  t.sent("load", "s.op", {0, 10, 20});
  t.requests("load", {{30, circuit_open}, {100, circuit_open}, {200, circuit_open}, {300, circuit_open}});
  expect_timeline(t.policy("circuit_breaker").states[0], {{20, kOpen}});
}

TEST(Order, OutsideTheRetriesABreakerCountsCalls) {
  Trace t(ordered("order: [circuit_breaker, retries]"));
  t.sent("load", "s.op", {0, 10, 20, 30, 100, 110, 120, 130, 200, 210, 220, 230});
  t.requests("load", {{30, error}, {130, error}, {230, error}, {300, circuit_open}});
  expect_timeline(t.policy("circuit_breaker").states[0], {{230, kOpen}});
}

// A rate of one per second: outside, two calls of four attempts; inside, every attempt needs a token.
TEST(Order, DecidesWhetherARetryNeedsAToken) {
  const char* body = R"(
workloads:
  load:
    trace: {{times: [0s]}}
    calls: s.op
    retries: {{attempts: 3, backoff: {{base_interval: 10ms, multiplier: 1, jitter: none}}}}
    rate_limit: {{rate: 1/s}}
    {}
services: {{s: {{error_rate: 1, endpoints: {{op: []}}}}}}
)";
  Trace outside(fmt::format(fmt::runtime(body), ""));
  outside.sent("load", "s.op", {0, 10, 20, 30});
  Trace inside(fmt::format(fmt::runtime(body), "order: [retries, rate_limit]"));
  inside.sent("load", "s.op", {0});
  inside.requests("load", {{30, rate_limited}});
  EXPECT_EQ(inside.policy("rate_limit").counts.rejected, 3u);
}

// --- bulkheads and pools. One place; the server takes 20 ms.

std::string narrow(const std::string& times, const std::string& policy) {
  return fmt::format(
      "workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op, {}}}}}\n"
      "services: {{s: {{endpoints: {{op: [compute: 20ms]}}}}}}\n",
      times, policy);
}

TEST(Bulkhead, RejectsWhatFindsNoPlace) {
  Trace t(narrow("0s, 5ms, 20ms", "bulkhead: 1"));
  t.sent("load", "s.op", {0, 20});
  t.requests("load", {{5, rejected}, {20, success}, {40, success}});
  t.is_quiet();
}

// Places are handed on at 20, 40 and 60; the third has waited its 25 ms at 31.
TEST(Bulkhead, LetsWaitInLine) {
  Trace t(narrow("0s, 5ms, 6ms, 30ms", "bulkhead: {max_concurrent_calls: 1, max_wait_duration: 25ms}"));
  t.sent("load", "s.op", {0, 20, 40});
  t.requests("load", {{20, success}, {31, queue_timeout}, {40, success}, {60, success}});
  const models::AdmissionCounts& counts = t.policy("bulkhead").counts;
  EXPECT_EQ(counts.admitted, 3u);
  EXPECT_EQ(counts.waited, 3u);
  EXPECT_EQ(counts.rejected, 1u);
  t.is_quiet();
}

// Who gives up in line is passed over: at 20 the place goes to the third.
TEST(Bulkhead, PassesOverWhoHasLeftTheLine) {
  Trace t(
      "workloads:\n"
      "  patient: {trace: {times: [0s, 6ms]}, calls: a.op}\n"
      "  hasty: {trace: {times: [5ms]}, calls: a.op, timeout: 10ms, cancellation: true}\n"
      "services:\n"
      "  a: {cancellation: at_once, endpoints: {op: [{call: s.op, bulkhead: {max_concurrent_calls: 1, "
      "max_wait_duration: 1s}}]}}\n"
      "  s: {endpoints: {op: [compute: 20ms]}}\n");
  t.sent("a", "s.op", {0, 20});
  t.requests("hasty", {{15, timeout}});
  t.requests("patient", {{20, success}, {40, success}});
  t.is_quiet();
}

// A place that is free again goes to the line, not to the newcomer of that very instant.
TEST(Bulkhead, ServesTheLineBeforeNewcomers) {
  Trace t(narrow("0s, 5ms, 20ms", "bulkhead: {max_concurrent_calls: 1, max_wait_duration: 1s}"));
  t.sent("load", "s.op", {0, 20, 40});
  t.requests("load", {{20, success}, {40, success}, {60, success}});
}

TEST(ConnectionPool, LetsWaitForItsAcquireTimeout) {
  Trace t(narrow("0s, 5ms, 6ms, 30ms", "connection_pool: {max_connections: 1, acquire_timeout: 25ms}"));
  t.sent("load", "s.op", {0, 20, 40});
  t.requests("load", {{20, success}, {31, queue_timeout}, {40, success}, {60, success}});
  t.is_quiet();
}

TEST(ConnectionPool, RejectsOverItsPendingLimit) {
  Trace t(narrow("0s, 5ms, 6ms", "connection_pool: {max_connections: 1, max_pending_requests: 1}"));
  t.requests("load", {{6, rejected}, {20, success}, {40, success}});
  t.is_quiet();
}

// The first connection takes 10 ms; the second request takes it over at 30; idle since 50, it is closed by
// 100 and the third request sets one up again.
TEST(ConnectionPool, SetsUpConnectionsAndClosesIdleOnes) {
  Trace t(narrow("0s, 5ms, 110ms",
                 "connection_pool: {max_connections: 1, connect_time: 10ms, idle_timeout: 50ms}"));
  t.sent("load", "s.op", {0 + 10, 30, 110 + 10});
  t.requests("load", {{30, success}, {50, success}, {140, success}});
  EXPECT_EQ(t.policy("connection_pool").counts.delayed, 2u);
  t.is_quiet();
}

// A connection whose caller gave up is free at once: at 15 ms, although the server works until 20.
TEST(ConnectionPool, GetsBackTheConnectionOfATimeout) {
  Trace t(narrow("0s, 5ms", "retries: {attempts: 0, per_try_timeout: 15ms}, connection_pool: 1"));
  t.sent("load", "s.op", {0, 15});
  t.requests("load", {{15, timeout}, {30, timeout}});
  t.is_quiet();
}

// The first gives up at 45, while its connection is being set up; the second, who came at 40, takes it over
// when it is ready, at 50. Nobody else is there to wake it.
TEST(ConnectionPool, IsTakenOverFromWhoGaveUpDuringSetUp) {
  Trace t(narrow("0s, 40ms", "timeout: 45ms, connection_pool: {max_connections: 1, connect_time: 50ms}"));
  t.sent("load", "s.op", {50});
  t.requests("load", {{45, timeout}, {70, success}});
  t.is_quiet();
}

// At 20 a second connection is set up, ready at 30, for a caller who leaves at 25. The first is busy from 10
// to 110, so whoever comes at 26 waits until 30.
TEST(ConnectionPool, GivingUpItsSetUpFreesNoBusyConnection) {
  Trace t(R"(
workloads:
  patient: {trace: {times: [0s, 26ms]}, calls: a.patient}
  hasty: {trace: {times: [20ms]}, calls: a.hasty}
services:
  a:
    outbound: {connection_pool: {max_connections: 2, connect_time: 10ms}}
    endpoints: {patient: [call: s.op], hasty: [{call: s.op, timeout: 5ms}]}
  s: {workers: 9, endpoints: {op: [compute: 100ms]}}
)");
  t.sent("a", "s.op", {10, 30});
  t.calls("a", "s.op", {{25, timeout}, {110, success}, {130, success}});
  t.is_quiet();
}

// Two requests a connection: the third and the fifth pay for a new one.
TEST(ConnectionPool, ClosesAfterItsRequests) {
  Trace t(
      narrow("0s, 50ms, 100ms, 150ms, 200ms",
             "connection_pool: {max_connections: 1, connect_time: 10ms, max_requests_per_connection: 2}"));
  t.sent("load", "s.op", {10, 50, 110, 150, 210});
  t.is_quiet();
}

// All of them at once, from the outside: limit, then breaker, bulkhead, pool; what an inner one refuses gives
// the outer ones their places back.
TEST(Order, AnInnerRefusalGivesOuterPlacesBack) {
  Trace t(narrow("0s, 1ms, 2ms, 30ms",
                 "rate_limit: {rate: 1000/s, burst: 10}, circuit_breaker: {}, bulkhead: 2, connection_pool: "
                 "{max_connections: 1, max_pending_requests: 0}"));
  t.requests("load", {{1, rejected}, {2, rejected}, {20, success}, {50, success}});
  EXPECT_EQ(t.policy("bulkhead").counts.admitted, 4u);
  EXPECT_EQ(t.policy("bulkhead").counts.rejected, 0u);
  EXPECT_EQ(t.policy("connection_pool").counts.rejected, 2u);
  t.is_quiet();
}

}  // namespace
}  // namespace tailrace::tests
