// Rate limits event by event, and against closed forms under Poisson arrivals.
#include <gtest/gtest.h>

#include "models/policies/quota/quota.hpp"
#include "models/policies/rate_limit/rate_limit.hpp"
#include "policy_bench.hpp"
#include "sim/random/sampler.hpp"

namespace tailrace::models {
namespace {

using Kind = Admission::Kind;

// The answers for requests at these milliseconds: y, n, or the milliseconds that each is delayed.
std::string answers(AdmissionPolicy& policy, const std::vector<double>& times_ms) {
  sim::Stream random;
  std::string all;
  for (const double ms : times_ms) {
    const Admission answer = policy.admit(at_ns(static_cast<std::int64_t>(ms * 1e6 + 0.5)), random);
    if (!all.empty()) all += ' ';
    if (answer.kind == Kind::delay) {
      all += std::to_string(answer.time.ns / kMs);
    } else {
      all += answer.kind == Kind::admit ? 'y' : 'n';
      EXPECT_TRUE(answer.kind == Kind::admit || answer.reason == Outcome::rate_limited);
    }
  }
  return all;
}
std::string answers(std::string_view fields, const std::vector<double>& times_ms) {
  return answers(*started(rate_limit_policy(), fields), times_ms);
}

TEST(TokenBucket, StartsFullAndAdmitsInTheNanosecondOfTheToken) {
  // 10/s, burst 2. Tokens before each: 2, 1.1, 0.5, 1.5, 1.0 exactly.
  EXPECT_EQ(answers("rate: 10/s, burst: 2", {0, 10, 50, 150, 200}), "y y n y y");
}

TEST(TokenBucket, ANanosecondEarlyIsRefused) {
  EXPECT_EQ(answers("rate: 10/s, burst: 1", {0, 99.999999, 100}), "y n y");
}

TEST(TokenBucket, ThirdsOfASecondDoNotDrift) {
  // 3/s, burst 2, both taken at 0: token k is complete at k/3 s, rounded up to 333333334, 666666667,
  // 1000000000 ns and so on. A million tokens later the grid still holds. (A burst of 1 would be full in that
  // nanosecond and lose the fraction.)
  const auto policy = started(rate_limit_policy(), "rate: 3/s, burst: 2");
  sim::Stream random;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(policy->admit(at_ns(0), random).kind, Kind::admit);
  for (std::int64_t k = 1; k <= 1'000'000; ++k) {
    const std::int64_t complete = (k * kS + 2) / 3;
    ASSERT_EQ(policy->admit(at_ns(complete - 1), random).kind, Kind::reject) << k;
    ASSERT_EQ(policy->admit(at_ns(complete), random).kind, Kind::admit) << k;
  }
}

TEST(TokenBucket, RatesPerHourAreExact) {
  // 1000/h: a token each 3.6 s.
  EXPECT_EQ(answers("rate: 1000/h", {0, 3599.999999, 3600, 7199.999999, 7200}), "y n y n y");
}

TEST(TokenBucket, IdleForYearsItHoldsNoMoreThanItsBurst) {
  const double year = 365.0 * 86400 * 1000;
  EXPECT_EQ(answers("rate: 1000000000/s, burst: 2", {0, 0, 0, 100 * year, 100 * year, 100 * year}),
            "y y n y y n");
}

TEST(TokenBucket, StepsFillAtMultiplesOfTheInterval) {
  // 3 tokens at most, 2 more at 100, 200, ... ms.
  EXPECT_EQ(answers("max_tokens: 3, tokens_per_fill: 2, fill_interval: 100ms",
                    {50, 50, 50, 50, 99, 100, 100, 100, 550, 550, 550, 550}),
            "y y y n n y y n y y y n");
}

TEST(TokenBucket, AWaitTakesTheTokenAheadOfItsTime) {
  // 10/s, burst 1: the tokens after the first are complete at 100, 200, 300 ms; 250 ms is as long as anybody
  // waits.
  EXPECT_EQ(answers("rate: 10/s, burst: 1, max_wait: 250ms", {0, 0, 0, 0, 50, 50, 400}),
            "y 100 200 n 250 n y");
}

TEST(TokenBucket, AWaitForStepsEndsAtTheStep) {
  // One token each 100 ms, at most 1: at 30 ms the first; the next at 100, 200; 300 would be a wait of 270.
  EXPECT_EQ(answers("max_tokens: 1, fill_interval: 100ms, max_wait: 200ms", {30, 30, 30, 30, 250, 300}),
            "y 70 170 n 50 100");
}

TEST(TokenBucket, ARequestForEachKeyHasItsOwnBucket) {
  const auto policy = started(rate_limit_policy(), "rate: 1/s, per_key: true");
  sim::Stream random;
  for (std::uint64_t round = 0; round < 2; ++round) {
    for (std::uint64_t key = 0; key < 1000; ++key) {
      CallFacts facts = at_ms(static_cast<std::int64_t>(round));
      facts.key = key * 0x100000001ULL;
      EXPECT_EQ(policy->admit(facts, random).kind, round == 0 ? Kind::admit : Kind::reject) << key;
    }
  }
}

TEST(LeakyBucket, SpacesRequestsAndRefusesBeyondItsQueue) {
  // 10/s, two may wait. At 0: now, 100, 200, full. At 100 the second has left: 300. At 250: 400. At 1000:
  // now.
  EXPECT_EQ(answers("algorithm: leaky_bucket, rate: 10/s, queue: 2", {0, 0, 0, 0, 100, 250, 1000}),
            "y 100 200 n 200 150 y");
}

TEST(LeakyBucket, WithoutAQueueItIsPureSpacing) {
  EXPECT_EQ(answers("algorithm: leaky_bucket, rate: 10/s", {0, 99.999999, 100, 150, 200}), "y n y n y");
}

TEST(FixedWindow, CountsFromMultiplesOfTheWindow) {
  EXPECT_EQ(answers("algorithm: fixed_window, limit: 2, window: 100ms", {90, 95, 99, 100, 100, 100, 350}),
            "y y n y y n y");
}

TEST(SlidingWindow, WeighsTheLastWindowByWhatIsStillCovered) {
  // Limit 4 per 100 ms. Four pass in [0, 100). At 125 a window that ends now covers 75 % of them: 3, so one
  // passes and the next (3 + 1 + 1) does not. At 150: 2 + 1 + 1 = 4 passes. At 300: nothing of [100, 200) is
  // left and [200, 300) was empty.
  EXPECT_EQ(answers("algorithm: sliding_window, limit: 4, window: 100ms",
                    {0, 10, 20, 30, 40, 125, 125, 150, 150, 300, 300, 300, 300, 300}),
            "y y y y n y n y n y y y y n");
}

TEST(SlidingLog, NoStretchOfAWindowHoldsMoreThanTheLimit) {
  EXPECT_EQ(answers("algorithm: sliding_log, limit: 2, window: 100ms", {0, 60, 99, 100, 120, 160, 160}),
            "y y n y n y n");
}

TEST(RateLimit, ALimitOfNothingLetsNothingThrough) {
  EXPECT_EQ(answers("algorithm: fixed_window, limit: 0", {0, 5000}), "n n");
  EXPECT_EQ(answers("algorithm: sliding_log, limit: 0", {0, 5000}), "n n");
  EXPECT_EQ(answers("max_tokens: 0", {0, 5000}), "n n");
}

TEST(RateLimit, ContradictionsAreReportedAtTheirField) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "rate"},
      {"rate: 0/s", "rate"},
      {"rate: 10/s, max_tokens: 5", "rate"},
      {"max_tokens: 5, burst: 5", "burst"},
      {"rate: 10/s, burst: 1000000000000", "burst"},
      {"rate: 10/s, limit: 5", "limit"},
      {"algorithm: leaky_bucket", "rate"},
      {"algorithm: fixed_window", "limit"},
      {"algorithm: fixed_window, limit: 5, rate: 5/s", "rate"},
      {"algorithm: sliding_log, limit: 1000000", "limit"},
      {"algorithm: sliding_log, limit: 10000, per_key: true", "limit"},
  };
  for (const auto& [fields, field] : wrong) {
    EXPECT_EQ(fault_at(rate_limit_policy(), fields), "rate_limit." + field) << fields;
  }
}

TEST(Quota, BeginsAnewEachPeriodForEachKey) {
  const auto policy = started(quota_policy(), "limit: 2, period: 1h");
  EXPECT_EQ(answers(*policy, {0, 1, 2, 3'599'999, 3'600'000}), "y y n n y");
  CallFacts other = at_ms(3'600'000);
  other.key = 7;
  sim::Stream random;
  EXPECT_EQ(policy->admit(other, random).kind, Kind::admit);
  EXPECT_EQ(fault_at(quota_policy(), "period: 1h"), "quota");
}

// What passes of Poisson requests, per second, over so many seconds.
double accepted_per_s(std::string_view fields, double rate_per_s, std::int64_t seconds) {
  const auto policy = started(rate_limit_policy(), fields);
  sim::Stream arrivals(5, 0, "a", "b"), random;
  const sim::Sampler gap(sim::Distribution::exponential(1e9 / rate_per_s));
  std::int64_t now = 0, passed = 0;
  while ((now += gap.sample_duration(arrivals).ns) < seconds * kS) {
    passed += policy->admit(at_ns(now), random).kind == Kind::admit ? 1 : 0;
  }
  return static_cast<double>(passed) / static_cast<double>(seconds);
}

TEST(RateLimit, WithoutBurstAPoissonStreamLosesWhatComesInTheGaps) {
  // A token is complete 1/100 s after the last request, then the next request takes 1/150 s to come:
  // 1/(0.01 + 0.0066667) = 60/s. A renewal process: its count over t errs by sqrt(60 t) (0.00667/0.01667).
  EXPECT_NEAR(accepted_per_s("rate: 100/s, burst: 1", 150, 20'000), 60.0, 4 * 0.022);
}

TEST(RateLimit, ABurstOfFiveAtItsOwnRate) {
  // The M/D/1 queue with room for 5 in disguise (tokens missing = customers) at load 1: 89.65511/s. The count
  // errs by less than a Poisson count's sqrt(89.7/20000) = 0.067.
  EXPECT_NEAR(accepted_per_s("rate: 100/s, burst: 5", 100, 20'000), 89.65511, 3 * 0.067);
}

TEST(RateLimit, AFixedWindowPassesTheMeanOfTheCutPoissonCount) {
  // E min(Poisson(120), 100) = 99.87685 per window; its standard deviation is below 0.9.
  EXPECT_NEAR(accepted_per_s("algorithm: fixed_window, limit: 100, window: 1s", 120, 20'000), 99.87685,
              4 * 0.0064);
}

// Of a sliding log, who passes holds a place for the length of the window, and who finds all ten taken is
// refused: Erlang's loss system with 12 erlang, 12 (1 - B(10, 12)) = 12 (1 - 0.301925) = 8.3769/s. The count
// errs by less than a Poisson count's sqrt(8.4/5000) = 0.041. A sliding window sees the window before as if
// it had been even, and comes near it.
TEST(RateLimit, ASlidingLogIsErlangsLossSystemAndASlidingWindowNearly) {
  const double log = accepted_per_s("algorithm: sliding_log, limit: 10, window: 1s", 12, 5'000);
  const double approximate = accepted_per_s("algorithm: sliding_window, limit: 10, window: 1s", 12, 5'000);
  EXPECT_NEAR(log, 8.3769, 3 * 0.041);
  EXPECT_NEAR(approximate, log, 0.03 * log);
}

}  // namespace
}  // namespace tailrace::models
