#include "sim/observe/window_sketch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace tailrace::sim {

namespace {

typedef std::uint32_t Four __attribute__((vector_size(16)));  // g++ does not find it by itself

}  // namespace

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
  for (std::uint64_t left = blocks_; left != 0;) {
    const auto block = static_cast<std::uint32_t>(std::bit_width(left) - 1);
    for (std::uint32_t cell = (block + 1) * kPerBlock; cell-- > block * kPerBlock;) {
      if (cells_[cell] != 0) return std::min(Histogram::upper_of(cell * kWidth + kWidth - 1), most_);
    }
    left &= ~(std::uint64_t{1} << block);
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
  // All that came is found once as much has been found, so octaves in which nothing happens are seldom read:
  // those with more in them move to the front.
  std::uint64_t missing = h.count() - count_;
  count_ = h.count();
  const auto read = [&](Octave& before) {
    const std::uint32_t* words = h.blocks_[before.block]->words.data();
    std::uint64_t found = 0;
    for (std::uint32_t cell = 0; cell < WindowCounts::kPerBlock; ++cell, words += WindowCounts::kWidth) {
      Four sums{};
      for (std::uint32_t i = 0; i < WindowCounts::kWidth; i += 4) {
        Four part;
        std::memcpy(&part, words + i, sizeof part);
        sums += part;
      }
      const std::uint32_t sum = sums[0] + sums[1] + sums[2] + sums[3];
      const std::uint32_t n = sum - before.counts[cell];
      if (n == 0) continue;
      before.counts[cell] = sum;
      since.add(before.block * WindowCounts::kPerBlock + cell, n);
      found += n;
    }
    missing -= found;
    return found;
  };
  std::uint64_t last = 0;
  for (std::size_t k = 0; k < octaves_.size() && missing > 0; ++k) {
    const std::uint64_t found = read(octaves_[k]);
    if (k > 0 && found > last) std::swap(octaves_[k], octaves_[k - 1]);
    last = found;
  }
  for (std::uint32_t b = 0; b < Histogram::kBlocks && missing > 0; ++b) {
    const bool known =
        std::any_of(octaves_.begin(), octaves_.end(), [&](const Octave& o) { return o.block == b; });
    if (!known && h.blocks_[b] != nullptr) read(octave(b));
  }
}

}  // namespace tailrace::sim
