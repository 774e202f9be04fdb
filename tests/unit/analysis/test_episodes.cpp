// When a signal leaves its baseline and comes back: by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "analysis/cascade/episodes.hpp"

namespace tailrace::analysis {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Mean 1, deviation 0, highest 1: the bound is 1.5 times the highest.
const Baseline kOne{1, 0, 1, 10};

std::vector<Episode> episodes(std::vector<double> values, Floor floor = {}) {
  return find_episodes(values, 0, kOne, floor);
}

TEST(Baseline, KnowsMeanDeviationAndHighest) {
  const std::vector<double> values = {2, kNan, 4, 6};
  const Baseline b = baseline_of(values);
  EXPECT_EQ(b.windows, 3u);
  EXPECT_DOUBLE_EQ(b.mean, 4);
  EXPECT_DOUBLE_EQ(b.deviation, 2);
  EXPECT_DOUBLE_EQ(b.highest, 6);
  EXPECT_DOUBLE_EQ(b.bound({0, 0}), 16);   // 4 + 6 * 2
  EXPECT_DOUBLE_EQ(b.bound({20, 0}), 24);  // 4 + 20
  EXPECT_DOUBLE_EQ(b.bound({0, 9}), 40);   // 4 * 10
}

TEST(Baseline, OfNothingHasNoWindows) {
  EXPECT_EQ(baseline_of(std::vector<double>{kNan, kNan}).windows, 0u);
  EXPECT_EQ(baseline_of({}).windows, 0u);
}

TEST(Episodes, OneWindowALittleAboveIsNothing) {
  EXPECT_TRUE(episodes({1, 1, 1.6, 1, 1, 1, 1}).empty());
}

TEST(Episodes, TwoWindowsAboveBeginWithTheFirst) {
  const auto found = episodes({1, 1, 1.6, 1.7, 1, 1, 1, 1});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].first, 2u);
  EXPECT_EQ(found[0].end, 4u);
  EXPECT_TRUE(found[0].over);
  EXPECT_DOUBLE_EQ(found[0].worst, 1.7);
}

TEST(Episodes, OneWindowFarAboveIsEnough) {
  const auto found = episodes({1, 1, 2.6, 1, 1, 1});  // three times the bound's distance: over 2.5
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].first, 2u);
  EXPECT_EQ(found[0].end, 3u);
}

TEST(Episodes, TwoWindowsWithinTheBoundAreNoEnd) {
  const auto found = episodes({1, 3, 3, 1, 1, 3, 3, 1, 1, 1});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].first, 1u);
  EXPECT_EQ(found[0].end, 7u);
  EXPECT_TRUE(found[0].over);
}

TEST(Episodes, WhatLastsToTheEndIsNotOver) {
  const auto found = episodes({1, 3, 3, 3});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(found[0].over);
  EXPECT_EQ(found[0].end, 4u);
}

TEST(Episodes, WhatWasBackForAWindowAndLastsToTheEndIsNotOver) {
  const auto found = episodes({1, 3, 3, 1, 3, 3});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(found[0].over);
  EXPECT_EQ(found[0].end, 6u);
}

TEST(Episodes, WhatIsBackWhenTheRunEndsIsOver) {
  const auto found = episodes({1, 3, 3, 1});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].over);
  EXPECT_EQ(found[0].end, 3u);
}

TEST(Episodes, WindowsWithoutAValueContinueWhatWas) {
  const auto found = episodes({1, 3, kNan, 3, kNan, 1, kNan, 1, 1});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].first, 1u);
  EXPECT_EQ(found[0].end, 5u);
}

TEST(Episodes, AFloorSaysHowMuchMatters) {
  EXPECT_TRUE(episodes({1, 3, 3, 3}, {5, 0}).empty());
  EXPECT_TRUE(episodes({1, 3, 3, 3}, {0, 5}).empty());
  EXPECT_EQ(episodes({1, 7, 7, 7}, {5, 0}).size(), 1u);
}

TEST(Episodes, BeginNoEarlierThanTheyAreSought) {
  const std::vector<double> values = {3, 3, 3, 1, 1, 1, 3, 3};
  const auto found = find_episodes(values, 4, kOne, {});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].first, 6u);
}

}  // namespace
}  // namespace tailrace::analysis
