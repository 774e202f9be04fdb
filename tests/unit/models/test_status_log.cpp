// The log of a policy's statuses: all is counted, the first changes are kept.
#include <gtest/gtest.h>

#include "models/policy/seams.hpp"

namespace tailrace::models {
namespace {

// 0 to 1 to 2 to 0, five hundred times, a nanosecond each: 1500 changes, of which a third leave status 0.
TEST(StatusLog, CountsAllChangesAndKeepsTheFirst) {
  StatusLog log;
  std::int64_t now = 0;
  for (int i = 0; i < 500; ++i) {
    for (const int to : {1, 2, 0}) log.change(static_cast<std::uint8_t>(to), {++now});
  }
  EXPECT_EQ(log.changes(), 1500u);
  EXPECT_EQ(log.trips(), 500u);
  ASSERT_EQ(log.kept().size(), StatusLog::kMostKept);
  EXPECT_EQ(log.kept().front().at.ns, 1);
  EXPECT_EQ(log.kept().back().at.ns, 1000);
  EXPECT_EQ(log.durations({now}), (std::vector<std::int64_t>{500, 500, 500}));
  log.reset({now});
  EXPECT_EQ(log.trips(), 0u);
}

TEST(StatusLog, WhatIsNoticedLateCountsFromTheLastReset) {
  StatusLog log;
  log.change(1, {10});
  log.reset({100});
  log.change(0, {50});  // was due before
  EXPECT_EQ(log.kept().at(0).at.ns, 100);
  EXPECT_EQ(log.durations({130}), (std::vector<std::int64_t>{30, 0}));
}

TEST(StatusLog, SettingWhatHoldsIsNoChange) {
  StatusLog log;
  log.set(0, {5});
  log.set(1, {7});
  log.set(1, {9});
  EXPECT_EQ(log.changes(), 1u);
  EXPECT_EQ(log.kept().at(0).at.ns, 7);
}

}  // namespace
}  // namespace tailrace::models
