#pragma once
// A mergeable log-linear histogram of non-negative 64-bit values, usually nanoseconds: the one record of a
// latency.
//
//   value    0 .. 1023     one bucket per value: exact
//            above         512 equal buckets per octave [2^e, 2^(e+1)), reported as the bucket's midpoint
//
// Accuracy: a reported value is within 2^-10 (0.098 %) of the recorded one, from 0 to 2^63-1. Count, sum,
// minimum and maximum are exact; so is adding two histograms, in any order and grouping (only the sum of
// squares, a double, rounds).
// The first 1024 values are a log of their bucket numbers, two bytes each; a longer record has a count for
// each bucket of the octaves that occur. Both say the same; which of the two it is cannot be told from
// outside.
//
// Cost: 0.6 KB, plus a log of up to 2 KB or 2 KB for each octave ever touched: of 10^4 services
// whose latencies span 8 octaves each takes 17 KB, all 170 MB, and those with few calls next to nothing.
// record() takes about 3 ns and allocates when the log grows and on the first value of an octave. Counts are
// 32-bit words; a word that wraps carries into a short sorted list, so counts past 2^32 are exact.
//
// Left out: removal of single values, negative values (an invariant is broken). As bytes:
// histogram_bytes.hpp.
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <vector>

#include "sim/base/fetch.hpp"

namespace tailrace::sim {

class ByteReader;

class alignas(64) Histogram {
 public:
  __extension__ using Sum = __int128;  // 2^63 values of 2^63 fit

  static constexpr int kSubBits = 9;  // 512 buckets per octave
  static constexpr std::uint32_t kSubBuckets = 1u << kSubBits;
  static constexpr std::int64_t kExactBelow = 2 * kSubBuckets;  // 1024
  static constexpr double kRelativeError = 0x1p-10;
  // Block 0 holds 0..511, block 1 holds 512..1023, block b > 1 the octave that begins at 2^(b+8).
  static constexpr std::uint32_t kBlocks = 55;

  struct Bucket {
    std::int64_t lower = 0;  // both ends belong to the bucket
    std::int64_t upper = 0;
    std::uint64_t count = 0;
    std::int64_t midpoint() const { return lower + (upper - lower + 1) / 2; }
    bool operator==(const Bucket&) const = default;
  };

  Histogram() = default;
  Histogram(const Histogram& other);
  Histogram& operator=(const Histogram& other);
  // A moved-from histogram can be assigned to or destroyed, nothing else.
  Histogram(Histogram&&) noexcept = default;
  Histogram& operator=(Histogram&&) noexcept = default;
  ~Histogram() = default;

  void record(std::int64_t value) {
    const std::uint32_t index = index_of(value);
    if (!dense_) {
      if (count_ < log_size_ && index < kBlocks << kSubBits) [[likely]]
        log_[count_] = static_cast<std::uint16_t>(index);
      else
        count_first(index);
    } else if (Block* block = blocks_[index >> kSubBits].get(); block == nullptr) [[unlikely]] {
      count_first(index);
    } else if (++block->words[index & (kSubBuckets - 1)] == 0) [[unlikely]] {
      carry(index, 1);
    }
    ++count_;
    sum_ += value;
    const double x = static_cast<double>(value);
    sum_of_squares_ += x * x;
    if (value < min_) [[unlikely]]
      min_ = value;
    if (value > max_) [[unlikely]]
      max_ = value;
  }
  // Bring near what recording these values will touch: the totals, then the way to the buckets or the end of
  // the log, then the buckets. For consumers that hold batches of values: a pass of each, then one of
  // records.
  void fetch_totals() const { fetch(count_); }
  template <class Values>
  void fetch_ways(const Values& values) const {
    if (dense_) {
      for (const std::int64_t value : values) fetch(blocks_[index_of(value) >> kSubBits]);
    } else if (count_ < log_size_ && std::size(values) > 0) {
      fetch(log_[count_]);
      fetch(log_[std::min<std::uint64_t>(count_ + std::size(values), log_size_) - 1]);
    }
  }
  template <class Values>
  void fetch_buckets(const Values& values) const {
    if (!dense_) return;
    for (const std::int64_t value : values) {
      const std::uint32_t index = index_of(value);
      const Block* block = blocks_[index >> kSubBits].get();
      if (block != nullptr) fetch(block->words[index & (kSubBuckets - 1)]);
    }
  }
  void record_many(std::int64_t value, std::uint64_t times);

  void merge(const Histogram& other);
  // Takes away what `earlier`, a former copy of this histogram, already held: what is left is the window
  // between the two. The window's own minimum and maximum are not known; they become the ends of its
  // outermost buckets.
  void subtract(const Histogram& earlier);
  void clear();  // keeps the blocks, so that refilling does not allocate

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::int64_t min() const { return count_ == 0 ? 0 : min_; }
  std::int64_t max() const { return count_ == 0 ? 0 : max_; }
  Sum sum() const { return sum_; }
  double sum_of_squares() const { return sum_of_squares_; }
  double mean() const;  // 0 when empty
  // Of the sample (n - 1); 0 for fewer than two values. From the sum of squares, so digits cancel when the
  // deviation is tiny: one below a hundred-thousandth of the mean is mostly rounding.
  double stddev() const;

  // The value of rank ceil(p * count), the rank held in 1..count: p = 0 is the minimum, p = 1 the maximum,
  // both exact; in between a bucket's midpoint, held within [min, max]. 0 when empty.
  std::int64_t quantile(double p) const;
  std::int64_t value_at_rank(
      std::uint64_t rank) const;  // 1 <= rank <= count, of the sorted values; as quantile
  // The share of values at or below `value`, at the resolution of the buckets: the bucket of `value` counts
  // as a whole. So fraction_at_or_below(quantile(p)) >= p.
  double fraction_at_or_below(std::int64_t value) const;

  // Calls visit(const Bucket&) for every non-empty bucket, in rising order.
  template <class Visit>
  void for_each_bucket(Visit&& visit) const {
    if (!dense_) {
      Log sorted;
      const std::uint32_t n = sort_log(sorted);
      for (std::uint32_t i = 0, next = 0; i < n; i = next) {
        while (next < n && sorted[next] == sorted[i]) ++next;
        visit(Bucket{lower_of(sorted[i]), upper_of(sorted[i]), next - i});
      }
      return;
    }
    for (std::uint32_t b = 0; b < kBlocks; ++b) {
      if (blocks_[b] == nullptr) continue;
      for (std::uint32_t i = 0; i < kSubBuckets; ++i) {
        const std::uint32_t index = (b << kSubBits) + i;
        const std::uint64_t n = high_.empty() ? blocks_[b]->words[i] : bucket_count(index);
        if (n != 0) visit(Bucket{lower_of(index), upper_of(index), n});
      }
    }
  }

  // Same buckets, count, sum, minimum and maximum. The sum of squares is left out: it depends on the order of
  // merging.
  bool operator==(const Histogram& other) const;
  // A hash of what operator== compares; the same on every machine, whatever the order of recording and
  // merging.
  std::uint64_t content_hash() const;

  std::size_t memory_bytes() const;

  // Values below 1024 map to themselves; above, shift the value until ten bits remain and count 512 per
  // shift. A negative value lands in block 55, which never exists: the check sits on the cold path.
  static constexpr std::uint32_t index_of(std::int64_t value) {
    const std::uint64_t v = static_cast<std::uint64_t>(value);
    const unsigned shift = static_cast<unsigned>(std::bit_width(v | kSubBuckets)) - (kSubBits + 1u);
    return (shift << kSubBits) + static_cast<std::uint32_t>(v >> shift);
  }
  static constexpr std::int64_t lower_of(std::uint32_t index) {
    if (index < kExactBelow) return index;
    const unsigned shift = (index >> kSubBits) - 1;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(kSubBuckets + (index & (kSubBuckets - 1)))
                                     << shift);
  }
  static constexpr std::int64_t upper_of(std::uint32_t index) {
    if (index < kExactBelow) return index;
    return lower_of(index) + ((std::int64_t{1} << ((index >> kSubBits) - 1)) - 1);
  }

 private:
  friend Histogram read_histogram(ByteReader& in);  // totals cannot be had back from buckets
  friend class WindowSketch;                        // reads whole octaves at a time

  struct Block {
    std::array<std::uint32_t, kSubBuckets> words{};
  };
  struct High {
    std::uint32_t index;
    std::uint32_t word;  // the count's upper 32 bits
  };

  static constexpr std::uint32_t kLog = 1024;
  static constexpr std::uint32_t kFirstLog = 64;
  using Log = std::array<std::uint16_t, kLog>;  // bucket numbers; those of 55 octaves fit

  [[gnu::noinline]] void count_first(std::uint32_t index);  // in the log, or the first of its octave
  void grow_log(std::uint32_t least);
  void make_dense();
  std::uint32_t sort_log(Log& sorted) const;  // how many
  Histogram dense_copy() const;
  void add_blocks(const Histogram& other);
  void take_totals(const Histogram& earlier, std::int64_t first,
                   std::int64_t last);  // to the ends of the rest
  Block* new_block(std::uint32_t number);
  void carry(std::uint32_t index, std::uint32_t amount);
  std::uint64_t bucket_count(std::uint32_t index) const;
  std::uint64_t block_count(std::uint32_t number) const;
  void set_bucket_count(std::uint32_t index, std::uint64_t n);

  std::uint64_t count_ = 0;
  std::int64_t min_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_ = 0;
  double sum_of_squares_ = 0;
  Sum sum_ = 0;
  std::unique_ptr<std::uint16_t[]> log_;  // count_ of them, in the order of recording; unused when dense
  std::uint32_t log_size_ = 0;            // for how many there is room
  bool dense_ = false;                    // counts in blocks
  // --- the first cache line ends here
  std::array<std::unique_ptr<Block>, kBlocks + 1> blocks_;
  std::vector<High> high_;  // sorted by index; empty until some bucket passes 2^32
};

}  // namespace tailrace::sim
