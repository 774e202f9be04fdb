// What a caller sheds by the level that its server told, and for how long it believes it.
#include <gtest/gtest.h>

#include "models/policies/cooperative_shedding/cooperative_shedding.hpp"
#include "models/policies/priority_shedding/priority_shedding.hpp"
#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

// The last level of a priority, whoever the user is.
int last_of(int priority) {
  return (256 - priority) * LevelHistogram::kUserLevels - 1;
}

TEST(CooperativeShedding, WhatIsAboveTheLevelIsShedUntilThatIsForgotten) {
  const auto policy = started(cooperative_shedding_policy(), "forget_after: 10s");
  auto* const learner = dynamic_cast<LearnsLevel*>(policy.get());
  ASSERT_NE(learner, nullptr);
  sim::Stream random(1, 0, "a", "b");
  const auto admits = [&](std::int64_t ns, std::uint8_t priority) {
    CallFacts facts = at_ns(ns);
    facts.priority = priority;
    facts.key = 4711;
    const Admission answer = policy->admit(facts, random);
    if (answer.kind == Admission::Kind::reject) {
      EXPECT_EQ(answer.reason, Outcome::shed);
    }
    return answer.kind == Admission::Kind::admit;
  };
  EXPECT_TRUE(admits(0, 7));  // nothing is known yet
  learner->learn(last_of(200), {kS});
  EXPECT_EQ(policy->gauge(), last_of(200));
  EXPECT_TRUE(admits(2 * kS, 200));
  EXPECT_FALSE(admits(2 * kS, 199));
  EXPECT_FALSE(admits(11 * kS, 7));
  EXPECT_TRUE(admits(11 * kS + 1, 7));
  learner->learn(-1, {12 * kS});  // the server lets nobody in
  EXPECT_FALSE(admits(12 * kS, 255));
}

}  // namespace
}  // namespace tailrace::models
