// Hit ratios by theory: exact laws against sums written out, approximations against the exact laws.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "analysis/caching/hit_ratio.hpp"

namespace tailrace::analysis {
namespace {

std::vector<double> zipf(int keys, double s) {
  std::vector<double> p;
  double sum = 0;
  for (int k = 1; k <= keys; ++k) sum += std::pow(k, -s);
  for (int k = 1; k <= keys; ++k) p.push_back(std::pow(k, -s) / sum);
  return p;
}

// Orders of recency (first, second): P = p q / (1 - p).
TEST(HitRatio, LruOfThreeKeysAndTwoPlaces) {
  const double expected = 0.5 * 0.3 / 0.5 * 0.8 + 0.5 * 0.2 / 0.5 * 0.7 + 0.3 * 0.5 / 0.7 * 0.8 +
                          0.3 * 0.2 / 0.7 * 0.5 + 0.2 * 0.5 / 0.8 * 0.7 + 0.2 * 0.3 / 0.8 * 0.5;
  EXPECT_NEAR(lru_hit_ratio_exact({0.5, 0.3, 0.2}, 2), expected, 1e-14);
  EXPECT_NEAR(lru_hit_ratio_exact({0.5, 0.3, 0.2}, 1), 0.25 + 0.09 + 0.04, 1e-14);
}

TEST(HitRatio, EqualKeysHitAsOftenAsTheyFitUnderEveryPolicy) {
  const std::vector<double> p(8, 0.125);
  EXPECT_NEAR(lru_hit_ratio_exact(p, 3), 3 / 8.0, 1e-12);
  EXPECT_NEAR(fifo_hit_ratio_exact(p, 3), 3 / 8.0, 1e-12);
  EXPECT_NEAR(lru_hit_ratio_che(p, 3), 3 / 8.0, 1e-9);
  EXPECT_NEAR(fifo_hit_ratio_che(p, 3), 3 / 8.0, 1e-9);
  EXPECT_NEAR(pinned_hit_ratio(p, 3), 3 / 8.0, 1e-12);
}

TEST(HitRatio, FifoOfSixZipfKeysAndThreePlaces) {
  const std::vector<double> p = zipf(6, 1);
  double weight = 0, hits = 0;
  for (std::size_t a = 0; a < 6; ++a)
    for (std::size_t b = a + 1; b < 6; ++b)
      for (std::size_t c = b + 1; c < 6; ++c) {
        weight += p[a] * p[b] * p[c];
        hits += p[a] * p[b] * p[c] * (p[a] + p[b] + p[c]);
      }
  EXPECT_NEAR(fifo_hit_ratio_exact(p, 3), hits / weight, 1e-12);
}

// LRU beats FIFO, which knows nothing of use; nobody beats who knows the popularities.
TEST(HitRatio, PoliciesStandInTheirOrder) {
  const std::vector<double> p = zipf(12, 1);
  for (std::size_t c = 1; c < 12; ++c) {
    EXPECT_LE(fifo_hit_ratio_exact(p, c), lru_hit_ratio_exact(p, c) + 1e-12);
    EXPECT_LT(lru_hit_ratio_exact(p, c), pinned_hit_ratio(p, c));
    EXPECT_NEAR(lru_hit_ratio_che(p, static_cast<double>(c)), lru_hit_ratio_exact(p, c), 0.03);
    EXPECT_NEAR(fifo_hit_ratio_che(p, static_cast<double>(c)), fifo_hit_ratio_exact(p, c), 0.03);
  }
}

// Sum of p (1 - exp(-p t)), with the t at which the sum of (1 - exp(-p t)) is 100; solved outside the
// program.
TEST(HitRatio, ManyKeysByTheKnownFigure) {
  EXPECT_NEAR(lru_hit_ratio_che(zipf(1000, 0.8), 100), 0.3777902213, 1e-9);
}

TEST(HitRatio, TtlsByTheirRenewalArguments) {
  // Of a fixed time: after each miss 0.5 x 3 = 1.5 hits on average, of 2.5 requests. Of a sliding one: a hit
  // is who comes within 1 s of the one before.
  EXPECT_NEAR(ttl_hit_ratio({1}, 0.5, 3, false), 1.5 / 2.5, 1e-14);
  EXPECT_NEAR(ttl_hit_ratio({1}, 1.2, 1, true), 1 - std::exp(-1.2), 1e-14);
  // Two keys, asked for 3 times and once in a ttl.
  EXPECT_NEAR(ttl_hit_ratio({0.75, 0.25}, 2, 2, false), 0.75 * 3 / 4 + 0.25 * 1 / 2, 1e-14);
  EXPECT_NEAR(ttl_hit_ratio({0.75, 0.25}, 2, 2, true), 0.75 * (1 - std::exp(-3)) + 0.25 * (1 - std::exp(-1)),
              1e-14);
}

TEST(HitRatio, BoundsAreBounds) {
  const std::vector<double> p = zipf(5, 1);
  EXPECT_EQ(lru_hit_ratio_exact(p, 0), 0);
  EXPECT_EQ(lru_hit_ratio_exact(p, 5), 1);
  EXPECT_EQ(fifo_hit_ratio_exact(p, 9), 1);
  EXPECT_EQ(lru_hit_ratio_che(p, 0), 0);
}

TEST(HitTheory, KnowsWhatItDoesNotKnow) {
  models::Cache c;
  c.settings.capacity = 10;
  EXPECT_FALSE(hit_theory(c, 1).has_value());  // no law of keys
  c.keys = sim::Distribution::zipf(1, 1000);
  ASSERT_TRUE(hit_theory(c, 1).has_value());
  EXPECT_FALSE(hit_theory(c, 1)->exact);
  c.settings.policy = models::Replacement::lfu;
  EXPECT_FALSE(hit_theory(c, 1).has_value());
  c.settings.policy = models::Replacement::lru;
  c.settings.ttl = sim::Duration{1'000'000'000};  // and a capacity: neither alone decides
  EXPECT_FALSE(hit_theory(c, 1).has_value());
}

TEST(HitTheory, TakesTheLawOfItsPolicy) {
  models::Cache c;
  c.keys = sim::Distribution::zipf(1, 6);
  c.settings.capacity = 3;
  const std::vector<double> p = zipf(6, 1);
  EXPECT_NEAR(hit_theory(c, 1)->ratio, lru_hit_ratio_exact(p, 3), 1e-12);
  EXPECT_TRUE(hit_theory(c, 1)->exact);
  c.settings.policy = models::Replacement::random;
  EXPECT_NEAR(hit_theory(c, 1)->ratio, fifo_hit_ratio_exact(p, 3), 1e-12);
  c.settings.policy = models::Replacement::pinned;
  EXPECT_NEAR(hit_theory(c, 1)->ratio, pinned_hit_ratio(p, 3), 1e-12);
  c.settings.capacity = 6;
  EXPECT_EQ(hit_theory(c, 1)->ratio, 1);
  c.settings.ttl = sim::Duration{2'000'000'000};  // all fit, so it alone decides
  EXPECT_NEAR(hit_theory(c, 5)->ratio, ttl_hit_ratio(p, 5, 2, false), 1e-12);
  EXPECT_FALSE(hit_theory(c, -1).has_value());
}

}  // namespace
}  // namespace tailrace::analysis
