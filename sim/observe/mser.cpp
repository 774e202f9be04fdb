#include "sim/observe/mser.hpp"

#include <limits>

namespace tailrace::sim {

MserTruncation mser_truncation(std::span<const double> batch_means) {
  MserTruncation best;
  const std::size_t n = batch_means.size();
  best.enough = n >= kMserMinBatches;
  if (n == 0) return best;
  const std::size_t last = n - (n + 3) / 4;  // the largest truncation searched leaves a quarter
  best.statistic = std::numeric_limits<double>::infinity();
  double mean = 0;
  double squares = 0;
  for (std::size_t d = n; d-- > 0;) {
    const double kept = static_cast<double>(n - d);
    const double delta = batch_means[d] - mean;
    mean += delta / kept;
    squares += delta * (batch_means[d] - mean);
    if (d > last) continue;
    const double statistic = squares / (kept * kept);
    if (statistic <= best.statistic) {
      best.statistic = statistic;
      best.batch = d;
      best.mean = mean;
    }
  }
  best.steady = best.enough && 2 * best.batch <= n;
  return best;
}

MserCollector::MserCollector() {
  batches_.reserve(kMaxBatches);
}

void MserCollector::add(Instant time, double value) {
  if (in_open_ == 0) open_ = {time.ns, 0};
  open_.sum += value;
  ++in_open_;
  ++count_;
  if (in_open_ < batch_size_) return;
  batches_.push_back(open_);
  in_open_ = 0;
  if (batches_.size() == kMaxBatches) join_neighbours();
}

void MserCollector::join_neighbours() {
  for (std::size_t i = 0; i < kMaxBatches / 2; ++i) {
    batches_[i] = {batches_[2 * i].start_ns, batches_[2 * i].sum + batches_[2 * i + 1].sum};
  }
  batches_.resize(kMaxBatches / 2);
  batch_size_ *= 2;
}

MserCollector::Answer MserCollector::answer() const {
  std::vector<double> means;
  means.reserve(batches_.size());
  for (const Batch& batch : batches_) means.push_back(batch.sum / static_cast<double>(batch_size_));
  const MserTruncation truncation = mser_truncation(means);
  Answer answer;
  answer.steady = truncation.steady;
  answer.enough = truncation.enough;
  answer.values = count_;
  answer.batch_size = batch_size_;
  answer.dropped = truncation.batch * batch_size_;
  if (truncation.batch > 0) answer.time = {batches_[truncation.batch].start_ns};
  return answer;
}

}  // namespace tailrace::sim
