// Consumer groups whose members own partitions: polls, commits, failures, rebalances.
#include <set>

#include "event_log_world.hpp"
#include "models/messaging/event_log/assignment.hpp"

namespace tailrace::models::event_log {
namespace {

constexpr std::uint32_t N = kNobody;
using Owners = std::vector<std::uint32_t>;

TEST(Assignment, EachStrategyOnSevenPartitions) {
  const std::vector<std::uint32_t> members = {0, 1, 3};
  const Owners none(7, N);
  const auto with = [&](Assignment how) { return assign(Subscription::assigned, how, members, none); };
  EXPECT_EQ(with(Assignment::range), (Owners{0, 0, 0, 1, 1, 3, 3}));
  EXPECT_EQ(with(Assignment::round_robin), (Owners{0, 1, 3, 0, 1, 3, 0}));
  EXPECT_EQ(with(Assignment::sticky), (Owners{0, 0, 1, 1, 3, 3, 0}));
  // Member 2 has gone: only its partitions move, to whoever has least.
  EXPECT_EQ(assign(Subscription::assigned, Assignment::sticky, members, Owners{0, 0, 1, 1, 2, 2, 3}),
            (Owners{0, 0, 1, 1, 3, 0, 3}));
  EXPECT_EQ(assign(Subscription::exclusive, Assignment::range, members, Owners(7, 1)), Owners(7, 1));
  EXPECT_EQ(assign(Subscription::assigned, Assignment::range, {}, none), none);
}

LogSettings one_partition() {
  LogSettings s = topic(1);
  s.groups = {group(2)};
  return s;
}
// Handlers of 10 ms, messages at 0, all of one key.
LogWorld& begin(LogWorld& w, int messages, std::int64_t handler = 10 * kMs) {
  w.handle_in(handler);
  for (int i = 0; i < messages; ++i) w.publish(1);
  return w;
}
std::vector<std::uint64_t> order(const LogWorld& w) {
  std::vector<std::uint64_t> out;
  for (const auto& s : w.host.started) {
    for (const Envelope& m : s.messages) out.push_back(m.identity);
  }
  return out;
}

TEST(LogGroups, APartitionIsHandledOneByOneInOrder) {
  LogWorld w(one_partition());
  begin(w, 3).host.run_until(kSecond);
  EXPECT_EQ(order(w), (std::vector<std::uint64_t>{0, 1, 2}));
  EXPECT_EQ(w.host.started[2].time, 20 * kMs);
  EXPECT_EQ(w.host.started[2].instance, 0u);
  EXPECT_EQ(w.ended(Fate::consumed), 3u);
}

TEST(LogGroups, EveryGroupGetsEveryMessage) {
  LogSettings s = topic(1);
  s.groups = {group(1, "a"), group(1, "b")};
  LogWorld w(s);
  begin(w, 2).host.run_until(kSecond);
  EXPECT_EQ(w.host.started.size(), 4u);
  EXPECT_EQ(w.model.place_names()[1], "orders[0]/b");
  w.check();
}

TEST(LogGroups, WithConcurrencyKeysRunInParallelAndEachInOrder) {
  LogSettings s = topic(1);
  s.groups = {group(1)};
  s.groups[0].concurrency = 4;
  LogWorld w(s);
  std::map<std::uint64_t, std::int64_t> busy_until;
  std::map<std::uint64_t, std::uint64_t> last;
  sim::Stream dice(1, 0, "keys", "");
  w.host.handling = [&](const FakeHost::Started& started) {
    const Envelope& m = started.messages[0];
    EXPECT_LE(busy_until[m.key], w.host.now());
    EXPECT_GE(m.identity, last[m.key]);
    const std::int64_t ns = static_cast<std::int64_t>(1 + dice.below(10)) * kMs;
    busy_until[m.key] = w.host.now() + ns;
    last[m.key] = m.identity;
    return std::pair{ns, Outcome::success};
  };
  for (int i = 0; i < 400; ++i) w.publish(dice.below(20));
  w.host.run_until(100 * kSecond);
  EXPECT_EQ(w.ended(Fate::consumed), 400u);
  // 2.2 s of work on 4 lanes: far less than one after the other.
  EXPECT_LT(w.host.started.back().time, 2 * kSecond);
}

TEST(LogGroups, ABatchGoesToOneHandler) {
  LogSettings s = one_partition();
  s.groups[0].batch = true;
  s.groups[0].max_poll_records = 3;
  LogWorld w(s);
  begin(w, 6).host.run_until(kSecond);
  ASSERT_EQ(w.host.started.size(), 3u);  // 1 (the first was alone), 3, 2
  EXPECT_EQ(w.host.started[1].messages.size(), 3u);
  EXPECT_EQ(w.ended(Fate::consumed), 6u);
}

TEST(LogGroups, FetchLatencyDelaysOnlyWhoIsIdle) {
  LogSettings s = one_partition();
  s.groups[0].fetch_latency = 2 * kMs;
  LogWorld w(s);
  begin(w, 2).host.run_until(kSecond);
  EXPECT_EQ(w.host.started[0].time, 2 * kMs);
  EXPECT_EQ(w.host.started[1].time, 12 * kMs);
}

TEST(LogGroups, RetryBlocksThePartitionAndSkipDoesNot) {
  for (const LogOnFailure how : {LogOnFailure::retry, LogOnFailure::skip, LogOnFailure::dead_letter}) {
    LogSettings s = one_partition();
    s.groups[0].on_failure = how;
    s.groups[0].retry_backoff = 5 * kMs;
    if (how == LogOnFailure::dead_letter) s.groups[0].max_deliveries = 3, s.groups[0].dead_letter_channel = 4;
    LogWorld w(s);
    w.host.handling = [](const FakeHost::Started& st) {
      return std::pair{10 * kMs, st.messages[0].identity == 0 ? Outcome::error : Outcome::success};
    };
    w.publish(1);
    w.publish(1);
    w.host.run_until(200 * kMs);
    switch (how) {
      case LogOnFailure::retry:  // 15 ms a round, for ever
        EXPECT_EQ(w.host.started.size(), 14u);
        EXPECT_EQ(w.ended(Fate::consumed), 0u);
        break;
      case LogOnFailure::skip:
        EXPECT_EQ(w.ended(Fate::dropped), 1u);
        EXPECT_EQ(w.host.started[1].time, 10 * kMs);
        break;
      case LogOnFailure::dead_letter:  // deliveries at 0, 15, 30; the next message at 40
        ASSERT_EQ(w.host.forwarded.size(), 1u);
        EXPECT_EQ(w.host.forwarded[0].first, 4u);
        EXPECT_EQ(w.ended(Fate::dead_lettered), 1u);
        EXPECT_EQ(w.host.started[3].time, 40 * kMs);
        EXPECT_EQ(w.host.started[3].messages[0].identity, 1u);
        break;
    }
    w.check();
  }
}

TEST(LogGroups, ADeadInstanceIsNoticedAfterTheSessionAndItsWorkIsRedone) {
  LogSettings s = one_partition();
  s.groups[0].session_timeout = 100 * kMs;
  s.groups[0].rebalance_time = 30 * kMs;
  LogWorld w(s);
  begin(w, 3).host.run_until(15 * kMs);  // 0 is committed, 1 is being handled
  w.channel->instance_changed(0, 0, false);
  EXPECT_EQ(w.channel->record().places[0].in_flight, 0u);
  w.host.run_until(kSecond);
  EXPECT_EQ(order(w), (std::vector<std::uint64_t>{0, 1, 1, 2}));
  EXPECT_EQ(w.host.started[2].time, 145 * kMs);  // 15 + 100 + 30
  EXPECT_EQ(w.host.started[2].instance, 1u);
  EXPECT_EQ(w.redeliveries(), 1u);
  EXPECT_EQ(w.channel->record().counts.rebalances, 1u);
  EXPECT_EQ(w.channel->record().counts.rebalancing_ns, 30 * kMs);
}

// Partition 0 is the first's, partition 1 the second's. The first pauses in its first message: its second
// waits, and nobody else gets it.
TEST(LogGroups, AMemberThatPausesKeepsItsPartitionsAndReadsNothing) {
  LogSettings s = topic(2);
  s.groups = {group(2)};
  LogWorld w(s);
  w.handle_in(10 * kMs);
  for (int i = 0; i < 4; ++i) w.publish();  // to 0, 1, 0, 1
  w.host.run_until(5 * kMs);
  w.channel->set_intake(0, 0, Intake::paused);
  w.host.run_until(kSecond);
  EXPECT_EQ(order(w), (std::vector<std::uint64_t>{0, 1, 3}));
  w.channel->set_intake(0, 0, Intake::open);
  w.host.run_until(2 * kSecond);
  EXPECT_EQ(order(w), (std::vector<std::uint64_t>{0, 1, 3, 2}));
  EXPECT_EQ(w.host.started[3].time, kSecond);
  EXPECT_EQ(w.host.started[3].instance, 0u);
  EXPECT_EQ(w.channel->record().counts.rebalances, 0u);
  w.check();
}

// It ends its message at 10 ms, and the rebalance of 30 ms begins.
TEST(LogGroups, AMemberThatLeavesSaysSoAndNobodyWaitsForItsSession) {
  LogSettings s = one_partition();
  s.groups[0].session_timeout = 100 * kMs;
  s.groups[0].rebalance_time = 30 * kMs;
  LogWorld w(s);
  begin(w, 3).host.run_until(5 * kMs);
  w.channel->set_intake(0, 0, Intake::leaving);
  w.host.run_until(kSecond);
  EXPECT_EQ(order(w), (std::vector<std::uint64_t>{0, 1, 2}));
  EXPECT_EQ(w.host.started[1].time, 40 * kMs);
  EXPECT_EQ(w.host.started[1].instance, 1u);
  EXPECT_EQ(w.redeliveries(), 0u);
  EXPECT_EQ(w.channel->record().counts.rebalances, 1u);
  w.check();
}

// 3 records of 10 ms are polled at 0 (after one that was alone); the crash is at 35 ms, in the third of them.
TEST(LogGroups, WhatIsRedoneDependsOnTheCommit) {
  const auto redone = [](Commit commit) {
    LogSettings s = one_partition();
    s.groups[0].commit = commit;
    s.groups[0].auto_commit_interval = 15 * kMs;
    LogWorld w(s);
    begin(w, 4).host.run_until(35 * kMs);
    w.channel->instance_changed(0, 0, false);
    w.host.run_until(kSecond);
    w.check();
    EXPECT_EQ(w.channel->depth(0), 0u);
    return std::pair{w.redeliveries(), w.ended(Fate::lost)};
  };
  using R = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(redone(Commit::record), (R{1, 0}));     // the one at work
  EXPECT_EQ(redone(Commit::batch), (R{3, 0}));      // the batch
  EXPECT_EQ(redone(Commit::automatic), (R{4, 0}));  // at the poll of 10 ms the interval was not over
  EXPECT_EQ(redone(Commit::before), (R{0, 1}));     // at most once
}

TEST(LogGroups, AutoCommitsComeWithTheNextPollOrTheTimer) {
  LogSettings s = one_partition();
  s.groups[0].commit = Commit::automatic;
  s.groups[0].auto_commit_interval = 50 * kMs;
  LogWorld w(s);
  begin(w, 1).host.run_until(49 * kMs);
  EXPECT_EQ(w.ended(Fate::consumed), 0u);
  w.host.run_until(50 * kMs);
  EXPECT_EQ(w.ended(Fate::consumed), 1u);
}

TEST(LogGroups, AStaticMemberThatIsBackInTimeCausesNoRebalance) {
  for (const bool fixed : {true, false}) {
    LogSettings s = one_partition();
    s.groups[0].session_timeout = 100 * kMs;
    s.groups[0].static_members = fixed;
    LogWorld w(s);
    begin(w, 2).host.run_until(5 * kMs);
    w.channel->instance_changed(0, 0, false);
    w.host.run_until(50 * kMs);
    w.channel->instance_changed(0, 0, true);
    w.host.run_until(kSecond);
    EXPECT_EQ(w.channel->record().counts.rebalances, fixed ? 0u : 1u);
    EXPECT_EQ(w.host.started[1].time, 50 * kMs);
    EXPECT_EQ(w.ended(Fate::consumed), 2u);
  }
}

// Three partitions and two members; a third comes and takes one of them. Who keeps its partitions goes on.
TEST(LogGroups, EagerRebalancesStopEverybodyAndCooperativeOnesWhatMoves) {
  for (const Assignment how : {Assignment::sticky, Assignment::cooperative_sticky}) {
    LogSettings s = topic(3);
    s.groups = {group(3)};
    s.groups[0].assignment = how;
    s.groups[0].rebalance_time = 100 * kMs;
    s.groups[0].max_poll_records = 1;
    LogWorld w(s);
    w.handle_in(kMs);
    w.channel->instance_changed(0, 2, false);
    w.host.run_until(100 * kMs);  // partition 2 is with member 0 now
    for (std::uint32_t i = 0; i < 300; ++i) w.publish();
    w.host.run_until(110 * kMs);
    const std::size_t before = w.host.started.size();
    w.channel->instance_changed(0, 2, true);
    w.host.run_until(209 * kMs);
    std::set<std::uint32_t> parts, instances;
    for (std::size_t i = before; i < w.host.started.size(); ++i) {
      parts.insert(w.host.started[i].messages[0].part);
      instances.insert(w.host.started[i].instance);
    }
    if (how == Assignment::sticky) {
      EXPECT_TRUE(parts.empty());
    } else {
      EXPECT_EQ(parts, (std::set<std::uint32_t>{0, 1}));
      EXPECT_EQ(instances, (std::set<std::uint32_t>{0, 1}));
    }
    w.host.run_until(kSecond);
    EXPECT_EQ(w.host.started.back().instance, 2u);
    EXPECT_EQ(w.ended(Fate::consumed), 300u);
    EXPECT_EQ(w.redeliveries(), 0u);  // nobody crashed: handlers at work committed before the handover
    w.check();
  }
}

// 500 records of 10 ms do not fit into 1 s: thrown out, redone by the other, who is thrown out as well.
TEST(LogGroups, ABatchThatIsTooLongForTheMaxPollIntervalIsARebalanceStorm) {
  LogSettings s = one_partition();
  s.groups[0].commit = Commit::batch;
  s.groups[0].max_poll_interval = kSecond;
  s.groups[0].rebalance_time = 100 * kMs;
  LogWorld w(s);
  w.channel->instance_changed(0, 0, false);
  w.channel->instance_changed(0, 1, false);
  w.host.run_until(kMs);
  begin(w, 500);
  w.channel->instance_changed(0, 0, true);
  w.channel->instance_changed(0, 1, true);
  w.channel->reset_counts();
  w.host.run_until(30 * kSecond);
  EXPECT_EQ(w.ended(Fate::consumed), 0u);
  EXPECT_GT(w.channel->record().counts.rebalances, 6u);
  EXPECT_GT(w.redeliveries(), 1000u);
  w.check();

  LogSettings fits = s;
  fits.groups[0].max_poll_records = 50;
  LogWorld calm(fits);
  begin(calm, 500).host.run_until(30 * kSecond);
  EXPECT_EQ(calm.ended(Fate::consumed), 500u);
  EXPECT_EQ(calm.channel->record().counts.rebalances, 0u);
}

TEST(LogGroups, AGroupThatRetentionOvertakesGoesOnFromTheEarliestOrTheLatest) {
  for (const OffsetReset reset : {OffsetReset::earliest, OffsetReset::latest}) {
    LogSettings s = one_partition();
    s.groups[0].reset = reset;
    s.groups[0].max_poll_records = 1;
    s.retention = 50 * kMs;
    LogWorld w(s);
    w.handle_in(100 * kMs);
    w.publish(1);
    w.publish(1);  // expires at 50 ms
    w.host.run_until(20 * kMs);
    w.publish(1);  // would expire at 70 ms
    w.host.run_until(60 * kMs);
    EXPECT_EQ(w.ended(Fate::expired), 1u);
    EXPECT_EQ(w.ended(Fate::dropped), reset == OffsetReset::latest ? 1u : 0u);
    w.check();
  }
}

TEST(LogGroups, FailoverSpreadsPartitionsAndExclusiveHasOneReader) {
  for (const Subscription type : {Subscription::exclusive, Subscription::failover}) {
    LogSettings s = topic(4);
    s.groups = {group(2)};
    s.groups[0].type = type;
    LogWorld w(s);
    w.handle_in(kMs);
    for (int i = 0; i < 8; ++i) w.publish();
    w.host.run_until(100 * kMs);
    std::set<std::uint32_t> readers;
    for (const auto& st : w.host.started) readers.insert(st.instance);
    EXPECT_EQ(readers.size(), type == Subscription::exclusive ? 1u : 2u);
    w.channel->instance_changed(0, 0, false);
    for (int i = 0; i < 8; ++i) w.publish();
    w.host.run_until(kSecond);
    EXPECT_EQ(w.ended(Fate::consumed), 16u);
    EXPECT_EQ(w.host.started.back().instance, 1u);
  }
}

}  // namespace
}  // namespace tailrace::models::event_log
