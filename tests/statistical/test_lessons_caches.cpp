// What the library's scenarios about caches teach, as claims.
#include <gtest/gtest.h>

#include <stdexcept>

#include "analysis/caching/hit_ratio.hpp"
#include "tests/statistical/lessons.hpp"

namespace tailrace::tests {
namespace {

const analysis::CacheReport& cache(const Results& run, const std::string& name) {
  for (const analysis::CacheReport& c : run.report.caches) {
    if (c.name == name) return c;
  }
  throw std::runtime_error("no cache " + name);
}

TEST(CacheHitRatio, IsWhatCheSaysAndPoliciesDiffer) {
  const Results lru = run_library("cache-hit-ratio");
  const analysis::CacheReport& c = cache(lru, "products");
  ASSERT_TRUE(c.theory.has_value());
  EXPECT_NEAR(c.theory->ratio, 0.556, 0.001);
  EXPECT_NEAR(c.hit_ratio.estimate, c.theory->ratio, 0.003);
  const auto hits = [](const char* change) {
    return cache(run_library("cache-hit-ratio", {change}), "products").hit_ratio.estimate;
  };
  const double fifo = hits("caches.products.policy=fifo"), lfu = hits("caches.products.policy=lfu");
  EXPECT_NEAR(fifo, 0.510, 0.003);
  EXPECT_NEAR(hits("caches.products.policy=pinned"), 0.671, 0.003);
  EXPECT_GT(lfu, c.hit_ratio.estimate + 0.03);
  EXPECT_LT(lfu, 0.671);
}

// What misses is what the database does: 2000/s x 44.4 % x 5 ms on 20 connections.
TEST(CacheHitRatio, MissesAreTheDatabasesLoad) {
  const Results run = run_library("cache-hit-ratio");
  EXPECT_NEAR(station(run.report, "catalog").utilization.estimate, 2000 * 0.444 * 0.005 / 20, 0.003);
}

TEST(CacheStampede, FlushTakesTheDatabaseDownAndOneFetchPerKeySavesIt) {
  const Results cold = run_library("cache-stampede");
  const Results saved = run_library("cache-stampede", {"caches.pages.coalesce=true"});
  EXPECT_LT(most(cold, successes("readers")), 0.95);
  EXPECT_GT(mean(cold, wasted_share("store")), 0.95);  // rendered for nobody
  EXPECT_EQ(least(saved, successes("readers")), 1);
  EXPECT_EQ(cache(saved, "pages").counts.fetches, 30u * 5);  // one per key and replication
  EXPECT_GT(cache(cold, "pages").counts.fetches, 100u * cache(saved, "pages").counts.fetches);
}

TEST(StaleWhileRevalidate, TakesTheFetchOutOfTheTail) {
  const Results run = run_library("stale-while-revalidate");
  const double waiting = percentile(workload(run.report, "waiting").success_duration, 0.99);
  const double relaxed = percentile(workload(run.report, "relaxed").success_duration, 0.99);
  EXPECT_NEAR(waiting, 0.3, 0.01);
  EXPECT_EQ(relaxed, 0);
  // The origin is asked as often.
  const double plain = cache(run, "fresh_only").fetches_per_s.estimate;
  EXPECT_NEAR(cache(run, "stale_too").fetches_per_s.estimate / plain, 1, 0.05);
  EXPECT_GT(cache(run, "stale_too").stale.estimate, 0.05);
}

}  // namespace
}  // namespace tailrace::tests
