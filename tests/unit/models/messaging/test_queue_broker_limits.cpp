// Time to live, length limits, dead-letter cycles and the memory alarm.
#include <fmt/format.h>

#include "tests/unit/models/messaging/queue_broker_world.hpp"

namespace tailrace::models {
namespace {

BrokerSettings with_dead_letters(QueueSettings queue) {
  BrokerSettings settings;
  queue.dead_letter = dead_letters_to(1);
  settings.queues = {std::move(queue), queue_of("dead")};
  return settings;
}

TEST(QueueBrokerLimits, messages_expire_at_the_head_after_their_ttl_and_go_to_the_dead_letters) {
  QueueSettings q = queue_of("q", 1);
  q.message_ttl_ns = 10 * kMs;
  BrokerWorld w(with_dead_letters(q));
  w.publish(1);  // taken at once, however long it is handled
  w.host.run_until(2 * kMs);
  w.publish(2);
  w.host.run_until(5 * kMs);
  w.publish(3);
  w.host.run_until(12 * kMs - 1);
  EXPECT_EQ(w.place(0).ready, 2u);
  w.host.run_until(12 * kMs);
  EXPECT_EQ(w.place(0).ready, 1u);
  EXPECT_EQ(w.place(1).ready, 1u);
  w.channel->handled(w.host.started[0].token, Outcome::success);  // 3 is taken in time
  w.host.run_until(kSecond);
  EXPECT_EQ(w.order(), (Ids{1, 3}));
  EXPECT_EQ(w.ended(0, Fate::dead_lettered), 1u);
  w.expect_conserved();
}

// Of 100 bytes each. What is on its way to the other nodes is on its way into the queue.
TEST(QueueBrokerLimits, what_a_quorum_queue_is_committing_counts_by_its_bytes_as_by_its_number) {
  for (const bool by_bytes : {false, true}) {
    QueueSettings q = queue_of("q");
    q.type = QueueType::quorum;
    q.replicas = 3;
    q.overflow = Overflow::reject_publish;
    (by_bytes ? q.max_bytes : q.max_length) = by_bytes ? 250 : 2;
    BrokerSettings settings;
    settings.nodes = 3;
    settings.replication_latency_ns = 2 * kMs;
    settings.queues = {q};
    BrokerWorld w(settings);
    EXPECT_EQ(w.publish(1), Publication::pending);
    EXPECT_EQ(w.publish(2), Publication::pending);
    EXPECT_EQ(w.publish(3), Publication::refused);
    w.host.run_until(2 * kMs);
    EXPECT_EQ(w.publish(4), Publication::refused);
    EXPECT_EQ(w.place(0).ready, 2u);
    w.expect_conserved();
  }
}

TEST(QueueBrokerLimits, a_message_brings_its_own_ttl_which_waits_for_the_head) {
  QueueSettings q = queue_of("q");
  q.message_ttl_ns = 10 * kMs;
  BrokerWorld w(with_dead_letters(q));
  for (std::uint64_t id = 1; id <= 2; ++id) {
    Envelope m;
    m.identity = id;
    m.ttl_us = id == 1 ? 4000 : 1000;  // the second is over first, and stands behind
    w.publish(m);
  }
  w.host.run_until(4 * kMs - 1);
  EXPECT_EQ(w.place(0).ready, 2u);
  w.host.run_until(4 * kMs);
  EXPECT_EQ(w.place(0).ready, 0u);
  w.host.run_until(kSecond);
  EXPECT_EQ(w.place(1).ready, 2u);  // where they do not expire again
  w.expect_conserved();
}

TEST(QueueBrokerLimits, a_message_given_back_keeps_its_expiry) {
  QueueSettings q = queue_of("q", 1);
  q.message_ttl_ns = 10 * kMs;
  BrokerSettings settings;
  settings.queues = {q};
  BrokerWorld w(settings);
  w.publish(1);
  w.host.run_until(15 * kMs);
  w.channel->instance_changed(0, 0, false);
  EXPECT_EQ(w.ended(0, Fate::expired), 1u);  // given back too late
  w.expect_conserved();
}

TEST(QueueBrokerLimits, behind_a_higher_priority_that_waits_nothing_expires) {
  QueueSettings q = queue_of("q", 1);
  q.message_ttl_ns = 10 * kMs;
  q.max_priority = 1;
  BrokerSettings settings;
  settings.queues = {q};
  BrokerWorld w(settings);
  w.publish(1);
  w.publish(2);  // expires at 10 ms, but stands behind 3 until 15 ms
  w.host.run_until(5 * kMs);
  Envelope high;
  high.identity = 3;
  high.priority = 1;
  w.publish(high);
  w.host.run_until(14 * kMs);
  EXPECT_EQ(w.place(0).ready, 2u);
  w.host.run_until(15 * kMs);
  EXPECT_EQ(w.ended(0, Fate::expired), 2u);
}

TEST(QueueBrokerLimits, with_a_ttl_of_zero_a_message_finds_a_consumer_at_once_or_expires) {
  QueueSettings q = queue_of("q", 1);
  q.message_ttl_ns = 0;
  BrokerSettings settings;
  settings.queues = {q};
  BrokerWorld w(settings);
  w.publish(1);
  w.publish(2);
  w.host.run_until(0);
  EXPECT_EQ(w.order(), (Ids{1}));
  EXPECT_EQ(w.ended(0, Fate::expired), 1u);
}

TEST(QueueBrokerLimits, an_unused_queue_is_deleted_and_comes_back_with_its_consumers) {
  QueueSettings q = queue_of("q", 1);
  q.queue_ttl_ns = 10 * kMs;
  BrokerWorld w(with_dead_letters(q));
  w.channel->instance_changed(0, 0, false);
  w.publish(1);
  w.host.run_until(9 * kMs);
  w.channel->instance_changed(0, 0, true);  // just in time
  w.channel->instance_changed(0, 0, false);
  w.host.run_until(18 * kMs);
  EXPECT_EQ(w.place(0).ready, 1u);  // publications are no use, but the consumer was
  w.host.run_until(19 * kMs);
  EXPECT_EQ(w.ended(0, Fate::expired), 1u);
  EXPECT_EQ(w.place(1).ready, 0u);  // not dead-lettered
  EXPECT_EQ(w.publish(2), Publication::accepted);
  EXPECT_EQ(w.channel->record().counts.unrouted, 1u);
  w.channel->instance_changed(0, 0, true);
  w.publish(3);
  EXPECT_EQ(w.order().back(), 3u);
  w.expect_conserved();
}

TEST(QueueBrokerLimits, a_full_queue_drops_its_head_or_refuses) {
  for (const Overflow overflow :
       {Overflow::drop_head, Overflow::reject_publish, Overflow::reject_publish_dlx}) {
    QueueSettings q = queue_of("q", 1);
    q.max_length = 2;  // of ready messages: the one in hand does not count
    q.overflow = overflow;
    BrokerWorld w(with_dead_letters(q));
    for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(w.publish(id), Publication::accepted);
    const Publication fourth = w.publish(4);
    EXPECT_EQ(fourth, overflow == Overflow::drop_head ? Publication::accepted : Publication::refused);
    EXPECT_EQ(w.place(0).ready, 2u);
    EXPECT_EQ(w.place(1).ready, overflow == Overflow::reject_publish ? 0u : 1u);
    EXPECT_EQ(w.channel->record().counts.refused, overflow == Overflow::drop_head ? 0u : 1u);
    w.handle_in(kMs);
    w.channel->handled(w.host.started[0].token, Outcome::success);
    w.host.run_until(kSecond);
    EXPECT_EQ(w.order(), overflow == Overflow::drop_head ? (Ids{1, 3, 4}) : (Ids{1, 2, 3}));
    w.expect_conserved();
  }
}

TEST(QueueBrokerLimits, bytes_are_limited_too) {
  QueueSettings q = queue_of("q");
  q.max_bytes = 250;  // of 100 each
  BrokerSettings settings;
  settings.queues = {q};
  BrokerWorld w(settings);
  for (std::uint64_t id = 1; id <= 4; ++id) w.publish(id);
  EXPECT_EQ(w.place(0).ready, 2u);
  EXPECT_EQ(w.host.gone[0].identity, 1u);
  EXPECT_EQ(w.ended(0, Fate::dropped), 2u);
}

TEST(QueueBrokerLimits, one_full_queue_of_a_fan_out_makes_the_publication_fail_for_the_publisher) {
  BrokerSettings settings;
  settings.queues = {queue_of("a"), queue_of("b")};
  settings.queues[0].max_length = 0;
  settings.queues[0].overflow = Overflow::reject_publish;
  settings.exchanges = {{"all", ExchangeType::fanout, {{"", 0, kNobody}, {"", 1, kNobody}}}};
  BrokerWorld w(settings);
  EXPECT_EQ(w.publish(1), Publication::refused);
  EXPECT_EQ(w.place(1).ready, 1u);  // and yet b has it: trying again makes a duplicate there
  w.expect_conserved();
}

// a -> b -> a, each by expiry: RabbitMQ drops the message when it would enter a for the second time.
TEST(QueueBrokerLimits, a_dead_letter_cycle_without_a_rejection_ends) {
  BrokerSettings settings;
  settings.queues = {queue_of("a"), queue_of("b")};
  for (QueueSettings& q : settings.queues) q.message_ttl_ns = 10 * kMs;
  settings.queues[0].dead_letter = dead_letters_to(1);
  settings.queues[1].dead_letter = dead_letters_to(0);
  BrokerWorld w(settings);
  w.publish(1);
  w.host.run_until(kSecond);
  EXPECT_EQ(w.ended(0, Fate::dead_lettered), 1u);
  EXPECT_EQ(w.ended(1, Fate::dropped), 1u);
  w.expect_conserved();
}

// The retry pattern: work --reject--> wait --expires--> work is no such cycle.
TEST(QueueBrokerLimits, a_cycle_with_a_rejection_in_it_goes_on) {
  BrokerSettings settings;
  settings.queues = {queue_of("work", 1), queue_of("wait")};
  settings.queues[0].on_failure = BrokerOnFailure::reject;
  settings.queues[0].dead_letter = dead_letters_to(1);
  settings.queues[1].message_ttl_ns = 10 * kMs;
  settings.queues[1].dead_letter = dead_letters_to(0);
  BrokerWorld w(settings);
  w.host.handling = [](const FakeHost::Started&) { return std::pair{kMs, Outcome::error}; };
  w.publish(1);
  w.host.run_until(100 * kMs);
  std::vector<std::int64_t> times;
  for (const auto& s : w.host.started) times.push_back(s.time / kMs);
  EXPECT_EQ(times, (std::vector<std::int64_t>{0, 11, 22, 33, 44, 55, 66, 77, 88, 99}));
  w.expect_conserved();
}

// The last of them would give it back to the first.
TEST(QueueBrokerLimits, more_than_64_queues_in_a_ring_are_a_cycle_too) {
  BrokerSettings settings;
  for (int k = 0; k < 70; ++k) {
    settings.queues.push_back(queue_of(fmt::format("q{}", k)));
    settings.queues.back().message_ttl_ns = kMs;
    settings.queues.back().dead_letter = dead_letters_to(static_cast<std::uint16_t>((k + 1) % 70));
  }
  BrokerWorld w(settings);
  w.publish(1);
  w.host.run_until(10 * kSecond);
  for (std::size_t q = 0; q < 69; ++q) EXPECT_EQ(w.ended(q, Fate::dead_lettered), 1u) << q;
  EXPECT_EQ(w.ended(69, Fate::dropped), 1u);
  EXPECT_EQ(w.host.copies, 0);
  w.expect_conserved();
}

TEST(QueueBrokerLimits, over_its_memory_limit_the_broker_holds_publishers_until_messages_go) {
  BrokerSettings settings;
  settings.queues = {queue_of("q", 1)};
  settings.memory_limit = 250;  // of 100 each: the third raises the alarm
  BrokerWorld w(settings);
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(w.publish(id), Publication::accepted);
  EXPECT_EQ(w.publish(4), Publication::pending);
  EXPECT_EQ(w.publish(5, 0, 0, false), Publication::accepted);  // held as well; nobody waits for the word
  EXPECT_EQ(w.channel->depth(0), 3u);
  w.host.run_until(10 * kMs);
  w.channel->handled(w.host.started[0].token, Outcome::success);  // 200: 4 comes in, and raises it again
  ASSERT_EQ(w.host.answered.size(), 1u);
  EXPECT_EQ(w.host.answered[0].ticket, 4u);
  EXPECT_EQ(w.channel->depth(0), 3u);
  w.host.run_until(30 * kMs);
  w.channel->handled(w.host.started[1].token, Outcome::success);
  w.channel->handled(w.host.started[2].token, Outcome::success);
  EXPECT_EQ(w.host.answered.size(), 1u);
  EXPECT_EQ(w.channel->record().counts.blocked_ns, 10 * kMs + 30 * kMs);
  EXPECT_EQ(w.channel->record().counts.published, 5u);
  std::vector<std::string> events;
  for (const ChannelEvent& e : w.channel->record().events) events.push_back(w.model.event_names()[e.what]);
  EXPECT_EQ(events, (std::vector<std::string>{"memory alarm", "memory alarm over", "memory alarm",
                                              "memory alarm over", "memory alarm", "memory alarm over"}));
  w.expect_conserved();
}

}  // namespace
}  // namespace tailrace::models
