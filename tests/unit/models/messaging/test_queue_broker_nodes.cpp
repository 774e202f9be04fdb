// Nodes of the broker die and return: classic queues on one of them, quorum queues on a majority.
#include "tests/unit/models/messaging/queue_broker_world.hpp"

namespace tailrace::models {
namespace {

BrokerSettings classic(bool durable) {
  BrokerSettings settings;
  settings.nodes = 3;
  settings.queues = {queue_of("q", 1)};
  settings.queues[0].home = 1;
  settings.queues[0].durable = durable;
  return settings;
}

BrokerSettings quorum() {
  BrokerSettings settings;
  settings.nodes = 3;
  settings.replication_latency_ns = 2 * kMs;
  settings.election_time_ns = 100 * kMs;
  settings.queues = {queue_of("q", 1)};
  settings.queues[0].type = QueueType::quorum;
  settings.queues[0].replicas = 3;
  return settings;
}

Envelope of_level(std::uint64_t identity, std::uint8_t level) {
  Envelope m;
  m.identity = identity;
  m.level = level;
  return m;
}

TEST(QueueBrokerNodes, a_classic_queue_is_unavailable_with_its_node_and_keeps_what_is_persistent) {
  BrokerWorld w(classic(true));
  Envelope where;
  EXPECT_EQ(w.channel->place(where), 1u);
  w.publish(of_level(1, 1));  // with the consumer when the node dies
  w.publish(of_level(2, 1));
  w.publish(of_level(3, 0));  // not persistent
  w.channel->node_changed(0, false);
  EXPECT_EQ(w.channel->place(where), 1u);
  w.channel->node_changed(1, false);
  EXPECT_EQ(w.channel->place(where), kNobody);
  EXPECT_EQ(w.publish(of_level(4, 1)), Publication::unavailable);
  EXPECT_EQ(w.ended(0, Fate::lost), 1u);
  EXPECT_EQ(w.place(0).ready, 2u);
  w.host.run_until(kSecond);
  EXPECT_EQ(w.host.started.size(), 1u);
  w.channel->node_changed(1, true);
  // The instance handles message 1 still, for nothing: its hands are full.
  EXPECT_EQ(w.host.started.size(), 1u);
  w.handle_in(kMs);
  w.channel->handled(w.host.started[0].token, Outcome::success);
  w.host.run_until(2 * kSecond);
  EXPECT_EQ(w.order(), (Ids{1, 1, 2}));
  EXPECT_EQ(w.ended(0, Fate::consumed), 2u);
  w.expect_conserved();
}

TEST(QueueBrokerNodes, a_transient_queue_loses_everything_with_its_node) {
  BrokerWorld w(classic(false));
  for (std::uint64_t id = 1; id <= 3; ++id) w.publish(id);
  w.channel->node_changed(1, false);
  EXPECT_EQ(w.ended(0, Fate::lost), 3u);
  w.channel->handled(w.host.started[0].token, Outcome::success);
  w.channel->node_changed(1, true);
  w.publish(4);
  EXPECT_EQ(w.order(), (Ids{1, 4}));
  w.expect_conserved();
}

TEST(QueueBrokerNodes, what_was_acknowledged_on_delivery_is_the_consumers_whatever_its_node_does) {
  BrokerSettings settings = classic(false);
  settings.queues[0].ack = AckMode::automatic;
  BrokerWorld w(settings);
  w.publish(1);
  w.channel->node_changed(1, false);
  w.channel->handled(w.host.started[0].token, Outcome::success);
  EXPECT_EQ(w.ended(0, Fate::consumed), 1u);
  w.expect_conserved();
}

TEST(QueueBrokerNodes, a_quorum_queue_confirms_and_delivers_after_replication) {
  BrokerWorld w(quorum());
  EXPECT_EQ(w.publish(1), Publication::pending);
  EXPECT_EQ(w.publish(2, 0, 0, false), Publication::accepted);  // nobody waits for a word
  EXPECT_TRUE(w.host.started.empty());
  w.host.run_until(2 * kMs);
  ASSERT_EQ(w.host.answered.size(), 1u);
  EXPECT_EQ(w.host.answered[0].time, 2 * kMs);
  EXPECT_EQ(w.host.answered[0].outcome, Outcome::success);
  EXPECT_EQ(w.host.started.size(), 1u);
  w.expect_conserved();
}

TEST(QueueBrokerNodes, a_leaders_death_loses_only_what_was_not_confirmed) {
  BrokerWorld w(quorum());
  w.channel->instance_changed(0, 0, false);
  w.publish(1);
  w.host.run_until(2 * kMs);
  w.publish(2);
  w.host.run_until(3 * kMs);
  w.channel->node_changed(0, false);
  EXPECT_EQ(w.ended(0, Fate::lost), 1u);  // 2
  EXPECT_EQ(w.publish(3), Publication::unavailable);
  w.host.run_until(103 * kMs);
  Envelope where;
  EXPECT_EQ(w.channel->place(where), 1u);  // the next replica leads
  EXPECT_EQ(w.channel->record().counts.elections, 1u);
  EXPECT_EQ(w.publish(4), Publication::pending);
  w.handle_in(kMs);
  w.channel->instance_changed(0, 0, true);
  w.host.run_until(kSecond);
  EXPECT_EQ(w.order(), (Ids{1, 4}));
  EXPECT_EQ(w.ended(0, Fate::consumed), 2u);
  ASSERT_EQ(w.host.answered.size(), 2u);  // 1 and 4; nobody ever hears of 2
  EXPECT_EQ(w.host.answered[1].ticket, 4u);
  w.expect_conserved();
}

TEST(QueueBrokerNodes, a_minority_serves_nobody_and_goes_on_where_it_was) {
  BrokerWorld w(quorum());
  w.publish(1);  // committed never, while two of three are down
  w.channel->node_changed(1, false);
  w.host.run_until(kMs);
  w.channel->node_changed(2, false);
  EXPECT_EQ(w.publish(2), Publication::unavailable);
  w.host.run_until(50 * kMs);
  EXPECT_TRUE(w.host.answered.empty());
  EXPECT_EQ(w.place(0).ready, 1u);
  w.channel->node_changed(1, true);
  ASSERT_EQ(w.host.answered.size(), 1u);
  EXPECT_EQ(w.host.answered[0].time, 50 * kMs);
  EXPECT_EQ(w.host.started.size(), 1u);
  EXPECT_EQ(w.channel->record().counts.elections, 0u);
  w.expect_conserved();
}

TEST(QueueBrokerNodes, an_election_waits_for_a_majority) {
  BrokerWorld w(quorum());
  w.channel->node_changed(0, false);
  w.host.run_until(50 * kMs);
  w.channel->node_changed(1, false);
  w.host.run_until(kSecond);
  EXPECT_EQ(w.channel->record().counts.elections, 0u);
  w.channel->node_changed(0, true);
  w.host.run_until(kSecond + 99 * kMs);
  EXPECT_EQ(w.publish(1), Publication::unavailable);
  w.host.run_until(kSecond + 100 * kMs);
  EXPECT_EQ(w.publish(1), Publication::pending);
  EXPECT_EQ(w.channel->record().counts.elections, 1u);
}

TEST(QueueBrokerNodes, a_fan_out_is_confirmed_when_its_last_queue_has_it) {
  BrokerSettings settings = quorum();
  settings.queues.push_back(settings.queues[0]);
  settings.queues.push_back(queue_of("classic"));
  settings.queues[1].name = "other";
  settings.exchanges = {
      {"all", ExchangeType::fanout, {{"", 0, kNobody}, {"", 1, kNobody}, {"", 2, kNobody}}}};
  BrokerWorld w(settings);
  EXPECT_EQ(w.publish(1), Publication::pending);
  EXPECT_EQ(w.place(2).ready, 1u);
  w.host.run_until(2 * kMs);
  EXPECT_EQ(w.host.answered.size(), 1u);
  w.expect_conserved();
}

}  // namespace
}  // namespace tailrace::models
