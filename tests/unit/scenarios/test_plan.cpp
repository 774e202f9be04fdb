// Plans of systems whose answer theory knows exactly: M/M/c by Erlang C, tandem queues by Jackson.
#include <gtest/gtest.h>

#include "analysis/queueing/formulas.hpp"
#include "scenarios/plan/max_load.hpp"
#include "scenarios/plan/sizes.hpp"
#include "tests/unit/scenarios/sweep_scenario.hpp"

namespace tailrace::scenarios {
namespace {

const std::string kRun = "run: {duration: 100s, warmup: 10s, replications: 10, seed: 1}\n";
const std::string kManyServers = kRun + R"(workloads: {load: {constant_arrival_rate: 80/s, calls: s.op}}
services: {s: {workers: 40, endpoints: {op: [compute: exp(100ms)]}}}
thresholds: {s.wait: ["avg < 12ms"]}
)";
const std::string kTandem = kRun + R"(workloads:
  load: {constant_arrival_rate: 80/s, requests: {all: {steps: [call: a.op, call: b.op]}}}
services:
  a: {workers: 9, endpoints: {op: [compute: exp(50ms)]}}
  b: {workers: 9, endpoints: {op: [compute: exp(25ms)]}}
thresholds: {load.request_duration: ["avg < 90ms"]}
)";
const std::string kOne = kRun + R"(workloads: {load: {constant_arrival_rate: 40/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
thresholds: {load.request_duration: ["avg < 50ms"]}
)";

TEST(Plan, OfManyServersIsErlangsMinimum) {
  int least = 9;  // the load is 8 servers
  while (!(analysis::mmc(80, 0.1, least).wait_mean_s < 0.012)) ++least;
  ASSERT_EQ(least, 11);
  const SizePlan p = find_sizes(scenario(kManyServers), {{"services.s.workers", {1, 40, 1}}}, 100, {});
  EXPECT_EQ(p.fault, "");
  ASSERT_TRUE(p.answer.found);
  EXPECT_TRUE(p.answer.proven);
  EXPECT_EQ(p.answer.sizes, Sizes{least});
  EXPECT_EQ(p.best.meets, Meets::yes);
  // One less fails, decided, by the threshold that binds; what theory calls overloaded was not simulated.
  ASSERT_EQ(p.one_less.size(), 1u);
  EXPECT_EQ(p.one_less[0].judgement.meets, Meets::no);
  EXPECT_EQ(p.one_less[0].judgement.binding()->result.metric, "s.wait");
  for (const SizeJudgement& s : p.tried) EXPECT_EQ(s.judgement.by_theory, s.sizes[0] <= 8) << s.sizes[0];
}

// Callers that hold their workers while two others work for them cannot all wait there at once: three are
// enough to keep up with the load, where an open system's wait would need seven. Below 80 x 30 ms = 2.4
// workers it is hopeless.
TEST(Plan, WhatTheoryOnlyEstimatesIsSimulated) {
  const std::string nested = kRun + R"(workloads: {load: {constant_arrival_rate: 80/s, calls: s.op}}
services:
  s: {workers: 9, endpoints: {op: [compute: exp(10ms), call: b.op]}}
  b: {workers: 2, endpoints: {op: [compute: exp(20ms)]}}
thresholds: {load.request_duration: ["p(95) < 280ms"]}
)";
  const SizePlan p = find_sizes(scenario(nested), {{"services.s.workers", {1, 9, 1}}}, 100, {});
  EXPECT_EQ(p.fault, "");
  ASSERT_TRUE(p.answer.found);
  EXPECT_EQ(p.answer.sizes, Sizes{4});
  for (const SizeJudgement& s : p.tried) EXPECT_EQ(s.judgement.by_theory, s.sizes[0] <= 2) << s.sizes[0];
}

// What a bounded queue cannot take is turned away: that is for the thresholds to judge.
TEST(Plan, ABoundedQueueIsNeverRuledOut) {
  const std::string bounded = kRun + R"(workloads: {load: {constant_arrival_rate: 150/s, calls: s.op}}
services: {s: {workers: 4, queue: 2, cpus: 1, endpoints: {op: [compute: exp(10ms)]}}}
thresholds: {load.request_failed: ["rate < 60%"]}
)";
  const SizePlan p = find_sizes(scenario(bounded), {{"services.s.workers", {1, 4, 1}}}, 100, {});
  EXPECT_EQ(p.fault, "");
  ASSERT_TRUE(p.answer.found);
  EXPECT_EQ(p.answer.sizes, Sizes{1});
}

TEST(Plan, OfTwoServicesEqualsBruteForceAtAnyPrices) {
  for (const auto& [of_a, of_b] : {std::pair{1.0, 3.0}, std::pair{3.0, 1.0}}) {
    double best = 1e9;
    Sizes wanted;
    for (int a = 5; a <= 9; ++a) {
      for (int b = 3; b <= 9; ++b) {
        const double response =
            analysis::mmc(80, 0.05, a).response_mean_s + analysis::mmc(80, 0.025, b).response_mean_s;
        if (response >= 0.09 || of_a * a + of_b * b >= best) continue;
        best = of_a * a + of_b * b;
        wanted = {a, b};
      }
    }
    const SizePlan p =
        find_sizes(scenario(kTandem),
                   {{"services.a.workers", {1, 9, of_a}}, {"services.b.workers", {1, 9, of_b}}}, 100, {});
    ASSERT_TRUE(p.answer.found) << p.fault;
    EXPECT_EQ(p.answer.sizes, wanted);
    EXPECT_EQ(p.answer.cost, best);
    EXPECT_TRUE(p.answer.proven);
  }
}

TEST(Plan, OfTooNarrowRangesFindsNothing) {
  const SizePlan p = find_sizes(scenario(kManyServers), {{"services.s.workers", {1, 10, 1}}}, 100, {});
  EXPECT_FALSE(p.answer.found);
  EXPECT_EQ(p.best.meets, Meets::no);
}

TEST(Plan, OfAPathThatDoesNotExistIsAFault) {
  const SizePlan p = find_sizes(scenario(kManyServers), {{"services.s.wrokers", {1, 10, 1}}}, 100, {});
  EXPECT_NE(p.fault.find("wrokers"), std::string::npos) << p.fault;
}

// M/M/1: the mean response is 1 / (100/s - rate), so 50 ms are reached at 80/s.
TEST(MaxLoad, OfASingleServerIsWhereTheoryHasIt) {
  const MaxLoad p = find_max_load(scenario(kOne), "load", 0.01, {});
  EXPECT_EQ(p.fault, "");
  ASSERT_TRUE(p.meets && p.fails);
  EXPECT_LT(p.meets->rate_per_s, 80);
  EXPECT_GT(p.fails->rate_per_s, 80);
  EXPECT_GT(p.meets->rate_per_s, 77);
  EXPECT_LT(p.fails->rate_per_s, 83);
  EXPECT_EQ(p.meets->judgement.meets, Meets::yes);
  EXPECT_EQ(p.fails->judgement.meets, Meets::no);
  ASSERT_TRUE(p.saturation_per_s && p.knee_per_s);
  EXPECT_NEAR(*p.saturation_per_s, 100, 0.1);
  EXPECT_NEAR(*p.knee_per_s, 50, 1.1);  // rate (100 - rate) is greatest half way
  EXPECT_NEAR(*p.headroom(), p.meets->rate_per_s / 40, 1e-12);
}

TEST(MaxLoad, BelowThePresentRateIsFoundToo) {
  std::string text = kOne;
  text.replace(text.find("40/s"), 4, "95/s");
  const MaxLoad p = find_max_load(scenario(text), "load", 0.02, {});
  ASSERT_TRUE(p.meets && p.fails);
  EXPECT_GT(p.meets->rate_per_s, 76);
  EXPECT_LT(p.meets->rate_per_s, 80);
  EXPECT_LT(*p.headroom(), 1);
}

TEST(MaxLoad, ThatNoRateMeetsIsNone) {
  std::string text = kOne;
  text.replace(text.find("50ms"), 4, "5ms");  // the service alone takes 10 ms
  const MaxLoad p = find_max_load(scenario(text), "load", 0.01, {});
  EXPECT_EQ(p.fault, "");
  EXPECT_FALSE(p.meets);
  EXPECT_TRUE(p.fails);
}

TEST(MaxLoad, ScalesWavesAsAWhole) {
  std::string text = kOne;
  text.replace(text.find("constant_arrival_rate: 40/s"), 27,
               "sinusoidal_arrival_rate: {base: 30/s, amplitude: 15/s, period: 20s}");
  const MaxLoad p = find_max_load(scenario(text), "load", 0.05, {});
  EXPECT_EQ(p.fault, "");
  EXPECT_EQ(p.present_per_s, 30);
  ASSERT_TRUE(p.meets && p.fails);
  // Peaks are half as high again. At 50/s even they, 75/s, are below the 80/s that one server bears; at 80/s
  // they are 120/s, more than it can serve.
  EXPECT_GT(p.meets->rate_per_s, 50);
  EXPECT_LT(p.fails->rate_per_s, 80);
}

// Where theory has no answer that is what is said, and not that everything is overloaded.
TEST(MaxLoad, SaysWhyTheoryHasNoAnswer) {
  std::string text = kOne;
  text.replace(text.find("load:"), 5,
               "others: {ramping_vus: {stages: [{duration: 10s, target: 2}]}, calls: s.op}, load:");
  const MaxLoad p = find_max_load(scenario(text), "load", 0.2, {});
  EXPECT_EQ(p.fault, "");
  EXPECT_FALSE(p.saturation_per_s);
  EXPECT_NE(p.knee_reason.find("the number of virtual users changes"), std::string::npos) << p.knee_reason;
}

TEST(MaxLoad, OfVirtualUsersIsRefused) {
  std::string text = kOne;
  text.replace(text.find("constant_arrival_rate: 40/s"), 27, "constant_vus: 5");
  EXPECT_NE(find_max_load(scenario(text), "load", 0.01, {}).fault.find("closed"), std::string::npos);
  EXPECT_NE(find_max_load(scenario(kOne), "laod", 0.01, {}).fault.find("there are load"), std::string::npos);
}

TEST(Judge, VerdictsDoNotDependOnTheThreads) {
  for (const char* rate : {"70/s", "79/s", "80/s", "90/s"}) {
    const auto judged = [&](int jobs) {
      PlanOptions options;
      options.jobs = jobs;
      const SweepScenario s = scenario(kOne);
      return Judge(s, options).judge({"workloads.load.constant_arrival_rate"}, {rate}, false);
    };
    const Judgement one = judged(1), three = judged(3);
    EXPECT_EQ(one.meets, three.meets);
    EXPECT_EQ(one.replications, three.replications);
    EXPECT_EQ(one.thresholds[0].result.measured.low, three.thresholds[0].result.measured.low);
  }
}

}  // namespace
}  // namespace tailrace::scenarios
