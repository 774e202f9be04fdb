#pragma once
// Batch means: an interval from one long run, cut into 20 to 30 batches of equal time. The batches stand in
// for replications, which holds only when a batch is much longer than the run's memory; a von Neumann test
// says when it is visibly not. Use replications where you can: they need no such hope, and pay only the
// warm-up again. Fewer than 20 batches leave the test blind, more than 30 sharpen the interval by under 1 %
// and lengthen the correlation's reach (Schmeiser 1982).
#include <span>
#include <vector>

#include "analysis/stats/interval.hpp"

namespace tailrace::analysis {

inline constexpr int kMinBatches = 20;
inline constexpr int kMaxBatches = 30;

struct BatchMeansReport {
  Interval interval;
  double lag1_correlation = 0;
  // Von Neumann's statistic in Fishman's form (1978): about standard normal when batches are independent,
  // large when neighbours are alike.
  double von_neumann = 0;
  // The statistic passed its 95 % point: batches are correlated and the interval is too narrow; run longer.
  // Independent batches raise the flag in one run of twenty.
  bool suspicious = false;
};

// One sample per batch, in time order: total latency and requests, or time integral and seconds.
BatchMeansReport batch_means(std::span<const RatioSample> batches, double confidence);

// Joins equal windows into the number of batches in kMinBatches..kMaxBatches that leaves the fewest windows
// over (ties: more batches); what is left over is dropped at the start, next to the warm-up. Fewer windows
// than kMinBatches come back as they are.
std::vector<RatioSample> equal_batches(std::span<const RatioSample> windows);

}  // namespace tailrace::analysis
