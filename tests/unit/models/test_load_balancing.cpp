// Selection policies by themselves: shares and ties against figures derived beside them.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "models/policies/load_balancing/load_balancing.hpp"

namespace tailrace::models {
namespace {

constexpr int kDraws = 300'000;
// Five standard errors of a share p over kDraws draws.
double slack(double p) {
  return 5 * std::sqrt(p * (1 - p) / kDraws);
}

TEST(LoadBalancing, RoundRobinVisitsEveryInstanceInTurn) {
  std::uint32_t position = 0;
  std::vector<std::uint32_t> seen;
  for (int i = 0; i < 7; ++i) seen.push_back(choose_round_robin(3, position));
  EXPECT_EQ(seen, (std::vector<std::uint32_t>{0, 1, 2, 0, 1, 2, 0}));
}

TEST(LoadBalancing, RandomIsUniform) {
  sim::Stream random(3, 0, "lb", "random");
  std::array<int, 5> hits{};
  for (int i = 0; i < kDraws; ++i) ++hits[choose_random(5, random)];
  for (const int h : hits) EXPECT_NEAR(h / static_cast<double>(kDraws), 0.2, slack(0.2));
}

TEST(LoadBalancing, WeightedFollowsTheWeights) {
  sim::Stream random(3, 0, "lb", "weighted");
  const std::array<double, 3> cumulative = {1, 1, 4};  // weights 1, 0, 3
  std::array<int, 3> hits{};
  for (int i = 0; i < kDraws; ++i) ++hits[choose_weighted(cumulative, random)];
  EXPECT_NEAR(hits[0] / static_cast<double>(kDraws), 0.25, slack(0.25));
  EXPECT_EQ(hits[1], 0);
  EXPECT_NEAR(hits[2] / static_cast<double>(kDraws), 0.75, slack(0.75));
}

// Two different instances of three are compared; loads 0, 1, 2. The idle one wins whenever it is drawn, 2 of
// 3 pairs; the middle one wins against the busiest only, 1 of 3 pairs; the busiest never.
TEST(LoadBalancing, TwoChoicesTakeTheLessLoaded) {
  sim::Stream random(3, 0, "lb", "p2c");
  std::array<int, 3> hits{};
  for (int i = 0; i < kDraws; ++i)
    ++hits[choose_least_request(
        3, 2, [](std::uint32_t k) { return k; }, random)];
  EXPECT_NEAR(hits[0] / static_cast<double>(kDraws), 2.0 / 3, slack(2.0 / 3));
  EXPECT_NEAR(hits[1] / static_cast<double>(kDraws), 1.0 / 3, slack(1.0 / 3));
  EXPECT_EQ(hits[2], 0);
}

TEST(LoadBalancing, TiesAreBrokenEvenly) {
  sim::Stream random(3, 0, "lb", "ties");
  for (const std::uint32_t choices : {0u, 2u}) {
    std::array<int, 4> hits{};
    for (int i = 0; i < kDraws; ++i)
      ++hits[choose_least_request(
          4, choices, [](std::uint32_t) { return 1; }, random)];
    for (const int h : hits) EXPECT_NEAR(h / static_cast<double>(kDraws), 0.25, slack(0.25)) << choices;
  }
}

TEST(LoadBalancing, LookingAtAllFindsTheLeastLoaded) {
  sim::Stream random(3, 0, "lb", "jsq");
  const std::array<int, 5> load = {4, 2, 7, 1, 3};
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(choose_least_request(
                  5, 0, [&](std::uint32_t k) { return load[k]; }, random),
              3u);
  }
}

}  // namespace
}  // namespace tailrace::models
