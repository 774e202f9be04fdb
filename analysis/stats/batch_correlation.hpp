#pragma once
// Batch means: an interval from one long run, cut into batches of equal time, which stand in for
// replications. That holds only when a batch is much longer than the run's memory; a von Neumann test says
// when it is visibly not. Use replications where you can: they need no such hope, and pay only the warm-up
// again. The interval itself is a replication's (interval.hpp), with batches as the groups.
#include <span>

#include "analysis/stats/interval.hpp"

namespace tailrace::analysis {

inline constexpr int kMinBatches = 20;  // fewer leave the test blind (Schmeiser 1982)

struct BatchCorrelation {
  double lag1 = 0;
  // Von Neumann's statistic in Fishman's form (1978): about standard normal when batches are independent,
  // large when neighbours are alike.
  double von_neumann = 0;
  // The statistic passed its 95 % point: batches are correlated and the interval is too narrow; run longer.
  // Independent batches raise the flag in one run of twenty.
  bool suspicious = false;
};

// One sample per batch, in time order: total latency and requests, or time integral and seconds. Of fewer
// than kMinBatches nothing is told.
BatchCorrelation batch_correlation(std::span<const RatioSample> batches);

}  // namespace tailrace::analysis
