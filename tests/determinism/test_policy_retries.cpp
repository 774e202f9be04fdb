// Retries to the nanosecond: pauses, which failures are tried again, the four retry budgets, and what stands
// in for an answer when nothing helps.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/metrics.hpp"
#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// --- a server's word about retries. `s` has one worker for 100 ms of `first`, which came at 0, and no queue.

std::string pushing_back(const std::string& pushback, const std::string& retries) {
  return fmt::format(R"(
workloads:
  first: {{trace: {{times: [0s]}}, calls: s.op}}
  load: {{trace: {{times: [1ms]}}, calls: s.op, retries: {{attempts: 3, {}}}}}
services:
  s: {{workers: 1, queue: 0, inbound: {{retry_pushback: {}}}, endpoints: {{op: [compute: 100ms]}}}}
)",
                     retries, pushback);
}
const std::string kDoubling = "backoff: {base_interval: 10ms, jitter: none}";

TEST(RetryPushback, TakesThePlaceOfThePause) {
  Trace t(pushing_back("30ms", kDoubling));
  t.sent("load", "s.op", {1, 31, 61, 91});
  t.requests("load", {{91, rejected}});
  EXPECT_EQ(t.edge("load", "s.op").pushbacks, 4u);
}

TEST(RetryPushback, NeverEndsTheRetries) {
  Trace t(pushing_back("never", kDoubling));
  t.sent("load", "s.op", {1});
  t.requests("load", {{1, rejected}});
}

TEST(RetryPushback, IsForCallersWhoHonourIt) {
  Trace t(pushing_back("never", "honor_pushback: false, " + kDoubling));
  t.sent("load", "s.op", {1, 11, 31, 71});
  EXPECT_EQ(t.edge("load", "s.op").pushbacks, 0u);
}

TEST(RetryPushback, AllowsNothingThatRetryOnForbids) {
  Trace t(pushing_back("30ms", "retry_on: error, " + kDoubling));
  t.sent("load", "s.op", {1});
}

// `first` holds the worker for 20 ms and fails. Refused at 1, told to come back at 31, the call fails at 51
// and at 81: pauses of 10 and 20 ms, as after a first and a second failure. An error is the work's, no
// refusal.
TEST(RetryPushback, BackOffBeginsAnewAfterIt) {
  Trace t(R"(
workloads:
  first: {trace: {times: [0s]}, calls: s.op}
  load: {trace: {times: [1ms]}, calls: s.op, retries: {attempts: 3, backoff: {base_interval: 10ms, jitter: none}}}
services:
  s: {workers: 1, queue: 0, error_rate: 1, inbound: {retry_pushback: 30ms}, endpoints: {op: [compute: 20ms]}}
)");
  t.sent("load", "s.op", {1, 31, 51 + 10, 81 + 20});
  EXPECT_EQ(t.edge("load", "s.op").pushbacks, 1u);
}

// Who waited 10 ms in the queue for nothing, or was thrown away by CoDel when his turn came at 150, is told
// as well.
TEST(RetryPushback, GoesWithEveryRefusal) {
  const auto refusing = [](const std::string& service) {
    return fmt::format(R"(
workloads:
  first: {{trace: {{times: [0s]}}, calls: s.op}}
  load:
    trace: {{times: [1ms]}}
    calls: s.op
    retries: {{attempts: 1, backoff: {{base_interval: 1ms, jitter: none}}}}
services:
  s: {{workers: 1, {}, endpoints: {{op: [compute: 150ms]}}}}
)",
                       service);
  };
  Trace waited(refusing("queue: {timeout: 10ms}, inbound: {retry_pushback: 50ms}"));
  waited.sent("load", "s.op", {1, 61});
  waited.requests("load", {{71, queue_timeout}});
  Trace thrown_away(
      refusing("inbound: {retry_pushback: 50ms, codel: {variant: controlled_delay, target: 20ms, interval: "
               "100ms}}"));
  thrown_away.sent("load", "s.op", {1, 200});
  thrown_away.requests("load", {{350, success}});
}

// The door lets one in a second: the attempt of 0. Its hedge of 10 ms is refused; the next one goes out when
// the server said, 25 ms later, and, as that is refused in turn, so does the one after it; or there is none.
TEST(RetryPushback, MovesHedgesToo) {
  const auto hedged = [](const std::string& pushback) {
    return fmt::format(R"(
workloads: {{load: {{trace: {{times: [0s]}}, calls: s.op, hedge: {{delay: 10ms, max_requests: 3, budget: 100%}}}}}}
services:
  s: {{workers: 9, inbound: {{rate_limit: {{rate: 1/s, burst: 1}}{}}}, endpoints: {{op: [compute: 100ms]}}}}
)",
                       pushback);
  };
  Trace(hedged("")).sent("load", "s.op", {0, 10, 20, 30});
  Trace(hedged(", retry_pushback: 25ms")).sent("load", "s.op", {0, 10, 35, 60});
  Trace(hedged(", retry_pushback: never")).sent("load", "s.op", {0, 10});
}

// --- the pause. Every attempt fails at once, so a call takes as long as its pauses.

std::string always_failing(const std::string& times, const std::string& call) {
  return fmt::format(
      "workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op, {}}}}}\n"
      "services: {{s: {{workers: 100, error_rate: 1, endpoints: {{op: []}}}}}}\n",
      times, call);
}

TEST(Backoff, DoublesUpToItsLimit) {
  Trace t(always_failing(
      "0s",
      "retries: {attempts: 5, backoff: {base_interval: 10ms, multiplier: 2, max_interval: 50ms, "
      "jitter: none}}"));
  t.sent("load", "s.op", {0, 10, 30, 70, 120, 170});
  t.requests("load", {{170, error}});
}

TEST(Backoff, IsTenTimesItsBaseAtMostWhenNothingElseIsSaid) {
  Trace t(always_failing(
      "0s", "retries: {attempts: 6, backoff: {base_interval: 10ms, multiplier: 4, jitter: none}}"));
  t.sent("load", "s.op", {0, 10, 50, 150, 250, 350, 450});
}

struct Pauses {
  double least_ms, most_ms, mean_ms;
};
// Of all pauses of a call together, each of 100 ms before jitter, over some 5000 calls.
Pauses total_pauses(const std::string& jitter, int retries) {
  const Results run =
      run_text(fmt::format("run: {{duration: 500s, replications: 1}}\n"
                           "workloads: {{load: {{constant_arrival_rate: 10/s, spacing: regular, calls: s.op, "
                           "retries: {{attempts: {}, "
                           "backoff: {{base_interval: 100ms, multiplier: 1, jitter: {}}}}}}}}}\n"
                           "services: {{s: {{error_rate: 1, endpoints: {{op: []}}}}}}\n",
                           retries, jitter));
  const analysis::LatencyReport& d = workload(run.report, "load").duration;
  EXPECT_GT(d.count, 4000u);
  return {static_cast<double>(d.histogram.min()) * 1e-6, static_cast<double>(d.histogram.max()) * 1e-6,
          d.mean.estimate * 1e3};
}

// Standard deviation of uniform(0, 100 ms) 28.9, of a mean over 5000 of them 0.41.
TEST(Jitter, FullIsUniformFromZero) {
  const Pauses p = total_pauses("full", 1);
  EXPECT_GE(p.least_ms, 0);
  EXPECT_LT(p.least_ms, 1);
  EXPECT_GT(p.most_ms, 99);
  EXPECT_LE(p.most_ms, 100);
  EXPECT_NEAR(p.mean_ms, 50, 2);
}

TEST(Jitter, EqualKeepsHalfThePause) {
  const Pauses p = total_pauses("equal", 1);
  EXPECT_GE(p.least_ms, 50);
  EXPECT_LT(p.least_ms, 50.5);
  EXPECT_GT(p.most_ms, 99.5);
  EXPECT_LE(p.most_ms, 100);
  EXPECT_NEAR(p.mean_ms, 75, 1);
}

// The first pause is uniform(100, 300), the second uniform(100, 3 x first): at least 200 in all, at most 300
// + 900, on average 200 + (100 + 3 x 200) / 2.
TEST(Jitter, DecorrelatedGrowsFromThePauseBefore) {
  const Pauses one = total_pauses("decorrelated", 1);
  EXPECT_GE(one.least_ms, 100);
  EXPECT_LE(one.most_ms, 300);
  EXPECT_NEAR(one.mean_ms, 200, 4);
  const Pauses two = total_pauses("decorrelated", 2);
  EXPECT_GE(two.least_ms, 200);
  EXPECT_LE(two.most_ms, 1200);
  EXPECT_GT(two.most_ms, 1000);
  EXPECT_NEAR(two.mean_ms, 550, 15);
}

TEST(RetryOn, TriesAgainOnlyWhatIsNamed) {
  const char* body = R"(
workloads:
  load:
    trace: {{times: [0s]}}
    calls: s.op
    retries: {{attempts: 1, per_try_timeout: 50ms, retry_on: [{}], backoff: {{base_interval: 10ms, jitter: none}}}}
services: {{s: {{workers: 9, error_rate: 1, endpoints: {{op: [compute: {}]}}}}}}
)";
  Trace error_named(fmt::format(fmt::runtime(body), "error", "20ms"));
  error_named.sent("load", "s.op", {0, 30});
  Trace error_not_named(fmt::format(fmt::runtime(body), "timeout", "20ms"));
  error_not_named.sent("load", "s.op", {0});
  error_not_named.requests("load", {{20, error}});
  Trace timeout_named(fmt::format(fmt::runtime(body), "timeout", "80ms"));
  timeout_named.sent("load", "s.op", {0, 60});
  Trace timeout_not_named(fmt::format(fmt::runtime(body), "error", "80ms"));
  timeout_not_named.sent("load", "s.op", {0});
}

// --- budgets. A pause of 10 ms throughout.

std::string tries(int retries, const std::string& budget) {
  return fmt::format(
      "retries: {{attempts: {}, backoff: {{base_interval: 10ms, multiplier: 1, jitter: none}}}}, "
      "retry_budget: "
      "{{{}}}",
      retries, budget);
}

// One retry at a time: of the two calls that fail at 0 one is tried again, at 10 ms; at 100 ms it is over.
TEST(RetryBudget, OfActiveCallsAllowsSoManyRetriesAtATime) {
  Trace t(always_failing("0s, 0s, 100ms", tries(1, "budget_percent: 0, min_retry_concurrency: 1")));
  t.sent("load", "s.op", {0, 0, 10, 100, 110});
  t.requests("load", {{0, error}, {10, error}, {110, error}});
  EXPECT_EQ(t.edge("load", "s.op").budget_denied, 1u);
}

// Ten calls under way, a fifth of them may be retries.
TEST(RetryBudget, OfActiveCallsIsAShareOfWhatIsUnderWay) {
  std::string times = repeated("0s", 10);
  Trace t(
      fmt::format("workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op, {}}}}}\n"
                  "services: {{s: {{workers: 100, error_rate: 1, endpoints: {{op: [compute: 5ms]}}}}}}\n",
                  times, tries(3, "budget_percent: 20, min_retry_concurrency: 0")));
  // At 5 ms all fail; two wait for their retry at 15, which fails at 20. Then two calls are under way, and a
  // fifth of two is none.
  t.sent("load", "s.op", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 15, 15});
  EXPECT_EQ(t.edge("load", "s.op").budget_denied, 8u + 2u);
  t.is_quiet();
}

// What a breaker refuses leaves no trace in the budget: a thousand refused calls later it still allows one
// retry at a time and no more.
TEST(RetryBudget, OfActiveCallsForgetsWhatWasRefused) {
  std::string times = repeated("0s", 1000) + ", 100ms, 100ms";
  Trace t(
      fmt::format("workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op, bulkhead: 1, {}}}}}\n"
                  "services: {{s: {{workers: 100, error_rate: 1, endpoints: {{op: [compute: 1ms]}}}}}}\n",
                  times, tries(1, "budget_percent: 50, min_retry_concurrency: 1")));
  // At 0 the first is admitted and 999 are rejected, one of which may be tried again; then that retry and the
  // first call's own end are all there is. At 100 the same with two.
  t.sent("load", "s.op", {0, 10, 100, 110});
}

// Each call deposits half a retry.
TEST(RetryBudget, ByDepositAllowsAShareOfTheCalls) {
  Trace t(always_failing("0s, 100ms, 200ms, 300ms",
                         tries(1, "type: deposit, percent_can_retry: 50, min_retries_per_sec: 0")));
  t.sent("load", "s.op", {0, 100, 110, 200, 300, 310});
  EXPECT_EQ(t.edge("load", "s.op").budget_denied, 2u);
}

TEST(RetryBudget, ByDepositForgetsOldDeposits) {
  const std::string budget =
      tries(1, "type: deposit, percent_can_retry: 50, min_retries_per_sec: 0, ttl: 1s");
  Trace fresh(always_failing("0s, 900ms", budget));
  fresh.sent("load", "s.op", {0, 900, 910});
  Trace stale(always_failing("0s, 1100ms", budget));
  stale.sent("load", "s.op", {0, 1100});
}

// Two a second on top, over a time of one second: two retries, then none until those have expired.
TEST(RetryBudget, ByDepositHasAReserve) {
  Trace t(always_failing("0s, 0s, 0s, 1500ms",
                         tries(1, "type: deposit, percent_can_retry: 0, min_retries_per_sec: 2, ttl: 1s")));
  t.sent("load", "s.op", {0, 0, 0, 10, 10, 1500, 1510});
}

// The bucket holds two retries and gets nothing from failures.
TEST(RetryBudget, BySuccessRunsDryWhenNothingSucceeds) {
  Trace t(always_failing("0s, 100ms", tries(3, "type: success_deposit, bucket_size: 2, deposit: 0.5")));
  t.sent("load", "s.op", {0, 10, 20, 100});
  t.requests("load", {{20, error}, {100, error}});
}

// Two instances in turn, of which the first always fails. Level of the bucket after each attempt:
//   0: fails, retry (0) | 10: succeeds (0.5) | 100: fails, denied | 200: succeeds (1) | 300: fails, retry (0)
TEST(RetryBudget, BySuccessIsFilledBySuccesses) {
  Trace t("workloads: {load: {trace: {times: [0s, 100ms, 200ms, 300ms]}, calls: s.op, " +
          tries(1, "type: success_deposit, bucket_size: 1, deposit: 0.5") +
          "}}\n"
          "services: {s: {instances: [{error_rate: 1}, {}], endpoints: {op: []}}}\n");
  t.sent("load", "s.op", {0, 10, 100, 200, 300, 310});
  t.ended("load", "s.op",
          {{0, error}, {10, success}, {100, error}, {200, success}, {300, error}, {310, success}});
  t.requests("load", {{10, success}, {100, error}, {200, success}, {310, success}});
}

TEST(RetryBudget, ByFirstTryIsFilledByFailuresToo) {
  Trace t(
      always_failing("0s, 100ms, 200ms",
                     tries(2, "type: success_deposit, deposit_on: first_try, bucket_size: 1, deposit: 0.5")));
  t.sent("load", "s.op", {0, 10, 100, 200, 210});
}

// Four tokens: 3 after the first failure, which is more than half; 2 after the second, which is not.
TEST(RetryBudget, ThrottlingStopsAtHalf) {
  Trace t(always_failing("0s, 100ms", tries(5, "type: throttling, max_tokens: 4, token_ratio: 0.5")));
  t.sent("load", "s.op", {0, 10, 100});
}

// Tokens, of four, half a one for a success; instances fail, succeed, succeed, succeed in turn.
//   0 fails 3, retry | 10 +.5 = 3.5 | 100 +.5 = 4 | 200 4 | 300 fails 3, retry | 310 3.5
TEST(RetryBudget, ThrottlingRecoversBySuccesses) {
  Trace t("workloads: {load: {trace: {times: [0s, 100ms, 200ms, 300ms]}, calls: s.op, " +
          tries(5, "type: throttling, max_tokens: 4, token_ratio: 0.5") +
          "}}\n"
          "services: {s: {instances: [{error_rate: 1}, {count: 3}], endpoints: {op: []}}}\n");
  t.sent("load", "s.op", {0, 10, 100, 200, 300, 310});
}

// --- fallbacks

TEST(Fallback, AnswersWithAValue) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s]}, calls: a.op}}
services:
  a: {workers: 1, endpoints: {op: [{call: b.op, timeout: 50ms, fallback: value}, compute: 5ms]}}
  b: {workers: 1, endpoints: {op: [compute: 80ms]}}
)");
  t.calls("a", "b.op", {{50, timeout}});
  t.requests("load", {{55, success}});
  EXPECT_EQ(t.edge("a", "b.op").fallbacks, 1u);
  EXPECT_EQ(t.at_end().classes[0].degraded, 1u);
  t.is_quiet();
}

TEST(Fallback, RunsStepsAndSkipsThemAfterASuccess) {
  const char* body = R"(
workloads: {{load: {{trace: {{times: [0s]}}, calls: a.op}}}}
services:
  a: {{workers: 1, endpoints: {{op: [{{call: b.op, fallback_steps: [call: c.op, compute: 3ms]}}, compute: 5ms]}}}}
  b: {{workers: 1, error_rate: {}, endpoints: {{op: [compute: 10ms]}}}}
  c: {{workers: 1, endpoints: {{op: [compute: 20ms]}}}}
)";
  Trace failing(fmt::format(fmt::runtime(body), 1));
  failing.sent("a", "c.op", {10});
  failing.requests("load", {{38, success}});
  EXPECT_EQ(failing.at_end().classes[0].degraded, 1u);
  failing.is_quiet();
  Trace fine(fmt::format(fmt::runtime(body), 0));
  fine.sent("a", "c.op", {});
  fine.requests("load", {{15, success}});
  EXPECT_EQ(fine.at_end().classes[0].degraded, 0u);
}

TEST(Fallback, ThatFailsItselfFailsTheRequest) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s]}, calls: a.op}}
services:
  a: {workers: 1, endpoints: {op: [{call: b.op, fallback_steps: [call: b.op]}]}}
  b: {workers: 1, error_rate: 1, endpoints: {op: [compute: 10ms]}}
)");
  t.requests("load", {{20, error}});
  EXPECT_EQ(t.at_end().classes[0].degraded, 0u);
}

// Instances in turn: the first succeeds, the others fail. The answer of 10 ms is good for a second.
TEST(Fallback, UsesAStaleAnswerWhileItIsYoungEnough) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 500ms, 1s, 2s]}, calls: s.op, fallback: {stale: 1s}}}
services: {s: {instances: [{}, {count: 3, error_rate: 1}], endpoints: {op: [compute: 10ms]}}}
)");
  t.calls("load", "s.op", {{10, success}, {510, error}, {1010, error}, {2010, error}});
  t.requests("load", {{10, success}, {510, success}, {1010, success}, {2010, error}});
  EXPECT_EQ(t.at_end().classes[0].degraded, 2u);
}

TEST(Fallback, RunsStepsWhereNoAnswerIsYoungEnough) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 500ms, 2s]}, calls: a.op}}
services:
  a: {endpoints: {op: [{call: s.op, fallback: {stale: 1s}, fallback_steps: [compute: 7ms]}]}}
  s: {instances: [{}, {count: 2, error_rate: 1}], endpoints: {op: [compute: 10ms]}}
)");
  t.requests("load", {{10, success}, {510, success}, {2017, success}});
  EXPECT_EQ(t.at_end().classes[0].degraded, 2u);
}

}  // namespace
}  // namespace tailrace::tests
