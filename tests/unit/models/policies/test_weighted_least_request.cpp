// Least request over instances of different weights: turns by weight / (calls under way + 1)^bias, worked out
// by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <set>
#include <vector>

#include "models/policies/load_balancing/balancer.hpp"
#include "models/policies/load_balancing/edf_schedule.hpp"

namespace tailrace::models {
namespace {

using Sequence = std::vector<std::uint32_t>;

BalancerSettings by_weight(double bias = 1) {
  BalancerSettings s;
  s.policy = Balancing::least_request;
  s.active_request_bias = bias;
  return s;
}

struct Caller {
  std::shared_ptr<const BalancerModel> model;
  sim::Stream random;
  std::unique_ptr<Balancer> balancer;
  CallFacts facts;

  Caller(const BalancerSettings& settings, const std::vector<InstanceGroup>& groups, std::uint64_t seed = 1)
      : model(make_balancer(settings, groups)), random(seed, 0, "caller", "select") {
    balancer = model->start({}, random);
  }
  std::uint32_t next(const Sequence& tried = {}) {
    return balancer->select(facts, tried.data(), tried.size(), random);
  }
  // Calls that all stay under way.
  Sequence sent(int n) {
    Sequence all;
    for (int i = 0; i < n; ++i) {
      all.push_back(next());
      balancer->sent(all.back(), facts);
    }
    return all;
  }
};

InstanceGroup weighing(double weight, std::int64_t count = 1) {
  return {count, weight, 1, 0, {}};
}

// Weights 4 and 1: deadlines at 1/4, 1/2, 3/4, 1, ... and at 1, 2, ...; of the two at 1 the second place's
// was set first.
TEST(EdfSchedule, EachPlaceGetsItsShareEvenlySpread) {
  EdfSchedule turns;
  turns.add(0, 4);
  turns.add(1, 1);
  turns.add(2, 0);
  Sequence taken;
  for (int i = 0; i < 10; ++i)
    taken.push_back(turns.take([](std::uint32_t p) { return p == 0 ? 4.0 : 1.0; }));
  EXPECT_EQ(taken, (Sequence{0, 0, 0, 1, 0, 0, 0, 0, 1, 0}));
}

// Weights 2 and 1, calls that do not end. From the start: a is due at 0.5, b at 1.
//   a at 0.5 (none under way: next 0.5 + 1/2 = 1), b at 1 (set before a's; next 2), a at 1 (one: 1 + 1 = 2),
//   b at 2 (one: 2 + 2 = 4), a at 2 (two: 2 + 3/2 = 3.5), a at 3.5
// A caller that has let one turn pass begins with a's at 0.5 gone, and a due at 1:
//   b at 1 (next 2), a at 1 (none: 1.5), a at 1.5 (one: 2.5), b at 2 (one: 4), a at 2.5 (two: 4), b at 4
TEST(WeightedLeastRequest, TurnsFollowTheLoad) {
  const std::set<Sequence> expected = {{0, 1, 0, 1, 0, 0}, {1, 0, 0, 1, 0, 1}};
  std::set<Sequence> seen;
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    seen.insert(Caller(by_weight(), {weighing(2), weighing(1)}, seed).sent(6));
  EXPECT_EQ(seen, expected);
}

// With bias 0 the load plays no part: 3 of 4 whatever is under way.
TEST(WeightedLeastRequest, WithoutBiasTheWeightAloneCounts) {
  Caller c(by_weight(0), {weighing(3), weighing(1)});
  int heavy = 0;
  for (const std::uint32_t i : c.sent(400)) heavy += i == 0 ? 1 : 0;
  EXPECT_EQ(heavy, 300);
}

// n calls that all stay: x at the heavy one and y at the light one with x (x + 1) / 2 = 4 y (y + 1) / 2,
// since the sum of 1 / weight over its turns is the same time for both. In the long run x / y = sqrt(4) = 2,
// and with bias 3 x^4 / y^4 = 4.
TEST(WeightedLeastRequest, LoadTempersTheWeights) {
  for (const double bias : {1.0, 3.0}) {
    Caller c(by_weight(bias), {weighing(4), weighing(1)});
    double heavy = 0;
    for (const std::uint32_t i : c.sent(30'000)) heavy += i == 0 ? 1 : 0;
    EXPECT_NEAR(heavy / (30'000 - heavy), std::pow(4, 1 / (bias + 1)), 0.001) << bias;
  }
}

TEST(WeightedLeastRequest, PassesOverTheTriedAndTheWeightless) {
  Caller c(by_weight(), {weighing(1000), weighing(0), weighing(1)});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(c.next({0}), 2u);
  for (int i = 0; i < 100; ++i) EXPECT_NE(c.next(), 1u);
}

// The heavy one is out: only the other two are left, which weigh the same, and the choice is between two.
TEST(WeightedLeastRequest, EqualWeightsAreTwoChoices) {
  BalancerSettings s = by_weight();
  s.health.emplace();
  Caller c(s, {weighing(5), weighing(1, 2)});
  c.balancer->set_healthy(0, false, {});
  c.balancer->sent(1, c.facts);  // both draws are of the busy one once in four
  int busy = 0;
  for (int i = 0; i < 40'000; ++i) busy += c.next() == 1 ? 1 : 0;
  EXPECT_NEAR(busy / 40'000.0, 0.25, 5 * std::sqrt(0.25 * 0.75 / 40'000));
}

TEST(WeightedLeastRequest, NeedsAMemoryWhereWeightsDiffer) {
  const std::vector<InstanceGroup> even = {weighing(2), weighing(2, 3)}, uneven = {weighing(2), weighing(1)};
  EXPECT_FALSE(needs_balancer(by_weight(), even));
  EXPECT_TRUE(needs_balancer(by_weight(), uneven));
}

}  // namespace
}  // namespace tailrace::models
