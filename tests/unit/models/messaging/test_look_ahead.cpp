// key_shared: beyond the messages of a worker that takes no more.
#include "event_log_world.hpp"
#include "models/messaging/event_log/hash.hpp"

namespace tailrace::models::event_log {
namespace {

// The first keys whose range is the first's and the second's of two instances.
std::uint64_t key_of(std::uint32_t instance) {
  std::uint64_t key = 0;
  while (slot_of(mix(key + 1), 2) != instance) ++key;
  return key;
}
std::vector<std::int64_t> begun_by(const LogWorld& w, std::uint32_t instance) {
  std::vector<std::int64_t> times;
  for (const auto& st : w.host.started) {
    if (st.instance == instance) times.push_back(st.time / kMs);
  }
  return times;
}
using Times = std::vector<std::int64_t>;

// Two instances with lines of one, the first at 100 ms a message, the second at 10 ms.
LogSettings two(std::uint64_t look_ahead) {
  LogSettings s = shared(Subscription::key_shared, 2);
  s.groups[0].receiver_queue_size = 1;
  s.groups[0].look_ahead = look_ahead;
  return s;
}
void slow_and_quick(LogWorld& w) {
  w.host.handling = [](const FakeHost::Started& st) {
    return std::pair{(st.instance == 0 ? 100 : 10) * kMs, Outcome::success};
  };
}

// Four messages of the slow one's, then three of the quick one's, all at 0. The slow one runs its first, and
// its second is in its line. None is looked beyond: its third is read when its line is empty, at 100, its
// fourth at 200, and then come the others'. One is: at 100 the third leaves for the line, and the fourth is
// held in its place. Two are: nothing is in the way.
TEST(LookAhead, ASlowConsumersKeysHoldUpOthersOnlyBeyondTheLimit) {
  const std::vector<Times> quick = {{200, 210, 220}, {100, 110, 120}, {0, 10, 20}};
  for (std::uint64_t limit = 0; limit < quick.size(); ++limit) {
    SCOPED_TRACE(limit);
    LogWorld w(two(limit));
    slow_and_quick(w);
    for (int i = 0; i < 4; ++i) w.publish(key_of(0));
    for (int i = 0; i < 3; ++i) w.publish(key_of(1));
    w.host.run_until(kSecond);
    EXPECT_EQ(begun_by(w, 0), (Times{0, 100, 200, 300}));
    EXPECT_EQ(begun_by(w, 1), quick[limit]);
    EXPECT_EQ(w.ended(Fate::consumed), 7u);
    w.check();
  }
}

// One for each worker that is there: while both are, two; the second is gone until 50, and then one.
TEST(LookAhead, TheLimitFollowsTheWorkersThatAreThere) {
  LogSettings s = two(1000);
  s.groups[0].look_ahead_per_worker = 1;
  for (const bool both : {true, false}) {
    LogWorld w(s);
    slow_and_quick(w);
    if (!both) w.channel->instance_changed(0, 1, false);
    for (int i = 0; i < 4; ++i) w.publish(key_of(0));
    for (int i = 0; i < 3; ++i) w.publish(key_of(1));
    EXPECT_EQ(w.host.started.size(), both ? 2u : 1u);
    w.host.run_until(50 * kMs);
    if (!both) w.channel->instance_changed(0, 1, true);
    w.host.run_until(kSecond);
    EXPECT_EQ(begun_by(w, 0), (Times{0, 100, 200, 300}));
    EXPECT_EQ(begun_by(w, 1), both ? (Times{0, 10, 20}) : (Times{50, 60, 70}));
    w.check();
  }
}

// The first pauses from the beginning to 40: its keys wait for it, the second's do not; in its order after
// that.
TEST(LookAhead, APausedConsumersKeysWaitForItAlone) {
  LogWorld w(two(100));
  slow_and_quick(w);
  w.channel->set_intake(0, 0, Intake::paused);
  for (int i = 0; i < 3; ++i) {
    w.publish(key_of(0));
    w.publish(key_of(1));
  }
  w.host.run_until(40 * kMs);
  w.channel->set_intake(0, 0, Intake::open);
  w.host.run_until(kSecond);
  EXPECT_EQ(begun_by(w, 1), (Times{0, 10, 20}));
  EXPECT_EQ(begun_by(w, 0), (Times{40, 140, 240}));
  std::uint64_t last = 0;
  for (const auto& st : w.host.started) {
    if (st.instance != 0) continue;
    EXPECT_GE(st.messages[0].identity, last);
    last = st.messages[0].identity;
  }
  w.check();
}

// What is held is in the log still. The first is paused, and one is looked beyond: its first message is held
// at 0, its second (30) not read, so the second's (30) is not either. At 50 retention takes the first: there
// is room, the second is held, and the other's is begun. At 80 the second's time is over too.
TEST(LookAhead, RetentionTakesWhatIsHeldAndThereIsRoom) {
  LogSettings s = two(1);
  s.retention = 50 * kMs;
  LogWorld w(s);
  slow_and_quick(w);
  w.channel->set_intake(0, 0, Intake::paused);
  w.publish(key_of(0));
  w.host.run_until(30 * kMs);
  w.publish(key_of(0));
  w.publish(key_of(1));
  w.host.run_until(90 * kMs);
  w.channel->set_intake(0, 0, Intake::open);
  w.host.run_until(kSecond);
  EXPECT_EQ(begun_by(w, 1), Times{50});
  EXPECT_EQ(begun_by(w, 0), Times{});
  EXPECT_EQ(w.ended(Fate::expired), 2u);
  EXPECT_EQ(w.ended(Fate::consumed), 1u);
  w.check();
}

// The only broker is gone from 50 to 350. The slow one runs its first, and at 100 what is in its line; its
// third is held by the broker, so it begins at 350, its fourth after that.
TEST(LookAhead, WhatIsHeldWaitsForItsLeader) {
  LogWorld w(two(100));
  slow_and_quick(w);
  for (int i = 0; i < 4; ++i) w.publish(key_of(0));
  w.host.run_until(50 * kMs);
  w.channel->node_changed(0, false);
  w.host.run_until(350 * kMs);
  w.channel->node_changed(0, true);
  w.host.run_until(kSecond);
  EXPECT_EQ(begun_by(w, 0), (Times{0, 100, 350, 450}));
  EXPECT_EQ(w.ended(Fate::consumed), 4u);
  w.check();
}

// The slow one dies at 50 with one message running, one in its line and two held: the second does all four,
// in their order. Its own goes on before them: it has begun.
TEST(LookAhead, WhatWasHeldForOneThatDiesIsDealtAgainInOrder) {
  LogWorld w(two(100));
  slow_and_quick(w);
  for (int i = 0; i < 4; ++i) w.publish(key_of(0));
  w.host.run_until(45 * kMs);
  w.publish(key_of(1));
  w.host.run_until(50 * kMs);
  w.channel->instance_changed(0, 0, false);
  w.host.run_until(kSecond);
  EXPECT_EQ(begun_by(w, 1), (Times{45, 55, 65, 75, 85}));
  std::vector<std::uint64_t> order;
  for (const auto& st : w.host.started) order.push_back(st.messages[0].identity);
  EXPECT_EQ(order, (std::vector<std::uint64_t>{0, 4, 0, 1, 2, 3}));
  w.check();
}

}  // namespace
}  // namespace tailrace::models::event_log
