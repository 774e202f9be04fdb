// abort_on_fail: how often a run is ended whose threshold holds, and whether one that fails is.
#include <gtest/gtest.h>

#include <stdexcept>

#include "scenarios/run/early_stop.hpp"
#include "scenarios/run/replicate.hpp"
#include "tests/unit/scenarios/sweep_scenario.hpp"

namespace tailrace::scenarios {
namespace {

constexpr int kRuns = 200, kReplications = 12;

// Of 200 runs of a service without a queue, whose mean response is its mean work: how many were ended early.
int aborted(const std::string& work) {
  SweepScenario of_work = scenario(
      "run: {duration: 5s, replications: " + std::to_string(kReplications) +
      "}\n"
      "workloads: {load: {constant_arrival_rate: 100/s, calls: s.op}}\n"
      "services: {s: {endpoints: {op: [compute: " +
      work +
      "]}}}\nthresholds: {load.request_duration: [{threshold: \"avg < 10ms\", abort_on_fail: true}]}\n");
  int count = 0;
  for (int seed = 1; seed <= kRuns; ++seed) {
    of_work.seed = static_cast<std::uint64_t>(seed);
    std::string fault;
    auto topology = build_point(of_work, {}, {}, "test", fault);
    if (!topology) throw std::runtime_error(fault);
    const auto model = models::compile(std::make_shared<const models::Topology>(std::move(*topology)));
    EarlyStop stop(of_work.doc, false, kReplications);
    EXPECT_TRUE(stop.wanted());
    ReplicateOptions options;
    options.first_round = kFirstRound;
    options.max_replications = kReplications;
    bool ended = false;
    options.enough = [&](const std::vector<models::RunRecord>& records) {
      ended = records.size() < kReplications && stop.failed(*model, records);
      return ended;
    };
    const ReplicateResult result = replicate(model, options);
    EXPECT_EQ(ended, result.records.size() < kReplications);
    if (ended) {
      EXPECT_NE(stop.reason().find("failed beyond doubt"), std::string::npos);
    }
    count += ended;
  }
  return count;
}

// The truth is the limit itself, where a run fails or passes by luck: at most 5 %, 10 of 200, and three
// standard deviations of that, may be called beyond doubt.
TEST(EarlyStop, SeldomEndsARunThatMayPass) {
  EXPECT_LE(aborted("exp(10ms)"), 10 + 9);
}

TEST(EarlyStop, EndsARunThatFails) {
  EXPECT_GE(aborted("exp(12ms)"), 190);
}

TEST(EarlyStop, IsNotWantedWhereNothingCouldBeSaved) {
  const auto doc = [](const char* thresholds) {
    return scenario(std::string("thresholds: ") + thresholds + "\n").doc;
  };
  const char* const marked = "{load.requests: {threshold: \"count > 1\", abort_on_fail: true}}";
  EXPECT_TRUE(EarlyStop(doc(marked), false, 4).wanted());
  EXPECT_FALSE(EarlyStop(doc(marked), false, 3).wanted());  // one round
  EXPECT_FALSE(EarlyStop(doc("{load.requests: \"count > 1\"}"), false, 12).wanted());
  EXPECT_TRUE(EarlyStop(doc("{load.requests: \"count > 1\"}"), true, 12).wanted());
}

}  // namespace
}  // namespace tailrace::scenarios
