// Do 95 % intervals cover the truth 95 times in a hundred? 2000 trials each, so the count's own standard
// deviation is sqrt(0.95 * 0.05 / 2000) = 0.49 %: the band of 93 to 97 % is four of them wide on each side.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "analysis/stats/batch_correlation.hpp"
#include "analysis/stats/interval.hpp"
#include "analysis/stats/sequential.hpp"
#include "sim/base/math.hpp"
#include "tests/support/draws.hpp"

namespace tailrace::analysis {
namespace {

using sim::Stream;
using tests::exponential;
using tests::normal;

constexpr int kTrials = 2000;
constexpr int kReplications = 10;

// The share of trials whose interval covers `truth`; make_interval(stream) runs one trial.
template <class MakeInterval>
double coverage(double truth, const char* purpose, MakeInterval make_interval) {
  int covered = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    Stream stream(20, static_cast<std::uint64_t>(trial), "coverage", purpose);
    const Interval interval = make_interval(stream);
    EXPECT_TRUE(interval.known);
    covered += interval.covers(truth) ? 1 : 0;
  }
  const double share = static_cast<double>(covered) / kTrials;
  ::testing::Test::RecordProperty("coverage_permille", static_cast<int>(1000 * share));
  return share;
}

void expect_nominal(double share) {
  EXPECT_GE(share, 0.93);
  EXPECT_LE(share, 0.97);
}

TEST(Coverage, OfAMeanOfExponentialValues) {
  expect_nominal(coverage(1.0, "mean", [](Stream& stream) {
    std::vector<double> means;
    for (int r = 0; r < kReplications; ++r) {
      double sum = 0;
      for (int i = 0; i < 100; ++i) sum += exponential(stream);
      means.push_back(sum / 100);
    }
    return mean_interval(means, 0.95);
  }));
}

TEST(Coverage, OfARatioWhoseCountIsRandomAndCorrelatedWithItsTotal) {
  // Each replication lasts 100 units of time at rate 1 (a random number of requests), values are exponential
  // with mean 3: the truth is 3.
  expect_nominal(coverage(3.0, "ratio", [](Stream& stream) {
    std::vector<RatioSample> groups;
    for (int r = 0; r < kReplications; ++r) {
      RatioSample group;
      for (double t = exponential(stream); t < 100; t += exponential(stream)) {
        group.total += 3 * exponential(stream);
        group.weight += 1;
      }
      groups.push_back(group);
    }
    return ratio_interval(groups, RatioOf::sums, 0.95);
  }));
}

TEST(Coverage, OfAQueuesMeanWaitFromCorrelatedValues) {
  // M/M/1 waits, rho = 0.5, service mean 1: mean wait rho / (1 - rho) = 1. Each replication starts in the
  // stationary law (no wait with probability 1 - rho, else exponential with mean 1 / (1 - rho) = 2) and spans
  // 500 requests.
  expect_nominal(coverage(1.0, "mm1", [](Stream& stream) {
    std::vector<RatioSample> groups;
    for (int r = 0; r < kReplications; ++r) {
      double wait = stream.uniform() < 0.5 ? 0.0 : 2 * exponential(stream);
      RatioSample group{0, 500};
      for (int i = 0; i < 500; ++i) {
        group.total += wait;
        wait = std::max(0.0, wait + exponential(stream) - 2 * exponential(stream));
      }
      groups.push_back(group);
    }
    return ratio_interval(groups, RatioOf::sums, 0.95);
  }));
}

double percentile_coverage(double p, int values, const char* purpose) {
  const double truth = -1e6 * sim::math::log(1 - p);
  std::vector<sim::Histogram> replications(kReplications);
  return coverage(truth, purpose, [&](Stream& stream) {
    for (sim::Histogram& h : replications) {
      h.clear();
      for (int i = 0; i < values; ++i) h.record(static_cast<std::int64_t>(1e6 * exponential(stream)));
    }
    return percentile_interval(replications, p, 0.95);
  });
}

TEST(Coverage, OfTheMedian) {
  expect_nominal(percentile_coverage(0.5, 200, "p50"));
}
TEST(Coverage, OfTheNinetiethPercentile) {
  expect_nominal(percentile_coverage(0.9, 200, "p90"));
}
TEST(Coverage, OfTheNinetyNinthPercentile) {
  expect_nominal(percentile_coverage(0.99, 1000, "p99"));
}

// Few requests beyond the percentile, from the fewest allowed (two groups of six) to six in each replication,
// of a light and of a heavy tail: the interval grows wider, and goes on covering.
TEST(Coverage, OfPercentilesOfFewRequests) {
  for (const int values : {12, 20, 25, 40, 60}) {
    const double share = percentile_coverage(0.9, values, "p90 few");
    EXPECT_GE(share, 0.93) << values;
    EXPECT_LE(share, 0.97) << values;
  }
  for (const int values : {120, 300, 600}) {
    EXPECT_GE(percentile_coverage(0.99, values, "p99 few"), 0.93) << values;
  }
}

TEST(Coverage, OfAPercentileOfFewRequestsOfAHeavyTail) {
  const double truth = 1e6 * sim::math::exp(sim::math::log(10) / 2.2);
  for (const int values : {12, 30, 60}) {
    std::vector<sim::Histogram> replications(kReplications);
    const double share = coverage(truth, "pareto", [&](Stream& stream) {
      for (sim::Histogram& h : replications) {
        h.clear();
        for (int i = 0; i < values; ++i)
          h.record(static_cast<std::int64_t>(1e6 * sim::math::exp(exponential(stream) / 2.2)));
      }
      return percentile_interval(replications, 0.9, 0.95);
    });
    EXPECT_GE(share, 0.92) << values;
  }
}

TEST(Coverage, OfADifferenceOfUnequalSpreads) {
  expect_nominal(coverage(1.0, "welch", [](Stream& stream) {
    std::vector<double> a;
    std::vector<double> b;
    for (int r = 0; r < kReplications; ++r) a.push_back(normal(stream));
    for (int r = 0; r < 5; ++r) b.push_back(1 + 3 * normal(stream));
    return welch_difference(a, b, 0.95).interval;
  }));
}

// 24 batches that follow an AR(1) with the given correlation.
std::vector<RatioSample> ar1_batches(Stream& stream, double correlation) {
  std::vector<RatioSample> batches;
  double noise = normal(stream);
  for (int b = 0; b < 24; ++b) {
    batches.push_back({10 + noise, 1});
    noise = correlation * noise + std::sqrt(1 - correlation * correlation) * normal(stream);
  }
  return batches;
}

double suspicious_share(double correlation) {
  int flagged = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    Stream stream(21, static_cast<std::uint64_t>(trial), "coverage", "batches");
    flagged += batch_correlation(ar1_batches(stream, correlation)).suspicious ? 1 : 0;
  }
  return static_cast<double>(flagged) / kTrials;
}

TEST(Coverage, OfIndependentBatchMeans) {
  expect_nominal(coverage(10.0, "batches", [](Stream& stream) {
    return ratio_interval(ar1_batches(stream, 0), RatioOf::sums, 0.95);
  }));
}

TEST(BatchCorrelation, FlagsIndependentBatchesOneTimeInTwentyAndCorrelatedOnesMostly) {
  EXPECT_NEAR(suspicious_share(0), 0.05, 0.02);  // four standard deviations
  EXPECT_GE(suspicious_share(0.5), 0.7);
  EXPECT_GE(suspicious_share(0.8), 0.95);
  EXPECT_LE(suspicious_share(-0.3), 0.01);
}

TEST(Coverage, OfSequentialStoppingIsALittleBelowNominal) {
  // Replication values normal with a coefficient of variation of 20 %, target 5 %: about (1.96 * 20 / 5)^2 =
  // 61 replications by the normal law, reached in rounds of 5 from 10.
  const SequentialOptions options{.relative_precision = 0.05};
  double used = 0;
  const double share = coverage(1.0, "sequential", [&](Stream& stream) {
    std::vector<double> values;
    SequentialDecision decision = decide(0, {}, options);
    Interval interval;
    while (decision.verdict == SequentialVerdict::go_on) {
      while (static_cast<int>(values.size()) < decision.replications)
        values.push_back(1 + 0.2 * normal(stream));
      interval = mean_interval(values, 0.95);
      const std::vector<TargetMetric> metrics = {{"mean", interval}};
      decision = decide(static_cast<int>(values.size()), metrics, options);
    }
    EXPECT_EQ(decision.verdict, SequentialVerdict::stop);
    used += static_cast<double>(values.size()) / kTrials;
    return interval;
  });
  EXPECT_GE(share, 0.92);
  EXPECT_LE(share, 0.96);
  EXPECT_NEAR(used, 61, 6);
}

}  // namespace
}  // namespace tailrace::analysis
