// Plans over real-valued parameters, where the least value is a closed form.
#include <gtest/gtest.h>

#include <cmath>

#include "models/field/units.hpp"
#include "scenarios/plan/sizes.hpp"
#include "tests/unit/scenarios/sweep_scenario.hpp"

namespace tailrace::scenarios {
namespace {

SizeAxis axis(const std::string& text, double price = 1, double resolution = 0.01) {
  DesignFault fault;
  const auto parsed = parse_size(text, fault);
  EXPECT_TRUE(parsed) << fault.message;
  const auto made = parsed ? make_size_axis(*parsed, price, resolution, fault) : std::nullopt;
  EXPECT_TRUE(made) << fault.message;
  return made ? *made : SizeAxis{};
}

double seconds(const SizePlan& plan, std::size_t k) {
  return *models::parse_duration_ns(plan.axes[k].value(plan.answer.sizes[k])).value * 1e-9;
}

// Nobody waits for a worker, so a call fails where its exp(100 ms) of work takes longer than the timeout.
const std::string kPatience = R"(
workloads: {load: {constant_arrival_rate: 200/s, calls: s.op, timeout: 1s}}
services: {s: {workers: 500, endpoints: {op: [sleep: exp(100ms)]}}}
thresholds: {load.request_failed: ["rate < 20%"]}
)";
const std::string kTimeout = "workloads.load.timeout=10ms..2s";

TEST(SizeAxis, ReadsWholeNumbersRangesAndLists) {
  const SizeAxis whole = axis("a.b=1..20", 2.5);
  EXPECT_TRUE(whole.values.empty());
  EXPECT_EQ(whole.range.low, 1);
  EXPECT_EQ(whole.range.high, 20);
  EXPECT_EQ(whole.range.cost(4), 10);

  const SizeAxis real = axis("a.b=10ms..2s", 3);
  EXPECT_TRUE(real.real());
  EXPECT_EQ(real.values.front(), "10ms");
  EXPECT_EQ(real.values.back(), "2s");
  EXPECT_DOUBLE_EQ(real.range.costs.back(), 6);  // 3 for a second
  for (std::size_t k = 1; k < real.values.size(); ++k) {
    EXPECT_LT(real.range.costs[k] / real.range.costs[k - 1], 1.0102);
    EXPECT_GT(real.range.costs[k], real.range.costs[k - 1]);
  }

  const SizeAxis share = axis("a.b=0.0..0.5", -1, 0.1);  // from 0 there are no ratios; more is cheaper
  EXPECT_EQ(share.values.front(), "0.5");
  EXPECT_EQ(share.values.back(), "0");
  EXPECT_EQ(share.range.costs.front(), -0.5);
  EXPECT_GE(share.values.size(), 11u);

  const SizeAxis list = axis("a.cores=[0.5, 1, 2, 4]");
  EXPECT_FALSE(list.real());
  EXPECT_EQ(list.value(2), "2");
  EXPECT_EQ(list.range.cost(3), 4);
  EXPECT_EQ(axis("a.b=1ms..1s:log:4").values, (std::vector<std::string>{"1ms", "10ms", "100ms", "1s"}));
  EXPECT_EQ(axis("a.b=3..5", -1).values, (std::vector<std::string>{"5", "4", "3"}));
}

TEST(SizeAxis, RefusesWhatHasNoOrderOrNoPrice) {
  for (const char* text : {"a.b=2s..1s", "a.b=-1..3", "a.b=3", "a.b=1ms..2", "a.b=1..2000000", "=1..2",
                           // Ranges without a whole number in them, and whole numbers of what?
                           "a.b=1.2..1.8:int", "a.b=1.2ms..1.8ms:int", "a.b=1us..1ms:int"}) {
    DesignFault fault;
    EXPECT_FALSE(parse_size(text, fault)) << text;
    EXPECT_NE(fault.message, "") << text;
  }
  for (const char* text : {"a.b=[fifo, lifo]", "a.b=[2, 1]", "a.b=[1, 1]"}) {
    DesignFault fault;
    const auto parsed = parse_size(text, fault);
    ASSERT_TRUE(parsed) << text;
    EXPECT_FALSE(make_size_axis(*parsed, 1, 0.01, fault)) << text;
    EXPECT_NE(fault.message, "") << text;
  }
}

// P(exp(100 ms) > t) = 20 % at t = -100 ms ln 0.2 = 160.9 ms. An answer below it has had a wrong verdict.
TEST(PlanOfATimeout, IsTheLeastThatTheoryAllowsToTheResolution) {
  const double least = -0.1 * std::log(0.2);
  int below = 0, far = 0;
  constexpr int kPlans = 20;
  for (int seed = 1; seed <= kPlans; ++seed) {
    const SweepScenario s =
        scenario("run: {duration: 50s, warmup: 5s, replications: 5, seed: " + std::to_string(seed) + "}\n" +
                 kPatience);
    const SizePlan p = find_sizes(s, {axis(kTimeout)}, 100, {});
    ASSERT_TRUE(p.answer.found) << p.fault;
    EXPECT_TRUE(p.answer.proven);
    EXPECT_LE(p.tried.size(), 16u);  // bisection, of 533 values
    // Once each, also those that were looked at again for longer.
    EXPECT_EQ(static_cast<std::size_t>(p.simulated + p.by_theory), p.tried.size());
    below += seconds(p, 0) < least;
    far += seconds(p, 0) > least * 1.04;
    ASSERT_EQ(p.one_less.size(), 1u);
    EXPECT_NE(p.one_less[0].judgement.meets, Meets::yes);
  }
  // Of 20 with a chance of 5 % at most each, more than 4 have a chance of 0.3 %.
  EXPECT_LE(below, 4);
  EXPECT_LE(far, 2);
}

// Two calls that know nothing of each other have both their own least timeouts: 160.9 ms, and 120 ms ln 10 =
// 276.3 ms.
TEST(PlanOfTwoTimeouts, IsTheLeastOfEach) {
  const SweepScenario s = scenario(R"(
run: {duration: 100s, warmup: 5s, replications: 8, seed: 3}
workloads:
  a: {constant_arrival_rate: 100/s, calls: s.op, timeout: 1s}
  b: {constant_arrival_rate: 100/s, calls: t.op, timeout: 1s}
services:
  s: {workers: 500, endpoints: {op: [sleep: exp(100ms)]}}
  t: {workers: 500, endpoints: {op: [sleep: exp(120ms)]}}
thresholds: {a.request_failed: ["rate < 20%"], b.request_failed: ["rate < 10%"]}
)");
  const SizePlan p =
      find_sizes(s, {axis("workloads.a.timeout=10ms..2s", 5), axis("workloads.b.timeout=10ms..2s")}, 100, {});
  ASSERT_TRUE(p.answer.found) << p.fault;
  EXPECT_GT(seconds(p, 0), -0.1 * std::log(0.2));
  EXPECT_LT(seconds(p, 0), -0.1 * std::log(0.2) * 1.05);
  EXPECT_GT(seconds(p, 1), -0.12 * std::log(0.1));
  EXPECT_LT(seconds(p, 1), -0.12 * std::log(0.1) * 1.05);
  EXPECT_DOUBLE_EQ(p.answer.cost, 5 * seconds(p, 0) + seconds(p, 1));
}

// With a price below 0 the most is wanted: M/M/1 of 10 ms answers in 50 ms at 80/s.
TEST(PlanOfWhatIsGoodToHave, IsTheMost) {
  const SweepScenario s = scenario(R"(
run: {duration: 100s, warmup: 10s, replications: 10, seed: 1}
workloads: {load: {constant_arrival_rate: 40/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
thresholds: {load.request_duration: ["avg < 50ms"]}
)");
  const SizePlan p = find_sizes(s, {axis("workloads.load.constant_arrival_rate=10/s..160/s", -1)}, 100, {});
  ASSERT_TRUE(p.answer.found) << p.fault;
  const double rate = *models::parse_rate_per_s(p.axes[0].value(p.answer.sizes[0])).value;
  EXPECT_GT(rate, 77);
  EXPECT_LT(rate, 80);
  EXPECT_DOUBLE_EQ(p.answer.cost, -rate);
}

}  // namespace
}  // namespace tailrace::scenarios
