// A caller's choice among the instances, by shares that are worked out beside them. Choice by key is in
// test_hash_ring.cpp.
#include "models/policies/load_balancing/balancer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "models/policies/load_balancing/subset.hpp"
#include "models/policies/load_balancing/zones.hpp"

namespace tailrace::models {
namespace {

constexpr int kDraws = 200'000;
// Five standard errors of a share p.
double slack(double p) {
  return 5 * std::sqrt(p * (1 - p) / kDraws);
}
sim::Instant at(double seconds) {
  return {sim::Duration::from_seconds(seconds).ns};
}
CallFacts when(double seconds, std::uint64_t key = 0) {
  CallFacts facts;
  facts.now = at(seconds);
  facts.key = key;
  return facts;
}

InstanceGroup group(std::int64_t count, double weight = 1, std::string zone = {}) {
  return {count, weight, 1, 0, std::move(zone)};
}
BalancerSettings with(Balancing policy) {
  BalancerSettings settings;
  settings.policy = policy;
  return settings;
}

// One caller and its clock.
struct Caller {
  std::shared_ptr<const BalancerModel> model;
  sim::Stream random{7, 0, "caller", "select"};
  std::unique_ptr<Balancer> balancer;

  Caller(const BalancerSettings& settings, const std::vector<InstanceGroup>& groups,
         BalancerModel::Caller self = {}, const std::vector<std::int64_t>& callers = {})
      : model(make_balancer(settings, groups, callers)), balancer(model->start(self, random)) {}

  std::uint32_t select(double t = 0, std::uint64_t key = 0, const std::vector<std::uint32_t>& tried = {}) {
    return balancer->select(when(t, key), tried.data(), tried.size(), random);
  }
  std::map<std::uint32_t, double> shares(double t = 0, const std::vector<std::uint32_t>& tried = {}) {
    std::map<std::uint32_t, double> hits;
    for (int i = 0; i < kDraws; ++i) hits[select(t, static_cast<std::uint64_t>(i), tried)] += 1.0 / kDraws;
    return hits;
  }
  void end(std::uint32_t instance, double t, Outcome outcome = Outcome::success, double took_s = 0.01) {
    CallFacts facts = when(t);
    facts.outcome = outcome;
    facts.took = sim::Duration::from_seconds(took_s);
    balancer->ended(instance, facts);
  }
  void call(std::uint32_t instance, double t, Outcome outcome = Outcome::success, double took_s = 0.01) {
    balancer->sent(instance, when(t));
    end(instance, t, outcome, took_s);
  }
  void health(std::uint32_t instance, bool healthy, double t = 0) {
    balancer->set_healthy(instance, healthy, at(t));
  }
};

const std::vector<Balancing> kEveryPolicy = {
    Balancing::round_robin, Balancing::random,    Balancing::least_request, Balancing::weighted,
    Balancing::peak_ewma,   Balancing::ring_hash, Balancing::maglev};

// --- pickers

// As in Envoy's test: 1/9 and 4/9 (derived in test_load_balancing.cpp).
TEST(Balancer, TwoChoicesLeaveANinthToOneBusyInstanceOfThree) {
  Caller c(with(Balancing::least_request), {group(3)});
  c.balancer->sent(1, when(0));
  const auto shares = c.shares();
  EXPECT_NEAR(shares.at(1), 1.0 / 9, slack(1.0 / 9));
  EXPECT_NEAR(shares.at(0), 4.0 / 9, slack(4.0 / 9));
  EXPECT_NEAR(shares.at(2), 4.0 / 9, slack(4.0 / 9));
  c.end(1, 1);
  for (const auto& [instance, share] : c.shares(1)) EXPECT_NEAR(share, 1.0 / 3, slack(1.0 / 3)) << instance;
}

TEST(Balancer, LookingAtAllTakesTheLeastLoadedAndBreaksTiesEvenly) {
  BalancerSettings s = with(Balancing::least_request);
  s.choice_count = 0;
  Caller c(s, {group(4)});
  for (const std::uint32_t busy : {0u, 2u, 2u}) c.balancer->sent(busy, when(0));
  const auto shares = c.shares();
  EXPECT_EQ(shares.size(), 2u);
  EXPECT_NEAR(shares.at(1), 0.5, slack(0.5));
  EXPECT_NEAR(shares.at(3), 0.5, slack(0.5));
}

// There is room for twelve instances and there are four, all of which fail. Half of the four may be out, not
// half of the twelve.
TEST(Balancer, EjectsNoMoreThanAShareOfTheInstancesThatAreThere) {
  BalancerSettings s = with(Balancing::round_robin);
  s.outliers.emplace().max_ejection_fraction = 0.5;
  s.panic_threshold = 0;
  Caller c(s, {group(12)});
  for (std::uint32_t i = 4; i < 12; ++i) c.balancer->set_present(i, false, at(0));
  for (int failure = 0; failure < 5; ++failure) {
    for (std::uint32_t i = 0; i < 4; ++i) c.call(i, 1, Outcome::error);
  }
  std::set<std::uint32_t> chosen;
  for (int n = 0; n < 8; ++n) chosen.insert(c.select(2));
  EXPECT_EQ(chosen, (std::set<std::uint32_t>{2, 3}));
}

TEST(Balancer, RoundRobinGoesInTurnFromARandomStart) {
  std::set<std::uint32_t> starts;
  Caller c(with(Balancing::round_robin), {group(5)});
  for (int n = 0; n < 50; ++n) {
    c.balancer = c.model->start({}, c.random);
    const std::uint32_t first = c.select();
    starts.insert(first);
    for (std::uint32_t k = 1; k < 12; ++k) EXPECT_EQ(c.select(), (first + k) % 5);
  }
  EXPECT_EQ(starts.size(), 5u);
}

TEST(Balancer, WeightedFollowsTheWeightsOfThoseThatAreThere) {
  Caller c(with(Balancing::weighted), {group(1, 1), group(2, 3), group(1, 0)});  // 1, 3, 3, 0
  auto shares = c.shares();
  EXPECT_NEAR(shares[0], 1.0 / 7, slack(1.0 / 7));
  EXPECT_NEAR(shares[1], 3.0 / 7, slack(3.0 / 7));
  EXPECT_EQ(shares.count(3), 0u);
  c.health(1, false);
  shares = c.shares();
  EXPECT_NEAR(shares[0], 1.0 / 4, slack(1.0 / 4));
  EXPECT_NEAR(shares[2], 3.0 / 4, slack(3.0 / 4));
  shares = c.shares(0, {2});  // 0 and 3 are left, and 3 weighs nothing
  EXPECT_EQ(shares.size(), 1u);
  EXPECT_EQ(shares.count(0), 1u);
}

// Instance 2 answers in 200 ms, the others in 10 ms. Whenever a pair holds it, the other one is taken; pairs
// differ, so it is never taken once its latency is known. After 5 x decay its estimate is 200 e^-5 = 1.3 ms,
// less than 10 ms, and it gets another try.
TEST(Balancer, PeakEwmaAvoidsASlowInstanceAndTriesItAgain) {
  BalancerSettings s = with(Balancing::peak_ewma);
  s.distinct = true;
  Caller c(s, {group(3)});
  for (const std::uint32_t i : {0u, 1u, 2u}) c.call(i, 1, Outcome::success, i == 2 ? 0.2 : 0.01);
  auto shares = c.shares(1);
  EXPECT_EQ(shares.count(2), 0u);
  EXPECT_NEAR(shares[0], 0.5, slack(0.5));
  for (double t = 1; t < 51; t += 0.1) c.call(0, t), c.call(1, t);
  EXPECT_NEAR(c.shares(51)[2], 2.0 / 3, slack(2.0 / 3));  // now the best: whenever it is in the pair
  c.call(2, 51, Outcome::success, 0.2);                   // one slow answer counts at once
  EXPECT_EQ(c.shares(51).count(2), 0u);
}

// Estimates equal, 10 ms; instance 0 has one call under way: 20 ms against 10 ms.
TEST(Balancer, PeakEwmaCountsWhatIsUnderWay) {
  BalancerSettings s = with(Balancing::peak_ewma);
  s.distinct = true;
  Caller c(s, {group(2)});
  c.call(0, 1), c.call(1, 1);
  c.balancer->sent(0, when(1));
  EXPECT_EQ(c.shares(1).count(0), 0u);
}

// A call that was called off after 200 ms shows that an instance is slow.
TEST(Balancer, PeakEwmaLearnsFromACallThatWasCalledOff) {
  BalancerSettings s = with(Balancing::peak_ewma);
  s.distinct = true;
  Caller c(s, {group(2)});
  c.call(0, 1), c.call(1, 1);
  c.call(0, 1, Outcome::cancelled, 0.2);
  EXPECT_EQ(c.shares(1).count(0), 0u);
}

// An instance that never answered is asked once; then it waits for the answer.
TEST(Balancer, PeakEwmaAsksAnUnknownInstanceOnce) {
  BalancerSettings s = with(Balancing::peak_ewma);
  s.distinct = true;
  Caller c(s, {group(2)});
  c.call(0, 1);
  EXPECT_EQ(c.select(1), 1u);
  c.balancer->sent(1, when(1));
  EXPECT_EQ(c.shares(1).count(1), 0u);
}

// --- what has been tried

TEST(Balancer, NeverATriedInstanceWhileThereIsAnother) {
  for (const Balancing policy : kEveryPolicy) {
    for (const std::int64_t choices : {0, 2, 3}) {
      for (const bool sticky : {false, true}) {
        BalancerSettings s = with(policy);
        s.choice_count = choices;
        s.sticky = sticky;
        Caller c(s, {group(9)});
        for (std::uint64_t key = 0; key < 200; ++key) {
          EXPECT_EQ(c.select(0, key, {0, 1, 2, 3, 5, 6, 7, 8}), 4u);
          const std::uint32_t other = c.select(0, key, {4, 2, 2});
          EXPECT_TRUE(other != 4 && other != 2 && other < 9);
        }
        c.health(4, false);  // now all that are there have been tried: any of them
        EXPECT_NE(c.select(0, 1, {0, 1, 2, 3, 5, 6, 7, 8}), 4u);
      }
    }
  }
}

TEST(Balancer, WhatIsLeftIsDrawnEvenly) {
  for (const Balancing policy : {Balancing::random, Balancing::least_request, Balancing::weighted}) {
    Caller c(with(policy), {group(6)});
    const auto shares = c.shares(0, {0, 3, 5});
    EXPECT_EQ(shares.size(), 3u);
    for (const auto& [instance, share] : shares) EXPECT_NEAR(share, 1.0 / 3, slack(1.0 / 3)) << instance;
  }
}

// --- who is available

TEST(Balancer, UnhealthyInstancesGetNothingUntilTheyAreBack) {
  for (const Balancing policy : kEveryPolicy) {
    Caller c(with(policy), {group(4)});
    c.health(2, false);
    for (std::uint64_t key = 0; key < 2000; ++key) EXPECT_NE(c.select(0, key), 2u);
    c.health(2, true);
    std::set<std::uint32_t> seen;
    for (std::uint64_t key = 0; key < 2000; ++key) seen.insert(c.select(0, key));
    EXPECT_EQ(seen.size(), 4u);
  }
}

// 2 of 4 is not fewer than 50 %; 1 of 4 is, and then all four are used.
TEST(Balancer, BelowThePanicThresholdAllAreUsed) {
  for (const Balancing policy : kEveryPolicy) {
    Caller c(with(policy), {group(4)});
    c.health(0, false), c.health(1, false);
    std::set<std::uint32_t> seen;
    for (std::uint64_t key = 0; key < 2000; ++key) seen.insert(c.select(0, key));
    EXPECT_EQ(seen, (std::set<std::uint32_t>{2, 3}));
    c.health(2, false);
    seen.clear();
    for (std::uint64_t key = 0; key < 2000; ++key) seen.insert(c.select(0, key));
    EXPECT_EQ(seen.size(), 4u);
  }
}

TEST(Balancer, WithoutPanicNobodyAvailableMeansNone) {
  for (const Balancing policy : kEveryPolicy) {
    BalancerSettings s = with(policy);
    s.panic_threshold = 0;
    Caller c(s, {group(2)});
    c.health(0, false);
    EXPECT_EQ(c.select(0, 3), 1u);
    c.health(1, false);
    EXPECT_EQ(c.select(0, 3), kNoInstance);
    c.health(0, true);
    EXPECT_EQ(c.select(0, 3), 0u);
  }
}

// Ejected at 1 s for 30 s: it is back at the tick of 40 s. Calls under way at that time are still counted.
TEST(Balancer, EjectedInstancesAreLeftOutUntilTheirTick) {
  BalancerSettings s = with(Balancing::round_robin);
  s.outliers.emplace();
  Caller c(s, {group(4)});
  for (int i = 0; i < 5; ++i) c.balancer->sent(3, when(1));
  for (int i = 0; i < 5; ++i) c.end(3, 1, Outcome::error);
  ASSERT_NE(c.balancer->log(3), nullptr);
  EXPECT_EQ(c.balancer->log(3)->status(), 1);
  EXPECT_EQ(c.shares(39.99).count(3), 0u);
  EXPECT_NEAR(c.shares(40)[3], 0.25, 1e-4);
  ASSERT_EQ(c.balancer->log(3)->kept().size(), 2u);
  EXPECT_EQ(c.balancer->log(3)->kept()[1].at, at(40));
}

TEST(Balancer, WithoutOutlierDetectionThereIsNoLog) {
  Caller c(with(Balancing::random), {group(2)});
  EXPECT_EQ(c.balancer->log(0), nullptr);
  for (int i = 0; i < 100; ++i) c.call(0, 1, Outcome::error);
  EXPECT_NEAR(c.shares(1)[0], 0.5, slack(0.5));
}

// Back at 100 s with slow_start 20 s: acceptance f = max(0.1, (t - 100) / 20), share f / (3 + f) beside three
// others that are always taken.
TEST(Balancer, AnInstanceThatComesBackStartsSlowly) {
  for (const Balancing policy : {Balancing::random, Balancing::weighted, Balancing::round_robin}) {
    BalancerSettings s = with(policy);
    s.slow_start = sim::Duration::from_seconds(20);
    Caller c(s, {group(4)});
    c.health(1, false, 50), c.health(1, true, 100);
    for (const double t : {100.0, 101.0, 105.0, 110.0, 119.0, 120.0, 500.0}) {
      const double f = std::min(1.0, std::max(0.1, (t - 100) / 20));
      const double share = f / (3 + f);
      EXPECT_NEAR(c.shares(t)[1], share, slack(share)) << t;
    }
  }
}

// Two draws of four hosts with weights 1, f, 1, 1, all idle: the first drawn wins the tie.
TEST(Balancer, SlowStartShapesTheDrawsOfLeastRequest) {
  BalancerSettings s = with(Balancing::least_request);
  s.slow_start = sim::Duration::from_seconds(20);
  for (const std::int64_t choices : {2, 3}) {
    s.choice_count = choices;
    Caller c(s, {group(4)});
    c.health(1, false, 50), c.health(1, true, 100);
    EXPECT_NEAR(c.shares(110)[1], 0.5 / 3.5, slack(0.5 / 3.5));
  }
}

TEST(Balancer, WhenAllStartSlowlyTheyShareEvenly) {
  for (const Balancing policy : {Balancing::random, Balancing::least_request, Balancing::round_robin}) {
    BalancerSettings s = with(policy);
    s.slow_start = sim::Duration::from_seconds(20);
    s.panic_threshold = 0;
    Caller c(s, {group(2)});
    for (const std::uint32_t i : {0u, 1u}) c.health(i, false, 50), c.health(i, true, 100);
    EXPECT_NEAR(c.shares(100)[1], 0.5, 2 * slack(0.5));
  }
}

// --- subsets

// 12 instances in subsets of 3: a round is 4 callers. In each whole round every instance is dealt out once.
TEST(Balancer, EveryInstanceIsInEquallyManySubsets) {
  std::map<std::uint32_t, int> times;
  std::set<std::vector<std::uint32_t>> different;
  for (std::uint32_t caller = 0; caller < 4 * 25; ++caller) {
    const std::vector<std::uint32_t> subset = deterministic_subset(12, 3, caller);
    EXPECT_EQ(subset.size(), 3u);
    for (const std::uint32_t i : subset) ++times[i];
    different.insert(subset);
  }
  EXPECT_EQ(times.size(), 12u);
  for (const auto& [instance, n] : times) EXPECT_EQ(n, 25) << instance;
  EXPECT_GT(different.size(), 60u);  // the rounds are shuffled differently
  EXPECT_EQ(deterministic_subset(12, 12, 5).size(), 12u);
  EXPECT_EQ(deterministic_subset(12, 0, 5).size(), 12u);
  EXPECT_EQ(deterministic_subset(10, 4, 7).size(), 4u);
}

TEST(Balancer, ACallerKeepsToItsSubset) {
  for (const Balancing policy : kEveryPolicy) {
    BalancerSettings s = with(policy);
    s.subset_size = 3;
    s.outliers.emplace();
    Caller c(s, {group(12)}, {.instance = 6, .instances = 8, .zone = -1});
    const std::vector<std::uint32_t> subset = deterministic_subset(12, 3, 6);
    std::set<std::uint32_t> seen;
    for (std::uint64_t key = 0; key < 3000; ++key) seen.insert(c.select(0, key));
    EXPECT_EQ(seen, std::set<std::uint32_t>(subset.begin(), subset.end()));
    for (int i = 0; i < 5; ++i) c.call(subset[1], 1, Outcome::error);
    seen.clear();
    for (std::uint64_t key = 0; key < 3000; ++key) seen.insert(c.select(2, key));
    EXPECT_EQ(seen, (std::set<std::uint32_t>{subset[0], subset[2]}));
    for (std::uint32_t i = 0; i < 12; ++i) {
      const bool known = i == subset[0] || i == subset[1] || i == subset[2];
      EXPECT_EQ(c.balancer->log(i) != nullptr, known) << i;
      if (!known) c.health(i, false, 3);  // nothing to this caller
    }
  }
}

// --- zones

// Callers: 4 in a, 2 in b, 2 in c: 50, 25, 25 %. Instances: 2, 4, 2: 25, 50, 25 %.
//   a needs 50 % and has 25: half of its calls stay. b has 25 % to spare, c nothing: the other half go to b.
//   b and c keep theirs.
// Every instance then gets 1/8 of all: a 50 % x 1/2 / 2, b (25 % + 50 % x 1/2) / 4, c 25 % / 2.
TEST(Balancer, AZoneThatIsShortSpillsToWhereThereIsRoom) {
  const std::vector<InstanceGroup> groups = {group(2, 1, "a"), group(4, 1, "b"), group(2, 1, "c")};
  const std::vector<std::int64_t> callers = {4, 2, 2};
  std::array<double, 8> load{};
  for (int zone = 0; zone < 3; ++zone) {
    BalancerSettings s = with(Balancing::random);
    s.zone_aware = true;
    Caller c(s, groups, {.instance = 0, .instances = 8, .zone = zone}, callers);
    auto shares = c.shares();
    const double a = shares[0] + shares[1], b = shares[2] + shares[3] + shares[4] + shares[5];
    const double third = shares[6] + shares[7];
    EXPECT_NEAR(a, zone == 0 ? 0.5 : 0, slack(0.5));
    EXPECT_NEAR(b, zone == 0 ? 0.5 : zone == 1 ? 1 : 0, slack(0.5));
    EXPECT_NEAR(third, zone == 2 ? 1 : 0, slack(0.5));
    for (const auto& [instance, share] : shares) load[instance] += share * (zone == 0 ? 0.5 : 0.25);
  }
  for (const double l : load) EXPECT_NEAR(l, 1.0 / 8, 0.003);
}

// Three zones. Callers 6, 1, 1 of 8; instances 2, 3, 5 of 10. In 80ths: a needs 60 and has 16; b needs 10 and
// has 24: 14 to spare; c needs 10 and has 40: 30 to spare. So 16/60 stay; of the rest 14/44 go to b and 30/44
// to c.
TEST(Balancer, SpillIsInProportionToWhatIsLeft) {
  ZoneShares shares;
  const std::vector<std::int64_t> callers = {6, 1, 1}, instances = {2, 3, 5};
  shares.compute(callers, instances, 0);
  ASSERT_TRUE(shares.on);
  EXPECT_EQ(shares.local, 16u);
  EXPECT_EQ(shares.of, 60u);
  EXPECT_EQ(shares.spill, (std::vector<std::uint64_t>{0, 14, 44}));
  sim::Stream random(1, 0, "zones", "spill");
  std::array<double, 3> hits{};
  for (int i = 0; i < kDraws; ++i) hits[static_cast<std::size_t>(shares.choose(0, random))] += 1.0 / kDraws;
  EXPECT_NEAR(hits[0], 16.0 / 60, slack(0.27));
  EXPECT_NEAR(hits[1], 44.0 / 60 * 14 / 44, slack(0.23));
  EXPECT_NEAR(hits[2], 44.0 / 60 * 30 / 44, slack(0.5));
}

TEST(Balancer, ZonesAreIgnoredWhenFewInPanicOrForStrangers) {
  const std::vector<InstanceGroup> groups = {group(3, 1, "a"), group(3, 1, "b")};
  EXPECT_EQ(zone_number(groups, "b"), 1);
  EXPECT_EQ(zone_number(groups, "elsewhere"), -1);
  BalancerSettings s = with(Balancing::random);
  s.zone_aware = true;
  const auto outside = [](Caller& c) {  // share that leaves zone a
    auto shares = c.shares();
    return shares[3] + shares[4] + shares[5];
  };
  Caller six(s, groups, {.instance = 0, .instances = 1, .zone = 0});
  EXPECT_EQ(outside(six), 0);
  six.health(5, false);  // five instances: fewer than zone_minimum
  EXPECT_NEAR(outside(six), 2.0 / 5, slack(0.4));

  Caller stranger(s, groups, {.instance = 0, .instances = 1, .zone = -1});
  EXPECT_NEAR(outside(stranger), 0.5, slack(0.5));

  s.zone_minimum = 0;
  Caller panic(s, groups, {.instance = 0, .instances = 1, .zone = 0});
  for (const std::uint32_t i : {0u, 1u, 3u, 4u}) panic.health(i, false);
  EXPECT_NEAR(outside(panic), 0.5, slack(0.5));

  Caller alone(s, groups, {.instance = 0, .instances = 1, .zone = 0});
  for (const std::uint32_t i : {0u, 1u, 2u}) alone.health(i, false);
  EXPECT_NEAR(outside(alone), 1, 1e-9);  // nobody is left at home
}

TEST(Balancer, ARetryLeavesTheZoneWhenItIsExhausted) {
  BalancerSettings s = with(Balancing::random);
  s.zone_aware = true;
  Caller c(s, {group(2, 1, "a"), group(2, 1, "b"), group(2, 1, "c")},
           {.instance = 0, .instances = 1, .zone = 0});
  EXPECT_EQ(c.select(0, 0, {0}), 1u);
  for (int i = 0; i < 100; ++i) EXPECT_GE(c.select(0, 0, {0, 1}), 2u);
}

// --- sticky

TEST(Balancer, AKeyStaysWhereItWentFirstWhileThatIsThere) {
  BalancerSettings s = with(Balancing::random);
  s.sticky = true;
  Caller c(s, {group(5)});
  std::vector<std::uint32_t> home;
  for (std::uint64_t key = 0; key < 500; ++key) home.push_back(c.select(0, key));
  EXPECT_EQ(std::set<std::uint32_t>(home.begin(), home.end()).size(), 5u);
  for (std::uint64_t key = 0; key < 500; ++key) {
    EXPECT_NE(c.select(1, key, {home[key]}), home[key]);  // a retry goes elsewhere and moves nobody
    EXPECT_EQ(c.select(1, key), home[key]);
  }
  c.health(2, false, 2);
  std::vector<std::uint32_t> second;
  for (std::uint64_t key = 0; key < 500; ++key) {
    second.push_back(c.select(2, key));
    if (home[key] != 2) {
      EXPECT_EQ(second[key], home[key]);
    }
    EXPECT_NE(second[key], 2u);
  }
  c.health(2, true, 3);  // who had to move stays there
  for (std::uint64_t key = 0; key < 500; ++key) EXPECT_EQ(c.select(3, key), second[key]);
}

TEST(Balancer, KeysBeyondTheTableStayByTheirHash) {
  BalancerSettings s = with(Balancing::round_robin);
  s.sticky = true;
  Caller c(s, {group(5)});
  constexpr std::uint64_t kTable = 1 << 18;
  for (std::uint64_t key = 0; key < kTable; ++key) c.select(0, key);
  std::vector<std::uint32_t> home;
  for (std::uint64_t key = kTable; key < kTable + 1000; ++key) home.push_back(c.select(0, key));
  EXPECT_EQ(std::set<std::uint32_t>(home.begin(), home.end()).size(), 5u);
  for (std::uint64_t k = 0; k < 1000; ++k) EXPECT_EQ(c.select(0, kTable + k), home[k]);
  c.health(2, false);
  for (std::uint64_t k = 0; k < 1000; ++k) {
    if (home[k] != 2) {
      EXPECT_EQ(c.select(0, kTable + k), home[k]);
    }
  }
}

// --- all together

TEST(Balancer, WhatNeedsNoMemoryIsLeftToTheRun) {
  for (const Balancing policy :
       {Balancing::round_robin, Balancing::random, Balancing::least_request, Balancing::weighted})
    EXPECT_FALSE(needs_balancer(with(policy)));
  for (const Balancing policy : {Balancing::peak_ewma, Balancing::ring_hash, Balancing::maglev})
    EXPECT_TRUE(needs_balancer(with(policy)));
  BalancerSettings s;
  s.outliers.emplace();
  EXPECT_TRUE(needs_balancer(s));
  s = with(Balancing::least_request);
  s.own_view = true;
  EXPECT_TRUE(needs_balancer(s));
}

// Thousands of random events: never an instance that is out while enough are in, never a tried one while
// there is another, and the same choices from the same numbers.
TEST(Balancer, RandomEventsKeepTheRules) {
  for (const Balancing policy : kEveryPolicy) {
    for (const bool sticky : {false, true}) {
      BalancerSettings s = with(policy);
      s.sticky = sticky;
      s.slow_start = sim::Duration::from_seconds(3);
      s.zone_aware = policy != Balancing::ring_hash && policy != Balancing::maglev;
      s.outliers.emplace().max_ejection_fraction = 0.6;
      s.outliers->interval = s.outliers->base_ejection_time = sim::Duration::from_seconds(2);
      s.load_bound = policy == Balancing::maglev ? 1.5 : 0;
      s.table_size = 251;
      const std::vector<InstanceGroup> groups = {group(4, 1, "a"), group(3, 2, "b"), group(2, 0.5, "c")};
      Caller c(s, groups, {.instance = 1, .instances = 3, .zone = 0}, {5, 1, 1});
      Caller twin(s, groups, {.instance = 1, .instances = 3, .zone = 0}, {5, 1, 1});
      sim::Stream events(3, 0, "events", "all");
      std::array<bool, 9> healthy{};
      healthy.fill(true);
      std::vector<std::uint32_t> under_way;
      double t = 0;
      for (int n = 0; n < 6000; ++n) {
        t += 0.01 * static_cast<double>(events.below(10));
        const std::uint64_t what = events.below(20);
        if (what == 0) {
          const auto i = static_cast<std::uint32_t>(events.below(9));
          healthy[i] = !healthy[i];
          for (Caller* x : {&c, &twin}) x->health(i, healthy[i], t);
        } else if (what < 10 && !under_way.empty()) {
          const std::uint64_t which = events.below(under_way.size());
          const Outcome outcome = events.below(3) == 0 ? Outcome::success : Outcome::error;
          for (Caller* x : {&c, &twin}) x->end(under_way[which], t, outcome);
          under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(which));
        } else {
          std::vector<std::uint32_t> tried;
          for (std::uint64_t k = events.below(4); k > 0; --k)
            tried.push_back(static_cast<std::uint32_t>(events.below(9)));
          const std::uint64_t key = events.below(50);
          const std::uint32_t chosen = c.select(t, key, tried);
          ASSERT_EQ(chosen, twin.select(t, key, tried));
          ASSERT_LT(chosen, 9u);
          std::set<std::uint32_t> in;
          for (std::uint32_t i = 0; i < 9; ++i) {
            if (healthy[i] && c.balancer->log(i)->status() == 0) in.insert(i);
          }
          if (in.size() >= 5) {  // half of 9
            ASSERT_TRUE(in.count(chosen));
            for (const std::uint32_t i : tried) in.erase(i);
            ASSERT_TRUE(in.empty() || in.count(chosen));
          }
          for (Caller* x : {&c, &twin}) x->balancer->sent(chosen, when(t));
          under_way.push_back(chosen);
        }
      }
    }
  }
}

}  // namespace
}  // namespace tailrace::models
