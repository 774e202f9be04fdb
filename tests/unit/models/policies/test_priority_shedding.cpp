// DAGOR-like shedding by compound level.
#include <gtest/gtest.h>

#include <array>

#include "models/policies/priority_shedding/priority_shedding.hpp"
#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

constexpr int kLast = LevelHistogram::kLevels - 1;

TEST(PriorityShedding, TheCursorFallsAndRisesByTheArrivals) {
  LevelHistogram arrivals;
  const auto add = [&](int level, int times) {
    for (int i = 0; i < times; ++i) arrivals.count(level);
  };
  add(5, 10);
  add(200, 20);
  add(32'000, 70);
  EXPECT_EQ(arrivals.up_to(kLast), 100u);
  EXPECT_EQ(arrivals.up_to(31'999), 30u);
  EXPECT_EQ(arrivals.fall(kLast, 100, 95), 31'999);  // a level goes as a whole
  EXPECT_EQ(arrivals.fall(31'999, 30, 28.5), 199);
  EXPECT_EQ(arrivals.fall(199, 10, 9.5), 4);
  EXPECT_EQ(arrivals.fall(4, 0, 0), 4);  // nobody there: nothing to take away
  EXPECT_EQ(arrivals.rise(4, 0, 1), 5);
  EXPECT_EQ(arrivals.rise(5, 10, 11), 200);
  EXPECT_EQ(arrivals.rise(5, 10, 31), 32'000);
  EXPECT_EQ(arrivals.rise(32'000, 100, 101), kLast);
  EXPECT_EQ(arrivals.rise(-1, 0, 1), 5);
  arrivals.clear();
  EXPECT_EQ(arrivals.up_to(kLast), 0u);
}

// Of what is admitted the last window counts, of what is not the largest that was seen: callers that are told
// the level do not send the rest.
TEST(PriorityShedding, WhatIsShutOutIsRemembered) {
  LevelHistogram window, remembered;
  for (int i = 0; i < 10; ++i) window.count(5);
  for (int i = 0; i < 20; ++i) window.count(200);
  remembered.remember(window, kLast);
  EXPECT_EQ(remembered.up_to(kLast), 30u);
  window.clear();
  for (int i = 0; i < 4; ++i) window.count(5);
  for (int i = 0; i < 7; ++i) window.count(200);
  remembered.remember(window, 100);
  EXPECT_EQ(remembered.up_to(100), 4u);
  EXPECT_EQ(remembered.up_to(kLast), 24u);
}

TEST(PriorityShedding, UsersAreSpreadEvenlyAndMoveEveryHour) {
  const sim::Duration hour{3'600'000'000'000};
  std::array<int, 128> seen{};
  int moved = 0;
  constexpr int kUsers = 128'000;
  for (std::uint64_t key = 1; key <= kUsers; ++key) {
    const int level = user_level(key, {0}, hour);
    ++seen.at(static_cast<std::size_t>(level));
    ASSERT_EQ(level, user_level(key, {hour.ns - 1}, hour));
    if (level != user_level(key, {hour.ns}, hour)) ++moved;
  }
  double chi = 0;  // 127 degrees of freedom: 99.99 % are below 193
  for (const int n : seen) chi += (n - 1000.0) * (n - 1000.0) / 1000;
  EXPECT_LT(chi, 193);
  EXPECT_NEAR(moved, kUsers * 127.0 / 128, 5 * 31.5);  // standard error sqrt(n / 128) = 31.6
}

// A server under test: requests of two priorities, each with its own user; all that are admitted wait
// `waited`.
class Server {
 public:
  explicit Server(const PrioritySheddingSpec& spec) : model_(spec), policy_(model_.start()) {}
  // A window of 1 s with 1000 requests of either priority; how many of them were admitted.
  struct Admitted {
    int high = 0, low = 0;
  };
  Admitted window(std::int64_t waited_ms) {
    Admitted admitted;
    for (int i = 0; i < 2000; ++i) {
      CallFacts facts;
      facts.now = {now_ns_ + i * kMs / 2};
      facts.key = ++user_;
      facts.priority = i % 2 == 0 ? 200 : 7;
      const Admission answer = policy_->admit(facts, random_);
      if (answer.kind == Admission::Kind::reject) {
        EXPECT_EQ(answer.reason, Outcome::shed);
        continue;
      }
      ++(i % 2 == 0 ? admitted.high : admitted.low);
      facts.waited = {waited_ms * kMs};
      if (waited_ms >= 0) policy_->served(facts);
    }
    now_ns_ += 1'000'000'000;
    return admitted;
  }
  double gauge() const { return policy_->gauge(); }

 private:
  PrioritySheddingModel model_;
  std::unique_ptr<AdmissionPolicy> policy_;
  sim::Stream random_{1, 0, "a", "b"};
  std::int64_t now_ns_ = 0;
  std::uint64_t user_ = 0;
};
PrioritySheddingSpec by_time() {
  PrioritySheddingSpec spec;
  spec.window_requests = 1'000'000;
  return spec;
}

TEST(PriorityShedding, OverloadShedsTheLeastImportantByAlphaPerWindow) {
  Server server(by_time());
  const Server::Admitted first = server.window(30);
  int admitted = first.high + first.low;
  EXPECT_EQ(admitted, 2000);  // nothing is known yet
  for (int i = 0; i < 12; ++i) {
    const Server::Admitted next = server.window(30);
    EXPECT_EQ(next.high, 1000) << i;
    // The cursor falls by whole levels of about 1000 / 128 = 8 users: 5 % and up to one level more, and the
    // next window's users are others (4 standard errors of sqrt(1000 / 4) = 16).
    EXPECT_LE(next.high + next.low, admitted * 0.95 + 64) << i;
    EXPECT_GE(next.high + next.low, admitted * 0.95 - 64 - 20) << i;
    admitted = next.high + next.low;
  }
  EXPECT_LT(admitted, 1200);  // 2000 x 0.95^12 = 1081
  for (int i = 0; i < 10; ++i) server.window(30);
  const Server::Admitted late = server.window(30);
  EXPECT_EQ(late.low, 0);
  EXPECT_LT(late.high, 800);  // 2000 x 0.95^23 = 615
  EXPECT_GT(late.high, 400);
}

TEST(PriorityShedding, WithoutOverloadBetaOfTheArrivalsComesBackPerWindow) {
  Server server(by_time());
  for (int i = 0; i < 15; ++i) server.window(30);
  const Server::Admitted before = server.window(20);  // the threshold itself is no overload
  for (int i = 0; i < 9; ++i) server.window(0);
  const Server::Admitted after = server.window(0);
  // 10 windows x 1 % of 2000 = 200, and up to a level of 8 more each time.
  EXPECT_GT(after.high + after.low, before.high + before.low + 100);
  EXPECT_LT(after.high + after.low, before.high + before.low + 420);
  for (int i = 0; i < 100; ++i) server.window(0);
  EXPECT_EQ(server.window(0).low, 1000);
  EXPECT_EQ(server.gauge(), 1);
}

TEST(PriorityShedding, AServerThatShedEverythingRecovers) {
  PrioritySheddingSpec spec = by_time();
  spec.alpha.value = 1;
  Server server(spec);
  server.window(30);
  // That shed all; a window without anybody is not overloaded, so 1 % of its 2000 arrivals are let in again:
  // whole levels of about 8 users, until they are 20.
  const Server::Admitted none = server.window(30);
  EXPECT_EQ(none.high + none.low, 0);
  const Server::Admitted some = server.window(0);
  EXPECT_GT(some.high, 5);
  EXPECT_LT(some.high, 60);
  EXPECT_EQ(some.low, 0);
  EXPECT_GT(server.window(0).high, some.high);
}

TEST(PriorityShedding, AWindowInWhichNobodyLeftTheQueueChangesNothing) {
  Server server(by_time());
  for (int i = 0; i < 5; ++i) server.window(30);
  server.window(-1);  // closes an overloaded one, and nobody of its own is served
  const double level = server.gauge();
  EXPECT_LT(level, 1);
  server.window(-1);
  server.window(-1);
  EXPECT_NEAR(server.gauge(), level, 0.03);  // the same cursor over other users: sqrt(500) / 2000 = 0.011
}

TEST(PriorityShedding, AWindowEndsAfterItsRequests) {
  PrioritySheddingSpec spec;
  spec.window_requests = 100;
  const PrioritySheddingModel model(spec);
  const auto policy = model.start();
  sim::Stream random(1, 0, "a", "b");
  CallFacts facts;
  facts.waited = {21 * kMs};
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(policy->admit(facts, random).kind, Admission::Kind::admit);
    if (i < 99) policy->served(facts);
  }
  EXPECT_LE(policy->gauge(), 0.95);  // all at the same instant
  EXPECT_GT(policy->gauge(), 0.80);
}

TEST(PriorityShedding, IsReadAtADoorOnly) {
  PolicyBench bench;
  ASSERT_TRUE(bench.inbound(priority_shedding_policy(),
                            map_of({{"alpha", scalar("10%")}, {"shared", scalar("true")}})));
  ASSERT_EQ(bench.station.doors.size(), 1u);
  EXPECT_TRUE(bench.station.doors[0].shared);
  EXPECT_FALSE(priority_shedding_policy().fits(PolicyPlace::call));
  PolicyBench zero;
  EXPECT_FALSE(zero.inbound(priority_shedding_policy(), map_of({{"window_requests", scalar("0")}})));
}

}  // namespace
}  // namespace tailrace::models
