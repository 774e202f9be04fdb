#include "analysis/stats/batch_correlation.hpp"

#include <cmath>
#include <cstddef>

namespace tailrace::analysis {

namespace {

constexpr double kNormal95 = 1.6448536269514722;  // the normal law's 95 % point

}  // namespace

BatchCorrelation batch_correlation(std::span<const RatioSample> batches) {
  BatchCorrelation report;
  const std::size_t n = batches.size();
  if (n < static_cast<std::size_t>(kMinBatches)) return report;
  RatioSample all;
  for (const RatioSample& batch : batches) {
    all.total += batch.total;
    all.weight += batch.weight;
  }
  if (!(all.weight > 0)) return report;
  // What is tested is what the ratio's error is made of: total - theta * weight, which sums to zero.
  const double theta = all.total / all.weight;
  const auto residual = [&](std::size_t i) { return batches[i].total - theta * batches[i].weight; };
  double squares = 0;
  double products = 0;
  for (std::size_t i = 0; i < n; ++i) {
    squares += residual(i) * residual(i);
    if (i + 1 < n) products += residual(i) * residual(i + 1);
  }
  if (squares == 0) return report;
  const double b = static_cast<double>(n);
  const double ends = residual(0) * residual(0) + residual(n - 1) * residual(n - 1);
  report.lag1 = products / squares;
  report.von_neumann = std::sqrt((b * b - 1) / (b - 2)) * (report.lag1 + ends / (2 * squares));
  report.suspicious = report.von_neumann > kNormal95;
  return report;
}

}  // namespace tailrace::analysis
