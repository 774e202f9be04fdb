// Shared subscriptions whose instances pause, or leave for good after what they have.
#include <map>

#include "event_log_world.hpp"

namespace tailrace::models::event_log {
namespace {

void set_intake(LogWorld& w, std::uint32_t instance, Intake intake) {
  w.channel->set_intake(0, instance, intake);
}
std::vector<std::uint32_t> instances_of(const LogWorld& w) {
  std::vector<std::uint32_t> all;
  for (const auto& st : w.host.started) all.push_back(st.instance);
  return all;
}

// Two instances, 10 ms a message, four messages at 0; instance 0 pauses at 5 ms: it ends its first, and the
// other does the rest one after the other, until 30.
TEST(SharedIntake, APausedInstanceEndsWhatItHasAndTakesNoMore) {
  LogWorld w(shared(Subscription::shared, 2));
  w.handle_in(10 * kMs);
  for (int i = 0; i < 4; ++i) w.publish(1);
  w.host.run_until(5 * kMs);
  set_intake(w, 0, Intake::paused);
  w.host.run_until(kSecond);
  EXPECT_EQ(instances_of(w), (std::vector<std::uint32_t>{0, 1, 1, 1}));
  EXPECT_EQ(w.host.started[3].time, 20 * kMs);
  EXPECT_EQ(w.ended(Fate::consumed), 4u);
  w.check();
}

// While all pause messages wait; at the end of the pause they are taken at once.
TEST(SharedIntake, MessagesWaitForTheEndOfThePause) {
  for (const Subscription type : {Subscription::shared, Subscription::key_shared}) {
    LogWorld w(shared(type, 2));
    w.handle_in(10 * kMs);
    for (std::uint32_t i = 0; i < 2; ++i) set_intake(w, i, Intake::paused);
    for (int i = 0; i < 3; ++i) w.publish(static_cast<std::uint64_t>(i));
    w.host.run_until(100 * kMs);
    EXPECT_TRUE(w.host.started.empty());
    EXPECT_EQ(w.channel->depth(0), 3u);
    for (std::uint32_t i = 0; i < 2; ++i) set_intake(w, i, Intake::open);
    ASSERT_FALSE(w.host.started.empty());
    EXPECT_EQ(w.host.started[0].time, 100 * kMs);
    w.host.run_until(kSecond);
    EXPECT_EQ(w.ended(Fate::consumed), 3u);
    w.check();
  }
}

// Who leaves is not counted as lost, and who comes in its place takes part at once.
TEST(SharedIntake, AnInstanceThatLeavesIsFollowedByOneThatComes) {
  LogWorld w(shared(Subscription::shared, 2));
  w.handle_in(10 * kMs);
  w.channel->instance_changed(0, 1, false);  // not there yet
  for (int i = 0; i < 4; ++i) w.publish(1);
  w.host.run_until(5 * kMs);
  w.channel->instance_changed(0, 1, true);
  set_intake(w, 0, Intake::leaving);
  w.host.run_until(12 * kMs);
  w.channel->instance_changed(0, 0, false);
  w.host.run_until(20 * kMs);
  w.channel->instance_changed(0, 0, true);
  w.host.run_until(kSecond);
  EXPECT_EQ(instances_of(w), (std::vector<std::uint32_t>{0, 1, 1, 0}));
  EXPECT_EQ(w.host.started[1].time, 5 * kMs);
  EXPECT_EQ(w.host.started[2].time, 15 * kMs);
  EXPECT_EQ(w.host.started[3].time, 20 * kMs);
  w.check();
}

// Of 16 keys some are the first's, some the second's. The first pauses, then the second dies: its keys are
// the first's now, which handles what it has and none of those. They wait for whoever comes before the other:
// the second, or the end of the pause.
TEST(SharedIntake, KeySharedDealsNothingToWhoIsPaused) {
  for (const bool opens : {false, true}) {
    LogWorld w(shared(Subscription::key_shared, 2));
    w.handle_in(10 * kMs);
    for (std::uint64_t key = 0; key < 16; ++key) w.publish(key);
    w.host.run_until(5 * kMs);
    set_intake(w, 0, Intake::paused);
    w.channel->instance_changed(0, 1, false);
    w.host.run_until(kSecond);
    std::size_t first = 0;
    for (const std::uint32_t instance : instances_of(w)) first += instance == 0 ? 1 : 0;
    EXPECT_EQ(w.ended(Fate::consumed), first);
    EXPECT_GT(first, 0u);
    EXPECT_LT(first, 16u);
    EXPECT_EQ(w.channel->depth(0), 16 - first);
    const std::size_t before = w.host.started.size();
    opens ? set_intake(w, 0, Intake::open) : w.channel->instance_changed(0, 1, true);
    w.host.run_until(2 * kSecond);
    EXPECT_EQ(w.ended(Fate::consumed), 16u);
    EXPECT_EQ(w.host.started.size(), before + 16 - first);
    for (std::size_t i = before; i < w.host.started.size(); ++i)
      EXPECT_EQ(w.host.started[i].instance, opens ? 0u : 1u);
    w.check();
  }
}

// One instance at first, 10 ms a message, two of each of 16 keys. At 5 ms, in the middle of key 0's first, a
// second comes: whoever has the range of key 0 then, its second is begun when its first has ended.
TEST(SharedIntake, KeySharedWaitsForWhoIsAtAMessageOfTheKey) {
  LogWorld w(shared(Subscription::key_shared, 3));
  w.handle_in(10 * kMs);
  w.channel->instance_changed(0, 1, false);
  w.channel->instance_changed(0, 2, false);
  for (std::uint64_t i = 0; i < 32; ++i) w.publish(i % 16);
  w.host.run_until(5 * kMs);
  w.channel->instance_changed(0, 1, true);
  w.channel->instance_changed(0, 2, true);
  w.host.run_until(kSecond);
  EXPECT_EQ(w.ended(Fate::consumed), 32u);
  std::map<std::uint64_t, std::int64_t> free_at;
  std::map<std::uint32_t, int> by;
  for (const auto& st : w.host.started) {
    const std::uint64_t key = st.messages[0].key;
    EXPECT_GE(st.time, free_at[key]) << "key " << key;
    free_at[key] = st.time + 10 * kMs;
    ++by[st.instance];
  }
  EXPECT_EQ(by.size(), 3u);
  EXPECT_LT(w.host.started.back().time, 200 * kMs) << "they work side by side";
  w.check();
}

// Instances leave and come at random: no message is lost, and the messages of a key are handled in their
// order.
TEST(SharedIntake, KeySharedKeepsTheOrderOfAKeyWhileInstancesLeaveAndCome) {
  LogSettings s = shared(Subscription::key_shared, 3, 2);
  s.groups[0].concurrency = 2;
  s.groups[0].receiver_queue_size = 4;
  LogWorld w(s);
  sim::Stream dice(7, 0, "keys", "");
  std::map<std::uint64_t, std::uint64_t> next, sent;
  int out_of_order = 0;
  w.host.handling = [&](const FakeHost::Started& st) {
    const Envelope& m = st.messages[0];
    if (m.sequence != next[m.key]++) ++out_of_order;
    return std::pair{static_cast<std::int64_t>(1 + dice.below(5)) * kMs, Outcome::success};
  };
  w.channel->instance_changed(0, 0, false);  // comes later, while the others work
  for (int i = 0; i < 900; ++i) {
    Envelope m;
    m.key = dice.below(12);
    m.identity = static_cast<std::uint64_t>(i);
    m.sequence = sent[m.key]++;
    w.send(m);
    w.host.run_until(w.host.now() + kMs);
    if (i == 410) w.channel->instance_changed(0, 0, true);
    if (i % 100 == 30) set_intake(w, 1, Intake::leaving);
    if (i % 100 == 50) set_intake(w, 2, Intake::paused);  // while the ranges change
    if (i % 100 == 85) set_intake(w, 2, Intake::open);
    if (i % 100 == 70) {  // long after it has ended what it had
      w.channel->instance_changed(0, 1, false);
      w.channel->instance_changed(0, 1, true);
    }
  }
  w.host.run_until(w.host.now() + 20 * kSecond);
  EXPECT_EQ(w.ended(Fate::consumed), 900u);
  EXPECT_EQ(out_of_order, 0);
  w.check();
}

}  // namespace
}  // namespace tailrace::models::event_log
