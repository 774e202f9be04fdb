// Windows by event time: which events they count, when they fire, what comes too late.
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "fake_host.hpp"
#include "models/messaging/window/window.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models::window {
namespace {

struct World : ChannelWorld<WindowModel> {
  explicit World(WindowSettings s) : ChannelWorld(std::move(s)) { handle_in(0); }
  // An event of that time (ms) that comes now.
  Publication event(std::int64_t time_ms, std::uint64_t key = kNoKey) {
    Envelope m;
    m.identity = m.sequence = ++sent;
    m.key = key;
    m.born = time_ms * kMs;
    return channel->publish(m, true, sent);
  }
  // Events counted by the results so far, in their order.
  std::vector<std::uint32_t> results() {
    host.run_until(host.now());
    std::vector<std::uint32_t> out;
    for (const FakeHost::Started& s : host.started) out.push_back(s.messages[0].bytes);
    return out;
  }
  std::uint64_t dropped() const { return place(0).ended[static_cast<std::size_t>(Fate::dropped)]; }
  void balanced() const {  // of events there are no copies, of results there are
    for (const PlaceCounts& p : channel->record().places) EXPECT_TRUE(p.conserved());
    EXPECT_EQ(host.copies, static_cast<std::int64_t>(channel->depth(kResults)));
  }
  std::uint64_t sent = 0;
};

WindowSettings tumbling(std::int64_t size_s) {
  WindowSettings s;
  s.name = "w";
  s.size = s.every = size_s * kSecond;
  s.group = {"results", 1, 1};
  return s;
}

using Counts = std::vector<std::uint32_t>;

// Windows of 10 s. The event of 10 s closes the first, which has three; that of 21 s the second, of one.
TEST(Windows, CountEventsByTheirTimeAndFireWhenALaterOneIsPastTheirEnd) {
  World w(tumbling(10));
  for (const std::int64_t t : {1000, 9000, 5000, 10000, 21000}) w.event(t);
  EXPECT_EQ(w.results(), (Counts{3, 1}));
  EXPECT_EQ(w.place(0).ready, 1u) << "the event of 21 s waits for its window's end";
  EXPECT_EQ(w.channel->record().counts.batches, 2u);
  w.balanced();
}

// Two seconds of disorder are waited for: at 11.9 s the watermark is 9.9 s, so that of 9.5 s is in time. The
// event of 12 s fires the window; after that 9 s is late.
TEST(Windows, WaitForTheDisorderThatIsAllowedAndDropWhatIsLater) {
  WindowSettings s = tumbling(10);
  s.out_of_orderness = 2 * kSecond;
  World w(s);
  for (const std::int64_t t : {1000, 11900, 9500}) w.event(t);
  EXPECT_EQ(w.results(), Counts{});
  w.event(12000);
  EXPECT_EQ(w.results(), Counts{2});
  w.event(9000);
  EXPECT_EQ(w.dropped(), 1u);
  EXPECT_EQ(w.results(), Counts{2});
  w.balanced();
}

// The window is kept three seconds more: 9 s comes at a watermark of 12 s and makes it fire again with two;
// at 13 s it is gone.
TEST(Windows, FireAgainForWhatIsLateButAllowed) {
  WindowSettings s = tumbling(10);
  s.lateness = 3 * kSecond;
  World w(s);
  for (const std::int64_t t : {1000, 12000, 9000}) w.event(t);
  EXPECT_EQ(w.results(), (Counts{1, 2}));
  w.event(12999);
  w.event(8000);
  EXPECT_EQ(w.results(), (Counts{1, 2, 3}));
  w.event(13000);
  w.event(8000);
  EXPECT_EQ(w.dropped(), 1u);
  EXPECT_EQ(w.channel->record().counts.batches, 1u) << "one window, however often it fired";
  w.balanced();
}

// A window that nothing had been in when it was over, and is kept: its first event makes it, and it is
// forgotten when its time is up.
TEST(Windows, ThatWereEmptyTakeALateEventTooAndAreForgotten) {
  WindowSettings s = tumbling(10);
  s.lateness = 30 * kSecond;
  World w(s);
  w.event(25000);
  w.event(5000);
  EXPECT_EQ(w.results(), Counts{1});
  w.event(40000);  // fires that of 25 s; that of 5 s is purged at 10 + 30
  w.event(6000);
  EXPECT_EQ(w.dropped(), 1u);
  w.balanced();
}

// Of 10 s every 5 s: each event is in two. At 20 s those that began at -5, 0, 5 and 10 are over.
TEST(Windows, ThatHopCountAnEventInEachThatHoldsIt) {
  WindowSettings s = tumbling(10);
  s.type = WindowType::hopping;
  s.every = 5 * kSecond;
  World w(s);
  for (const std::int64_t t : {1000, 7000, 12000, 20000}) w.event(t);
  // [-5,5): 1   [0,10): 2   [5,15): 2   [10,20): 1
  EXPECT_EQ(w.results(), (Counts{1, 2, 2, 1}));
  EXPECT_EQ(w.place(0).ended[static_cast<std::size_t>(Fate::consumed)], 3u);
  w.balanced();
}

// A gap of 5 s. Key 1: 0, 4 | 20. Key 2: 0, 8 are two sessions until 4 joins them: 0..13.
TEST(Windows, OfSessionsEndWithAGapAndAreJoinedByWhatComesBetween) {
  WindowSettings s = tumbling(10);
  s.type = WindowType::session;
  s.gap = 5 * kSecond;
  s.by_key = true;
  s.out_of_orderness = 10 * kSecond;
  World w(s);
  w.event(0, 1);
  w.event(4000, 1);
  w.event(0, 2);
  w.event(8000, 2);
  w.event(4000, 2);
  w.event(20000, 1);  // watermark 10 s: key 1's first is over (9 s), key 2's is not (13 s)
  EXPECT_EQ(w.results(), Counts{2});
  w.event(23000, 3);
  EXPECT_EQ(w.results(), (Counts{2, 3}));
  w.balanced();
}

// The result comes after all that it counts, also after what a session brings along that it is joined with.
TEST(Windows, OfSessionsThatAreJoinedComeAfterTheLastEventOfBoth) {
  WindowSettings s = tumbling(10);
  s.type = WindowType::session;
  s.gap = 5 * kSecond;
  s.out_of_orderness = 10 * kSecond;
  World w(s);
  const auto event = [&](std::int64_t time_ms, std::uint64_t sequence) {
    w.sent = sequence - 1;
    w.event(time_ms);
  };
  event(8000, 3);
  event(0, 1);
  event(4000, 2);  // joins the two
  event(30000, 4);
  EXPECT_EQ(w.results(), Counts{3});
  EXPECT_EQ(w.host.started[0].messages[0].sequence, 3u);
}

// As long as a duration can be: no window is ever over, or late.
TEST(Windows, MayTakeLateEventsForEver) {
  WindowSettings s = tumbling(10);
  s.lateness = sim::Duration::max().ns;
  World w(s);
  w.event(1000);
  w.event(25000);
  w.event(2000);
  EXPECT_EQ(w.results(), (Counts{1, 2}));
  EXPECT_EQ(w.dropped(), 0u);
  WindowSettings session = tumbling(10);
  session.type = WindowType::session;
  session.gap = sim::Duration::max().ns;
  World v(session);
  v.event(1000);
  v.event(25000);
  EXPECT_EQ(v.results(), Counts{});
  EXPECT_EQ(v.dropped(), 0u);
}

// By the clock a window needs no later event: it fires at its end and two seconds.
TEST(Windows, ByTheClockFireWithoutFurtherEvents) {
  WindowSettings s = tumbling(10);
  s.watermark = Watermark::clock;
  s.out_of_orderness = 2 * kSecond;
  World w(s);
  w.host.at(3 * kSecond, [&] { w.event(3000); });
  w.host.run_until(12 * kSecond - 1);
  EXPECT_TRUE(w.host.started.empty());
  w.host.run_until(12 * kSecond);
  ASSERT_EQ(w.host.started.size(), 1u);
  EXPECT_EQ(w.host.started[0].time, 12 * kSecond);
  EXPECT_EQ(w.host.started[0].messages[0].born, 10 * kSecond) << "the result is as old as its window's end";
  w.event(9000);
  EXPECT_EQ(w.dropped(), 1u);
  w.balanced();
}

TEST(Windows, ResultsOfADeadInstanceAreHandledByAnother) {
  WindowSettings s = tumbling(10);
  s.group = {"results", 2, 1};
  World w(s);
  w.host.handling = nullptr;
  w.event(1000);
  w.event(11000);
  w.host.run_until(0);
  ASSERT_EQ(w.host.started.size(), 1u);
  EXPECT_EQ(w.host.started[0].instance, 0u);
  w.channel->instance_changed(kResults, 0, false);
  w.host.run_until(0);
  ASSERT_EQ(w.host.started.size(), 2u);
  EXPECT_EQ(w.host.started[1].instance, 1u);
  w.channel->handled(w.host.started[0].token, Outcome::success);
  EXPECT_EQ(w.channel->depth(kResults), 1u) << "the dead one's end is not listened to";
  w.channel->handled(w.host.started[1].token, Outcome::success);
  EXPECT_EQ(w.place(1).redeliveries, 1u);
  EXPECT_EQ(w.channel->depth(kResults), 0u);
  w.balanced();
}

TEST(Windows, ResultsThatFailAreTriedAgainAfterTheirPause) {
  WindowSettings s = tumbling(10);
  s.retry_backoff = kSecond;
  World w(s);
  int tries = 0;
  w.host.handling = [&](const FakeHost::Started&) {
    return std::pair{std::int64_t{0}, ++tries < 3 ? Outcome::error : Outcome::success};
  };
  w.event(1000);
  w.event(11000);
  w.host.run_until(10 * kSecond);
  ASSERT_EQ(w.host.started.size(), 3u);
  EXPECT_EQ(w.host.started[2].time, 2 * kSecond);
  w.balanced();
}

TEST(Windows, AreRefusedWhileTheirNodeIsDownAndKeepWhatTheyHad) {
  World w(tumbling(10));
  w.event(1000);
  w.channel->node_changed(0, false);
  EXPECT_EQ(w.event(2000), Publication::unavailable);
  w.channel->node_changed(0, true);
  w.event(12000);
  EXPECT_EQ(w.results(), Counts{1});
  w.balanced();
}

// Poisson events, 4 a second, windows of 5 s: counts are Poisson with mean and variance 20. Of 20,000 windows
// the mean has a standard error of 0.032, the variance one of sqrt(20 (1 + 2 x 20) / 20000) = 0.2.
TEST(Windows, OfPoissonEventsHavePoissonCounts) {
  World w(tumbling(5));
  sim::Stream random(7, 0, "test", "events");
  double t = 0;
  while (t < 20'000 * 5.0) {
    t -= std::log(random.uniform() + 1e-300) / 4;
    w.event(static_cast<std::int64_t>(t * 1000));
  }
  double sum = 0, squares = 0;
  const Counts counts = w.results();
  ASSERT_GT(counts.size(), 19'990u);
  for (const std::uint32_t n : counts) sum += n, squares += double(n) * n;
  const double n = static_cast<double>(counts.size()), mean = sum / n;
  EXPECT_NEAR(mean, 20, 4 * 0.032);
  EXPECT_NEAR(squares / n - mean * mean, 20, 4 * 0.2);
  w.balanced();
}

}  // namespace
}  // namespace tailrace::models::window
