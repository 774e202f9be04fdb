// The retry policy with a hand-driven clock: what follows an outcome, and when.
#include <gtest/gtest.h>

#include "models/policies/retry/retry.hpp"

namespace tailrace::models {
namespace {

constexpr std::int64_t kMs = 1'000'000;

Edge edge_with(std::int64_t retries, BackoffModel backoff = {}) {
  Edge edge;
  edge.retries = retries;
  edge.retry_on = outcome_bit(Outcome::error) | outcome_bit(Outcome::timeout);
  edge.backoff = backoff;
  return edge;
}
CallFacts after(std::uint32_t attempt, Outcome outcome) {
  return {{0}, 0, attempt, outcome};
}

TEST(Retry, AttemptsCountsRetriesAfterTheFirstTry) {
  sim::Stream random(1, 0, "a", "b");
  const Edge edge = edge_with(2);
  EXPECT_TRUE(react(edge, after(1, Outcome::error), random).retry);
  EXPECT_TRUE(react(edge, after(2, Outcome::error), random).retry);
  EXPECT_FALSE(react(edge, after(3, Outcome::error), random).retry);
}

TEST(Retry, UnlimitedNeverGivesUp) {
  sim::Stream random(1, 0, "a", "b");
  EXPECT_TRUE(react(edge_with(kUnlimited), after(1'000'000, Outcome::error), random).retry);
}

TEST(Retry, OnlyTheOutcomesOfRetryOnAreTriedAgain) {
  sim::Stream random(1, 0, "a", "b");
  const Edge edge = edge_with(5);
  EXPECT_TRUE(react(edge, after(1, Outcome::timeout), random).retry);
  EXPECT_FALSE(react(edge, after(1, Outcome::rejected), random).retry);
}

TEST(Retry, PausesDoubleUpToTheCap) {
  const BackoffModel backoff{{100 * kMs}, 2, {500 * kMs}, Jitter::none};
  sim::Stream random(1, 0, "a", "b");
  const std::int64_t expected[] = {100, 200, 400, 500, 500};  // 100 ms x 2^(k-1), at most 500 ms
  for (std::uint32_t k = 1; k <= 5; ++k)
    EXPECT_EQ(backoff_delay(backoff, k, random).ns, expected[k - 1] * kMs) << k;
}

TEST(Retry, AHugeExponentSaturatesAtTheCap) {
  const BackoffModel capped{{25 * kMs}, 1e308, {250 * kMs}, Jitter::none};
  EXPECT_EQ(backoff_ceiling(capped, 1'000'000).ns, 250 * kMs);
  const BackoffModel open{{25 * kMs}, 2, sim::Duration::max(), Jitter::none};
  EXPECT_EQ(backoff_ceiling(open, 200), sim::Duration::max());  // 25 ms x 2^199
}

TEST(Retry, FullJitterIsUniformBelowThePauseAndEqualJitterAboveItsHalf) {
  sim::Stream random(7, 0, "a", "b");
  BackoffModel backoff{{100 * kMs}, 2, {1000 * kMs}, Jitter::full};
  double full = 0, equal = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    backoff.jitter = Jitter::full;
    const std::int64_t a = backoff_delay(backoff, 2, random).ns;
    ASSERT_LT(a, 200 * kMs);
    full += static_cast<double>(a);
    backoff.jitter = Jitter::equal;
    const std::int64_t b = backoff_delay(backoff, 2, random).ns;
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
