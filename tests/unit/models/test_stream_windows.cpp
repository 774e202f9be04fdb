// HTTP/2's windows by themselves: what may be sent, when, and that no more is under way than they allow.
#include "models/runtime/stream_windows.hpp"

#include <gtest/gtest.h>

#include "sim/random/stream.hpp"

namespace tailrace::models {
namespace {

constexpr double kKib = 1024;

// Each burst is back after 40: a stream with a window of 64 KiB gets 64 KiB through in 40.
TEST(StreamWindows, AStreamGetsAWindowPerRoundTrip) {
  StreamWindows w(64 * kKib, 1024 * kKib);
  w.begins();
  std::int64_t next = -1;
  for (std::int64_t now = 0; now < 400; now += 40) {
    EXPECT_EQ(w.grant(1e9, 1, now, next), 64 * kKib);
    w.sent(64 * kKib, now + 40);
  }
}

TEST(StreamWindows, WhatIsUnderWayIsMissingUntilItIsBack) {
  StreamWindows w(64 * kKib, 64 * kKib);
  w.begins();
  std::int64_t next = -1;
  EXPECT_EQ(w.grant(1e9, 1, 0, next), 64 * kKib);
  w.sent(48 * kKib, 30);
  w.sent(16 * kKib, 70);
  EXPECT_EQ(w.grant(1e9, 1, 29, next), 0);
  EXPECT_EQ(next, 30);
  EXPECT_EQ(w.grant(1e9, 1, 30, next), 48 * kKib);
  // Another connection is another window.
  EXPECT_EQ(w.grant(1e9, 2, 30, next), 64 * kKib);
}

// Two that send at a time get half of it each; less than a frame is not sent, unless it is all that is left.
TEST(StreamWindows, AreSharedInEqualPartsButNotInCrumbs) {
  StreamWindows w(64 * kKib, 64 * kKib);
  w.begins(), w.begins();
  std::int64_t next = -1;
  EXPECT_EQ(w.grant(1e9, 1, 0, next), 32 * kKib);
  w.sent(32 * kKib, 40);
  EXPECT_EQ(w.grant(1e9, 1, 0, next), 32 * kKib);
  w.sent(24 * kKib, 50);  // 8 KiB are free
  EXPECT_EQ(w.grant(1e9, 1, 0, next), 0);
  EXPECT_EQ(next, 40);
  EXPECT_EQ(w.grant(2 * kKib, 1, 0, next), 2 * kKib);
}

// A swarm of streams that come and go: never more under way than the window, and everybody gets on.
TEST(StreamWindows, NeverLetMoreThanTheWindowBeUnderWay) {
  constexpr double kStream = 40'000, kConnection = 100'000;
  StreamWindows w(kStream, kConnection);
  sim::Stream random(1, 0, "test", "windows");
  struct Call {
    double left;
    std::int64_t at;
  };
  std::vector<Call> calls;
  double sent = 0;
  for (int i = 0; i < 20; ++i) {
    calls.push_back({1 + 300'000 * random.uniform(), static_cast<std::int64_t>(random.below(50))});
    sent += calls.back().left;
  }
  for (std::size_t i = 0; i < calls.size(); ++i) w.begins();
  double gone = 0;
  std::int64_t last = 0;
  for (int round = 0; w.sending() > 0; ++round) {
    ASSERT_LT(round, 100'000) << "nobody gets on";
    const auto call = std::min_element(calls.begin(), calls.end(),
                                       [](const Call& a, const Call& b) { return a.at < b.at; });
    const std::int64_t now = call->at;
    std::int64_t next = now;
    const double burst = w.grant(call->left, 1, now, next);
    if (burst == 0) {
      ASSERT_GT(next, now);
      call->at = next;
      continue;
    }
    ASSERT_LE(burst, std::min(call->left, kStream));
    w.sent(burst, now + 40);
    ASSERT_LE(w.in_flight(), kConnection);
    gone += burst;
    call->left -= burst;
    call->at = now + 40;
    last = now;
    if (call->left > 0) continue;
    calls.erase(call);
    w.ends();
  }
  EXPECT_NEAR(gone, sent, 1e-3);
  EXPECT_GE(static_cast<double>(last), 40 * (sent / kConnection - 1));  // the bound: a window per round trip
}

}  // namespace
}  // namespace tailrace::models
