// Subscriptions whose messages go to whoever is free, or by key.
#include <map>
#include <set>

#include "event_log_world.hpp"

namespace tailrace::models::event_log {
namespace {

TEST(LogShared, OnePartitionKeepsAllInstancesBusy) {
  LogWorld w(shared(Subscription::shared, 4));
  w.handle_in(10 * kMs);
  for (int i = 0; i < 8; ++i) w.publish(1);
  w.host.run_until(20 * kMs);
  EXPECT_EQ(w.ended(Fate::consumed), 8u);  // two rounds of four
  EXPECT_EQ(w.host.started[3].instance, 3u);
  w.check();
}

// Of a group that scales only some are there at the start; of the others it is not said that they are lost.
TEST(LogShared, WhoIsNotThereYetIsNeitherGivenAnythingNorLost) {
  LogSettings s = shared(Subscription::shared, 3);
  s.groups[0].present = 1;
  LogWorld w(s);
  for (std::uint32_t i = 1; i < 3; ++i) w.channel->instance_changed(0, i, false);
  EXPECT_TRUE(w.channel->record().events.empty());
  w.handle_in(10 * kMs);
  for (int i = 0; i < 4; ++i) w.publish(1);
  w.host.run_until(20 * kMs);
  EXPECT_EQ(w.ended(Fate::consumed), 2u);  // one after the other
  w.channel->instance_changed(0, 1, true);
  w.host.run_until(30 * kMs);
  EXPECT_EQ(w.ended(Fate::consumed), 4u);  // the last two beside each other
  w.check();
}

TEST(LogShared, AFailedMessageComesBackAfterTheBackoffAndOthersGoOn) {
  LogSettings s = shared(Subscription::shared, 1);
  s.groups[0].retry_backoff = 25 * kMs;
  s.groups[0].max_deliveries = 2;
  s.groups[0].on_failure = LogOnFailure::dead_letter;
  s.groups[0].dead_letter_channel = 3;
  LogWorld w(s);
  w.host.handling = [](const FakeHost::Started& st) {
    return std::pair{10 * kMs, st.messages[0].identity == 0 ? Outcome::error : Outcome::success};
  };
  for (int i = 0; i < 3; ++i) w.publish(1);
  w.host.run_until(kSecond);
  std::vector<std::uint64_t> order;
  for (const auto& st : w.host.started) order.push_back(st.messages[0].identity);
  EXPECT_EQ(order, (std::vector<std::uint64_t>{0, 1, 2, 0}));
  EXPECT_EQ(w.host.started[3].time, 35 * kMs);
  EXPECT_EQ(w.ended(Fate::dead_lettered), 1u);
  EXPECT_EQ(w.host.forwarded.size(), 1u);
}

TEST(LogShared, ASlowHandlerMeetsTheAckTimeoutAndTheMessageIsDeliveredAgain) {
  LogSettings s = shared(Subscription::shared, 2);
  s.groups[0].ack_timeout = 20 * kMs;
  LogWorld w(s);
  w.publish(1);
  w.host.run_until(20 * kMs);
  ASSERT_EQ(w.host.started.size(), 2u);
  EXPECT_EQ(w.host.started[1].instance, 1u);
  w.channel->handled(w.host.started[0].token, Outcome::success);  // late, and still the first to finish
  EXPECT_EQ(w.ended(Fate::consumed), 1u);
  w.channel->handled(w.host.started[1].token, Outcome::success);
  EXPECT_EQ(w.ended(Fate::consumed), 1u);
  w.host.run_until(kSecond);
  EXPECT_EQ(w.host.started.size(), 2u);
  w.check();
}

TEST(LogShared, WhatADeadInstanceHadIsDeliveredAtOnce) {
  LogWorld w(shared(Subscription::shared, 2));
  w.publish(1);
  w.publish(1);
  w.host.run_until(5 * kMs);
  w.channel->instance_changed(0, 0, false);
  EXPECT_EQ(w.host.started.size(), 2u);  // the other is busy
  w.channel->handled(w.host.started[1].token, Outcome::success);
  ASSERT_EQ(w.host.started.size(), 3u);
  EXPECT_EQ(w.host.started[2].messages[0].identity, 0u);
  w.channel->handled(w.host.started[0].token, Outcome::success);  // of the dead one: nobody listens
  EXPECT_EQ(w.ended(Fate::consumed), 1u);
  w.check();
}

TEST(LogShared, KeySharedKeepsTheOrderOfAKeyAlsoWhenMessagesFail) {
  LogSettings s = shared(Subscription::key_shared, 3, 2);
  s.groups[0].concurrency = 2;
  s.groups[0].retry_backoff = 3 * kMs;
  s.groups[0].receiver_queue_size = 4;
  LogWorld w(s);
  sim::Stream dice(1, 0, "keys", "");
  std::map<std::uint64_t, std::uint32_t> home;
  std::map<std::uint64_t, std::uint64_t> next;
  w.host.handling = [&](const FakeHost::Started& st) {
    const Envelope& m = st.messages[0];
    EXPECT_EQ(home.emplace(m.key, st.instance).first->second, st.instance);
    EXPECT_EQ(m.sequence, next[m.key]);
    const bool good = dice.below(4) != 0;
    if (good) ++next[m.key];
    return std::pair{static_cast<std::int64_t>(1 + dice.below(5)) * kMs,
                     good ? Outcome::success : Outcome::error};
  };
  std::map<std::uint64_t, std::uint64_t> sent;
  for (int i = 0; i < 600; ++i) {
    Envelope m;
    m.key = dice.below(12);
    m.identity = static_cast<std::uint64_t>(i);
    m.sequence = sent[m.key]++;
    w.send(m);
    w.host.run_until(w.host.now() + kMs / 4);
  }
  w.host.run_until(w.host.now() + 20 * kSecond);
  EXPECT_EQ(w.ended(Fate::consumed), 600u);
  std::set<std::uint32_t> homes;
  for (const auto& [key, instance] : home) homes.insert(instance);
  EXPECT_EQ(homes.size(), 3u);
  w.check();
}

}  // namespace
}  // namespace tailrace::models::event_log
