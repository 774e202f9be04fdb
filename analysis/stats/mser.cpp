#include "analysis/stats/mser.hpp"

#include <cstddef>
#include <vector>

namespace tailrace::analysis {

MserReport mser5(std::span<const double> values) {
  constexpr std::size_t kBatch = sim::MserCollector::kFirstBatchSize;
  std::vector<double> means(values.size() / kBatch, 0.0);
  for (std::size_t b = 0; b < means.size(); ++b) {
    for (std::size_t i = 0; i < kBatch; ++i) means[b] += values[b * kBatch + i];
    means[b] /= static_cast<double>(kBatch);
  }
  const sim::MserTruncation truncation = sim::mser_truncation(means);
  return {truncation.batch * kBatch, truncation.steady, truncation.enough, truncation.mean};
}

}  // namespace tailrace::analysis
