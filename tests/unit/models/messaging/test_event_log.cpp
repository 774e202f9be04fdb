// The producing side of a topic: partitions, batches, replicas, leaders, and what is kept.
#include "event_log_world.hpp"

namespace tailrace::models::event_log {
namespace {

using P = Publication;

LogSettings replicated(Acks acks) {
  LogSettings s = topic(1);
  s.nodes = s.replication_factor = 3;
  s.acks = acks;
  s.replication_latency = 5 * kMs;
  s.election_time = 20 * kMs;
  s.catch_up_time = 10 * kMs;
  s.groups = {group(1)};
  return s;
}

TEST(EventLog, AKeyHasOnePartitionAndMessagesWithoutOneTakeTurns) {
  LogWorld w(topic(4));
  w.publish(17);
  const std::uint32_t home = w.part;
  for (int i = 0; i < 5; ++i) {
    w.publish(17);
    EXPECT_EQ(w.part, home);
  }
  for (std::uint32_t i = 0; i < 8; ++i) {
    w.publish();
    EXPECT_EQ(w.part, i % 4);
  }
}

TEST(EventLog, StickyProducersFillOneBatchAfterTheOther) {
  LogSettings s = topic(4);
  s.linger = kNever;
  s.batch_size = 3;
  LogWorld w(s);
  std::vector<std::uint32_t> parts;
  for (int i = 0; i < 6; ++i) w.publish(), parts.push_back(w.part);
  EXPECT_EQ(parts, (std::vector<std::uint32_t>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(w.channel->record().counts.batches, 2u);
}

TEST(EventLog, APublicationIsPendingUntilItsBatchIsSent) {
  LogSettings s = topic(1);
  s.linger = 10 * kMs;
  s.batch_size = 3;
  LogWorld w(s);
  EXPECT_EQ(w.publish(), P::pending);
  w.host.run_until(4 * kMs);
  EXPECT_EQ(w.publish(), P::pending);
  w.host.run_until(20 * kMs);  // the linger counts from the first: 10 ms
  ASSERT_EQ(w.host.answered.size(), 2u);
  EXPECT_EQ(w.host.answered[1].time, 10 * kMs);
  EXPECT_EQ(w.publish(), P::pending);
  EXPECT_EQ(w.publish(), P::pending);
  EXPECT_EQ(w.publish(), P::accepted);  // it fills the batch
  EXPECT_EQ(w.host.answered.size(), 4u);
  w.host.run_until(kSecond);
  EXPECT_EQ(w.channel->record().counts.batches, 2u);
  w.check();
}

TEST(EventLog, ProducersHaveBatchesOfTheirOwn) {
  LogSettings s = topic(1);
  s.linger = kNever;
  s.batch_size = 2;
  LogWorld w(s);
  EXPECT_EQ(w.publish(kNoKey, 0), P::pending);
  EXPECT_EQ(w.publish(kNoKey, 1), P::pending);
  EXPECT_EQ(w.publish(kNoKey, 0), P::accepted);
}

TEST(EventLog, AcksAllWaitsForTheReplicasAndAcksOneDoesNot) {
  LogWorld all(replicated(Acks::all)), one(replicated(Acks::leader));
  EXPECT_EQ(all.publish(), P::pending);
  EXPECT_EQ(one.publish(), P::accepted);
  all.host.run_until(kSecond);
  one.host.run_until(kSecond);
  ASSERT_EQ(all.host.answered.size(), 1u);
  EXPECT_EQ(all.host.answered[0].time, 5 * kMs);
  // Consumers see what is replicated, in both.
  EXPECT_EQ(all.host.started.at(0).time, 5 * kMs);
  EXPECT_EQ(one.host.started.at(0).time, 5 * kMs);
}

TEST(EventLog, AcksOneLosesWhatTheDeadLeaderHadNotReplicated) {
  LogWorld w(replicated(Acks::leader));
  w.handle_in(kMs);
  w.publish();
  w.host.run_until(4 * kMs);
  w.publish();
  w.host.run_until(6 * kMs);
  w.channel->node_changed(0, false);  // the first is 6 ms old, the second 2 ms
  EXPECT_EQ(w.ended(Fate::lost), 1u);
  w.publish();
  EXPECT_EQ(w.leader, kNobody);
  EXPECT_EQ(w.channel->record().counts.refused, 1u);
  w.host.run_until(26 * kMs);  // election_time
  EXPECT_EQ(w.publish(), P::accepted);
  EXPECT_EQ(w.leader, 1u);
  w.host.run_until(kSecond);
  EXPECT_EQ(w.ended(Fate::consumed), 2u);
  EXPECT_EQ(w.channel->record().counts.elections, 1u);
  w.check();
}

TEST(EventLog, AcksAllLosesNothingAndTellsThePublisher) {
  LogWorld w(replicated(Acks::all));
  w.handle_in(kMs);
  w.publish();
  w.host.run_until(6 * kMs);
  w.publish();
  w.host.run_until(7 * kMs);
  w.channel->node_changed(0, false);
  ASSERT_EQ(w.host.answered.size(), 2u);
  EXPECT_EQ(w.host.answered[0].outcome, Outcome::success);
  EXPECT_EQ(w.host.answered[1].outcome, Outcome::unavailable);
  w.host.run_until(kSecond);
  EXPECT_EQ(w.channel->record().counts.published, 1u);
  EXPECT_EQ(w.ended(Fate::lost), 0u);
  EXPECT_EQ(w.ended(Fate::consumed), 1u);
}

TEST(EventLog, BelowMinInsyncReplicasAcksAllIsRefusedUntilANodeHasCaughtUp) {
  LogSettings s = replicated(Acks::all);
  s.min_insync_replicas = 2;
  LogWorld w(s);
  w.channel->node_changed(1, false);
  EXPECT_EQ(w.publish(), P::pending);
  w.channel->node_changed(2, false);
  EXPECT_EQ(w.publish(), P::unavailable);
  w.channel->node_changed(1, true);
  w.host.run_until(9 * kMs);
  EXPECT_EQ(w.publish(), P::unavailable);
  w.host.run_until(10 * kMs);
  EXPECT_EQ(w.publish(), P::pending);
  EXPECT_EQ(w.channel->record().counts.refused, 2u);
}

// The last replica in sync dies: the partition waits for it, or an election that is unclean loses what only
// it had.
TEST(EventLog, TheLastReplicaIsWaitedForUnlessElectionsMayBeUnclean) {
  for (const bool unclean : {false, true}) {
    LogSettings s = replicated(Acks::all);
    s.unclean_election = unclean;
    s.groups[0].instances = 0;  // nobody reads
    LogWorld w(s);
    w.publish();
    w.host.run_until(10 * kMs);
    w.channel->node_changed(1, false);
    w.channel->node_changed(2, false);
    w.publish();  // the leader alone has it
    w.channel->node_changed(0, false);
    w.channel->node_changed(1, true);
    w.host.run_until(kSecond);
    w.publish();
    EXPECT_EQ(w.leader, unclean ? 1u : kNobody);
    EXPECT_EQ(w.ended(Fate::lost), unclean ? 1u : 0u);
    w.channel->node_changed(0, true);
    w.host.run_until(2 * kSecond);
    EXPECT_NE(w.publish(), P::unavailable);
    EXPECT_EQ(w.leader, unclean ? 1u : 0u);
    w.check();
  }
}

TEST(EventLog, AnIdempotentProducersRepetitionIsDropped) {
  LogSettings s = topic(1);
  s.idempotence = true;
  s.groups = {group(1)};
  LogWorld w(s);
  Envelope m;
  m.identity = 5;
  EXPECT_EQ(w.send(m), P::accepted);
  EXPECT_EQ(w.send(m), P::accepted);
  EXPECT_EQ(w.channel->record().counts.published, 2u);
  EXPECT_EQ(w.channel->record().counts.deduplicated, 1u);
  EXPECT_EQ(w.channel->depth(0), 1u);
}

TEST(EventLog, ARecentSetForgetsTheOldestFirst) {
  RecentSet set;
  const auto n = static_cast<std::uint64_t>(RecentSet::kRemembered);
  for (std::uint64_t i = 0; i < 10 * n; ++i) {
    EXPECT_TRUE(set.insert(i * 7919));
    if (i >= n) {
      EXPECT_FALSE(set.insert((i - n + 1) * 7919)) << i;  // the oldest that is still known
    }
  }
  EXPECT_TRUE(set.insert((9 * n - 1) * 7919));
}

TEST(EventLog, RetentionTakesWhatIsTooOldAndTooMuch) {
  LogSettings s = topic(1);
  s.retention = 10 * kMs;
  s.retention_bytes = 250;
  LogWorld w(s);
  for (int i = 0; i < 3; ++i) w.publish(kNoKey, 0, 100);  // 300 bytes: one too many
  EXPECT_EQ(w.ended(Fate::expired), 1u);
  EXPECT_EQ(w.channel->record().places[0].ready, 2u);
  w.host.run_until(9 * kMs);
  EXPECT_EQ(w.ended(Fate::expired), 1u);
  w.host.run_until(10 * kMs);
  EXPECT_EQ(w.ended(Fate::expired), 3u);
  w.check();
}

TEST(EventLog, CompactionKeepsTheLastOfEachKey) {
  LogSettings s = topic(1);
  s.compaction_interval = 100 * kMs;
  s.groups = {group(1)};
  s.groups[0].max_poll_records = 1;
  LogWorld w(s);
  for (int i = 0; i < 4; ++i) w.publish(1), w.publish(2);  // identities 0..7; the first is being handled
  w.host.run_until(100 * kMs);
  EXPECT_EQ(w.ended(Fate::dropped), 5u);
  w.handle_in(kMs);
  w.channel->handled(w.host.started[0].token, Outcome::success);
  w.host.run_until(kSecond);
  ASSERT_EQ(w.host.started.size(), 3u);
  EXPECT_EQ(w.host.started[1].messages[0].identity, 6u);
  EXPECT_EQ(w.host.started[2].messages[0].identity, 7u);
  w.check();
}

TEST(EventLog, WithoutGroupsEachPartitionIsAPlace) {
  LogWorld w(topic(2));
  w.publish();
  EXPECT_EQ(w.model.place_names(), (std::vector<std::string>{"orders[0]", "orders[1]"}));
  EXPECT_EQ(w.channel->record().places[0].ready, 1u);
  EXPECT_EQ(w.host.copies, 0);
}

TEST(EventLog, CountsBeginAnewAfterTheWarmUp) {
  LogSettings s = topic(1);
  s.groups = {group(1)};
  LogWorld w(s);
  w.publish();
  w.publish();
  w.host.run_until(kMs);
  w.channel->reset_counts();
  w.channel->handled(w.host.started[0].token, Outcome::success);
  const ChannelRecord r = w.channel->record();
  EXPECT_EQ(r.counts.published, 0u);
  EXPECT_EQ(r.places[0].resident_at_start, 2u);
  EXPECT_TRUE(r.places[0].conserved());
}

}  // namespace
}  // namespace tailrace::models::event_log
