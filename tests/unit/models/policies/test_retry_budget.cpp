// Retry budgets event by event, and the load that each allows when a target fails at random.
#include <gtest/gtest.h>

#include "models/policies/retry_budget/retry_budget.hpp"
#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

constexpr auto kOk = Outcome::success;
constexpr auto kError = Outcome::error;

std::unique_ptr<RetryBudget> budget(std::string_view fields) {
  PolicyBench bench;
  EXPECT_TRUE(bench.call(retry_budget_policy(), fields_of(fields))) << bench.first_path();
  EXPECT_EQ(bench.edge.retry_budget_origin, bench.spec.get());
  return bench.edge.retry_budget->start();
}

TEST(RetryBudget, APercentageOfWhatIsUnderWayMayBeRetries) {
  // 100 calls fail one after the other and stay under way in their pause: 20 % of 100 are 20 retries.
  const auto b = budget("budget_percent: 20");
  for (int i = 0; i < 100; ++i) b->call_started(at_ms(0));
  int taken = 0;
  for (int i = 0; i < 50; ++i) {
    b->attempt_ended(result_at_ms(1, kError));
    taken += b->take(at_ms(1)) ? 1 : 0;
    if (taken <= i) b->call_ended(at_ms(1));  // gives up
  }
  EXPECT_EQ(taken, 20);
  // One of them ends, with its call: 69 of 100 are left, 19 retries of at most 13.
  b->attempt_ended(result_at_ms(2, kOk));
  b->extra_ended(at_ms(2));
  b->call_ended(at_ms(2));
  EXPECT_FALSE(b->take(at_ms(2)));
}

TEST(RetryBudget, AFewRetriesAreAlwaysAllowed) {
  const auto b = budget("budget_percent: 20, min_retry_concurrency: 3");
  std::string answers;
  for (int i = 0; i < 5; ++i) {
    b->call_started(at_ms(0));
    b->attempt_ended(result_at_ms(1, kError));
    answers += b->take(at_ms(1)) ? 'y' : 'n';
  }
  EXPECT_EQ(answers, "yyynn");  // 20 % of 5 is 1; 3 is more
  b->attempt_ended(result_at_ms(2, kError));
  b->extra_ended(at_ms(2));
  EXPECT_TRUE(b->take(at_ms(2)));
}

TEST(RetryBudget, HedgesAreAShareOfTheCalls) {
  // 10 calls under way, 50 %: 5 hedges beside them, however many attempts those make.
  const auto b = budget("budget_percent: 50, min_retry_concurrency: 0");
  for (int i = 0; i < 10; ++i) b->call_started(at_ms(0));
  int taken = 0;
  while (taken < 100 && b->take(at_ms(1))) ++taken;
  EXPECT_EQ(taken, 5);
}

TEST(RetryBudget, DepositsAllowOneRetryForFiveCalls) {
  // 20 %, no reserve: each retry needs five calls' deposits.
  const auto b = budget("type: deposit, min_retries_per_sec: 0");
  EXPECT_FALSE(b->take(at_ms(0)));
  for (int i = 0; i < 4; ++i) b->call_started(at_ms(0));
  EXPECT_FALSE(b->take(at_ms(0)));
  b->call_started(at_ms(0));
  EXPECT_TRUE(b->take(at_ms(0)));
  EXPECT_FALSE(b->take(at_ms(0)));
}

TEST(RetryBudget, DepositsExpireAfterTheirTime) {
  const char* const fields = "type: deposit, min_retries_per_sec: 0, ttl: 10s";
  const auto kept = budget(fields), lost = budget(fields);
  for (int i = 0; i < 5; ++i) kept->call_started(at_ms(500)), lost->call_started(at_ms(500));
  EXPECT_TRUE(kept->take(at_ms(9'999)));
  EXPECT_FALSE(lost->take(at_ms(10'000)));  // the slice [0, 1 s) is out
  for (int i = 0; i < 5; ++i) lost->call_started(at_ms(15'500));
  EXPECT_FALSE(lost->take(at_ms(34'500)));  // after any pause
}

TEST(RetryBudget, TheReserveComesBackAfterTheTime) {
  // 2/s over 10 s: 20 retries at once, then none until those have expired.
  const auto b = budget("type: deposit, percent_can_retry: 0, min_retries_per_sec: 2, ttl: 10s");
  int taken = 0;
  while (taken < 100 && b->take(at_ms(0))) ++taken;
  EXPECT_EQ(taken, 20);
  b->call_started(at_ms(5'000));
  EXPECT_FALSE(b->take(at_ms(9'999)));
  EXPECT_TRUE(b->take(at_ms(10'000)));
}

TEST(RetryBudget, ThrottlingStopsAtHalfAndComesBackByTheRatio) {
  // 10 tokens. Failures leave 9, 8, 7, 6, 5: the fifth may not retry. Then 5.1 with one success.
  const auto b = budget("type: throttling, max_tokens: 10, token_ratio: 0.1");
  std::string answers;
  for (int i = 0; i < 5; ++i) {
    b->attempt_ended(result_at_ms(i, kError));
    answers += b->take(at_ms(i)) ? 'y' : 'n';
  }
  EXPECT_EQ(answers, "yyyyn");
  b->attempt_ended(result_at_ms(9, kOk));
  EXPECT_TRUE(b->take(at_ms(9)));
  b->attempt_ended(result_at_ms(9, Outcome::cancelled));  // takes nothing
  EXPECT_TRUE(b->take(at_ms(9)));
  for (int i = 0; i < 100; ++i) b->attempt_ended(result_at_ms(9, kError));  // not below 0
  for (int i = 0; i < 50; ++i) b->attempt_ended(result_at_ms(9, kOk));      // 5.0
  EXPECT_FALSE(b->take(at_ms(9)));
  b->attempt_ended(result_at_ms(9, kOk));
  EXPECT_TRUE(b->take(at_ms(9)));
}

TEST(RetryBudget, ABucketStartsFullAndRefillsByTenths) {
  const auto b = budget("type: success_deposit, bucket_size: 2, deposit: 0.1");
  EXPECT_TRUE(b->take(at_ms(0)));
  EXPECT_TRUE(b->take(at_ms(0)));
  for (int i = 0; i < 9; ++i) b->attempt_ended(result_at_ms(0, kOk));
  b->attempt_ended(result_at_ms(0, kError));
  EXPECT_FALSE(b->take(at_ms(0)));
  b->attempt_ended(result_at_ms(0, kOk));
  EXPECT_TRUE(b->take(at_ms(0)));  // ten tenths are one, exactly
}

struct Load {
  double attempts = 0, success = 0;  // per call
};
Load load_under(std::string_view fields, double failure, int retries) {
  const auto b = budget(fields);
  sim::Stream random(9, 0, "a", "b");
  constexpr int kCalls = 1'000'000;
  std::int64_t attempts = 0, successes = 0;
  for (int i = 0; i < kCalls; ++i) {
    b->call_started(at_ms(i));
    for (int k = 0;; ++k) {
      ++attempts;
      const bool ok = random.uniform() >= failure;
      b->attempt_ended(result_at_ms(i, ok ? kOk : kError));
      if (k > 0) b->extra_ended(result_at_ms(i, ok ? kOk : kError));
      successes += ok ? 1 : 0;
      if (ok || k == retries || !b->take(result_at_ms(i, kError))) break;
    }
    b->call_ended(at_ms(i));
  }
  return {static_cast<double>(attempts) / kCalls, static_cast<double>(successes) / kCalls};
}

TEST(RetryBudget, ADepositForEachFirstTryBoundsTheLoadAtOnePlusTheDeposit) {
  // Failures want 0.3 retries and more, deposits pay for 0.1: 1.1 attempts, of which 70 % succeed.
  const Load load =
      load_under("type: success_deposit, bucket_size: 5, deposit: 0.1, deposit_on: first_try", 0.3, 3);
  EXPECT_NEAR(load.attempts, 1.1, 0.0005);  // every token is spent, but for the few that overflow the 5
  EXPECT_NEAR(load.success, 0.77, 4 * 0.00048);
}

TEST(RetryBudget, ADepositForEachSuccessFeedsOnItself) {
  // a attempts per call: a = 1 + 0.2 x 0.4 a, so a = 1/0.92 = 1.086957, and 0.4 a = 0.4347826 succeed.
  const Load load = load_under("type: success_deposit, bucket_size: 5, deposit: 0.2", 0.6, 3);
  EXPECT_NEAR(load.attempts, 1.086957, 0.001);
  EXPECT_NEAR(load.success, 0.4347826, 0.002);
}

TEST(RetryBudget, FinagleBoundsALongOutageAtItsPercentage) {
  // All fail: each call wants 3 retries and gets 0.2.
  const Load load = load_under("type: deposit, min_retries_per_sec: 0", 1, 3);
  EXPECT_NEAR(load.attempts, 1.2, 1e-5);
}

TEST(RetryBudget, GrpcStopsRetriesInAnOutage) {
  const Load load = load_under("type: throttling", 1, 3);
  EXPECT_NEAR(load.attempts, 1, 1e-5);
}

TEST(RetryBudget, WhatBelongsToAnotherTypeIsReported) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"ttl: 10s", "ttl"},
      {"type: deposit, budget_percent: 10", "budget_percent"},
      {"type: throttling, bucket_size: 10", "bucket_size"},
      {"type: throttling, max_tokens: 0", "max_tokens"},
      {"type: deposit, percent_can_retry: 0.000001", "percent_can_retry"},
      {"type: success_deposit, deposit_on: sucess", "deposit_on"},
      {"budget_percent: 120", "budget_percent"},
  };
  for (const auto& [fields, field] : wrong) {
    EXPECT_EQ(fault_at(retry_budget_policy(), fields), "retry_budget." + field) << fields;
  }
}

}  // namespace
}  // namespace tailrace::models
