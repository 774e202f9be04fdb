#include <gtest/gtest.h>

#include <vector>

#include "analysis/stats/sequential.hpp"
#include "sim/base/check.hpp"

namespace tailrace::analysis {
namespace {

TargetMetric metric(const char* name, double estimate, double half_width) {
  TargetMetric target{name, {}};
  target.interval.estimate = estimate;
  target.interval.low = estimate - half_width;
  target.interval.high = estimate + half_width;
  target.interval.known = true;
  return target;
}

TEST(Sequential, RoundsAreFixedInAdvance) {
  const SequentialOptions options{.first_round = 10, .round = 5, .max_replications = 23};
  EXPECT_EQ(next_round(0, options), 10);
  EXPECT_EQ(next_round(10, options), 15);
  EXPECT_EQ(next_round(15, options), 20);
  EXPECT_EQ(next_round(20, options), 23);
  EXPECT_EQ(decide(0, {}, options).replications, 10);
}

TEST(Sequential, AskingBetweenRoundsBreaksAnInvariant) {
  const SequentialOptions options;
  EXPECT_THROW(decide(12, {}, options), sim::InvariantBroken);
  EXPECT_THROW(decide(5, {}, options), sim::InvariantBroken);
  EXPECT_NO_THROW(decide(15, {}, options));
}

TEST(Sequential, StopsWhenEveryMetricIsWithinItsPrecision) {
  const SequentialOptions options{.relative_precision = 0.01};
  const std::vector<TargetMetric> met = {metric("mean", 100, 1), metric("p99", 500, 4)};
  const SequentialDecision decision = decide(10, met, options);
  EXPECT_EQ(decision.verdict, SequentialVerdict::stop);
  EXPECT_EQ(decision.replications, 10);
  EXPECT_EQ(decision.worst, "");
}

TEST(Sequential, GoesOnForTheWorstMetricAndProjectsWhatItNeeds) {
  // p99 is 3 % wide against a target of 1 %: 10 * 3^2 = 90 replications.
  const SequentialOptions options{.relative_precision = 0.01};
  const std::vector<TargetMetric> metrics = {metric("mean", 100, 2), metric("p99", 500, 15),
                                             metric("p50", 90, 0.5)};
  const SequentialDecision decision = decide(10, metrics, options);
  EXPECT_EQ(decision.verdict, SequentialVerdict::go_on);
  EXPECT_EQ(decision.replications, 15);
  EXPECT_EQ(decision.worst, "p99");
  EXPECT_NEAR(decision.projected, 90, 1);
}

TEST(Sequential, IsHopelessAtTheMaximumAndNotBefore) {
  const SequentialOptions options{.max_replications = 20};
  const std::vector<TargetMetric> wide = {metric("mean", 100, 50)};
  EXPECT_EQ(decide(15, wide, options).verdict, SequentialVerdict::go_on);
  EXPECT_EQ(decide(20, wide, options).verdict, SequentialVerdict::hopeless);
  EXPECT_EQ(decide(20, wide, options).replications, 20);
  const std::vector<TargetMetric> narrow = {metric("mean", 100, 0.5)};
  EXPECT_EQ(decide(20, narrow, options).verdict, SequentialVerdict::stop);
}

TEST(Sequential, AnUnknownIntervalIsNeverPreciseAndHasNoProjection) {
  std::vector<TargetMetric> metrics = {metric("mean", 100, 5), {"p999", {}}};
  const SequentialDecision decision = decide(10, metrics, {});
  EXPECT_EQ(decision.verdict, SequentialVerdict::go_on);
  EXPECT_EQ(decision.worst, "p999");
  EXPECT_EQ(decision.projected, 0);
}

TEST(Sequential, AMetricThatIsAlwaysZeroIsMetAndARareOneCanUseAnAbsoluteTarget) {
  const std::vector<TargetMetric> zero = {metric("errors", 0, 0)};
  EXPECT_EQ(decide(10, zero, {}).verdict, SequentialVerdict::stop);
  const std::vector<TargetMetric> rare = {metric("errors", 1e-5, 1e-5)};
  EXPECT_EQ(decide(10, rare, {}).verdict, SequentialVerdict::go_on);
  EXPECT_EQ(decide(10, rare, {.absolute_precision = 1e-4}).verdict, SequentialVerdict::stop);
}

}  // namespace
}  // namespace tailrace::analysis
