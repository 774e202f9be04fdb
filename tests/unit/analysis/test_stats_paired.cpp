// Differences of paired replications: the formulas by hand, and the correction for many comparisons.
#include <gtest/gtest.h>

#include <cmath>

#include "analysis/stats/paired.hpp"
#include "analysis/stats/student.hpp"

namespace tailrace::analysis {
namespace {

std::vector<RatioSample> samples(const std::vector<double>& ratios, double weight = 1) {
  std::vector<RatioSample> list;
  for (const double r : ratios) list.push_back({r * weight, weight});
  return list;
}

TEST(Paired, EqualWeightsGiveTheTextbooksPairedTInterval) {
  // Differences 2, 4, 3, 3: mean 3, variance (1 + 1 + 0 + 0) / 3, standard error sqrt(2/3 / 4).
  const PairedComparison c = compare_ratios(samples({10, 20, 30, 40}), samples({12, 24, 33, 43}), 0.95);
  const double error = std::sqrt(2.0 / 3 / 4);
  EXPECT_DOUBLE_EQ(c.a, 25);
  EXPECT_DOUBLE_EQ(c.b, 28);
  ASSERT_TRUE(c.difference.known);
  EXPECT_NEAR(c.difference.estimate, 3, 1e-12);
  EXPECT_NEAR(c.difference.half_width(), t_critical(0.95, 3) * error, 1e-12);
  EXPECT_NEAR(c.p_value, 2 * t_cdf(-3 / error, 3), 1e-12);
  EXPECT_NEAR(c.ratio.estimate, 28.0 / 25, 1e-12);
}

TEST(Paired, ACommonFactorHasARatioWithoutAnyDoubt) {
  const PairedComparison c = compare_ratios(samples({10, 20, 30}), samples({5, 10, 15}), 0.95);
  EXPECT_DOUBLE_EQ(c.ratio.estimate, 0.5);
  EXPECT_NEAR(c.ratio.high - c.ratio.low, 0, 1e-12);
  EXPECT_GT(c.difference.half_width(), 1);  // 5, 10 and 15 differ
}

TEST(Paired, TheSameOnBothSidesIsNoDifferenceWithCertainty) {
  const auto a = samples({0.1, 0.7, 0.3}, 7);
  const PairedComparison c = compare_ratios(a, a, 0.95);
  EXPECT_EQ(c.difference.estimate, 0);
  EXPECT_EQ(c.difference.half_width(), 0);
  EXPECT_EQ(c.p_value, 1);
}

TEST(Paired, APairWithoutWeightOnOneSideIsLeftOut) {
  auto a = samples({10, 20, 30});
  auto b = samples({11, 21, 31});
  b[1] = {0, 0};
  const PairedComparison c = compare_ratios(a, b, 0.95);
  EXPECT_EQ(c.difference.groups, 2);
  EXPECT_DOUBLE_EQ(c.a, 20);
  EXPECT_NEAR(c.difference.estimate, 1, 1e-12);
}

TEST(Paired, OnePairGivesNoInterval) {
  const PairedComparison c = compare_ratios(samples({10}), samples({20}), 0.95);
  EXPECT_FALSE(c.difference.known);
  EXPECT_DOUBLE_EQ(c.difference.estimate, 10);
  EXPECT_NE(c.difference.reason, "");
}

TEST(Paired, NothingOverNothingHasNoRatio) {
  const PairedComparison c = compare_ratios(samples({0, 0}), samples({0, 0}), 0.95);
  EXPECT_TRUE(c.difference.known);
  EXPECT_FALSE(c.ratio.known);
}

std::vector<sim::Histogram> histograms(int count, std::int64_t step, int values) {
  std::vector<sim::Histogram> list(static_cast<std::size_t>(count));
  for (int r = 0; r < count; ++r) {
    for (int i = 1; i <= values; ++i) list[static_cast<std::size_t>(r)].record(i * step + r);
  }
  return list;
}
std::vector<const sim::Histogram*> pointers(const std::vector<sim::Histogram>& list) {
  std::vector<const sim::Histogram*> p;
  for (const sim::Histogram& h : list) p.push_back(&h);
  return p;
}

TEST(Paired, PercentilesTakeNeighboursTogetherUntilEnoughLiesBeyond) {
  // 200 requests in each of 10: two lie beyond p99 in each, so three at a time make six: three groups.
  const auto a = histograms(10, 1000, 200), b = histograms(10, 2000, 200);
  const PairedComparison c = compare_percentiles(pointers(a), pointers(b), 0.99, 1, 0.95);
  EXPECT_EQ(c.difference.groups, 3);
  EXPECT_NEAR(c.ratio.estimate, 2, 0.01);
  EXPECT_TRUE(c.ratio.covers(c.ratio.estimate));
}

TEST(Paired, APercentileOfFewRequestsIsUnknown) {
  const auto a = histograms(10, 1000, 100), b = histograms(10, 2000, 100);  // 1000; p99 needs 1200
  const PairedComparison c = compare_percentiles(pointers(a), pointers(b), 0.99, 1, 0.95);
  EXPECT_FALSE(c.difference.known);
  EXPECT_NE(c.difference.reason.find("1200"), std::string::npos) << c.difference.reason;
}

TEST(Holm, AdjustsAsByHand) {
  // Sorted .005 .01 .03 .04 times 4 3 2 1: .02 .03 .06 .04, made to rise: .02 .03 .06 .06.
  const std::vector<double> adjusted = holm_adjusted(std::vector<double>{0.01, 0.04, 0.03, 0.005});
  ASSERT_EQ(adjusted.size(), 4u);
  EXPECT_NEAR(adjusted[0], 0.03, 1e-12);
  EXPECT_NEAR(adjusted[1], 0.06, 1e-12);
  EXPECT_NEAR(adjusted[2], 0.06, 1e-12);
  EXPECT_NEAR(adjusted[3], 0.02, 1e-12);
  EXPECT_TRUE(holm_adjusted({}).empty());
}

}  // namespace
}  // namespace tailrace::analysis
