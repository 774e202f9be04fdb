// Processor sharing by hand: with n jobs on c cores each runs at min(1, c/n).
#include <gtest/gtest.h>

#include "models/runtime/cpu.hpp"

namespace tailrace::models {
namespace {

constexpr std::int64_t kMs = 1'000'000;

TEST(Cpu, OneJobRunsAtFullSpeed) {
  Cpu cpu;
  cpu.start(1);
  cpu.add(0, 7, 10 * kMs);
  EXPECT_EQ(cpu.next_end(0), 10 * kMs);
  std::uint32_t frame = 0;
  ASSERT_TRUE(cpu.take(10 * kMs, frame));
  EXPECT_EQ(frame, 7u);
  EXPECT_EQ(cpu.jobs(), 0u);
}

// Jobs of 10 ms and 20 ms together on one core: the short one has had 10 ms of work after 20 ms; the long one
// then runs alone for its last 10 ms and ends at 30 ms.
TEST(Cpu, TwoJobsShareOneCore) {
  Cpu cpu;
  cpu.start(1);
  cpu.add(0, 1, 10 * kMs);
  cpu.add(0, 2, 20 * kMs);
  EXPECT_EQ(cpu.next_end(0), 20 * kMs);
  std::uint32_t frame = 0;
  ASSERT_TRUE(cpu.take(20 * kMs, frame));
  EXPECT_EQ(frame, 1u);
  EXPECT_FALSE(cpu.take(20 * kMs, frame));
  EXPECT_EQ(cpu.next_end(20 * kMs), 30 * kMs);
  EXPECT_DOUBLE_EQ(cpu.busy(30 * kMs), 30.0 * kMs);
}

// A limit of 200m: one job of 10 ms takes 50 ms and uses 10 ms of a core.
TEST(Cpu, AFractionOfACoreSlowsASingleJob) {
  Cpu cpu;
  cpu.start(0.2);
  cpu.add(0, 1, 10 * kMs);
  EXPECT_EQ(cpu.next_end(0), 50 * kMs);
  EXPECT_NEAR(cpu.busy(50 * kMs), 10.0 * kMs, 1);
}

// Three jobs on two cores run at 2/3 each; on four cores at full speed.
TEST(Cpu, SparseJobsHaveACoreEach) {
  Cpu two, four;
  two.start(2);
  four.start(4);
  for (std::uint32_t i = 0; i < 3; ++i) {
    two.add(0, i, 10 * kMs);
    four.add(0, i, 10 * kMs);
  }
  EXPECT_EQ(two.next_end(0), 15 * kMs);
  EXPECT_EQ(four.next_end(0), 10 * kMs);
}

// Of 10 ms and 20 ms together each has had 5 ms at 10 ms. The short one is taken out; the long one has 15 ms
// left, alone.
TEST(Cpu, AJobThatIsTakenOutLeavesItsShareToTheOthers) {
  Cpu cpu;
  cpu.start(1);
  cpu.add(0, 1, 10 * kMs);
  cpu.add(0, 2, 20 * kMs);
  cpu.remove(10 * kMs, 1);
  cpu.remove(10 * kMs, 7);  // is not here
  EXPECT_EQ(cpu.jobs(), 1u);
  EXPECT_EQ(cpu.next_end(10 * kMs), 25 * kMs);
  EXPECT_DOUBLE_EQ(cpu.busy(25 * kMs), 25.0 * kMs);
  cpu.remove(25 * kMs, 2);
  EXPECT_EQ(cpu.next_end(25 * kMs), -1);
}

// A job of 20 ms: 10 ms at full speed, 10 ms at half (5 of it), 10 ms standing still, and the last 5 ms.
TEST(Cpu, ASlowerCoreDoesLessInTheSameTime) {
  Cpu cpu;
  cpu.start(1);
  cpu.add(0, 1, 20 * kMs);
  cpu.set_speed(10 * kMs, 0.5);
  EXPECT_EQ(cpu.next_end(10 * kMs), 30 * kMs);
  cpu.set_speed(20 * kMs, 0);
  EXPECT_EQ(cpu.next_end(20 * kMs), -1);
  cpu.set_speed(30 * kMs, 1);
  EXPECT_EQ(cpu.next_end(30 * kMs), 35 * kMs);
  EXPECT_DOUBLE_EQ(cpu.busy(35 * kMs), 20.0 * kMs);
}

TEST(Cpu, JobsThatEndTogetherLeaveInTheOrderTheyCame) {
  Cpu cpu;
  cpu.start(1);
  for (std::uint32_t i = 0; i < 5; ++i) cpu.add(0, 10 + i, 1 * kMs);
  std::uint32_t frame = 0;
  for (std::uint32_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(cpu.take(5 * kMs, frame));
    EXPECT_EQ(frame, 10 + i);
  }
}

}  // namespace
}  // namespace tailrace::models
