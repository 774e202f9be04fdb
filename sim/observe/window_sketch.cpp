#include "sim/observe/window_sketch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tailrace::sim {

std::int64_t WindowCounts::quantile(double p) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(p * static_cast<double>(count_));
  std::uint64_t rank = wanted < 1 ? 1 : std::min(static_cast<std::uint64_t>(wanted), count_);
  for (std::uint64_t left = blocks_; left != 0; left &= left - 1) {
    const std::uint32_t first = static_cast<std::uint32_t>(std::countr_zero(left)) * kPerBlock;
    for (std::uint32_t cell = first; cell < first + kPerBlock; ++cell) {
      if (cells_[cell] < rank) {
        rank -= cells_[cell];
        continue;
      }
      const std::int64_t lower = Histogram::lower_of(cell * kWidth);
      const std::int64_t upper = std::min(Histogram::upper_of(cell * kWidth + kWidth - 1), most_);
      return lower + (upper - lower + 1) / 2;
    }
  }
  return 0;
}

std::int64_t WindowCounts::max() const {
  for (std::uint32_t cell = Histogram::kBlocks * kPerBlock; cell-- > 0;) {
    if (cells_[cell] != 0) return std::min(Histogram::upper_of(cell * kWidth + kWidth - 1), most_);
  }
  return 0;
}

void WindowCounts::clear() {
  for (std::uint64_t left = blocks_; left != 0; left &= left - 1) {
    const auto first = cells_.begin() + std::countr_zero(left) * static_cast<int>(kPerBlock);
    std::fill(first, first + kPerBlock, 0u);
  }
  blocks_ = 0;
  count_ = 0;
  most_ = 0;
}

WindowSketch::Octave& WindowSketch::octave(std::uint32_t block) {
  for (Octave& o : octaves_) {
    if (o.block == block) return o;
  }
  octaves_.emplace_back().block = block;
  return octaves_.back();
}

void WindowSketch::forget() {
  count_ = 0;
  octaves_.clear();
}

void WindowSketch::look(const Histogram& h, WindowCounts& since) {
  if (h.count() == count_) return;
  since.most_ = std::max(since.most_, h.max());
  if (!h.dense_) {  // the log has them in the order of their coming
    for (std::uint64_t i = count_; i < h.count(); ++i) {
      const std::uint32_t cell = h.log_[i] / WindowCounts::kWidth;
      ++octave(cell / WindowCounts::kPerBlock).counts[cell % WindowCounts::kPerBlock];
      since.add(cell, 1);
    }
    count_ = h.count();
    return;
  }
  count_ = h.count();
  for (std::uint32_t b = 0; b < Histogram::kBlocks; ++b) {
    if (h.blocks_[b] == nullptr) continue;
    const std::uint32_t* words = h.blocks_[b]->words.data();
    std::array<std::uint32_t, WindowCounts::kPerBlock> sums{};
    for (std::uint32_t cell = 0; cell < WindowCounts::kPerBlock; ++cell) {
      for (std::uint32_t i = 0; i < WindowCounts::kWidth; ++i)
        sums[cell] += words[cell * WindowCounts::kWidth + i];
    }
    Octave& before = octave(b);
    for (std::uint32_t cell = 0; cell < WindowCounts::kPerBlock; ++cell) {
      if (const std::uint32_t n = sums[cell] - before.counts[cell]; n != 0)
        since.add(b * WindowCounts::kPerBlock + cell, n);
    }
    before.counts = sums;
  }
}

}  // namespace tailrace::sim
