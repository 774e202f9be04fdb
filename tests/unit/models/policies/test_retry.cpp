// The retry policy with a hand-driven clock: what follows an outcome, and when.
#include <gtest/gtest.h>

#include "models/policies/retry/retry.hpp"
#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

Edge edge_with(std::int64_t retries, BackoffModel backoff = {}) {
  Edge edge;
  edge.retries = retries;
  edge.retry_on = outcome_bit(Outcome::error) | outcome_bit(Outcome::timeout);
  edge.backoff = backoff;
  return edge;
}

TEST(Retry, AttemptsCountsRetriesAfterTheFirstTry) {
  sim::Stream random(1, 0, "a", "b");
  const Edge edge = edge_with(2);
  EXPECT_TRUE(react(edge, 1, Outcome::error, {}, random).retry);
  EXPECT_TRUE(react(edge, 2, Outcome::error, {}, random).retry);
  EXPECT_FALSE(react(edge, 3, Outcome::error, {}, random).retry);
}

TEST(Retry, UnlimitedNeverGivesUp) {
  sim::Stream random(1, 0, "a", "b");
  EXPECT_TRUE(react(edge_with(kUnlimited), 1'000'000, Outcome::error, {}, random).retry);
}

TEST(Retry, OnlyTheOutcomesOfRetryOnAreTriedAgain) {
  sim::Stream random(1, 0, "a", "b");
  const Edge edge = edge_with(5);
  EXPECT_TRUE(react(edge, 1, Outcome::timeout, {}, random).retry);
  EXPECT_FALSE(react(edge, 1, Outcome::rejected, {}, random).retry);
}

TEST(Retry, PausesDoubleUpToTheCap) {
  const BackoffModel backoff{{100 * kMs}, 2, {500 * kMs}, Jitter::none};
  sim::Stream random(1, 0, "a", "b");
  const std::int64_t expected[] = {100, 200, 400, 500, 500};  // 100 ms x 2^(k-1), at most 500 ms
  for (std::uint32_t k = 1; k <= 5; ++k)
    EXPECT_EQ(backoff_delay(backoff, k, {}, random).ns, expected[k - 1] * kMs) << k;
}

// The server answers the second attempt with a time of its own: the pause after the third is a first again.
TEST(Retry, PausesBeginAnewAfterATimeOfTheServers) {
  const Edge edge = edge_with(5, {{100 * kMs}, 2, {500 * kMs}, Jitter::none});
  sim::Stream random(1, 0, "a", "b");
  EXPECT_EQ(react(edge, 3, Outcome::error, {}, random).delay.ns, 400 * kMs);
  EXPECT_EQ(react(edge, 3, Outcome::error, {}, random, 2).delay.ns, 100 * kMs);
  EXPECT_EQ(react(edge, 4, Outcome::error, {}, random, 2).delay.ns, 200 * kMs);
}

TEST(Retry, AHugeExponentSaturatesAtTheCap) {
  const BackoffModel capped{{25 * kMs}, 1e308, {250 * kMs}, Jitter::none};
  EXPECT_EQ(backoff_ceiling(capped, 1'000'000).ns, 250 * kMs);
  const BackoffModel open{{25 * kMs}, 2, sim::Duration::max(), Jitter::none};
  EXPECT_EQ(backoff_ceiling(open, 200), sim::Duration::max());  // 25 ms x 2^199
}

// 100 ms base, cap 1 s: the first pause lies in [100, 300) ms, one after a pause of 200 ms in [100, 600), one
// after 1 s in [100, 3000) and is cut to 1 s: with probability 2000/2900.
TEST(Retry, DecorrelatedJitterDependsOnThePauseBefore) {
  sim::Stream random(3, 0, "a", "b");
  const BackoffModel backoff{{100 * kMs}, 2, {1000 * kMs}, Jitter::decorrelated};
  double first = 0, second = 0, cut = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const std::int64_t a = backoff_delay(backoff, 1, {}, random).ns;
    ASSERT_GE(a, 100 * kMs);
    ASSERT_LT(a, 300 * kMs);
    first += static_cast<double>(a);
    const std::int64_t b = backoff_delay(backoff, 2, {200 * kMs}, random).ns;
    ASSERT_GE(b, 100 * kMs);
    ASSERT_LT(b, 600 * kMs);
    second += static_cast<double>(b);
    cut += backoff_delay(backoff, 3, {1000 * kMs}, random).ns == 1000 * kMs ? 1 : 0;
  }
  EXPECT_NEAR(first / kDraws / kMs, 200, 1);         // 5 standard errors: 5 x 200/sqrt(12 n)
  EXPECT_NEAR(second / kDraws / kMs, 350, 2.3);      // 5 x 500/sqrt(12 n)
  EXPECT_NEAR(cut / kDraws, 2000.0 / 2900, 0.0074);  // 5 x sqrt(pq/n)
}

// Unless said otherwise; and a pause is at most ten base intervals.
TEST(Retry, EveryFailureIsTriedAgainThatAnotherAttemptMayMend) {
  PolicyBench bench;
  ASSERT_TRUE(bench.call(retry_policy(), map_of({{"attempts", scalar("2")},
                                                 {"backoff", map_of({{"base_interval", scalar("30ms")}})}})));
  EXPECT_EQ(bench.edge.retries, 2);
  EXPECT_EQ(bench.edge.backoff.max.ns, 300 * kMs);
  for (const Outcome mended : {Outcome::error, Outcome::timeout, Outcome::network, Outcome::rejected})
    EXPECT_NE(bench.edge.retry_on & outcome_bit(mended), 0u) << static_cast<int>(mended);
  for (const Outcome not_mended :
       {Outcome::success, Outcome::circuit_open, Outcome::deadline, Outcome::cancelled})
    EXPECT_EQ(bench.edge.retry_on & outcome_bit(not_mended), 0u) << static_cast<int>(not_mended);
  EXPECT_EQ(fault_at(retry_policy(), "retry_on: [timeuot]"), "retries.retry_on");
}

TEST(Retry, FullJitterIsUniformBelowThePauseAndEqualJitterAboveItsHalf) {
  sim::Stream random(7, 0, "a", "b");
  BackoffModel backoff{{100 * kMs}, 2, {1000 * kMs}, Jitter::full};
  double full = 0, equal = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    backoff.jitter = Jitter::full;
    const std::int64_t a = backoff_delay(backoff, 2, {}, random).ns;
    ASSERT_LT(a, 200 * kMs);
    full += static_cast<double>(a);
    backoff.jitter = Jitter::equal;
    const std::int64_t b = backoff_delay(backoff, 2, {}, random).ns;
    ASSERT_GE(b, 100 * kMs);
    ASSERT_LE(b, 200 * kMs);
    equal += static_cast<double>(b);
  }
  // Means 100 ms and 150 ms; standard errors 200/sqrt(12 n) = 0.18 ms and 0.09 ms, so 5 of them.
  EXPECT_NEAR(full / kDraws / kMs, 100, 0.9);
  EXPECT_NEAR(equal / kDraws / kMs, 150, 0.5);
}

}  // namespace
}  // namespace tailrace::models
