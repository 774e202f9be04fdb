// Adaptive LIFO, alone and beside controlled delay. Times are in milliseconds.
#include <gtest/gtest.h>

#include "models/policies/adaptive_lifo/adaptive_lifo.hpp"
#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

CallFacts facts_at(double now_ms, double waited_ms, std::uint32_t waiting = 3) {
  CallFacts facts;
  facts.now = {static_cast<std::int64_t>(now_ms * 1e6)};
  facts.waited = {static_cast<std::int64_t>(waited_ms * 1e6)};
  facts.waiting = waiting;
  return facts;
}

TEST(AdaptiveLifo, TheNewestGoesFirstOnceTheQueueHasStoodForTheInterval) {
  const AdaptiveLifoModel model({}, nullptr);
  const auto policy = model.start();
  EXPECT_FALSE(policy->newest_first(facts_at(50, 40)));  // busy since 10
  EXPECT_FALSE(policy->newest_first(facts_at(110, 60)));
  EXPECT_TRUE(policy->newest_first(facts_at(110.1, 60)));
  EXPECT_TRUE(policy->serve(facts_at(110.1, 1000)));  // alone it drops nothing
  policy->emptied(facts_at(200, 0));
  EXPECT_FALSE(policy->newest_first(facts_at(320, 70)));  // busy since 250
  EXPECT_TRUE(policy->newest_first(facts_at(351, 70)));
}

TEST(AdaptiveLifo, TheNewestGoesFirstInALongQueue) {
  AdaptiveLifoSpec spec;
  spec.queue_length.value = 10;
  const AdaptiveLifoModel model(spec, nullptr);
  const auto policy = model.start();
  EXPECT_FALSE(policy->newest_first(facts_at(1, 1, 10)));
  EXPECT_TRUE(policy->newest_first(facts_at(2, 2, 11)));
  EXPECT_FALSE(policy->newest_first(facts_at(3, 3, 10)));
}

TEST(AdaptiveLifo, WhatHasExpiredIsDroppedBeforeTheNewestIsServed) {
  PolicyBench bench;
  ASSERT_TRUE(bench.inbound(codel_policy(), scalar("controlled_delay")));
  ASSERT_TRUE(bench.inbound(adaptive_lifo_policy(), map_of({})));
  const auto policy = bench.station.queue_policy->start();
  // Busy since 0. At 120 the oldest came at 10 (within the interval: 100 ms allowed), the next at 30.
  EXPECT_FALSE(policy->newest_first(facts_at(0, 0)));
  EXPECT_FALSE(policy->newest_first(facts_at(120, 110)));
  EXPECT_FALSE(policy->serve(facts_at(120, 110)));
  EXPECT_TRUE(policy->newest_first(facts_at(120, 90)));
  EXPECT_TRUE(policy->serve(facts_at(120, 1)));
}

TEST(AdaptiveLifo, ContradictionsAreReported) {
  PolicyBench with_codel;
  ASSERT_TRUE(with_codel.inbound(codel_policy(), map_of({})));
  EXPECT_FALSE(with_codel.inbound(adaptive_lifo_policy(), map_of({})));
  EXPECT_EQ(with_codel.diagnostics.all()[0].hint, "write codel: {variant: controlled_delay}");

  PolicyBench by_priority;
  by_priority.station.discipline = Discipline::priority;
  EXPECT_FALSE(by_priority.inbound(adaptive_lifo_policy(), map_of({})));

  PolicyBench twice;
  ASSERT_TRUE(twice.inbound(adaptive_lifo_policy(), map_of({})));
  EXPECT_FALSE(twice.inbound(adaptive_lifo_policy(), map_of({})));
}

}  // namespace
}  // namespace tailrace::models
