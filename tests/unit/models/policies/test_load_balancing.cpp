// The load balancer's setting, and the two ways to draw two.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "models/policies/load_balancing/load_balancing.hpp"

namespace tailrace::models {
namespace {

constexpr int kDraws = 300'000;
double slack(double p) {
  return 5 * std::sqrt(p * (1 - p) / kDraws);
}

// One of three instances is always busier. Drawn with replacement there are 9 pairs: the busy one is taken
// only if it is drawn twice, 1/9 = 11.1 %; the others share the rest, 4/9 = 44.45 % each. These are the
// figures that Envoy's own test has. With two that differ the busy one is never taken.
TEST(TwoChoices, OneBusyInstanceOfThreeGetsANinthOrNothing) {
  for (const bool distinct : {false, true}) {
    sim::Stream random(11, 0, "lb", "busy");
    std::array<int, 3> hits{};
    for (int i = 0; i < kDraws; ++i)
      ++hits[choose_least_request(
          3, 2, [](std::uint32_t k) { return k == 1 ? 1 : 0; }, random, distinct)];
    const double busy = distinct ? 0 : 1.0 / 9;
    EXPECT_NEAR(hits[1] / double{kDraws}, busy, slack(busy));
    EXPECT_NEAR(hits[0] / double{kDraws}, (1 - busy) / 2, slack(0.45));
    EXPECT_NEAR(hits[2] / double{kDraws}, (1 - busy) / 2, slack(0.45));
  }
}

struct Applied {
  Station station;
  Diagnostics diagnostics;
  explicit Applied(const LoadBalancerSpec& spec) {
    station.balancer.outliers.emplace().consecutive_failures = 9;
    station.balancer.health.emplace().unhealthy_threshold = 9;
    PolicyTarget target{nullptr, &station, {}, "services.a.load_balancer", nullptr, diagnostics};
    load_balancer_policy().apply(&spec, target);
  }
};

TEST(LoadBalancerPolicy, FillsItsPartOfTheStation) {
  LoadBalancerSpec spec;
  spec.policy = Balancing::ring_hash;
  spec.ring_size = 4096;
  spec.load_bound = 1.25;
  spec.subset_size = 20;
  const Applied applied(spec);
  EXPECT_TRUE(applied.diagnostics.ok());
  const BalancerSettings& s = applied.station.balancer;
  EXPECT_EQ(s.policy, Balancing::ring_hash);
  EXPECT_EQ(s.ring_size, 4096);
  EXPECT_EQ(s.load_bound, 1.25);
  EXPECT_EQ(s.subset_size, 20);
  EXPECT_EQ(s.outliers->consecutive_failures, 9);
  EXPECT_EQ(s.health->unhealthy_threshold, 9);
}

TEST(LoadBalancerPolicy, TwoThatDifferAreTheDefaultOfPeakEwmaOnly) {
  LoadBalancerSpec spec;
  spec.policy = Balancing::least_request;
  EXPECT_FALSE(Applied(spec).station.balancer.distinct);
  spec.policy = Balancing::peak_ewma;
  EXPECT_TRUE(Applied(spec).station.balancer.distinct);
  spec.distinct = false;
  EXPECT_FALSE(Applied(spec).station.balancer.distinct);
}

TEST(LoadBalancerPolicy, EveryWordIsItsPolicy) {
  const FieldTable table = load_balancer_fields();
  ASSERT_EQ(table.fields[0].name, "policy");
  const std::vector<std::string>& words = table.fields[0].choices;
  const auto word = [&](Balancing b) { return words.at(static_cast<std::size_t>(b)); };
  EXPECT_EQ(word(Balancing::round_robin), "round_robin");
  EXPECT_EQ(word(Balancing::random), "random");
  EXPECT_EQ(word(Balancing::least_request), "least_request");
  EXPECT_EQ(word(Balancing::weighted), "weighted");
  EXPECT_EQ(word(Balancing::peak_ewma), "peak_ewma");
  EXPECT_EQ(word(Balancing::ring_hash), "ring_hash");
  EXPECT_EQ(word(Balancing::maglev), "maglev");
  EXPECT_EQ(table.shorthand, "policy");
}

TEST(LoadBalancerPolicy, SettingsThatDoNotGoTogetherAreReportedAtTheirField) {
  const auto field_of = [](auto change) {
    LoadBalancerSpec spec;
    change(spec);
    const Applied applied(spec);
    return applied.diagnostics.errors() == 1 ? applied.diagnostics.all()[0].path
                                             : std::string("not one error");
  };
  using S = LoadBalancerSpec;
  const std::string at = "services.a.load_balancer.";
  EXPECT_EQ(field_of([](S& s) { s.choice_count = 3; }), at + "choice_count");
  EXPECT_EQ(field_of([](S& s) { s.own_view = true; }), at + "own_view");
  EXPECT_EQ(field_of([](S& s) { s.load_bound = 1.25; }), at + "load_bound");
  EXPECT_EQ(field_of([](S& s) { s.policy = Balancing::maglev, s.load_bound = 0.5; }), at + "load_bound");
  EXPECT_EQ(field_of([](S& s) { s.policy = Balancing::maglev, s.ring_size = 5; }), at + "ring_size");
  EXPECT_EQ(field_of([](S& s) { s.policy = Balancing::ring_hash, s.zone_aware = true; }), at + "zone_aware");
  EXPECT_EQ(field_of([](S& s) { s.policy = Balancing::ring_hash, s.slow_start.ns = 1; }), at + "slow_start");
  EXPECT_EQ(field_of([](S& s) { s.zone_aware = true, s.subset_size = 3; }), at + "subset_size");
}

}  // namespace
}  // namespace tailrace::models
