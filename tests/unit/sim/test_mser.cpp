#include "sim/observe/mser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "tests/support/draws.hpp"

namespace tailrace::sim {
namespace {

using tests::exponential;
using tests::normal;

// MSER-5 over a whole series.
struct MserReport {
  std::uint64_t first_kept = 0;  // value of the series
  bool steady = false, enough = false;
  double mean_kept = 0;
};
MserReport mser5(const std::vector<double>& values) {
  constexpr std::size_t kBatch = MserCollector::kFirstBatchSize;
  std::vector<double> means(values.size() / kBatch, 0.0);
  for (std::size_t i = 0; i < means.size() * kBatch; ++i)
    means[i / kBatch] += values[i] / static_cast<double>(kBatch);
  const MserTruncation truncation = mser_truncation(means);
  return {truncation.batch * kBatch, truncation.steady, truncation.enough, truncation.mean};
}

// y_t = bias * decay^t + an AR(1) with correlation 0.5 and unit variance.
std::vector<double> with_transient(std::uint64_t seed, std::size_t n, double bias, double decay) {
  Stream stream(seed, 0, "test", "ar1");
  std::vector<double> series(n);
  double noise = normal(stream);
  for (double& y : series) {
    y = bias + noise;
    bias *= decay;
    noise = 0.5 * noise + std::sqrt(0.75) * normal(stream);
  }
  return series;
}

TEST(Mser, DropsAStepAndNothingElse) {
  // 30 batches at 10, then 170 at 0: without noise the statistic is 0 from batch 30 on, and ties go to the
  // smallest.
  std::vector<double> means(200, 0.0);
  std::fill(means.begin(), means.begin() + 30, 10.0);
  const MserTruncation truncation = mser_truncation(means);
  EXPECT_EQ(truncation.batch, 30u);
  EXPECT_TRUE(truncation.steady);
  EXPECT_EQ(truncation.mean, 0.0);
  EXPECT_EQ(truncation.statistic, 0.0);
}

TEST(Mser, MatchesTheDefinitionComputedDirectly) {
  Stream stream(1, 0, "test", "values");
  std::vector<double> y(101);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = 1e6 + normal(stream) + (i < 12 ? 3.0 : 0.0);
  std::size_t best = 0;
  double least = 1e300;
  for (std::size_t d = 0; d <= 75; ++d) {  // 101 - ceil(101 / 4)
    const double kept = static_cast<double>(y.size() - d);
    double mean = 0;
    for (std::size_t i = d; i < y.size(); ++i) mean += (y[i] - 1e6) / kept;
    double squares = 0;
    for (std::size_t i = d; i < y.size(); ++i) squares += (y[i] - 1e6 - mean) * (y[i] - 1e6 - mean);
    if (squares / (kept * kept) < least) {
      least = squares / (kept * kept);
      best = d;
    }
  }
  const MserTruncation truncation = mser_truncation(y);
  EXPECT_EQ(truncation.batch, best);
  EXPECT_NEAR(truncation.statistic / least, 1.0, 1e-7);
}

TEST(Mser, ASteadySeriesLosesAlmostNothing) {
  int over_a_tenth = 0;
  int unsteady = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const MserReport report = mser5(with_transient(seed, 5000, 0, 0));
    unsteady += report.steady ? 0 : 1;
    over_a_tenth += report.first_kept > 500 ? 1 : 0;
  }
  EXPECT_LE(over_a_tenth, 2);
  EXPECT_EQ(unsteady, 0);
}

TEST(Mser, FindsTheEndOfADecayingTransient) {
  // bias 20 * 0.99^t: above one standard deviation until t = 298, down to a tenth of it at t = 527.
  std::vector<std::uint64_t> found;
  for (std::uint64_t seed = 0; seed < 101; ++seed) {
    const MserReport report = mser5(with_transient(seed, 5000, 20, 0.99));
    ASSERT_TRUE(report.steady) << seed;
    ASSERT_GE(report.first_kept, 200u) << seed;
    found.push_back(report.first_kept);
  }
  std::sort(found.begin(), found.end());
  EXPECT_GE(found[50], 298u);
  EXPECT_LE(found[50], 600u);
}

TEST(Mser, ATrendNeverReachesASteadyState) {
  std::vector<double> ramp(2000);
  Stream stream(3, 0, "test", "ramp");
  for (std::size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<double>(i) * 0.01 + normal(stream);
  EXPECT_FALSE(mser5(ramp).steady);
  EXPECT_TRUE(mser5(ramp).enough);
  // A transient that ends at 60 % of the run: found, but in the second half.
  std::vector<double> late(200, 0.0);
  std::fill(late.begin(), late.begin() + 120, 5.0);
  EXPECT_EQ(mser_truncation(late).batch, 120u);
  EXPECT_FALSE(mser_truncation(late).steady);
}

TEST(Mser, TooFewBatchesAreNeverSteady) {
  EXPECT_FALSE(mser5(std::vector<double>(99, 1.0)).enough);
  EXPECT_FALSE(mser5(std::vector<double>(99, 1.0)).steady);
  EXPECT_TRUE(mser5(std::vector<double>(100, 1.0)).steady);
  EXPECT_FALSE(mser5({}).steady);
}

// Waiting times of M/M/1 from empty, rho = 0.9, service mean 1 (Lindley): steady mean wait rho / (1 - rho)
// = 9.
std::vector<double> mm1_waits(std::uint64_t seed, std::size_t n, double initial) {
  Stream stream(seed, 0, "test", "mm1");
  std::vector<double> waits(n);
  double wait = initial;
  for (double& w : waits) {
    w = wait;
    wait = std::max(0.0, wait + exponential(stream) - exponential(stream) / 0.9);
  }
  return waits;
}

TEST(Mser, AnOverloadedStartOfAQueueIsDropped) {
  // Starting with 2000 units of work, the queue drains at 1/0.9 - 1 = 0.111 units per arrival: about 18 000
  // arrivals.
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const MserReport report = mser5(mm1_waits(seed, 100000, 2000));
    EXPECT_TRUE(report.steady) << seed;
    EXPECT_GE(report.first_kept, 15000u) << seed;
    EXPECT_LE(report.first_kept, 30000u) << seed;
  }
}

TEST(Mser, AQueueFromEmptyKeepsMostOfTheRunAndItsMeanWithinTwoPercent) {
  // From empty the bias is far below the noise, so little needs dropping. What is kept averages near 9, a
  // little below: the rule also cuts a long early queue that was there by chance. 100 runs of 100 000 waits
  // give the mean a standard error near 0.06 (sd 10, some 400 arrivals per independent value).
  double total = 0;
  int steady = 0;
  int kept_most = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const MserReport report = mser5(mm1_waits(seed, 100000, 0));
    steady += report.steady ? 1 : 0;
    kept_most += report.first_kept < 25000 ? 1 : 0;
    total += report.mean_kept;
  }
  EXPECT_GE(steady, 95);
  EXPECT_GE(kept_most, 95);
  EXPECT_NEAR(total / 100, 9.0, 0.18);
}

TEST(MserCollector, AgreesWithTheSeriesAsLongAsNothingWasJoined) {
  const std::vector<double> series = with_transient(7, 5000, 20, 0.99);
  MserCollector collector;
  for (std::size_t i = 0; i < series.size(); ++i)
    collector.add({static_cast<std::int64_t>(1000 * i + 17)}, series[i]);
  const MserCollector::Answer answer = collector.answer();
  const MserReport report = mser5(series);
  EXPECT_TRUE(answer.steady);
  EXPECT_EQ(answer.dropped, report.first_kept);
  EXPECT_EQ(answer.time.ns, static_cast<std::int64_t>(1000 * report.first_kept + 17));
  EXPECT_EQ(answer.batch_size, 5u);
  EXPECT_EQ(answer.values, 5000u);
}

TEST(MserCollector, JoinsBatchesWhenFullAndStillFindsTheTransient) {
  // 300 000 values: 60 000 batches of 5 do not fit in 4096. Joined at 20 480, 40 960, 81 920, 163 840:
  // batches of 80.
  MserCollector collector;
  Stream stream(9, 0, "test", "long");
  for (std::int64_t i = 0; i < 300000; ++i) collector.add({i}, normal(stream) + (i < 60000 ? 5.0 : 0.0));
  const MserCollector::Answer answer = collector.answer();
  EXPECT_EQ(answer.batch_size, 80u);
  EXPECT_TRUE(answer.steady);
  EXPECT_EQ(answer.time.ns % 80, 0);
  EXPECT_NEAR(static_cast<double>(answer.time.ns), 60000, 80 * 10);
}

TEST(MserCollector, NothingDroppedIsTimeZeroAndTooLittleIsSaid) {
  MserCollector collector;
  for (std::int64_t i = 0; i < 99; ++i) collector.add({1000 + i}, 1.0);
  EXPECT_FALSE(collector.answer().enough);
  collector.add({2000}, 1.0);
  EXPECT_TRUE(collector.answer().steady);
  EXPECT_EQ(collector.answer().time.ns, 0);
  EXPECT_EQ(collector.answer().dropped, 0u);
}

}  // namespace
}  // namespace tailrace::sim
