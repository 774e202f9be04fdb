#pragma once
// What a histogram has been given since it was last looked at, in coarser cells: percentiles of a stretch of
// time at no cost per value. A sketch remembers the counts of its last look; a look adds the difference to a
// WindowCounts, so several histograms can be taken together.
//
//   cell     16 neighbouring buckets of Histogram: 16 wide below 1024, above it 32 cells an octave
//
// Accuracy: a percentile is the middle of its cell, within 1/64 (1.6 %) of the value (below 512: within 8);
// the maximum is the upper end of the highest cell, so never too low, and at most 1/32 too high. Cost of a
// look: 512 additions for each octave that the histogram has ever met, about 0.1 us; 132 bytes of memory
// each. Histograms may be cleared: what they are given from then on counts, if forget() is called with it.
#include <array>
#include <cstdint>
#include <vector>

#include "sim/observe/histogram.hpp"

namespace tailrace::sim {

class WindowCounts {
 public:
  static constexpr std::uint32_t kPerBlock = 32;
  static constexpr std::uint32_t kWidth = Histogram::kSubBuckets / kPerBlock;  // buckets

  std::uint64_t count() const { return count_; }
  // The cell of rank ceil(p * count); 0 when empty.
  std::int64_t quantile(double p) const;
  std::int64_t max() const;  // 0 when empty
  void clear();

 private:
  friend class WindowSketch;
  void add(std::uint32_t cell, std::uint32_t n) {
    cells_[cell] += n;
    count_ += n;
    blocks_ |= std::uint64_t{1} << (cell / kPerBlock);
  }
  std::array<std::uint32_t, Histogram::kBlocks * kPerBlock> cells_{};
  std::uint64_t blocks_ = 0;  // that are not all zero, perhaps
  std::uint64_t count_ = 0;
  std::int64_t most_ = 0;  // of all that the histograms have ever held
};

class WindowSketch {
 public:
  void look(const Histogram& histogram, WindowCounts& since);
  void forget();  // the histogram has been cleared
  std::size_t bytes() const { return octaves_.capacity() * sizeof(Octave); }

 private:
  struct Octave {
    std::uint32_t block = 0;
    std::array<std::uint32_t, WindowCounts::kPerBlock> counts{};  // as of the last look, modulo 2^32
  };
  Octave& octave(std::uint32_t block);
  std::uint64_t count_ = 0;
  std::vector<Octave> octaves_;
};

}  // namespace tailrace::sim
