// CoDel and controlled delay, request by request. Times are in milliseconds.
#include <gtest/gtest.h>

#include "models/policies/codel/codel.hpp"
#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

CallFacts looked_at(double now_ms, double waited_ms, std::uint32_t waiting = 100) {
  CallFacts facts;
  facts.now = {static_cast<std::int64_t>(now_ms * 1e6)};
  facts.waited = {static_cast<std::int64_t>(waited_ms * 1e6)};
  facts.waiting = waiting;
  return facts;
}

struct Look {
  double now, waited;
  bool served;
};
void expect(QueuePolicy& policy, std::initializer_list<Look> looks) {
  int i = 0;
  for (const Look& look : looks) {
    EXPECT_EQ(policy.serve(looked_at(look.now, look.waited)), look.served)
        << "look " << i << " at " << look.now << " ms";
    ++i;
  }
}

// RFC 8289 with target 5 ms, interval 100 ms.
TEST(Codel, DropsFollowTheControlLaw) {
  Codel codel({5'000'000}, {100'000'000});
  expect(codel, {
                    {0, 4, true},     //
                    {10, 6, true},    // above the target; standing from 110 on
                    {109, 50, true},  //
                    {110, 50, false},
                    {110, 40, true},  // phase 1 begins; next drop 110 + 100 = 210
                    {209, 50, true},  //
                    {210, 50, false},
                    {210, 40, true},  // count 2: next 210 + 100/sqrt(2) = 280.71
                    {280, 50, true},  //
                    {281, 50, false},
                    {281, 40, true},  // count 3: next 280.71 + 57.74 = 338.45
                    {338, 50, true},  //
                    {339, 50, false},
                    {339, 40, true},     // count 4: next 388.45
                    {350, 4.999, true},  // below: the phase ends
                    {389, 50, true},     // standing from 489 on
                });
  // Phase 2, within 16 intervals, begins at the rate of phase 1: count = 4 - 1 = 3, next 489 + 57.74 =
  // 546.74.
  expect(codel, {{489, 50, false}, {489, 40, true}, {546, 50, true}, {547, 50, false}, {547, 50, true}});
}

TEST(Codel, AfterALongPauseAPhaseBeginsSlowlyAgain) {
  Codel codel({5'000'000}, {100'000'000});
  expect(codel, {{0, 6, true}, {100, 50, false}, {100, 50, true}, {200, 50, false}, {200, 50, true}});
  expect(codel, {{271, 50, false}, {271, 50, true}, {300, 1, true}});     // count 3, next drop 328.45
  expect(codel, {{1830, 6, true}, {1930, 50, false}, {1930, 50, true}});  // 1601.6 later, not within 1600
  expect(codel, {{2029, 50, true}, {2030, 50, false}});                   // count 1: 1930 + 100
}

TEST(Codel, ADelayedLookDropsAllThatTheLawOwes) {
  Codel codel({5'000'000}, {100'000'000});
  expect(codel, {{0, 6, true}, {100, 50, false}, {100, 50, true}});  // next 200
  // At 400: drops due at 200, 270.71, 328.45, 378.45; the next is due at 378.45 + 44.72 = 423.17.
  expect(codel, {{400, 50, false}, {400, 50, false}, {400, 50, false}, {400, 50, false}, {400, 50, true}});
}

TEST(Codel, WhatFollowsADropEndsThePhaseIfItHasNotWaited) {
  Codel codel({5'000'000}, {100'000'000});
  expect(codel, {{0, 6, true}, {100, 50, false}, {100, 50, true}});
  expect(codel, {{400, 50, false}, {400, 1, true}, {410, 6, true}, {509, 6, true}, {510, 6, false}});
}

TEST(Codel, TheLastOfAQueueIsServed) {
  Codel codel({5'000'000}, {100'000'000});
  expect(codel, {{0, 6, true}});
  EXPECT_TRUE(codel.serve(looked_at(100, 50, 0)));
  expect(codel, {{101, 50, true}, {201, 50, false}});  // and began the interval anew
}

TEST(Codel, AnEmptyQueueIsNoStandingQueue) {
  Codel codel({5'000'000}, {100'000'000});
  expect(codel, {{0, 6, true}});
  codel.emptied(looked_at(50, 0));
  expect(codel, {{100, 50, true}, {199, 50, true}, {200, 50, false}});
}

TEST(ControlledDelay, TheTimeoutIsTheIntervalUntilTheQueueHasStoodForOne) {
  ControlledDelay policy({5'000'000}, {100'000'000});
  // The first came at 10: the queue was empty until then.
  expect(policy, {
                     {60, 50, true},    // came at 10
                     {150, 100, true},  // came at 50: 100 is allowed
                     {151, 100.5, false},
                     {205, 95, true},    // came at 110 = 10 + 100: still within the interval
                     {205, 94.9, false}  // came at 110.1: the target holds
                 });
  expect(policy, {{300, 5, true}, {300, 5.001, false}});
  policy.emptied(looked_at(310, 0));
  expect(policy, {{400, 90, true}, {450, 60, true}});
}

TEST(ControlledDelay, ALongServiceBeforeAnEmptyQueueIsNoStandingQueue) {
  ControlledDelay policy({5'000'000}, {100'000'000});
  policy.emptied(looked_at(0, 0));      // found a free worker, and keeps it for a second
  expect(policy, {{1000, 100, true}});  // the first to wait came at 900
  expect(policy, {{1001, 6, true}});    // came at 995
  expect(policy, {{1010, 6, false}});   // came at 1004, the queue has stood since 900
}

TEST(Codel, BothVariantsAreReadAndTwoPoliciesOfAQueueAreRefused) {
  PolicyBench bench;
  ASSERT_TRUE(bench.inbound(codel_policy(), scalar("controlled_delay")));
  const auto policy = bench.station.queue_policy->start();
  EXPECT_NE(dynamic_cast<ControlledDelay*>(policy.get()), nullptr);
  EXPECT_FALSE(bench.inbound(codel_policy(), map_of({})));

  PolicyBench plain;
  ASSERT_TRUE(plain.inbound(codel_policy(), map_of({{"target", scalar("1ms")}})));
  EXPECT_NE(dynamic_cast<Codel*>(plain.station.queue_policy->start().get()), nullptr);

  PolicyBench zero;
  EXPECT_FALSE(zero.inbound(codel_policy(), map_of({{"interval", scalar("0")}})));
}

}  // namespace
}  // namespace tailrace::models
