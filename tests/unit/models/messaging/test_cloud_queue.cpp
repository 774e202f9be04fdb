// Event by event: what a cloud queue does and when, with times worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "cloud_queue_world.hpp"

namespace tailrace::models {
namespace {

using testing::ElementsAre;
using World = CloudQueueWorld;

TEST(CloudQueue, AWaitingConsumerGetsWhatIsPublishedAtOnceAndDeletesItAfterItsHandler) {
  World w(World::settings());
  w.handle_in(2 * kSecond);
  w.publish_at(1 * kSecond, 7);
  w.host.run_until(10 * kSecond);
  ASSERT_EQ(w.host.started.size(), 1u);
  EXPECT_EQ(w.host.started[0].time, 1 * kSecond);
  ASSERT_EQ(w.host.gone.size(), 1u);
  EXPECT_EQ(w.host.gone[0].time, 3 * kSecond);
  EXPECT_EQ(w.host.gone[0].fate, Fate::consumed);
  EXPECT_EQ(w.host.copies, 0);
  EXPECT_EQ(w.counts().area, 2 * kSecond);  // one message for 2 s
  EXPECT_EQ(w.host.times.at({ChannelTime::waiting, 0u}), std::vector<std::int64_t>{0});
}

// Received at 0, visibility 30 s, handlers of 45 s, two workers. The second receive is at 30 s, the first
// handler's delete at 45 s, with a receipt that is no longer the latest.
TEST(CloudQueue, AHandlerThatOverrunsTheVisibilityTimeoutRunsTwice) {
  const auto run = [](LateDelete late) {
    CloudQueueSettings s = World::settings(2, 1);
    s.late_delete = late;
    World w(s);
    int handled = 0;
    w.host.handling = [&](const FakeHost::Started&) {
      return std::pair{handled++ == 0 ? 45 * kSecond : 20 * kSecond, Outcome::success};
    };
    w.publish_at(0, 1);
    w.host.run_until(200 * kSecond);
    EXPECT_EQ(w.host.started.size(), 2u);
    EXPECT_EQ(w.host.started[1].time, 30 * kSecond);
    EXPECT_EQ(w.host.started[1].instance, 1u);
    EXPECT_EQ(w.counts().deliveries, 2u);
    EXPECT_EQ(w.counts().redeliveries, 1u);
    EXPECT_TRUE(w.counts().conserved());
    return std::pair{w.host.gone.at(0).time, w.queue().receive_counts().late};
  };
  EXPECT_EQ(run(LateDelete::latest), std::pair(50 * kSecond, std::uint64_t{1}));  // 30 + 20: by the second
  EXPECT_EQ(run(LateDelete::ignored), std::pair(50 * kSecond, std::uint64_t{1}));
  EXPECT_EQ(run(LateDelete::accepted), std::pair(45 * kSecond, std::uint64_t{1}));  // the second's is late
}

// With nobody free to receive it again, the receipt is still the latest at 45 s.
TEST(CloudQueue, ALateDeleteCountsUntilTheMessageIsReceivedAgainUnlessIgnored) {
  const auto run = [](LateDelete late) {
    CloudQueueSettings s = World::settings(1, 1);
    s.late_delete = late;
    World w(s);
    w.handle_in(45 * kSecond);
    w.publish_at(0, 1);
    w.host.run_until(100 * kSecond);
    return w.host.started.size();
  };
  EXPECT_EQ(run(LateDelete::latest), 1u);
  EXPECT_EQ(run(LateDelete::ignored), 3u);  // at 0, 45 and 90 s: it never ends
}

TEST(CloudQueue, HeartbeatsKeepALongHandlersMessageHidden) {
  CloudQueueSettings s = World::settings(2, 1);
  s.extend_interval_ns = 10 * kSecond;
  s.extend_until_ns = 60 * kSecond;
  World w(s);
  w.handle_in(85 * kSecond);  // heartbeats at 10, 20, ... 60 s: hidden until 90 s
  w.publish_at(0, 1);
  w.host.run_until(300 * kSecond);
  EXPECT_EQ(w.host.started.size(), 1u);

  World longer(s);
  longer.handle_in(95 * kSecond);
  longer.publish_at(0, 1);
  longer.host.run_until(94 * kSecond);
  ASSERT_EQ(longer.host.started.size(), 2u);
  EXPECT_EQ(longer.host.started[1].time, 90 * kSecond);
}

// The crash at 25 s ends the heartbeats: the last was at 20 s, so it is visible at 50 s.
TEST(CloudQueue, ACrashedConsumersMessageComesBackWhenItsTimeoutEnds) {
  CloudQueueSettings s = World::settings(2, 1);
  s.extend_interval_ns = 10 * kSecond;
  s.extend_until_ns = 1000 * kSecond;
  World w(s);
  w.publish_at(0, 1);
  w.host.run_until(25 * kSecond);
  w.channel->instance_changed(0, 0, false);
  w.channel->handled(w.host.started[0].token, Outcome::success);  // too late to count
  w.host.run_until(49 * kSecond);
  EXPECT_EQ(w.host.started.size(), 1u);
  w.host.run_until(50 * kSecond);
  ASSERT_EQ(w.host.started.size(), 2u);
  EXPECT_EQ(w.host.started[1].instance, 1u);
  EXPECT_EQ(w.ended(Fate::consumed), 0u);
}

// Ten messages received together, one worker, 4 s each, visibility 30 s: the clock of all runs from the
// receive, so those begun from 28 s on end too late, and are received again when the worker is free at 40 s.
TEST(CloudQueue, TheClockRunsForTheWholeBatchFromItsReceive) {
  CloudQueueSettings s = World::settings(1, 1);
  s.late_delete = LateDelete::ignored;
  World w(s);
  w.handle_in(4 * kSecond);
  w.channel->instance_changed(0, 0, false);
  for (std::uint64_t i = 0; i < 10; ++i) w.publish_at(0, i);
  w.host.at(1, [&] { w.channel->instance_changed(0, 0, true); });
  w.host.run_until(41 * kSecond);
  EXPECT_EQ(w.ended(Fate::consumed), 7u);  // they ended at 4, 8, ... 28 s
  EXPECT_EQ(w.queue().receive_counts().late, 3u);
  EXPECT_EQ(w.counts().deliveries, 13u);

  s.skip_expired = true;  // looks at the clock before it begins
  World careful(s);
  careful.handle_in(4 * kSecond);
  careful.channel->instance_changed(0, 0, false);
  for (std::uint64_t i = 0; i < 10; ++i) careful.publish_at(0, i);
  careful.host.at(1, [&] { careful.channel->instance_changed(0, 0, true); });
  careful.host.run_until(60 * kSecond);
  EXPECT_EQ(careful.queue().receive_counts().late, 1u);  // the eighth: 28 to 32 s
  EXPECT_EQ(careful.queue().receive_counts().skipped, 2u);
  EXPECT_EQ(careful.ended(Fate::consumed), 10u);
}

// Five are there when the first of two instances comes, each of two workers. A receive brings up to ten.
TEST(CloudQueue, AReceiveForFreeWorkersLeavesTheRestToOthers) {
  for (const bool free_only : {true, false}) {
    CloudQueueSettings s = World::settings(2, 2);
    s.free_workers_only = free_only;
    World w(s);
    for (const std::uint32_t i : {0u, 1u}) w.channel->instance_changed(0, i, false);
    for (std::uint64_t i = 1; i <= 5; ++i) w.publish(i);
    w.channel->instance_changed(0, 0, true);
    EXPECT_EQ(w.counts().in_flight, free_only ? 2u : 5u);
    w.channel->instance_changed(0, 1, true);
    EXPECT_EQ(w.host.started.size(), free_only ? 4u : 2u);
    EXPECT_EQ(w.counts().ready, free_only ? 1u : 0u);
  }
}

TEST(CloudQueue, AConsumerThatPausesEndsWhatItHasAndReceivesNoMore) {
  CloudQueueSettings s = World::settings(2, 1);
  s.receive_batch = 1;
  World w(s);
  for (std::uint64_t i = 1; i <= 4; ++i) w.publish(i);
  w.expect_a_pause_ends_what_is_had();
}

TEST(CloudQueue, WhileItsNodeIsDownItTakesNothingAndGivesNothing) {
  World w(World::settings());
  w.channel->instance_changed(0, 0, false);
  w.publish(1);
  Envelope where;
  EXPECT_EQ(w.channel->place(where), 0u);
  w.channel->node_changed(0, false);
  EXPECT_EQ(w.channel->place(where), kNobody);
  EXPECT_EQ(w.publish(2), Publication::unavailable);
  w.channel->instance_changed(0, 0, true);
  EXPECT_TRUE(w.host.started.empty());
  w.channel->node_changed(0, true);
  EXPECT_EQ(w.order(), (std::vector<std::uint64_t>{1}));
}

// Idle for 65 s with waits of 20 s: three receives came back empty, the fourth brought the message.
TEST(CloudQueue, LongPollsThatBringNothingAreCountedWithoutEvents) {
  World w(World::settings());
  w.handle_in(kSecond);
  w.publish_at(65 * kSecond, 1);
  w.host.run_until(66 * kSecond);
  EXPECT_EQ(w.queue().receive_counts().empty, 3u);
  EXPECT_EQ(w.queue().receive_counts().receives, 1u);
  w.host.run_until(86 * kSecond);  // and it has waited again since 66 s
  EXPECT_EQ(w.queue().receive_counts().empty, 4u);
}

// Polls at 0, 1, 2, 3 s; published at 2.5 s; handled 3 to 3.2 s; then an empty one at once, and at 4.2 s.
TEST(CloudQueue, ShortPollsFindAMessageAtTheNextPoll) {
  CloudQueueSettings s = World::settings();
  s.wait_time_ns = 0;
  s.poll_interval_ns = kSecond;
  World w(s);
  w.handle_in(200 * kMs);
  w.publish_at(2500 * kMs, 1);
  w.host.run_until(5 * kSecond);
  ASSERT_EQ(w.host.started.size(), 1u);
  EXPECT_EQ(w.host.started[0].time, 3 * kSecond);
  EXPECT_EQ(w.queue().receive_counts().empty, 3u + 2u);
}

// A third of the interval apart, also of one that lasts as long as time itself.
TEST(CloudQueue, InstancesPollOneAfterTheOther) {
  CloudQueueSettings s = World::settings(3, 1);
  s.wait_time_ns = 0;
  s.poll_interval_ns = 30 * kSecond;
  World w(s);
  for (const std::int64_t polls : {1, 2, 3}) {
    w.host.run_until(polls * 10 * kSecond - 1);
    EXPECT_EQ(w.queue().receive_counts().empty, static_cast<std::uint64_t>(polls));
  }
  s.poll_interval_ns = std::numeric_limits<std::int64_t>::max();
  World seldom(s);
  seldom.host.run_until(1000 * kSecond);
  EXPECT_EQ(seldom.queue().receive_counts().empty, 1u);
}

TEST(CloudQueue, ReceiveLatencyPassesBeforeTheHandlerAndTheTimeoutRunsMeanwhile) {
  CloudQueueSettings s = World::settings(2, 1);
  s.receive_latency = sim::Distribution::constant(100 * kMs);
  s.delete_latency_ns = 50 * kMs;
  s.visibility_timeout_ns = kSecond;
  World w(s);
  w.handle_in(880 * kMs);  // 100 + 880 + 50 = 1030 ms: the delete comes too late
  w.publish_at(0, 1);
  w.host.run_until(1050 * kMs);
  EXPECT_EQ(w.host.started[0].time, 100 * kMs);
  EXPECT_EQ(w.counts().deliveries, 2u);
  EXPECT_EQ(w.queue().receive_counts().late, 1u);
}

TEST(CloudQueue, DeletesGoInBatchesAndThoseOfACrashedConsumerAreLost) {
  CloudQueueSettings s = World::settings(1, 1);
  s.delete_batch = 3;
  s.delete_max_wait_ns = kSecond;
  World w(s);
  w.handle_in(100 * kMs);
  for (std::uint64_t i = 0; i < 4; ++i) w.publish_at(0, i);  // handled at 0.1, 0.2, 0.3, 0.4 s
  w.host.run_until(10 * kSecond);
  ASSERT_EQ(w.host.gone.size(), 4u);
  EXPECT_EQ(w.host.gone[2].time, 300 * kMs);
  EXPECT_EQ(w.host.gone[3].time, 1400 * kMs);
  EXPECT_EQ(w.queue().receive_counts().deletes, 2u);

  w.publish_at(10 * kSecond, 9);
  w.host.run_until(10 * kSecond + 500 * kMs);  // handled, not deleted
  w.channel->instance_changed(0, 0, false);
  w.channel->instance_changed(0, 0, true);
  w.host.run_until(41 * kSecond);
  EXPECT_EQ(w.order().back(), 9u);
  EXPECT_EQ(w.host.started.size(), 6u);
}

// Received at 0, 1 and 3 s (back-off 1 s, then 2 s), and dead-lettered at 7 s in place of the fourth receive.
TEST(CloudQueue, APoisonMessageIsDeadLetteredInPlaceOfTheReceiveAfterTheLast) {
  CloudQueueSettings s = World::settings();
  s.on_failure = CloudOnFailure::make_visible;
  s.backoff = {{kSecond}, 2, {100 * kSecond}, Jitter::none};
  s.max_receives = 3;
  s.dead_letter = 5;
  World w(s);
  w.host.handling = [](const FakeHost::Started&) { return std::pair{std::int64_t{0}, Outcome::error}; };
  w.publish_at(0, 1);
  w.host.run_until(60 * kSecond);
  EXPECT_EQ(w.host.started.size(), 3u);
  ASSERT_EQ(w.host.forwarded.size(), 1u);
  EXPECT_EQ(w.host.forwarded[0].first, 5u);
  EXPECT_EQ(w.host.forwarded[0].second.redirected, 1);
  ASSERT_EQ(w.host.gone.size(), 1u);
  EXPECT_EQ(w.host.gone[0].time, 7 * kSecond);
  EXPECT_EQ(w.host.gone[0].fate, Fate::dead_lettered);

  s.give_up_at_failure = true;  // what a webhook does: no fourth receive is waited for
  World hook(s);
  hook.host.accepts_forwarded = false;
  hook.host.handling = w.host.handling;
  hook.publish_at(0, 1);
  hook.host.run_until(60 * kSecond);
  ASSERT_EQ(hook.host.gone.size(), 1u);
  EXPECT_EQ(hook.host.gone[0].time, 3 * kSecond);
  EXPECT_EQ(hook.host.gone[0].fate, Fate::dropped);  // the dead-letter queue did not take it
}

TEST(CloudQueue, AFailedHandlersMessageIsLeftToItsTimeoutUnlessItIsMadeVisible) {
  World w(World::settings());
  int failures = 1;
  w.host.handling = [&](const FakeHost::Started&) {
    return std::pair{kSecond, failures-- > 0 ? Outcome::error : Outcome::success};
  };
  w.publish_at(0, 1);
  w.host.run_until(60 * kSecond);
  ASSERT_EQ(w.host.started.size(), 2u);
  EXPECT_EQ(w.host.started[1].time, 30 * kSecond);
}

TEST(CloudQueue, DelaysOfTheQueueAndOfTheMessagePassBeforeItIsVisible) {
  CloudQueueSettings s = World::settings(1, 10);
  s.delivery_delay_ns = 5 * kSecond;
  World w(s);
  w.handle_in(0);
  Envelope late;
  late.identity = 2;
  late.delay_us = 8'000'000;
  w.host.at(0, [&] { w.channel->publish(late, false, 0); });
  w.publish_at(0, 1);
  w.host.run_until(10 * kSecond);
  ASSERT_EQ(w.host.started.size(), 2u);
  EXPECT_EQ(w.host.started[0].time, 5 * kSecond);
  EXPECT_EQ(w.host.started[1].time, 8 * kSecond);
  EXPECT_EQ(w.order(), (std::vector<std::uint64_t>{1, 2}));
}

TEST(CloudQueue, WhatIsOlderThanTheRetentionExpiresAlsoInFlight) {
  CloudQueueSettings s = World::settings(1, 1);
  s.receive_batch = 1;
  s.retention_ns = 60 * kSecond;
  s.visibility_timeout_ns = 1000 * kSecond;
  World w(s);
  w.publish_at(0, 1);  // its handler never ends
  w.publish_at(10 * kSecond, 2);
  w.host.run_until(60 * kSecond);
  EXPECT_EQ(w.counts().in_flight, 0u);
  EXPECT_EQ(w.counts().ready, 1u);
  w.host.run_until(70 * kSecond);
  EXPECT_EQ(w.ended(Fate::expired), 2u);
  w.channel->handled(w.host.started[0].token, Outcome::success);
  EXPECT_EQ(w.queue().receive_counts().late, 1u);
  EXPECT_TRUE(w.counts().conserved());
  EXPECT_EQ(w.channel->oldest_born(0), -1);
}

TEST(CloudQueue, TheInFlightLimitHoldsReceivesBack) {
  CloudQueueSettings s = World::settings(3, 4);
  s.in_flight_limit = 5;
  World w(s);
  w.handle_in(10 * kSecond);
  for (std::uint64_t i = 0; i < 8; ++i) w.publish_at(static_cast<std::int64_t>(i) * kSecond, i);
  w.host.run_until(7 * kSecond);
  EXPECT_EQ(w.counts().in_flight, 5u);
  EXPECT_EQ(w.counts().ready, 3u);
  w.host.run_until(10 * kSecond);  // the first is deleted
  EXPECT_EQ(w.counts().in_flight, 5u);
  EXPECT_EQ(w.counts().ready, 2u);
}

TEST(CloudQueue, ARedriveMovesWhatIsVisibleAtItsRate) {
  CloudQueueSettings s = World::settings(0, 1);
  s.redrive_to = 3;
  s.redrive_start_ns = 100 * kSecond;
  s.redrive_spacing_ns = 2 * kSecond;
  World w(s);
  for (std::uint64_t i = 0; i < 3; ++i) w.publish_at(kSecond, i);
  w.host.run_until(103 * kSecond);
  EXPECT_EQ(w.host.forwarded.size(), 2u);  // at 100 and 102 s
  w.host.run_until(200 * kSecond);
  EXPECT_EQ(w.host.forwarded.size(), 3u);
  EXPECT_EQ(w.channel->depth(0), 0u);
  const ChannelRecord record = w.channel->record();
  ASSERT_EQ(record.events.size(), 2u);
  EXPECT_EQ(record.events[1].time_ns, 106 * kSecond);
}

TEST(CloudQueue, ABatchHandledAsOneFailsAsOne) {
  CloudQueueSettings s = World::settings();
  s.whole_batch = true;
  s.receive_batch = 4;
  World w(s);
  int calls = 0;
  w.host.handling = [&](const FakeHost::Started&) {
    return std::pair{kSecond, ++calls == 2 ? Outcome::error : Outcome::success};
  };
  w.publish_at(0, 0);
  for (std::uint64_t i = 1; i < 6; ++i) w.publish_at(500 * kMs, i);
  w.host.run_until(20 * kSecond);
  ASSERT_EQ(w.host.started.size(), 3u);
  EXPECT_EQ(w.host.started[1].messages.size(), 4u);  // 1 to 4, from 1 to 2 s: fails
  EXPECT_EQ(w.host.started[2].messages.size(), 1u);  // 5
  w.host.run_until(60 * kSecond);
  ASSERT_EQ(w.host.started.size(), 4u);
  EXPECT_EQ(w.host.started[3].time, 31 * kSecond);
  EXPECT_EQ(w.ended(Fate::consumed), 6u);
}

TEST(CloudQueue, DeliveriesPauseAfterFailuresInARow) {
  CloudQueueSettings s = World::settings();
  s.on_failure = CloudOnFailure::make_visible;
  s.backoff = {{kSecond}, 1, {kSecond}, Jitter::none};
  s.pause_after_failures = 3;
  s.pause_ns = 60 * kSecond;
  World w(s);
  w.host.handling = [&](const FakeHost::Started& d) {
    return std::pair{std::int64_t{0}, d.time < 70 * kSecond ? Outcome::error : Outcome::success};
  };
  w.publish_at(0, 1);
  w.host.run_until(300 * kSecond);
  std::vector<std::int64_t> times;
  for (const auto& d : w.host.started) times.push_back(d.time / kSecond);
  // Fails at 0, 1, 2; pauses to 62; fails once more, pauses to 122; succeeds.
  EXPECT_EQ(times, (std::vector<std::int64_t>{0, 1, 2, 62, 122}));
}

// As of the other channels: what happened in the warm-up is not reported.
TEST(CloudQueue, EventsOfTheWarmUpAreForgottenWithItsCounts) {
  CloudQueueSettings s = World::settings(0, 1);
  s.redrive_to = 3;
  s.redrive_start_ns = kSecond;
  s.redrive_spacing_ns = 2 * kSecond;
  World w(s);
  w.publish_at(0, 1);
  w.host.run_until(2 * kSecond);
  EXPECT_EQ(w.channel->record().events.size(), 1u);  // it began
  w.channel->reset_counts();
  w.host.run_until(10 * kSecond);
  const ChannelRecord record = w.channel->record();
  ASSERT_EQ(record.events.size(), 1u);
  EXPECT_EQ(record.events[0].what, CloudQueueModel::kRedriveEnded);
}

}  // namespace
}  // namespace tailrace::models
