// Timers of frames: order, cancellation, and that cancelled constant timers leave nothing behind.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "models/runtime/timers.hpp"

namespace tailrace::models {
namespace {

class TimersTest : public ::testing::Test {
 protected:
  TimersTest() {
    model.lanes = {{100}, {30}};
    model.lane_kind = {static_cast<std::uint32_t>(TimerPurpose::call_timeout),
                       static_cast<std::uint32_t>(TimerPurpose::try_timeout)};
    timers.start(model);
  }
  std::uint32_t frame() {
    const std::uint32_t slot = frames.allocate();
    frames[slot].timer = kNoId;
    return slot;
  }
  void arm(std::uint32_t lane, std::int64_t now, std::uint32_t slot) {
    timers.arm_lane(lane, now, slot, frames[slot],
                    [this](std::int64_t time, std::uint32_t l) { calendar.emplace_back(time, l); });
  }
  CompiledModel model;
  Timers timers;
  FrameSlab frames;
  std::vector<std::pair<std::int64_t, std::uint32_t>> calendar;  // what was scheduled
};

TEST_F(TimersTest, ALaneHasOneCalendarEntryHoweverManyTimers) {
  for (std::int64_t t = 0; t < 1000; ++t) arm(0, t, frame());
  ASSERT_EQ(calendar.size(), 1u);
  EXPECT_EQ(calendar[0].first, 100);
}

TEST_F(TimersTest, TimersFireInOrderOfTheirDeadlines) {
  const std::uint32_t a = frame(), b = frame();
  arm(0, 0, a);
  arm(0, 10, b);
  EXPECT_EQ(timers.take_due(0, 100, frames).frame, a);
  EXPECT_EQ(timers.take_due(0, 100, frames).frame, kNoId);
  EXPECT_EQ(timers.next_deadline(0), 110);
  EXPECT_EQ(timers.take_due(0, 110, frames).frame, b);
  EXPECT_EQ(timers.next_deadline(0), -1);
  arm(0, 200, a);  // an empty lane has no entry: it gets one
  ASSERT_EQ(calendar.size(), 2u);
  EXPECT_EQ(calendar[1].first, 300);
}

TEST_F(TimersTest, CancelledTimersAreReusedAtOnce) {
  const std::uint32_t slot = frame();
  arm(0, 0, slot);
  const std::size_t bytes = timers.bytes();
  for (std::int64_t t = 0; t < 100'000; ++t) {
    EXPECT_TRUE(timers.cancel(frames[slot], TimerPurpose::call_timeout));
    arm(0, t, slot);
  }
  EXPECT_EQ(timers.bytes(), bytes);
  EXPECT_EQ(calendar.size(), 1u);  // the entry for time 100 stays the only one
}

TEST_F(TimersTest, CancellingOnePurposeLeavesTheOther) {
  const std::uint32_t slot = frame();
  arm(0, 0, slot);
  arm(1, 0, slot);
  EXPECT_TRUE(timers.cancel(frames[slot], TimerPurpose::try_timeout));
  EXPECT_FALSE(timers.cancel(frames[slot], TimerPurpose::try_timeout));
  EXPECT_EQ(timers.take_due(1, 30, frames).frame, kNoId);
  EXPECT_EQ(timers.take_due(0, 100, frames).frame, slot);
  EXPECT_EQ(frames[slot].timer, kNoId);
}

TEST_F(TimersTest, CancellingSomePurposesLeavesTheOthers) {
  const std::uint32_t slot = frame();
  arm(0, 0, slot);
  arm(1, 0, slot);
  timers.arm_own(TimerPurpose::backoff, 50, slot, frames[slot]);
  timers.cancel_some(frames[slot], timer_bit(TimerPurpose::call_timeout) | timer_bit(TimerPurpose::backoff));
  EXPECT_FALSE(timers.has(frames[slot], TimerPurpose::call_timeout));
  EXPECT_FALSE(timers.has(frames[slot], TimerPurpose::backoff));
  EXPECT_TRUE(timers.has(frames[slot], TimerPurpose::try_timeout));
  EXPECT_EQ(timers.take_due(0, 100, frames).frame, kNoId);
  EXPECT_EQ(timers.take_due(1, 30, frames).frame, slot);
}

TEST_F(TimersTest, AFrameThatMovesTakesItsTimersAlong) {
  const std::uint32_t before = frame(), after = frame();
  arm(0, 0, before);
  arm(1, 0, before);
  std::swap(frames[before].timer, frames[after].timer);
  timers.move(frames[after], after);
  EXPECT_EQ(timers.take_due(1, 30, frames).frame, after);
  EXPECT_EQ(timers.take_due(0, 100, frames).frame, after);
  EXPECT_EQ(frames[after].timer, kNoId);
}

TEST_F(TimersTest, CancellingFromTheMiddleKeepsTheLaneWhole) {
  const std::uint32_t a = frame(), b = frame(), c = frame();
  arm(0, 0, a);
  arm(0, 1, b);
  arm(0, 2, c);
  timers.cancel_all(frames[b]);
  EXPECT_EQ(timers.take_due(0, 102, frames).frame, a);
  EXPECT_EQ(timers.take_due(0, 102, frames).frame, c);
  EXPECT_EQ(timers.take_due(0, 102, frames).frame, kNoId);
}

// A timer with a calendar entry of its own keeps its node until that entry fires: the entry can never meet a
// reused one.
TEST_F(TimersTest, ACancelledOwnTimerFiresForNobody) {
  const std::uint32_t slot = frame();
  const std::uint32_t node = timers.arm_own(TimerPurpose::backoff, 50, slot, frames[slot]);
  EXPECT_TRUE(timers.cancel(frames[slot], TimerPurpose::backoff));
  const std::uint32_t other = timers.arm_own(TimerPurpose::backoff, 60, slot, frames[slot]);
  EXPECT_NE(other, node);
  EXPECT_EQ(timers.take_own(node, frames).frame, kNoId);
  EXPECT_EQ(timers.take_own(other, frames).frame, slot);
}

}  // namespace
}  // namespace tailrace::models
