#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/stats/batch_correlation.hpp"
#include "analysis/stats/interval.hpp"

namespace tailrace::analysis {
namespace {

TEST(MeanInterval, IsTheAverageAndTTimesItsStandardError) {
  // 1, 2, 3, 4: mean 2.5, s^2 = 5/3, se = sqrt(5/12) = 0.645497, t(0.975, 3) = 3.182446.
  const std::vector<double> values = {1, 2, 3, 4};
  const Interval interval = mean_interval(values, 0.95);
  EXPECT_TRUE(interval.known);
  EXPECT_EQ(interval.estimate, 2.5);
  EXPECT_NEAR(interval.half_width(), 3.182446305 * 0.6454972244, 1e-8);
  EXPECT_EQ(interval.groups, 4);
  EXPECT_EQ(interval.count, 4u);
  EXPECT_NEAR(interval.relative_half_width(), interval.half_width() / 2.5, 1e-15);
}

TEST(MeanInterval, OneReplicationHasAnEstimateAndNoInterval) {
  const std::vector<double> one = {7};
  const Interval interval = mean_interval(one, 0.95);
  EXPECT_FALSE(interval.known);
  EXPECT_EQ(interval.estimate, 7);
  EXPECT_TRUE(std::isinf(interval.half_width()));
  EXPECT_NE(interval.reason.find("at least 2"), std::string::npos);
  EXPECT_FALSE(mean_interval({}, 0.95).known);
}

TEST(MeanInterval, EqualReplicationsGiveAnIntervalOfWidthZero) {
  const std::vector<double> equal = {3, 3, 3};
  const Interval interval = mean_interval(equal, 0.95);
  EXPECT_TRUE(interval.known);
  EXPECT_EQ(interval.low, 3);
  EXPECT_EQ(interval.high, 3);
  const std::vector<double> zeros = {0, 0, 0};
  EXPECT_EQ(mean_interval(zeros, 0.95).relative_half_width(), 0);
}

TEST(RatioInterval, EqualWeightsGiveTheMeanIntervalOfTheRatios) {
  // With equal weights w the jackknife is the ordinary standard error of total / w.
  const std::vector<RatioSample> groups = {{10, 5}, {20, 5}, {30, 5}, {40, 5}};
  const std::vector<double> ratios = {2, 4, 6, 8};
  const Interval ratio = ratio_interval(groups, RatioOf::sums, 0.95);
  const Interval mean = mean_interval(ratios, 0.95);
  EXPECT_NEAR(ratio.estimate, mean.estimate, 1e-14);
  EXPECT_NEAR(ratio.low, mean.low, 1e-12);
  EXPECT_NEAR(ratio.high, mean.high, 1e-12);
  EXPECT_EQ(ratio.count, 20u);
}

TEST(RatioInterval, GroupsCountByTheirWeight) {
  // 100 requests of 1 and 300 of 2: (100 + 600) / 400 = 1.75, where the plain mean of the ratios is 1.5.
  // Leave-one-out ratios are 2 and 1: se^2 = 1/2 * (0.5^2 + 0.5^2) = 0.25; t(0.975, 1) = 12.706205.
  const std::vector<RatioSample> groups = {{100, 100}, {600, 300}};
  const Interval interval = ratio_interval(groups, RatioOf::sums, 0.95);
  EXPECT_EQ(interval.estimate, 1.75);
  EXPECT_NEAR(interval.half_width(), 12.7062047362 * 0.5, 1e-8);
}

TEST(RatioInterval, EmptyGroupsAreLeftOut) {
  const std::vector<RatioSample> with = {{1, 2}, {0, 0}, {3, 4}, {5, 6}};
  const std::vector<RatioSample> without = {{1, 2}, {3, 4}, {5, 6}};
  EXPECT_EQ(ratio_interval(with, RatioOf::sums, 0.9).low, ratio_interval(without, RatioOf::sums, 0.9).low);
  EXPECT_EQ(ratio_interval(with, RatioOf::sums, 0.9).groups, 3);
  const std::vector<RatioSample> nothing = {{0, 0}, {0, 0}};
  EXPECT_FALSE(ratio_interval(nothing, RatioOf::sums, 0.9).known);
}

TEST(RatioInterval, OfNoneOrAllOfTheTrialsIsExact) {
  // Of 300 trials none, or all: a chance of 1 - 0.025^(1/300) = 0.01222097 comes out so once in forty.
  const std::vector<RatioSample> none = {{0, 100}, {0, 150}, {0, 50}}, all = {{100, 100}, {200, 200}};
  const Interval never = ratio_interval(none, RatioOf::trials, 0.95);
  EXPECT_TRUE(never.known);
  EXPECT_EQ(never.estimate, 0);
  EXPECT_EQ(never.low, 0);
  EXPECT_NEAR(never.high, 0.0122209747, 1e-10);
  EXPECT_NEAR(std::pow(1 - never.high, 300), 0.025, 1e-12);
  const Interval always = ratio_interval(all, RatioOf::trials, 0.95);
  EXPECT_EQ(always.high, 1);
  EXPECT_NEAR(always.low, 1 - 0.0122209747, 1e-10);
  // One that failed is enough for a spread.
  const std::vector<RatioSample> one = {{0, 100}, {1, 150}, {0, 50}};
  EXPECT_EQ(ratio_interval(one, RatioOf::trials, 0.95).high, ratio_interval(one, RatioOf::sums, 0.95).high);
  EXPECT_EQ(ratio_interval(none, RatioOf::sums, 0.95).high, 0);  // no time was spent so
  const std::vector<RatioSample> alone = {{0, 100}};
  EXPECT_FALSE(ratio_interval(alone, RatioOf::trials, 0.95).known);
}

TEST(RatioInterval, OfNoEventIsExact) {
  // None in 300 s: at -ln(0.025)/300 = 0.01229626 a second so few come about once in forty.
  const std::vector<RatioSample> none = {{0, 100}, {0, 200}}, each = {{100, 100}, {200, 200}};
  const Interval interval = ratio_interval(none, RatioOf::events, 0.95);
  EXPECT_EQ(interval.low, 0);
  EXPECT_NEAR(interval.high, 0.0122962648, 1e-10);
  EXPECT_EQ(ratio_interval(each, RatioOf::events, 0.95).half_width(), 0);  // one a second is no most
}

TEST(SetConfidence, GivesWhatTheOtherConfidenceWouldHaveGiven) {
  const std::vector<RatioSample> none = {{0, 100}, {0, 250}}, all = {{7, 7}, {9, 9}}, some = {{1, 9}, {3, 7}};
  for (const RatioOf what : {RatioOf::sums, RatioOf::events, RatioOf::trials}) {
    for (const std::vector<RatioSample>& groups : {none, all, some}) {
      Interval interval = ratio_interval(groups, what, 0.95);
      set_confidence(interval, 0.999);
      const Interval wanted = ratio_interval(groups, what, 0.999);
      EXPECT_NEAR(interval.low, wanted.low, 1e-8);
      EXPECT_NEAR(interval.high, wanted.high, 1e-8);
      EXPECT_EQ(interval.confidence, 0.999);
    }
  }
}

TEST(RequestsNeeded, AreTwelveBeyondThePercentile) {
  EXPECT_EQ(requests_needed(0.5), 24u);
  EXPECT_EQ(requests_needed(0.99), 1200u);
  EXPECT_EQ(requests_needed(0.999), 12000u);
  EXPECT_EQ(requests_needed(0.01), 1200u);
  EXPECT_EQ(requests_needed(1e-300), std::uint64_t{1} << 63);  // more than there can be
}

std::vector<sim::Histogram> uniform_replications(int replications, int values) {
  std::vector<sim::Histogram> result(static_cast<std::size_t>(replications));
  for (sim::Histogram& h : result) {
    for (int i = 1; i <= values; ++i) h.record(i);
  }
  return result;
}

TEST(PercentileInterval, SaysHowManyRequestsItNeeds) {
  const std::vector<sim::Histogram> few = uniform_replications(10, 119);  // 1190 < 1200
  const Interval p99 = percentile_interval(few, 0.99, 0.95);
  EXPECT_FALSE(p99.known);
  EXPECT_EQ(p99.reason, "p99 needs about 1200 requests; there are 1190");
  EXPECT_TRUE(percentile_interval(few, 0.95, 0.95).known);
  EXPECT_TRUE(percentile_interval(uniform_replications(10, 120), 0.99, 0.95).known);
}

TEST(PercentileInterval, TakesReplicationsTogetherUntilSixRequestsLieBeyondInEach) {
  const auto groups = [](int replications, int values) {
    return percentile_interval(uniform_replications(replications, values), 0.99, 0.95).groups;
  };
  EXPECT_EQ(groups(10, 600), 10);  // 6 each
  EXPECT_EQ(groups(10, 590), 9);   // 59 in all: nine times 6
  EXPECT_EQ(groups(10, 300), 5);
  EXPECT_EQ(groups(10, 120), 2);
  EXPECT_EQ(groups(3, 100'000), 3);
  // Neighbours: replications 1 and 2 against 3 and 4, 30 values each, three of them beyond the 90 % point.
  // The groups' own are 27 and 1027, so s = 1000 / sqrt(2), se = 500, t(0.975, 1) = 12.706205.
  std::vector<sim::Histogram> replications(4);
  for (std::size_t r = 0; r < 4; ++r) {
    for (int i = 1; i <= 30; ++i) replications[r].record((r < 2 ? 0 : 1000) + i);
  }
  const Interval two = percentile_interval(replications, 0.9, 0.95);
  EXPECT_EQ(two.groups, 2);
  EXPECT_NEAR(two.half_width(), 12.7062047362 * 500, 12.7 * 2);  // resolution 2^-10
}

TEST(PercentileInterval, EstimatesFromThePoolAndErrsByTheReplications) {
  // 100 values each: 1..100 and 201..300. The pool's 75 % point has rank 150: value 250. The replications'
  // own are 75 and 275: s = 200 / sqrt(2), se = s / sqrt(2) = 100, t(0.975, 1) = 12.706205.
  std::vector<sim::Histogram> replications(2);
  for (int i = 1; i <= 100; ++i) {
    replications[0].record(i);
    replications[1].record(200 + i);
  }
  const Interval interval = percentile_interval(replications, 0.75, 0.95);
  EXPECT_EQ(interval.estimate, 250);
  EXPECT_NEAR(interval.half_width(), 1270.62047362, 1e-6);
  EXPECT_EQ(interval.count, 200u);
}

TEST(PercentileInterval, LeavesEmptyReplicationsOut) {
  std::vector<sim::Histogram> replications = uniform_replications(3, 100);
  replications.emplace_back();
  const Interval interval = percentile_interval(replications, 0.5, 0.95);
  EXPECT_EQ(interval.groups, 3);
  EXPECT_EQ(interval.estimate, 50);
  EXPECT_EQ(interval.half_width(), 0);
  EXPECT_FALSE(percentile_interval(std::vector<sim::Histogram>(2), 0.5, 0.95).known);
}

TEST(WelchDifference, MatchesAWorkedExample) {
  // a: 1, 2, 3 (mean 2, s^2/n = 1/3); b: 4, 8 (mean 6, s^2/n = 8/2 = 4). dof = (13/3)^2 / ((1/9)/2 + 16/1)
  // = 18.7778 / 16.0556 = 1.169550; t(0.975, 1.169550) = 9.082776.
  const std::vector<double> a = {1, 2, 3};
  const std::vector<double> b = {4, 8};
  const auto [interval, p] = welch_difference(a, b, 0.95);
  EXPECT_EQ(interval.estimate, 4);
  EXPECT_NEAR(interval.half_width(), 9.082776200556 * std::sqrt(13.0 / 3), 1e-7);
  // At the confidence 1 - p the interval ends at 0.
  EXPECT_NEAR(welch_difference(a, b, 1 - p).interval.low, 0, 1e-7);
}

TEST(PairedDifference, IsTheMeanOfTheDifferences) {
  // 1, 2, 6: mean 3, s^2 = 7, se = sqrt(7/3); t = 1.963961, and P(|T| > t) with 2 degrees of freedom is
  // 1 - t / sqrt(2 + t^2).
  const std::vector<double> a = {10, 20, 30};
  const std::vector<double> b = {11, 22, 36};
  const auto [interval, p] = paired_difference(a, b, 0.95);
  EXPECT_EQ(interval.estimate, 3);
  EXPECT_NEAR(interval.half_width(), 4.302652729749 * std::sqrt(7.0 / 3), 1e-7);
  const double t = 3 / std::sqrt(7.0 / 3);
  EXPECT_NEAR(p, 1 - t / std::sqrt(2 + t * t), 1e-12);
  EXPECT_EQ(paired_difference(a, a, 0.95).p_value, 1);
  EXPECT_FALSE(paired_difference(std::span(a).first(1), std::span(b).first(1), 0.95).interval.known);
}

TEST(BatchCorrelation, ATrendIsSuspiciousAndAnAlternationIsNot) {
  std::vector<RatioSample> trend(20);
  std::vector<RatioSample> alternating(20);
  for (std::size_t i = 0; i < 20; ++i) {
    trend[i] = {static_cast<double>(i), 1};
    alternating[i] = {i % 2 == 0 ? 1.0 : 2.0, 1};
  }
  // The trend's residuals are -9.5 .. 9.5: squares sum to 665, neighbours' products to 565.25.
  const BatchCorrelation rising = batch_correlation(trend);
  EXPECT_NEAR(rising.lag1, 565.25 / 665, 1e-12);
  EXPECT_NEAR(rising.von_neumann, std::sqrt(399.0 / 18) * (565.25 + 9.5 * 9.5) / 665, 1e-12);
  EXPECT_TRUE(rising.suspicious);
  const BatchCorrelation regular = batch_correlation(alternating);
  EXPECT_NEAR(regular.lag1, -19.0 / 20, 1e-12);
  EXPECT_FALSE(regular.suspicious);
}

TEST(BatchCorrelation, OfFewerThanTwentyBatchesNothingIsTold) {
  std::vector<RatioSample> trend(20);
  for (std::size_t i = 0; i < 20; ++i) trend[i] = {static_cast<double>(i), 1};
  EXPECT_TRUE(batch_correlation(trend).suspicious);
  EXPECT_FALSE(batch_correlation(std::span(trend).first(19)).suspicious);
  EXPECT_FALSE(batch_correlation(std::vector<RatioSample>(25)).suspicious);  // nothing happened in any
}

}  // namespace
}  // namespace tailrace::analysis
