#include "analysis/stats/batch_means.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>

namespace tailrace::analysis {

namespace {

constexpr double kNormal95 = 1.6448536269514722;  // the normal law's 95 % point

}  // namespace

BatchMeansReport batch_means(std::span<const RatioSample> batches, double confidence) {
  BatchMeansReport report;
  report.interval = ratio_interval(batches, confidence);
  const std::size_t n = batches.size();
  if (n < static_cast<std::size_t>(kMinBatches)) {
    Interval& interval = report.interval;
    interval.low = -std::numeric_limits<double>::infinity();
    interval.high = -interval.low;
    interval.known = false;
    interval.reason = fmt::format("batch means need at least {} batches; there are {}", kMinBatches, n);
    return report;
  }
  // What is tested is what the ratio's error is made of: total - theta * weight, which sums to zero.
  const auto residual = [&](std::size_t i) {
    return batches[i].total - report.interval.estimate * batches[i].weight;
  };
  double squares = 0;
  double products = 0;
  for (std::size_t i = 0; i < n; ++i) {
    squares += residual(i) * residual(i);
    if (i + 1 < n) products += residual(i) * residual(i + 1);
  }
  if (squares == 0) return report;
  const double b = static_cast<double>(n);
  const double ends = residual(0) * residual(0) + residual(n - 1) * residual(n - 1);
  report.lag1_correlation = products / squares;
  report.von_neumann = std::sqrt((b * b - 1) / (b - 2)) * (report.lag1_correlation + ends / (2 * squares));
  report.suspicious = report.von_neumann > kNormal95;
  return report;
}

std::vector<RatioSample> equal_batches(std::span<const RatioSample> windows) {
  const std::size_t n = windows.size();
  if (n < static_cast<std::size_t>(kMinBatches)) return {windows.begin(), windows.end()};
  std::size_t batches = 0;
  std::size_t used = 0;
  for (std::size_t b = kMinBatches; b <= static_cast<std::size_t>(kMaxBatches); ++b) {
    const std::size_t would_use = b * (n / b);
    if (would_use >= used) {
      used = would_use;
      batches = b;
    }
  }
  const std::size_t length = used / batches;
  std::vector<RatioSample> joined(batches);
  for (std::size_t i = 0; i < used; ++i) {
    const RatioSample& window = windows[n - used + i];
    joined[i / length].total += window.total;
    joined[i / length].weight += window.weight;
  }
  return joined;
}

}  // namespace tailrace::analysis
