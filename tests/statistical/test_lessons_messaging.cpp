// What the library's scenarios about queues, logs and topics teach, as claims with derived numbers. The
// workflows built on them are in test_lessons_workflows.cpp.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/statistical/lessons.hpp"

namespace tailrace::tests {
namespace {

using models::EffectRecord;
using models::Fate;

// --- sync-or-async: 100/s; down from 60 s to 120 s; the queue's consumer does 125/s.

TEST(SyncOrAsync, CallsFailForTheOutageAndTheQueueTakesEverything) {
  const Results run = run_library("sync-or-async");
  EXPECT_EQ(least(run, successes("by_queue")), 1);
  EXPECT_NEAR(1 - mean(run, successes("by_calls")), 60.0 / 480, 0.004);
  EXPECT_GT(difference(run, successes("by_queue"), run, successes("by_calls")).low, 0.11);
  EXPECT_EQ(most(run, missed("rabbit/orders")), 0);
}

// The lag at 120 s is what came in 60 s, with a Poisson count's deviation of 77; it falls by 25/s, and its
// change over 100 s has the deviation of what came in them, 100, over 5 replications 45.
TEST(SyncOrAsync, LagDrainsAtMuMinusLambda) {
  const Results run = run_library("sync-or-async");
  const Figure at_return = lag_at("rabbit/orders", 120);
  EXPECT_FIGURE(run, at_return, 6000, 3 * 77 / std::sqrt(5.0));
  const double rate = mean(run, minus(lag_at("rabbit/orders", 140), lag_at("rabbit/orders", 240))) / 100;
  EXPECT_NEAR(rate, 125 - 100, 3 * 45.0 / 100);
  // Each replication by itself: gone when its own lag over its own drain rate says so.
  EXPECT_GT(least(run, lag_at("rabbit/orders", 120 + 240 - 60)), 0);
  EXPECT_LT(most(run, lag_at("rabbit/orders", 120 + 240 + 80)), 100);
}

// --- visibility-timeout: a delivery outlives V with probability exp(-V/s).

TEST(VisibilityTimeout, TooShortADuplicateForEachDeliveryThatOutlivesIt) {
  for (const double v : {4.0, 6.0}) {
    const Results run = run_library("visibility-timeout",
                                    {fmt::format("cloud_queues.short_queue.visibility_timeout={}s", v)});
    const double p = std::exp(-v / 2);
    // 50 000 deliveries a replication, five of them: a share's deviation is sqrt(p q / 250 000).
    const double deviation = std::sqrt(p * (1 - p) / 250'000);
    EXPECT_FIGURE(run, redelivered_share("short_queue/consumers"), p, 4 * deviation) << v;
    const double applied = mean(run, effects("short_queue/consumers", &EffectRecord::applied));
    const double twice = mean(run, effects("short_queue/consumers", &EffectRecord::duplicates));
    EXPECT_NEAR(twice / applied, p, 4 * deviation) << v;
  }
}

TEST(VisibilityTimeout, AStoreOrAHeartbeatLeavesNoDuplicate) {
  const Results run = run_library("visibility-timeout");
  EXPECT_EQ(most(run, effects("stored_queue/consumers", &EffectRecord::duplicates)), 0);
  EXPECT_GT(least(run, effects("stored_queue/consumers", &EffectRecord::skipped)), 2000);
  EXPECT_EQ(most(run, redelivered_share("extended_queue/consumers")), 0);
}

// --- hot-key: 200/s + 300/s / 12 for a consumer of 100/s.

TEST(HotKey, CapsAtOnePartitionsConsumerWhileOthersIdle) {
  const Results run = run_library("hot-key");
  const double growth = 200 + 300.0 / 12 - 100;
  EXPECT_NEAR(mean(run, lag_at("orders/billing", 120)) / 120, growth, 3);
  ASSERT_EQ(run.report.messaging.channels.size(), 1u);
  ASSERT_EQ(run.report.messaging.channels[0].uneven.size(), 1u);
  const analysis::UnevenReport& u = run.report.messaging.channels[0].uneven[0];
  EXPECT_NEAR(u.throughput, 100, 1);
  EXPECT_NEAR(u.throughput_of_rest, 25, 0.7);
  EXPECT_LT(u.rest, 20);
  const Results more = run_library("hot-key", {"logs.orders.consumers.billing.instances=24"});
  EXPECT_FIGURE(more, lag_at("orders/billing", 120), mean(run, lag_at("orders/billing", 120)), 1);
  EXPECT_EQ(most(run, effects("orders/billing", &EffectRecord::out_of_order)), 0);
  const Results salted = run_library("hot-key", {"workloads.shoppers.steps[0].key=uniform(0, 1000000)"});
  EXPECT_LT(most(salted, lag_at("orders/billing", 120)), 50);
}

// --- poison-message

TEST(PoisonMessage, BlocksItsPartitionUntilItIsDeadLettered) {
  const Results run = run_library("poison-message");
  // Four partitions of 25/s, each blocked after 1000 messages of its own on average, 40 s.
  EXPECT_LT(mean(run, effects("blocked/mailers", &EffectRecord::distinct)) / 300, 30);
  EXPECT_EQ(most(run, gone("blocked/mailers", Fate::dead_lettered)), 0);
  EXPECT_GT(least(run, lag_at("blocked/mailers", 300)), 20'000);
  // 30 000 messages, of which 30 are poison, within three deviations for the mean of five.
  EXPECT_FIGURE(run, gone("freed/mailers", Fate::dead_lettered), 30, 3 * std::sqrt(30.0 / 5));
  EXPECT_LT(most(run, lag_at("freed/mailers", 300)), 500);
  EXPECT_EQ(mean(run, published("graveyard")), mean(run, gone("freed/mailers", Fate::dead_lettered)));
  EXPECT_GT(difference(run, effects("freed/mailers", &EffectRecord::distinct), run,
                       effects("blocked/mailers", &EffectRecord::distinct))
                .low,
            20'000);
}

TEST(PoisonMessage, TakesAsManyConsumersOfAQueueAsThereAreOfIt) {
  const Results run = run_library("poison-message");
  EXPECT_GT(least(run, redelivered_share("rabbit/spinning")), 0.9);
  EXPECT_LT(most(run, effects("rabbit/spinning", &EffectRecord::distinct)), 6000);
  EXPECT_FIGURE(run, gone("rabbit/limited", Fate::dead_lettered), 30, 3 * std::sqrt(30.0 / 5));
  EXPECT_LT(most(run, lag_at("rabbit/limited", 300)), 50);
  // What was given up lies in the dead-letter queue.
  EXPECT_EQ(mean(run, lag_at("rabbit/dead", 300)), mean(run, gone("rabbit/limited", Fate::dead_lettered)));
}

// --- rebalance-storm

double rebalances(const Results& run) {
  return mean(run, [](const models::CompiledModel&, const models::RunRecord& r) {
    return static_cast<double>(r.channels[0].counts.rebalances);
  });
}

TEST(RebalanceStorm, OutlivesItsTriggerAndALargerIntervalOrSmallerPollsHealIt) {
  const Results storm = run_library("rebalance-storm");
  EXPECT_GT(rebalances(storm), 100);
  EXPECT_GT(least(storm, redelivered_share("orders/billing")), 0.5);
  // Long after the burst it still grows.
  EXPECT_GT(least(storm, minus(lag_at("orders/billing", 300), lag_at("orders/billing", 150))), 1000);
  for (const char* healed : {"max_poll_interval=60s", "max_poll_records=20"}) {
    const Results run =
        run_library("rebalance-storm", {fmt::format("logs.orders.consumers.billing.{}", healed)});
    EXPECT_EQ(rebalances(run), 0) << healed;
    EXPECT_EQ(most(run, redelivered_share("orders/billing")), 0) << healed;
    // 80/s against 50/s: the 3500 of the burst are gone after 120 s.
    EXPECT_LT(most(run, lag_at("orders/billing", 240)), 100) << healed;
    const Figure done = effects("orders/billing", &EffectRecord::distinct);
    EXPECT_GT(difference(run, done, storm, done).low, 10'000) << healed;
  }
}

TEST(RebalanceStorm, CooperativeKeepsMoreAtWorkButNotTheRightWork) {
  const Results eager = run_library("rebalance-storm");
  const Results kind =
      run_library("rebalance-storm", {"logs.orders.consumers.billing.assignment=cooperative_sticky"});
  const Figure handled = effects("orders/billing", &EffectRecord::applied);
  EXPECT_GT(difference(kind, handled, eager, handled).low, 0);
  EXPECT_GT(least(kind, lag_at("orders/billing", 300)), 1000);
}

// --- shared-subscription: 60/s, from 60 s to 120 s 240/s; a consumer does 20/s.

// Four consumers, one for each partition: (240 - 80) x 60 are left at 120 s, with a Poisson count's deviation
// of 120, and at 80 - 60 = 20/s those of 360 s are 4800 fewer, with one of 120 + 139 (what came and what was
// done in 240 s) in squares. Sixteen are rid of them by 180 s.
TEST(SharedSubscription, ScalesBeyondPartitionsAndOnlyByKeyKeepsTheOrder) {
  const Results shared = run_library("shared-subscription");
  const auto variant = [](const char* type) {
    return run_library("shared-subscription",
                       {fmt::format("logs.orders.consumers.billing.subscription={}", type)});
  };
  const Results group = variant("group"), keyed = variant("key_shared");
  const Figure late = lag_at("orders/billing", 180);
  EXPECT_FIGURE(group, lag_at("orders/billing", 120), 9600, 4 * 150 / std::sqrt(5.0));
  EXPECT_FIGURE(group, minus(lag_at("orders/billing", 120), lag_at("orders/billing", 360)), 4800,
                4 * 185 / std::sqrt(5.0));
  EXPECT_LT(most(shared, late), 200);
  EXPECT_LT(most(keyed, late), 300);
  const Figure overtaken = effects("orders/billing", &EffectRecord::out_of_order);
  EXPECT_GT(least(shared, overtaken), 100);
  EXPECT_EQ(most(keyed, overtaken), 0);
  EXPECT_EQ(most(group, overtaken), 0);
}

// --- event-storm: gains 0.8, 1.2, and 1.2 for five generations.

TEST(EventStorm, AGainUnderOneFadesOverOneNeverEndsAndAHopLimitEndsIt) {
  const Results run = run_library("event-storm");
  const double calm = mean(run, published("calm")) / (mean(run, goodput_per_s("calm_orders")) * 100);
  EXPECT_NEAR(calm, 1 / (1 - 0.8), 0.15);
  EXPECT_LT(most(run, lag_at("calm/react", 100)), 50);
  // A hundred orders were enough for consumers of 800/s to be full for good.
  EXPECT_GT(least(run, lag_at("storm/react", 100)), 5000);
  EXPECT_GT(least(run, minus(lag_at("storm/react", 100), lag_at("storm/react", 80))), 1000);
  const double guarded = mean(run, published("guarded")) / (mean(run, goodput_per_s("guarded_orders")) * 100);
  EXPECT_NEAR(guarded, (std::pow(1.2, 5) - 1) / 0.2, 0.15);
}

// --- delivery-levels

TEST(DeliveryLevels, LoseOrRepeatInACrashWhatTheyMay) {
  const Results run = run_library("delivery-levels");
  const double sent = mean(run, published("readings"));
  // Away for 2 s of each 10 s from 10 s on: 270 s of the 280 s in which something is sent, or a little less.
  EXPECT_NEAR(mean(run, missed("readings/level0")) / sent, 0.2 * 270 / 280, 0.01);
  EXPECT_EQ(most(run, effects("readings/level0", &EffectRecord::duplicates)), 0);
  EXPECT_EQ(most(run, missed("readings/level1")), 0);
  EXPECT_NEAR(mean(run, effects("readings/level1", &EffectRecord::duplicates)) / sent, 0.01, 0.002);
  EXPECT_EQ(most(run, missed("readings/level2")), 0);
  EXPECT_EQ(most(run, effects("readings/level2", &EffectRecord::duplicates)), 0);
  EXPECT_EQ(mean(run, effects("readings/level2", &EffectRecord::distinct)), sent);
}

// --- publish-subscribe

TEST(PublishSubscribe, OneSubscribersOutageIsNoticedByNobodyElse) {
  const Results run = run_library("publish-subscribe");
  const Results healthy = run_library("publish-subscribe", {"faults=[]"});
  EXPECT_EQ(least(run, successes("shoppers")), 1);
  const Figure inventory = effects("rabbit/inventory", &EffectRecord::distinct);
  EXPECT_EQ(mean(run, inventory), mean(healthy, inventory));
  // Each has its own copy of all of them, but for what is under way at the end.
  for (const char* subscriber : {"rabbit/inventory", "rabbit/notification"}) {
    EXPECT_FIGURE(run, effects(subscriber, &EffectRecord::distinct), mean(run, published("rabbit")), 20)
        << subscriber;
  }
  EXPECT_FIGURE(run, lag_at("rabbit/notification", 120), 6000, 3 * 77 / std::sqrt(5.0));
  EXPECT_EQ(most(run, missed("rabbit/notification")), 0);
  // 4 x 50/s against 100/s: gone a minute later.
  EXPECT_LT(most(run, lag_at("rabbit/notification", 200)), 100);
}

}  // namespace
}  // namespace tailrace::tests
