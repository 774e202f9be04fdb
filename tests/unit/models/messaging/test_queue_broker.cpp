// A queue and its consumers, event by event, times by hand.
#include "tests/unit/models/messaging/queue_broker_world.hpp"

namespace tailrace::models {
namespace {

BrokerSettings one_queue(QueueSettings queue) {
  BrokerSettings settings;
  settings.queues.push_back(std::move(queue));
  return settings;
}

TEST(QueueBroker, consumers_with_free_prefetch_take_turns) {
  BrokerWorld w(one_queue(queue_of("q", 3)));
  for (std::uint64_t id = 1; id <= 5; ++id) EXPECT_EQ(w.publish(id), Publication::accepted);
  // Three hands for five messages: 4 and 5 wait in the queue.
  ASSERT_EQ(w.host.started.size(), 3u);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(w.host.started[i].instance, i);
  EXPECT_EQ(w.place(0).ready, 2u);
  EXPECT_EQ(w.place(0).in_flight, 3u);
  w.channel->handled(w.host.started[2].token, Outcome::success);  // instance 2 is free first
  w.channel->handled(w.host.started[0].token, Outcome::success);
  EXPECT_EQ(w.host.started[3].instance, 2u);
  EXPECT_EQ(w.host.started[4].instance, 0u);
  EXPECT_EQ(w.order(), (Ids{1, 2, 3, 4, 5}));
  EXPECT_EQ(w.ended(0, Fate::consumed), 2u);
  w.expect_conserved();
}

TEST(QueueBroker, a_consumer_that_pauses_ends_what_it_has_and_gets_no_more) {
  BrokerWorld w(one_queue(queue_of("q", 2)));
  for (std::uint64_t id = 1; id <= 4; ++id) w.publish(id);
  w.expect_a_pause_ends_what_is_had();
  EXPECT_EQ(w.order(), (Ids{1, 2, 3, 4}));
  w.expect_conserved();
}

TEST(QueueBroker, prefetched_messages_wait_in_the_instance_and_not_in_the_queue) {
  QueueSettings q = queue_of("q", 2, 1);
  q.prefetch = 3;
  BrokerWorld w(one_queue(q));
  for (std::uint64_t id = 1; id <= 8; ++id) w.publish(id);
  EXPECT_EQ(w.host.started.size(), 2u);  // one handler each
  EXPECT_EQ(w.place(0).in_flight, 6u);
  EXPECT_EQ(w.place(0).ready, 2u);
  // Instance 0 has 1, 3, 5; instance 1 has 2, 4, 6. A slow instance 1 keeps 4 and 6 although 0 is idle.
  w.channel->handled(w.host.started[0].token, Outcome::success);
  w.channel->handled(w.host.started[2].token, Outcome::success);
  w.channel->handled(w.host.started[3].token, Outcome::success);
  w.channel->handled(w.host.started[4].token, Outcome::success);
  w.channel->handled(w.host.started[5].token, Outcome::success);
  EXPECT_EQ(w.order(), (Ids{1, 2, 3, 5, 7, 8}));
  EXPECT_EQ(w.channel->depth(0), 3u);  // 2, 4, 6
}

TEST(QueueBroker, a_failed_message_comes_back_to_its_place) {
  BrokerWorld w(one_queue(queue_of("q", 1)));
  for (std::uint64_t id = 1; id <= 3; ++id) w.publish(id);
  w.channel->handled(w.host.started[0].token, Outcome::error);
  EXPECT_EQ(w.order(), (Ids{1, 1}));
  w.channel->handled(w.host.started[1].token, Outcome::success);
  EXPECT_EQ(w.order(), (Ids{1, 1, 2}));
  EXPECT_EQ(w.place(0).deliveries, 3u);
  EXPECT_EQ(w.place(0).redeliveries, 1u);
}

TEST(QueueBroker, a_redelivery_delay_lets_others_pass_and_grows) {
  QueueSettings q = queue_of("q", 1);
  q.redelivery_delays_ns = redelivery_delays(10 * kMs, 3, 50 * kMs);
  EXPECT_EQ(q.redelivery_delays_ns, (std::vector<std::int64_t>{10 * kMs, 30 * kMs, 50 * kMs}));
  BrokerWorld w(one_queue(q));
  // Message 1 fails at once, four times; the others succeed in 1 ms.
  w.host.handling = [](const FakeHost::Started& s) {
    return s.messages[0].identity == 1 ? std::pair{std::int64_t{0}, Outcome::error}
                                       : std::pair{kMs, Outcome::success};
  };
  w.publish(1);
  w.publish(2);
  w.host.run_until(200 * kMs);
  std::vector<std::int64_t> times;
  for (const auto& s : w.host.started) {
    if (s.messages[0].identity == 1) times.push_back(s.time / kMs);
  }
  // 0, + 10, + 30, + 50, + 50 (the most), ...
  EXPECT_EQ(times, (std::vector<std::int64_t>{0, 10, 40, 90, 140, 190}));
  EXPECT_EQ(w.host.started[1].messages[0].identity, 2u);
  w.expect_conserved();
}

TEST(QueueBroker, a_poison_message_is_given_up_after_the_configured_deliveries) {
  BrokerSettings settings;
  settings.queues = {queue_of("work", 1), queue_of("dead")};
  settings.queues[0].max_delivery_count = 3;
  settings.queues[0].dead_letter = dead_letters_to(1);
  BrokerWorld w(settings);
  w.host.handling = [](const FakeHost::Started& s) {
    return std::pair{kMs, s.messages[0].identity == 1 ? Outcome::error : Outcome::success};
  };
  w.publish(1);
  w.publish(2);
  w.host.run_until(10 * kMs);
  EXPECT_EQ(w.order(), (Ids{1, 1, 1, 2}));  // it blocks the queue for three handlings and no longer
  EXPECT_EQ(w.ended(0, Fate::dead_lettered), 1u);
  EXPECT_EQ(w.place(1).ready, 1u);
  EXPECT_EQ(w.host.gone.front().time, 3 * kMs);
  w.expect_conserved();
}

TEST(QueueBroker, a_rejecting_consumer_dead_letters_at_once_and_without_a_target_gives_up) {
  BrokerSettings settings;
  settings.queues = {queue_of("a", 1), queue_of("b", 1), queue_of("dead")};
  for (int q : {0, 1}) settings.queues[static_cast<std::size_t>(q)].on_failure = BrokerOnFailure::reject;
  settings.queues[0].dead_letter = dead_letters_to(2);
  BrokerWorld w(settings);
  w.publish(1, 0);
  w.publish(2, 1);
  w.channel->handled(w.host.started[0].token, Outcome::error);
  w.channel->handled(w.host.started[1].token, Outcome::error);
  EXPECT_EQ(w.ended(0, Fate::dead_lettered), 1u);
  EXPECT_EQ(w.ended(1, Fate::dead_lettered), 1u);
  EXPECT_EQ(w.place(2).ready, 1u);
  w.expect_conserved();
}

TEST(QueueBroker, a_crash_gives_back_what_the_instance_had_in_order) {
  QueueSettings q = queue_of("q", 2, 1);
  q.prefetch = 2;
  BrokerWorld w(one_queue(q));
  for (std::uint64_t id = 1; id <= 6; ++id) w.publish(id);  // 1, 3 at instance 0; 2, 4 at instance 1
  w.channel->instance_changed(0, 0, false);
  EXPECT_EQ(w.place(0).ready, 4u);
  EXPECT_EQ(w.place(0).in_flight, 2u);
  w.channel->handled(w.host.started[0].token, Outcome::network);  // out of date
  EXPECT_EQ(w.place(0).in_flight, 2u);
  w.handle_in(kMs);
  w.channel->handled(w.host.started[1].token, Outcome::success);
  w.host.run_until(kSecond);
  // 2, then 4, which instance 1 had already; then the queue: 1, 3, 5, 6.
  EXPECT_EQ(w.order(), (Ids{1, 2, 4, 1, 3, 5, 6}));
  EXPECT_EQ(w.place(0).redeliveries, 2u);
  w.expect_conserved();
}

TEST(QueueBroker, a_network_failure_may_be_told_before_the_crash) {
  QueueSettings q = queue_of("q", 1, 1);
  q.max_delivery_count = 2;
  BrokerWorld w(one_queue(q));
  w.publish(1);
  w.channel->handled(w.host.started[0].token, Outcome::network);
  EXPECT_EQ(w.host.started.size(), 1u);  // not given to an instance that is perhaps gone
  w.channel->instance_changed(0, 0, false);
  w.host.run_until(kMs);
  EXPECT_EQ(w.place(0).ready, 1u);
  w.channel->instance_changed(0, 0, true);
  EXPECT_EQ(w.order(), (Ids{1, 1}));
  // Cut off without a crash: requeued like any failure, in the same instant.
  w.publish(2);
  w.channel->handled(w.host.started[1].token, Outcome::success);
  w.channel->handled(w.host.started[2].token, Outcome::network);
  w.host.run_until(kMs);
  EXPECT_EQ(w.order(), (Ids{1, 1, 2, 2}));
  w.expect_conserved();
}

TEST(QueueBroker, a_network_failure_without_a_crash_is_a_failure_of_the_handler) {
  QueueSettings q = queue_of("q", 1, 1);
  q.on_failure = BrokerOnFailure::reject;
  BrokerWorld w(one_queue(q));
  w.publish(1);
  w.publish(2);
  w.channel->handled(w.host.started[0].token, Outcome::network);
  EXPECT_EQ(w.place(0).in_flight, 1u);  // not decided yet
  w.host.run_until(0);
  EXPECT_EQ(w.ended(0, Fate::dead_lettered), 1u);
  EXPECT_EQ(w.order(), (Ids{1, 2}));
  w.expect_conserved();
}

TEST(QueueBroker, automatic_acknowledgement_loses_in_a_crash_what_manual_keeps) {
  for (const AckMode ack : {AckMode::manual, AckMode::automatic}) {
    QueueSettings q = queue_of("q", 1, 1);
    q.ack = ack;
    q.prefetch = 2;
    BrokerWorld w(one_queue(q));
    for (std::uint64_t id = 1; id <= 5; ++id) w.publish(id);
    // Automatic: prefetch means nothing, all five are pushed to the consumer.
    EXPECT_EQ(w.place(0).in_flight, ack == AckMode::manual ? 2u : 5u);
    w.channel->handled(w.host.started[0].token, Outcome::success);
    w.channel->instance_changed(0, 0, false);
    w.handle_in(kMs);
    w.channel->instance_changed(0, 0, true);
    w.host.run_until(kSecond);
    EXPECT_EQ(w.ended(0, Fate::lost), ack == AckMode::manual ? 0u : 4u);
    EXPECT_EQ(w.ended(0, Fate::consumed), ack == AckMode::manual ? 5u : 1u);
    w.expect_conserved();
  }
}

TEST(QueueBroker, priorities_pass_what_waits_and_keep_order_among_themselves) {
  QueueSettings q = queue_of("q", 1);
  q.max_priority = 2;
  BrokerWorld w(one_queue(q));
  w.handle_in(kMs);
  const int priorities[] = {0, 0, 2, 1, 9, 0};  // over the most is the most
  for (std::uint64_t id = 1; id <= 6; ++id) {
    Envelope m;
    m.identity = id;
    m.priority = static_cast<std::uint8_t>(priorities[id - 1]);
    w.publish(m);
  }
  w.host.run_until(kSecond);
  EXPECT_EQ(w.order(), (Ids{1, 3, 5, 4, 2, 6}));
}

TEST(QueueBroker, delayed_messages_enter_the_queue_when_they_are_due) {
  BrokerWorld w(one_queue(queue_of("q", 1)));
  w.handle_in(kMs);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    Envelope m;
    m.identity = id;
    m.delay_us = static_cast<std::uint32_t>(4 - id) * 5000;  // 15, 10, 5 ms
    w.publish(m);
  }
  EXPECT_EQ(w.place(0).ready, 3u);
  w.host.run_until(kSecond);
  EXPECT_EQ(w.order(), (Ids{3, 2, 1}));
  EXPECT_EQ(w.host.started[0].time, 5 * kMs);
  EXPECT_EQ(w.host.started[2].time, 15 * kMs);
}

TEST(QueueBroker, a_single_active_consumer_is_followed_by_the_next_that_registered) {
  QueueSettings q = queue_of("q", 3);
  q.single_active_consumer = true;
  BrokerWorld w(one_queue(q));
  for (std::uint64_t id = 1; id <= 4; ++id) w.publish(id);
  EXPECT_EQ(w.host.started.size(), 1u);
  w.channel->instance_changed(0, 0, false);
  ASSERT_EQ(w.host.started.size(), 2u);
  EXPECT_EQ(w.host.started[1].instance, 1u);
  EXPECT_EQ(w.host.started[1].messages[0].identity, 1u);
  w.channel->instance_changed(0, 0, true);  // stands behind 2 now
  w.channel->instance_changed(0, 1, false);
  EXPECT_EQ(w.host.started[2].instance, 2u);
  w.channel->handled(w.host.started[2].token, Outcome::success);
  EXPECT_EQ(w.host.started[3].instance, 2u);
  w.expect_conserved();
}

TEST(QueueBroker, a_lost_acknowledgement_redelivers_a_handled_message) {
  QueueSettings q = queue_of("q", 1);
  q.ack_failure = probability_bits(1);
  q.max_delivery_count = 4;
  BrokerWorld w(one_queue(q));
  w.handle_in(kMs);
  w.publish(1);
  w.host.run_until(kSecond);
  EXPECT_EQ(w.order(), (Ids{1, 1, 1, 1}));
  EXPECT_EQ(w.ended(0, Fate::dead_lettered), 1u);
}

TEST(QueueBroker, counts_start_anew_after_the_warm_up_and_areas_are_exact) {
  BrokerWorld w(one_queue(queue_of("q", 1)));
  w.publish(1);
  w.publish(2);
  w.host.run_until(10 * kMs);
  w.channel->reset_counts();
  EXPECT_EQ(w.place(0).resident_at_start, 2u);
  w.host.run_until(14 * kMs);
  w.channel->handled(w.host.started[0].token, Outcome::success);
  w.host.run_until(20 * kMs);
  EXPECT_EQ(static_cast<std::int64_t>(w.place(0).area), 2 * 4 * kMs + 1 * 6 * kMs);
  EXPECT_EQ(w.channel->oldest_born(0), 0);
  w.channel->handled(w.host.started[1].token, Outcome::success);
  EXPECT_EQ(w.channel->oldest_born(0), -1);
  EXPECT_EQ(w.host.times[std::pair(ChannelTime::waiting, 0u)], (std::vector<std::int64_t>{0, 14 * kMs}));
  w.expect_conserved();
}

}  // namespace
}  // namespace tailrace::models
