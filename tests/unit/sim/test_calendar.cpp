// The calendar's one promise is an order: (time, phase, order of pushing). HeapCalendar keeps it by
// construction (the three are its key), so Calendar is right where both give the same sequence; a few orders
// are also spelled out by hand.
#include "sim/engine/calendar.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "sim/engine/heap_calendar.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::sim {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

Event event_at(std::int64_t time_ns, std::uint32_t target, Phase phase = Phase::arrive) {
  return {time_ns, target, event_tag(phase, 0)};
}

template <class C>
class AnyCalendar : public testing::Test {};
using Calendars = testing::Types<Calendar, HeapCalendar>;
TYPED_TEST_SUITE(AnyCalendar, Calendars);

template <class C>
std::vector<std::uint32_t> targets_in_order(C& calendar) {
  std::vector<std::uint32_t> targets;
  while (!calendar.empty()) targets.push_back(calendar.pop().target);
  return targets;
}

TEST(Event, KeepsPhaseKindAndGenerationApart) {
  const Event event{7, 9, event_tag(Phase::observe, 63, 0xffffff)};
  EXPECT_EQ(event.phase(), Phase::observe);
  EXPECT_EQ(event.kind(), 63u);
  EXPECT_EQ(event.generation(), 0xffffffu);
  const Event wrapped{
      7, 9, event_tag(Phase::finish, 64, 0x1000001)};  // one past each field: 0 and 1, phase untouched
  EXPECT_EQ(wrapped.phase(), Phase::finish);
  EXPECT_EQ(wrapped.kind(), 0u);
  EXPECT_EQ(wrapped.generation(), 1u);
}

TYPED_TEST(AnyCalendar, OrdersByTimeThenPhaseThenPushing) {
  TypeParam calendar;
  calendar.push(event_at(20, 6));
  calendar.push(event_at(10, 5, Phase::observe));
  calendar.push(event_at(10, 4, Phase::expire));
  calendar.push(event_at(10, 2, Phase::arrive));
  calendar.push(event_at(10, 3, Phase::arrive));
  calendar.push(event_at(10, 1, Phase::finish));
  EXPECT_EQ(calendar.next_time(), 10);
  EXPECT_EQ(calendar.size(), 6u);
  EXPECT_EQ(targets_in_order(calendar), (std::vector<std::uint32_t>{1, 2, 3, 4, 5, 6}));
}

TYPED_TEST(AnyCalendar, TakesEventsAtTheInstantBeingProcessedByPhase) {
  TypeParam calendar;
  calendar.push(event_at(10, 1, Phase::arrive));
  calendar.push(event_at(10, 4, Phase::arrive));
  calendar.push(event_at(10, 6, Phase::expire));
  ASSERT_EQ(calendar.pop().target, 1u);
  calendar.push(event_at(10, 5, Phase::arrive));  // behind 4, before the timeout
  calendar.push(event_at(10, 2, Phase::finish));  // before everything left of this instant
  calendar.push(event_at(10, 3, Phase::finish));
  EXPECT_EQ(targets_in_order(calendar), (std::vector<std::uint32_t>{2, 3, 4, 5, 6}));
}

TYPED_TEST(AnyCalendar, ReachesTheEndOfTime) {
  TypeParam calendar;
  for (std::uint32_t i = 0; i < 100; ++i) calendar.push(event_at(kMax - i % 2, i, Phase::observe));
  calendar.push(event_at(0, 100));
  ASSERT_EQ(calendar.pop().target, 100u);
  for (std::uint32_t i = 1; i < 100; i += 2) ASSERT_EQ(calendar.pop().target, i);
  EXPECT_EQ(calendar.next_time(), kMax);
  for (std::uint32_t i = 0; i < 100; i += 2) ASSERT_EQ(calendar.pop().target, i);
  EXPECT_TRUE(calendar.empty());
}

TYPED_TEST(AnyCalendar, StartsAfreshAfterClear) {
  TypeParam calendar;
  for (std::uint32_t i = 0; i < 1000; ++i) calendar.push(event_at(5000 + i / 100, i));
  for (int i = 0; i < 500; ++i) calendar.pop();
  calendar.clear();
  EXPECT_TRUE(calendar.empty());
  EXPECT_EQ(calendar.size(), 0u);
  calendar.push(event_at(2, 2));
  calendar.push(event_at(1, 1));  // earlier than anything before clear(): the clock is back at 0
  EXPECT_EQ(targets_in_order(calendar), (std::vector<std::uint32_t>{1, 2}));
}

// Runs both side by side and stops at the first difference. Every pushed event has a target of its own.
class Pair {
 public:
  void push(std::int64_t time_ns, std::uint64_t phase) {
    const Event event{time_ns, next_target_++, event_tag(static_cast<Phase>(phase), 5, 77)};
    calendar.push(event);
    oracle.push(event);
  }
  testing::AssertionResult pop() {
    const Event expected = oracle.pop();
    const Event event = calendar.pop();
    now = event.time_ns;
    if (event == expected && calendar.size() == oracle.size() && calendar.empty() == oracle.empty()) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure()
           << "expected #" << expected.target << " at " << expected.time_ns << ", got #" << event.target
           << " at " << event.time_ns << " with " << calendar.size() << " left of " << oracle.size();
  }
  testing::AssertionResult drain() {
    while (!oracle.empty()) {
      if (auto same = pop(); !same) return same;
    }
    return testing::AssertionSuccess();
  }

  Calendar calendar;
  HeapCalendar oracle;
  std::int64_t now = 0;

 private:
  std::uint32_t next_target_ = 0;
};

// How far ahead of now events are pushed: from constant delays to every scale a 63-bit clock has.
struct Load {
  const char* name;
  std::int64_t (*delay)(Stream&);
};
std::int64_t below(Stream& stream, std::uint64_t n) {
  return static_cast<std::int64_t>(stream.below(n));
}
const Load kLoads[] = {
    {"AllNow", [](Stream&) -> std::int64_t { return 0; }},
    {"NowOrNext", [](Stream& s) { return below(s, 2); }},
    {"FewTicks", [](Stream& s) { return below(s, 8) * 1000000; }},
    {"Constant", [](Stream&) -> std::int64_t { return 1000000; }},
    {"Uniform", [](Stream& s) { return below(s, 2000000); }},
    {"MostlyNearSomeFar",
     [](Stream& s) { return below(s, 10) == 0 ? below(s, 1u << 30) : below(s, 1u << 12); }},
    {"MostlyNow", [](Stream& s) { return below(s, 10) == 0 ? below(s, 1u << 20) : 0; }},
    {"AnyScaleTo2e40", [](Stream& s) { return static_cast<std::int64_t>(s.next() >> (24 + s.below(40))); }},
    {"AnyScale", [](Stream& s) { return static_cast<std::int64_t>(s.next() >> (1 + s.below(63))); }},
    {"AroundPowersOf64", [](Stream& s) { return (std::int64_t{1} << (6 * s.below(6))) - 1 + below(s, 3); }},
};

class CalendarUnder : public testing::TestWithParam<Load> {
 protected:
  // Time stands still at the end of the range instead of passing it.
  static void push(Pair& pair, Stream& stream, std::uint64_t phases) {
    const std::int64_t delay = GetParam().delay(stream);
    pair.push(pair.now > kMax - delay ? kMax : pair.now + delay, stream.below(phases));
  }
};

TEST_P(CalendarUnder, HoldGivesTheOraclesOrder) {
  for (const std::size_t pending : {1u, 2u, 11u, 12u, 13u, 15u, 16u, 17u, 40u, 300u, 5000u}) {
    for (const std::uint64_t phases : {1u, 4u}) {
      SCOPED_TRACE(std::to_string(pending) + " pending, phases " + std::to_string(phases));
      Stream stream(1, pending, "calendar", "hold");
      Pair pair;
      for (std::size_t i = 0; i < pending; ++i) push(pair, stream, phases);
      for (std::size_t i = 0; i < 4 * pending + 2000; ++i) {
        ASSERT_TRUE(pair.pop());
        push(pair, stream, phases);
      }
      ASSERT_TRUE(pair.drain());
    }
  }
}

TEST_P(CalendarUnder, BurstsAndLullsGiveTheOraclesOrder) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Stream stream(seed, 0, "calendar", "bursts");
    Pair pair;
    for (int step = 0; step < 200; ++step) {
      const std::uint64_t most = std::uint64_t{1} << stream.below(9);  // up to 256 at a time
      for (std::uint64_t i = stream.below(most); i > 0; --i) push(pair, stream, 4);
      for (std::uint64_t i = stream.below(most + 2); i > 0 && !pair.oracle.empty(); --i) {
        ASSERT_EQ(pair.calendar.next_time(), pair.oracle.next_time());
        ASSERT_TRUE(pair.pop());
      }
    }
    ASSERT_TRUE(pair.drain());
  }
}

INSTANTIATE_TEST_SUITE_P(Loads, CalendarUnder, testing::ValuesIn(kLoads),
                         [](const auto& load) { return std::string(load.param.name); });

TEST(Calendar, KeepsTiesInOrderHoweverMany) {
  constexpr int kBurst = 100000;
  Pair pair;
  for (int i = 0; i < kBurst; ++i) pair.push(1000, 1);
  for (int i = 0; i < kBurst; ++i)
    pair.push(500, static_cast<std::uint64_t>(i % 4));  // before the first burst
  ASSERT_TRUE(pair.pop());
  for (int i = 0; i < kBurst;
       ++i) {  // at the instant being processed, sometimes of an earlier phase than what is next
    if (i % 3 == 0) pair.push(pair.now, static_cast<std::uint64_t>(i % 4));
    ASSERT_TRUE(pair.pop());
  }
  ASSERT_TRUE(pair.drain());
}

TEST(Calendar, TakesALoadInFallingOrderOfTime) {
  Pair pair;
  for (int i = 100000; i > 0; --i) pair.push(i / 50, static_cast<std::uint64_t>(i % 4));
  ASSERT_TRUE(pair.drain());
}

TEST(Calendar, FollowsALongDriftFromAFewToManyAndBack) {
  Pair pair;
  Stream stream(3, 0, "calendar", "drift");
  pair.push(0, 0);
  for (int step = 0; step < 200000; ++step) {
    ASSERT_TRUE(pair.pop());
    // One in, one out on average; waves of growth and decline 40 000 steps long; an hour at the fifth wave's
    // start.
    const bool growing = step / 20000 % 2 == 0;
    const std::uint64_t pushes = pair.oracle.empty() ? 1 : stream.below(growing ? 4 : 2);
    const std::int64_t jump = step == 160000 ? 3600000000000 : 0;
    for (std::uint64_t i = 0; i < pushes; ++i)
      pair.push(pair.now + jump + below(stream, 3000000), stream.below(4));
  }
  ASSERT_TRUE(pair.drain());
}

TEST(Calendar, AllocatesNothingInSteadyState) {
  for (const std::uint32_t pending : {10u, 100u, 10000u}) {
    Calendar calendar;
    Stream stream(4, pending, "calendar", "steady");
    const auto hold = [&](std::uint32_t steps) {
      for (std::uint32_t i = 0; i < steps; ++i) {
        Event event = calendar.pop();
        event.time_ns += below(stream, 2000000);
        calendar.push(event);
      }
    };
    for (std::uint32_t i = 0; i < pending; ++i) calendar.push(event_at(below(stream, 2000000), i));
    hold(10 * pending + 10000);
    const std::size_t warm = calendar.bytes();  // counts whatever it allocates
    hold(1000000);
    EXPECT_EQ(calendar.bytes(), warm) << pending << " pending";
  }
}

TEST(Calendar, ReservedMemoryServesTheLoadItWasReservedFor) {
  Calendar calendar;
  calendar.reserve(50000);
  const std::size_t reserved = calendar.bytes();
  Stream stream(5, 0, "calendar", "reserve");
  for (std::uint32_t i = 0; i < 50000; ++i) calendar.push(event_at(below(stream, 1000000000), i));
  while (!calendar.empty()) calendar.pop();
  EXPECT_EQ(calendar.bytes(), reserved);
}

TEST(Calendar, AMillionPendingTakeLessThan40BytesEach) {
  Calendar calendar;
  Stream stream(6, 0, "calendar", "memory");
  for (std::uint32_t i = 0; i < 1000000; ++i) calendar.push(event_at(below(stream, 10000000), i));
  for (int i = 0; i < 3000000; ++i) {
    Event event = calendar.pop();
    event.time_ns += 1 + below(stream, 20000000);
    calendar.push(event);
  }
  EXPECT_GE(calendar.bytes(), 16u * 1000000);  // the events themselves
  EXPECT_LT(calendar.bytes(), 40u * 1000000);
}

TEST(Calendar, RefusesATimeThatNoEventCanHaveAnyMore) {
  Calendar calendar;
  EXPECT_THROW(calendar.push(event_at(-1, 0)), InvariantBroken);
  calendar.push(event_at(1000, 1));
  calendar.push(event_at(5000000, 2));
  for (std::uint32_t i = 0; i < 100; ++i) calendar.push(event_at(7000000 + i, i));
  for (int i = 0; i < 50; ++i) calendar.pop();
  EXPECT_THROW(calendar.push(event_at(1000, 3)), InvariantBroken);
}

TEST(Calendar, RefusesToPopNothing) {
  Calendar calendar;
  EXPECT_THROW(calendar.pop(), InvariantBroken);
  EXPECT_THROW(calendar.next_time(), InvariantBroken);
}

}  // namespace
}  // namespace tailrace::sim
