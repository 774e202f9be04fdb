// Random early drop: the shares by hand. A queue with it is held against its birth-death chain in
// tests/statistical.
#include <gtest/gtest.h>

#include "models/policies/early_drop/early_drop.hpp"

namespace tailrace::models {
namespace {

double refused_at(EarlyDrop& policy, std::uint32_t queue, sim::Stream& random) {
  constexpr int kAsked = 40'000;
  int refused = 0;
  CallFacts facts;
  facts.waiting = queue;
  for (int i = 0; i < kAsked; ++i) {
    const Admission answer = policy.admit(facts, random);
    if (answer.kind == Admission::Kind::admit) continue;
    EXPECT_EQ(answer.reason, Outcome::shed);
    ++refused;
  }
  return static_cast<double>(refused) / kAsked;
}

// Between 10 and 110, at most 40 %: 0 at 10, 20 % at 60, 39.6 % at 109, all from 110 on.
TEST(EarlyDrop, TheShareGrowsWithTheQueue) {
  EarlyDrop policy(EarlyDropSpec{10, 110, Fraction{0.4}});
  sim::Stream random(1, 0, "door", "drop");
  EXPECT_EQ(refused_at(policy, 9, random), 0);
  EXPECT_EQ(refused_at(policy, 10, random), 0);
  EXPECT_NEAR(refused_at(policy, 60, random), 0.2, 0.01);  // 5 standard errors
  EXPECT_NEAR(refused_at(policy, 109, random), 0.396, 0.0123);
  EXPECT_EQ(refused_at(policy, 110, random), 1);
  EXPECT_EQ(refused_at(policy, 1'000'000, random), 1);
}

TEST(EarlyDrop, TheLengthsMustLeaveRoomToGrow) {
  const PolicyInfo info = early_drop_policy();
  Station station;
  Diagnostics diagnostics;
  PolicyTarget target{nullptr, &station, {}, "services.s.inbound.early_drop", nullptr, diagnostics};
  const EarlyDropSpec spec{10, 10, Fraction{1}};
  info.apply(&spec, target);
  EXPECT_EQ(diagnostics.errors(), 1);
  EXPECT_TRUE(station.doors.empty());
}

}  // namespace
}  // namespace tailrace::models
