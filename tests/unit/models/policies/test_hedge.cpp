// When a hedge is sent, and whether there is budget for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "models/policies/hedge/hedge.hpp"
#include "policy_bench.hpp"
#include "sim/base/math.hpp"

namespace tailrace::models {
namespace {

CallFacts at(std::int64_t ns, std::int64_t took_ns = 0) {
  CallFacts facts = at_ns(ns);
  facts.took = {took_ns};
  return facts;
}

TEST(HedgeDelay, APercentileIsUsedFromTwentySuccessesOn) {
  const HedgeModel model({{}, 0.95}, sim::Duration{70 * kMs});
  const auto policy = model.start();
  for (int i = 1; i <= 19; ++i) policy->succeeded(at(i, i * 10));
  EXPECT_EQ(policy->delay(at(20)).ns, 70 * kMs);
  policy->succeeded(at(20, 200));
  EXPECT_EQ(policy->delay(at(20)).ns, 190);  // rank ceil(0.95 x 20) = 19 of 10, 20, ..., 200
  const auto never = HedgeModel({{}, 0.95}, {}).start();
  EXPECT_EQ(never->delay(at(0)), sim::Duration::max());
}

TEST(HedgeDelay, TheEstimateIsReadAnewWhenSamplesGrewByAnEighthOrAfterThreeSeconds) {
  LatencyPercentile latency(0.5);
  for (int i = 0; i < 80; ++i) latency.record({0}, {100});
  EXPECT_EQ(latency.estimate({0})->ns, 100);
  for (int i = 0; i < 9; ++i) latency.record({0}, {10});
  EXPECT_EQ(latency.estimate({0})->ns, 100);  // 89 < 90
  latency.record({0}, {10});
  EXPECT_EQ(latency.estimate({0})->ns, 100);  // read, and still the median: 10 of 90 are low
  for (int i = 0; i < 75; ++i) latency.record({0}, {10});
  EXPECT_EQ(latency.estimate({0})->ns, 10);  // 85 of 165
  for (int i = 0; i < 10; ++i) latency.record({0}, {500});
  EXPECT_EQ(latency.estimate({3 * kS - 1})->ns, 10);  // 10 < 165 / 8
  EXPECT_EQ(latency.estimate({3 * kS})->ns, 100);     // 85 of 175 are 10
}

TEST(HedgeDelay, OldSamplesLeaveAndAnEmptyWindowKeepsTheLastEstimate) {
  LatencyPercentile latency(0.5);
  for (int i = 0; i < 1000; ++i) latency.record({14 * kS}, {100});
  EXPECT_EQ(latency.estimate({14 * kS})->ns, 100);
  for (int i = 0; i < 100; ++i) latency.record({16 * kS}, {500});
  EXPECT_EQ(latency.estimate({16 * kS})->ns, 100);  // the half window before this one still counts
  EXPECT_EQ(latency.estimate({30 * kS})->ns, 500);  // it has left
  EXPECT_EQ(latency.estimate({3600 * kS})->ns, 500);
  for (int i = 0; i < 19; ++i) latency.record({3600 * kS}, {7});
  EXPECT_EQ(latency.estimate({3600 * kS})->ns, 500);
  latency.record({3600 * kS}, {7});
  EXPECT_EQ(latency.estimate({3600 * kS})->ns, 7);
}

TEST(HedgeDelay, TheStreamingEstimateMatchesTheSampleQuantile) {
  LatencyPercentile latency(0.95);
  sim::Stream random(5, 0, "a", "b");
  std::vector<std::int64_t> all;
  for (int i = 0; i < 5000; ++i) {
    const auto ns = static_cast<std::int64_t>(-10e6 * sim::math::log1p(-random.uniform()));
    latency.record({i * kMs}, {ns});
    all.push_back(ns);
  }
  std::nth_element(all.begin(), all.begin() + 4749, all.end());  // rank 4750 of 5000
  const double exact = static_cast<double>(all[4749]);
  // Never asked before, so all samples are in it; the histogram's buckets are 0.1 % wide.
  EXPECT_NEAR(static_cast<double>(latency.estimate({5 * kS})->ns), exact, exact * 0.001);
}

// 10 %: ten calls deposit one hedge, exactly.
TEST(HedgeBudget, TenCallsPayForOneHedge) {
  const HedgeBudgetModel model(0.1, kUnlimited);
  const auto budget = model.start();
  EXPECT_FALSE(budget->take(at(0)));
  for (int i = 0; i < 9; ++i) budget->call_started(at(i * kMs));
  EXPECT_FALSE(budget->take(at(9 * kMs)));
  budget->call_started(at(10 * kMs));
  EXPECT_TRUE(budget->take(at(10 * kMs)));
  EXPECT_FALSE(budget->take(at(10 * kMs)));
}

TEST(HedgeBudget, DepositsAreLostAfterTenSecondsAndTheOldestAreSpentFirst) {
  const HedgeBudgetModel model(0.5, kUnlimited);
  const auto budget = model.start();
  for (int i = 0; i < 4; ++i) budget->call_started(at(0));       // 2 hedges in second 0
  for (int i = 0; i < 4; ++i) budget->call_started(at(5 * kS));  // 2 in second 5
  EXPECT_TRUE(budget->take(at(6 * kS)));                         // of second 0
  EXPECT_TRUE(budget->take(at(10 * kS)));                        // second 0 is gone: of second 5
  EXPECT_TRUE(budget->take(at(15 * kS - 1)));
  EXPECT_FALSE(budget->take(at(15 * kS - 1)));
  for (int i = 0; i < 100; ++i) budget->call_started(at(20 * kS));
  EXPECT_FALSE(budget->take(at(30 * kS)));
  EXPECT_FALSE(budget->take(at(100'000 * kS)));
}

TEST(HedgeBudget, SavingsEndAtMaxBurst) {
  const HedgeBudgetModel model(0.3, 2);
  const auto budget = model.start();
  for (int i = 0; i < 1000; ++i) budget->call_started(at(0));
  EXPECT_TRUE(budget->take(at(0)));
  EXPECT_TRUE(budget->take(at(0)));
  EXPECT_FALSE(budget->take(at(0)));
}

TEST(HedgeBudget, NoMoreThanItsShareOfTheCallsIsHedged) {
  const HedgeBudgetModel model(0.07, kUnlimited);
  const auto budget = model.start();
  int hedges = 0;
  for (int i = 0; i < 100'000; ++i) {
    budget->call_started(at(i * kMs));
    if (budget->take(at(i * kMs))) ++hedges;
  }
  EXPECT_EQ(hedges, 7000);
}

TEST(Hedge, IsReadFromADurationAPercentileOrAMap) {
  PolicyBench fixed;
  ASSERT_TRUE(fixed.call(hedge_policy(), scalar("50ms")));
  EXPECT_EQ(fixed.edge.hedging->policy->start()->delay(at(0)).ns, 50 * kMs);
  EXPECT_EQ(fixed.edge.hedging->most, 1);
  EXPECT_NE(fixed.edge.hedging->budget, nullptr);

  PolicyBench tied;
  ASSERT_TRUE(tied.call(hedge_policy(), map_of({{"delay", scalar("0")}, {"budget", scalar("100%")}})));
  EXPECT_EQ(tied.edge.hedging->policy->start()->delay(at(0)).ns, 0);
  EXPECT_EQ(tied.edge.hedging->budget, nullptr);

  PolicyBench percentile;
  ASSERT_TRUE(
      percentile.call(hedge_policy(), map_of({{"delay", scalar("p99.9")}, {"initial_delay", scalar("1s")}})));
  EXPECT_EQ(percentile.edge.hedging->policy->start()->delay(at(0)).ns, kS);

  PolicyBench timeouts;
  timeouts.edge.per_try_timeout = sim::Duration{kMs};
  ASSERT_TRUE(timeouts.call(hedge_policy(), map_of({{"on_per_try_timeout", scalar("true")}})));
  EXPECT_TRUE(timeouts.edge.hedging->on_try_timeout);
  EXPECT_EQ(timeouts.edge.hedging->policy->start()->delay(at(0)), sim::Duration::max());
}

TEST(Hedge, ContradictionsAreReported) {
  const auto refused = [](const Node& value) {
    PolicyBench bench;
    return !bench.call(hedge_policy(), value);
  };
  EXPECT_TRUE(refused(scalar("p100")));
  EXPECT_TRUE(refused(scalar("p0")));
  EXPECT_TRUE(refused(scalar("pfast")));
  EXPECT_TRUE(refused(scalar("-1ms")));
  EXPECT_TRUE(refused(map_of({{"on_per_try_timeout", scalar("true")}})));
  EXPECT_TRUE(refused(map_of({{"delay", scalar("1ms")}, {"initial_delay", scalar("1ms")}})));
  EXPECT_TRUE(refused(map_of({{"budget", scalar("0%")}})));
  EXPECT_TRUE(refused(map_of({{"max_requests", scalar("0")}})));
}

}  // namespace
}  // namespace tailrace::models
