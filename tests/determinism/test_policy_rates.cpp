// Rates to the nanosecond: buckets, windows and quotas, at a call and at the door of a service.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

std::string limited(const std::string& times, const std::string& policy) {
  return fmt::format(
      "workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op, {}}}}}\n"
      "services: {{s: {{endpoints: {{op: []}}}}}}\n",
      times, policy);
}

// Ten a second, two at once. Tokens when they come: 2, 1.1, 0.5, 1.5, 1.
TEST(TokenBucket, HasWhatItGainedSinceTheLast) {
  Trace t(limited("0s, 10ms, 50ms, 150ms, 200ms", "rate_limit: {rate: 10/s, burst: 2}"));
  t.sent("load", "s.op", {0, 10, 150, 200});
  t.requests("load", {{0, success}, {10, success}, {50, rate_limited}, {150, success}, {200, success}});
  const models::AdmissionCounts& counts = t.policy("rate_limit").counts;
  EXPECT_EQ(counts.admitted, 4u);
  EXPECT_EQ(counts.rejected, 1u);
}

// The token of the second comes at 100 ms, that of the third would at 200.
TEST(TokenBucket, LetsWaitForATokenOfTheFuture) {
  Trace t(limited("0s, 0s, 0s", "rate_limit: {rate: 10/s, burst: 1, max_wait: 100ms}"));
  t.sent("load", "s.op", {0, 100});
  t.requests("load", {{0, success}, {0, rate_limited}, {100, success}});
  EXPECT_EQ(t.policy("rate_limit").counts.delayed, 1u);
  t.is_quiet();
}

// Who leaves while it waits for its token sends nothing.
TEST(TokenBucket, TimeoutOfTheCallEndsTheWait) {
  Trace t(limited("0s, 0s", "timeout: 60ms, rate_limit: {rate: 10/s, burst: 1, max_wait: 1s}"));
  t.sent("load", "s.op", {0});
  t.requests("load", {{0, success}, {60, timeout}});
  t.is_quiet();
}

// Two at the start, one more at each full 100 ms.
TEST(TokenBucket, IsFilledInSteps) {
  Trace t(limited("0s, 0s, 99ms, 100ms, 150ms, 400ms, 401ms, 402ms",
                  "rate_limit: {max_tokens: 2, tokens_per_fill: 1, fill_interval: 100ms}"));
  t.sent("load", "s.op", {0, 0, 100, 400, 401});
}

TEST(FixedWindow, CountsFromEachFullSecond) {
  Trace t(limited("0s, 900ms, 999ms, 1s, 1001ms, 1002ms", "rate_limit: {algorithm: fixed_window, limit: 2}"));
  t.sent("load", "s.op", {0, 900, 1000, 1001});
}

// A request of exactly a second ago no longer counts.
TEST(SlidingLog, LooksBackOneSecondFromEachRequest) {
  Trace t(limited("0s, 500ms, 999ms, 1s, 1499ms, 1500ms", "rate_limit: {algorithm: sliding_log, limit: 2}"));
  t.sent("load", "s.op", {0, 500, 1000, 1500});
}

// Two in the first second. At 1250 a window that ends now covers 75 % of it: 1.5 and 1 are more than 2; at
// 1500 they are 1 and 1.
TEST(SlidingWindow, WeighsTheWindowBefore) {
  Trace t(limited("0s, 100ms, 1250ms, 1500ms", "rate_limit: {algorithm: sliding_window, limit: 2}"));
  t.sent("load", "s.op", {0, 100, 1500});
}

TEST(RateLimit, PerKeyIsOneForEachKey) {
  Trace t(R"(
workloads:
  a: {trace: {times: [0s, 1ms, 2ms]}, calls: s.op, key: 1}
  b: {trace: {times: [3ms, 4ms, 5ms]}, calls: s.op, key: 2}
services: {s: {inbound: {rate_limit: {rate: 1/s, burst: 2, per_key: true}}, endpoints: {op: []}}}
)");
  t.requests("a", {{0, success}, {1, success}, {2, rate_limited}});
  t.requests("b", {{3, success}, {4, success}, {5, rate_limited}});
}

TEST(Quota, IsSharedByInstancesAndBeginsAnewWithThePeriod) {
  Trace t(R"(
workloads:
  a: {trace: {times: [0s, 1ms, 2ms, 1s]}, calls: s.op, key: 1}
  b: {trace: {times: [3ms]}, calls: s.op, key: 2}
services: {s: {replicas: 3, inbound: {quota: {limit: 2, period: 1s}}, endpoints: {op: []}}}
)");
  t.requests("a", {{0, success}, {1, success}, {2, rate_limited}, {1000, success}});
  t.requests("b", {{3, success}});
}

// --- at the door

TEST(Door, RefusesBeforeAWorkerIsAsked) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 10ms, 100ms]}, calls: s.op}}
services: {s: {workers: 1, inbound: {rate_limit: {rate: 10/s}}, endpoints: {op: [compute: 5ms]}}}
)");
  t.reached("s.op", {0, 10, 100});
  t.served("s.op", {{5, success}, {10, rate_limited}, {105, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 10);
  t.is_quiet();
}

// Ten a second, one may wait: of three at once the second starts at 100 ms, the third is turned away. What
// waits at the door holds no worker.
TEST(Door, LeakyBucketSpacesWhatItLetsIn) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 0s, 0s, 250ms]}, calls: s.op}}
services:
  s:
    workers: 1
    inbound: {rate_limit: {algorithm: leaky_bucket, rate: 10/s, queue: 1}}
    endpoints: {op: [compute: 10ms]}
)");
  t.served("s.op", {{0, rate_limited}, {10, success}, {110, success}, {260, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 30);
  EXPECT_EQ(t.policy("rate_limit").counts.delayed, 1u);
  t.is_quiet();
}

// A caller who leaves while his request waits at the door takes it with him, if the server listens.
TEST(Door, WaitEndsWithTheCaller) {
  const char* body = R"(
workloads: {{load: {{trace: {{times: [0s, 0s]}}, calls: s.op, timeout: 50ms, cancellation: true}}}}
services:
  s: {{workers: 1, cancellation: {}, inbound: {{rate_limit: {{algorithm: leaky_bucket, rate: 10/s, queue: 1}}}},
      endpoints: {{op: [compute: 10ms]}}}}
)";
  for (const char* mode : {"at_once", "at_step"}) {
    Trace t(fmt::format(fmt::runtime(body), mode));
    t.served("s.op", {{10, success}, {50, cancelled}});
    EXPECT_DOUBLE_EQ(t.busy_ms("s"), 10);
    t.is_quiet();
  }
  Trace deaf(fmt::format(fmt::runtime(body), "ignore"));
  deaf.served("s.op", {{10, success}, {110, success}});
  EXPECT_DOUBLE_EQ(deaf.wasted_ms("s"), 10);
}

// Two answers under way are the limit (aimd begins with it); a door keeps nobody waiting.
TEST(Door, AdaptiveConcurrencyShedsOverItsLimit) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 1ms, 2ms, 60ms]}, calls: s.op}}
services:
  s: {workers: 9, inbound: {adaptive_concurrency: {algorithm: aimd, initial_limit: 2, min_limit: 1}}, endpoints: {op:
      [compute: 50ms]}}
)");
  t.served("s.op", {{2, shed}, {50, success}, {51, success}, {110, success}});
  t.is_quiet();
}

// The first window of 100 ms serves ten of forty, who waited 45 ms on average: half of the load has to go,
// that is all of the less important half.
TEST(Door, PrioritySheddingGivesUpTheLeastImportant) {
  const std::string twenty = repeated("0s", 20);
  Trace t(fmt::format(R"(
workloads:
  minor: {{trace: {{times: [{}, 105ms]}}, calls: s.op, priority: 1, key: 7}}
  major: {{trace: {{times: [{}, 105ms]}}, calls: s.op, priority: 5, key: 7}}
services:
  s: {{workers: 1, inbound: {{priority_shedding: {{queuing_threshold: 20ms, window: 100ms, alpha: 50%}}}},
      endpoints: {{op: [compute: 10ms]}}}}
)",
                      twenty, twenty));
  EXPECT_EQ(t.at_end().classes[0].ended[static_cast<std::size_t>(success)], 21u);  // major
  EXPECT_EQ(t.at_end().classes[1].ended[static_cast<std::size_t>(success)], 20u);
  EXPECT_EQ(t.at_end().classes[1].ended[static_cast<std::size_t>(shed)], 1u);
  t.is_quiet();
}

// Twenty minor and twenty major requests arrive at the server at 5 ms, 10 ms of work each, and the answer of
// the tenth, at 105 ms, is the first after the window of 0 to 100 ms: it carries that minor ones are shed,
// and is with the front at 110. A minor one of 109 ms is sent, and refused; one of 111 ms is not sent, and a
// major one is. From 200 ms on the level is below the major ones too, for one of two was admitted and that is
// too many. The last answer is that of the major one, the 41st: 5 + 41 x 10 + 5 = 420 ms. What it said is
// forgotten 300 ms later: at 719 ms nothing is sent, at 721 it is, and the server, which has risen by nobody,
// refuses it.
TEST(CooperativeShedding, LearnsFromAnswersAndForgets) {
  const std::string twenty = repeated("0s", 20);
  Trace t(fmt::format(R"(
workloads:
  minor: {{trace: {{times: [{}, 109ms, 111ms]}}, calls: front.op, priority: 1, key: 7}}
  major: {{trace: {{times: [{}, 111ms, 719ms, 721ms]}}, calls: front.op, priority: 5, key: 7}}
services:
  front: {{endpoints: {{op: [{{call: s.op, cooperative_shedding: {{forget_after: 300ms}}}}]}}}}
  s: {{workers: 1, inbound: {{priority_shedding: {{queuing_threshold: 20ms, window: 100ms, alpha: 50%}}}},
      endpoints: {{op: [compute: 10ms]}}}}
network:
  links: {{front -> s: {{latency: 5ms}}}}
)",
                      twenty, twenty),
          2000);
  std::vector<double> sent(40, 0.0);
  for (const double ms : {109.0, 111.0, 721.0}) sent.push_back(ms);
  t.sent("front", "s.op", sent);
  const auto& major = t.at_end().classes[0].ended;
  const auto& minor = t.at_end().classes[1].ended;
  EXPECT_EQ(major[static_cast<std::size_t>(success)], 21u);
  EXPECT_EQ(major[static_cast<std::size_t>(shed)], 2u);
  EXPECT_EQ(minor[static_cast<std::size_t>(success)], 20u);
  EXPECT_EQ(minor[static_cast<std::size_t>(shed)], 2u);
  EXPECT_EQ(t.policy("priority_shedding").counts.rejected, 2u) << "minor of 109 ms, major of 721 ms";
  EXPECT_EQ(t.policy("cooperative_shedding").counts.rejected, 2u) << "minor of 111 ms, major of 719 ms";
  t.is_quiet();
}

}  // namespace
}  // namespace tailrace::tests
