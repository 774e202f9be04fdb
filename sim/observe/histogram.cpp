#include "sim/observe/histogram.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/check.hpp"

namespace tailrace::sim {

namespace {

constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 32);
}

// ceil(p * n), without the rank that rounding adds: 0.07 * 100 is 7.000000000000001 and means 7.
std::uint64_t rank_of(double p, std::uint64_t n) {
  const double product = p * static_cast<double>(n);
  const double rank = std::ceil(product - product * 0x1p-50);
  if (!(rank >= 1)) return 1;
  if (rank >= static_cast<double>(n)) return n;
  return static_cast<std::uint64_t>(rank);
}

}  // namespace

Histogram::Histogram(const Histogram& other)
    : count_(other.count_),
      min_(other.min_),
      max_(other.max_),
      sum_of_squares_(other.sum_of_squares_),
      sum_(other.sum_),
      dense_(other.dense_),
      high_(other.high_) {
  if (!dense_) {
    grow_log(static_cast<std::uint32_t>(count_));
    std::copy_n(other.log_.get(), count_, log_.get());
  }
  for (std::uint32_t b = 0; b < kBlocks; ++b) {
    if (other.blocks_[b] != nullptr) blocks_[b] = std::make_unique<Block>(*other.blocks_[b]);
  }
}

// Blocks that both have are filled in place, so that a snapshot taken again and again does not allocate.
Histogram& Histogram::operator=(const Histogram& other) {
  if (this == &other) return *this;
  for (std::uint32_t b = 0; b < kBlocks; ++b) {
    if (other.blocks_[b] == nullptr) {
      blocks_[b].reset();
    } else if (blocks_[b] == nullptr) {
      blocks_[b] = std::make_unique<Block>(*other.blocks_[b]);
    } else {
      *blocks_[b] = *other.blocks_[b];
    }
  }
  if (!other.dense_) {
    grow_log(static_cast<std::uint32_t>(other.count_));
    std::copy_n(other.log_.get(), other.count_, log_.get());
  }
  dense_ = other.dense_;
  high_ = other.high_;
  count_ = other.count_;
  min_ = other.min_;
  max_ = other.max_;
  sum_of_squares_ = other.sum_of_squares_;
  sum_ = other.sum_;
  return *this;
}

void Histogram::count_first(std::uint32_t index) {
  TAILRACE_CHECK(index >> kSubBits < kBlocks);  // the value is negative
  if (!dense_ && count_ < kLog) {
    grow_log(static_cast<std::uint32_t>(count_) + 1);
    log_[count_] = static_cast<std::uint16_t>(index);
    return;
  }
  make_dense();
  if (blocks_[index >> kSubBits] == nullptr) new_block(index >> kSubBits);
  ++blocks_[index >> kSubBits]->words[index & (kSubBuckets - 1)];
}

// Makes room for this many values; what the log holds stays in it.
void Histogram::grow_log(std::uint32_t least) {
  if (log_ == nullptr) log_size_ = 0;  // never had one, or moved from
  if (least <= log_size_) return;
  std::uint32_t size = std::max(log_size_, kFirstLog);
  while (size < least) size *= 4;
  auto larger = std::make_unique_for_overwrite<std::uint16_t[]>(size);
  std::copy_n(log_.get(), log_size_, larger.get());
  log_ = std::move(larger);
  log_size_ = size;
}

void Histogram::make_dense() {
  if (dense_) return;
  dense_ = true;
  for (std::uint64_t i = 0; i < count_; ++i) {
    const std::uint32_t index = log_[i];
    if (blocks_[index >> kSubBits] == nullptr) new_block(index >> kSubBits);
    ++blocks_[index >> kSubBits]->words[index & (kSubBuckets - 1)];
  }
  log_.reset();
  log_size_ = 0;
}

std::uint32_t Histogram::sort_log(Log& sorted) const {
  std::copy_n(log_.get(), count_, sorted.begin());
  std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(count_));
  return static_cast<std::uint32_t>(count_);
}

Histogram Histogram::dense_copy() const {
  Histogram copy = *this;
  copy.make_dense();
  return copy;
}

Histogram::Block* Histogram::new_block(std::uint32_t number) {
  TAILRACE_CHECK(number < kBlocks);  // the value is negative
  blocks_[number] = std::make_unique<Block>();
  return blocks_[number].get();
}

void Histogram::carry(std::uint32_t index, std::uint32_t amount) {
  const auto at = std::lower_bound(high_.begin(), high_.end(), index,
                                   [](const High& high, std::uint32_t i) { return high.index < i; });
  if (at != high_.end() && at->index == index) {
    at->word += amount;
  } else {
    high_.insert(at, High{index, amount});
  }
}

std::uint64_t Histogram::bucket_count(std::uint32_t index) const {
  const Block* block = blocks_[index >> kSubBits].get();
  if (block == nullptr) return 0;
  std::uint64_t n = block->words[index & (kSubBuckets - 1)];
  if (high_.empty()) [[likely]]
    return n;
  const auto at = std::lower_bound(high_.begin(), high_.end(), index,
                                   [](const High& high, std::uint32_t i) { return high.index < i; });
  if (at != high_.end() && at->index == index) n += static_cast<std::uint64_t>(at->word) << 32;
  return n;
}

std::uint64_t Histogram::block_count(std::uint32_t number) const {
  std::uint64_t n = 0;
  for (const std::uint32_t word : blocks_[number]->words) n += word;
  for (const High& high : high_) {
    if (high.index >> kSubBits == number) n += static_cast<std::uint64_t>(high.word) << 32;
  }
  return n;
}

void Histogram::set_bucket_count(std::uint32_t index, std::uint64_t n) {
  Block* block = blocks_[index >> kSubBits].get();
  if (block == nullptr) block = new_block(index >> kSubBits);
  block->words[index & (kSubBuckets - 1)] = static_cast<std::uint32_t>(n);
  const std::uint32_t word = static_cast<std::uint32_t>(n >> 32);
  const auto at = std::lower_bound(high_.begin(), high_.end(), index,
                                   [](const High& high, std::uint32_t i) { return high.index < i; });
  if (at != high_.end() && at->index == index) {
    if (word == 0) {
      high_.erase(at);
    } else {
      at->word = word;
    }
  } else if (word != 0) {
    high_.insert(at, High{index, word});
  }
}

void Histogram::record_many(std::int64_t value, std::uint64_t times) {
  TAILRACE_CHECK(value >= 0);
  if (times == 0) return;
  const std::uint32_t index = index_of(value);
  if (!dense_ && count_ + times <= kLog) {
    grow_log(static_cast<std::uint32_t>(count_ + times));
    std::fill_n(log_.get() + count_, times, static_cast<std::uint16_t>(index));
  } else {
    make_dense();
    set_bucket_count(index, bucket_count(index) + times);
  }
  count_ += times;
  sum_ += static_cast<Sum>(value) * static_cast<Sum>(times);
  const double x = static_cast<double>(value);
  sum_of_squares_ += x * x * static_cast<double>(times);
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  if (!dense_ && !other.dense_ && count_ + other.count_ <= kLog) {
    grow_log(static_cast<std::uint32_t>(count_ + other.count_));
    std::copy_n(other.log_.get(), other.count_, log_.get() + count_);
  } else {
    make_dense();
    other.dense_ ? add_blocks(other) : add_blocks(other.dense_copy());
  }
  count_ += other.count_;
  sum_ += other.sum_;
  sum_of_squares_ += other.sum_of_squares_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void Histogram::add_blocks(const Histogram& other) {
  const bool wide = !high_.empty() || !other.high_.empty();
  for (std::uint32_t b = 0; b < kBlocks; ++b) {
    if (other.blocks_[b] == nullptr) continue;
    if (blocks_[b] == nullptr) new_block(b);
    if (wide) {
      for (std::uint32_t index = b << kSubBits; index < (b + 1) << kSubBits; ++index) {
        set_bucket_count(index, bucket_count(index) + other.bucket_count(index));
      }
      continue;
    }
    // The usual case: a loop over two arrays of words, which carries only if a sum wraps.
    auto& words = blocks_[b]->words;
    const auto& added = other.blocks_[b]->words;
    for (std::uint32_t i = 0; i < kSubBuckets; ++i) {
      const std::uint32_t addend = added[i];
      words[i] += addend;
      if (words[i] < addend) [[unlikely]]
        carry((b << kSubBits) + i, 1);
    }
  }
}

void Histogram::subtract(const Histogram& earlier) {
  TAILRACE_CHECK(count_ >= earlier.count_);
  if (earlier.count_ == 0) return;
  if (count_ == earlier.count_) {
    TAILRACE_CHECK(*this == earlier);
    clear();
    return;
  }
  // A log begins with what its former copy held.
  if (!dense_ && !earlier.dense_ &&
      std::equal(earlier.log_.get(), earlier.log_.get() + earlier.count_, log_.get())) {
    const auto left = std::copy(log_.get() + earlier.count_, log_.get() + count_, log_.get());
    const auto [low, high] = std::minmax_element(log_.get(), left);
    take_totals(earlier, lower_of(*low), upper_of(*high));
    return;
  }
  make_dense();
  if (!earlier.dense_) return subtract(earlier.dense_copy());
  const bool wide = !high_.empty() || !earlier.high_.empty();
  bool any = false;
  std::int64_t first = 0;
  std::int64_t last = 0;
  for (std::uint32_t b = 0; b < kBlocks; ++b) {
    if (blocks_[b] == nullptr) {
      TAILRACE_CHECK(earlier.blocks_[b] == nullptr);
      continue;
    }
    const std::uint32_t begin = b << kSubBits;
    if (wide) {
      for (std::uint32_t index = begin; index < begin + kSubBuckets; ++index) {
        const std::uint64_t now = bucket_count(index);
        const std::uint64_t then = earlier.bucket_count(index);
        TAILRACE_CHECK(now >= then);
        if (then != 0) set_bucket_count(index, now - then);
      }
    } else if (earlier.blocks_[b] != nullptr) {
      // The usual case: plain loops over arrays of words, no branch in them.
      auto& words = blocks_[b]->words;
      const auto& taken = earlier.blocks_[b]->words;
      std::uint32_t negative = 0;
      for (std::uint32_t i = 0; i < kSubBuckets; ++i) {
        negative |= words[i] < taken[i] ? 1u : 0u;
        words[i] -= taken[i];
      }
      TAILRACE_CHECK(negative == 0);
    }
    if (block_count(b) == 0) continue;
    const auto empty = [&](std::uint32_t i) {
      return blocks_[b]->words[i] == 0 && (high_.empty() || bucket_count(begin + i) == 0);
    };
    std::uint32_t low = 0;
    while (empty(low)) ++low;
    std::uint32_t high = kSubBuckets - 1;
    while (empty(high)) --high;
    if (!any) first = lower_of(begin + low);
    any = true;
    last = upper_of(begin + high);
  }
  TAILRACE_CHECK(any);
  take_totals(earlier, first, last);
}

void Histogram::take_totals(const Histogram& earlier, std::int64_t first, std::int64_t last) {
  count_ -= earlier.count_;
  sum_ -= earlier.sum_;
  sum_of_squares_ = std::max(0.0, sum_of_squares_ - earlier.sum_of_squares_);
  min_ = std::max(min_, first);
  max_ = std::min(max_, last);
}

void Histogram::clear() {
  for (const auto& block : blocks_) {
    if (block != nullptr) block->words.fill(0);
  }
  high_.clear();
  count_ = 0;
  sum_ = 0;
  sum_of_squares_ = 0;
  min_ = std::numeric_limits<std::int64_t>::max();
  max_ = 0;
}

double Histogram::mean() const {
  return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

double Histogram::stddev() const {
  if (count_ < 2 || min_ == max_) return 0.0;
  const double n = static_cast<double>(count_);
  const double total = static_cast<double>(sum_);
  return std::sqrt(std::max(0.0, (sum_of_squares_ - total * (total / n)) / (n - 1)));
}

std::int64_t Histogram::quantile(double p) const {
  TAILRACE_CHECK(p >= 0 && p <= 1);
  if (count_ == 0) return 0;
  return value_at_rank(rank_of(p, count_));
}

std::int64_t Histogram::value_at_rank(std::uint64_t rank) const {
  TAILRACE_CHECK(rank >= 1 && rank <= count_);
  if (rank == 1) return min_;
  if (rank == count_) return max_;
  if (!dense_) {
    Log log{};
    std::copy_n(log_.get(), count_, log.begin());
    const auto at = log.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(log.begin(), at, log.begin() + static_cast<std::ptrdiff_t>(count_));
    return std::clamp(Bucket{lower_of(*at), upper_of(*at), 0}.midpoint(), min_, max_);
  }
  std::uint64_t seen = 0;
  for (std::uint32_t b = 0; b < kBlocks; ++b) {
    if (blocks_[b] == nullptr) continue;
    const std::uint64_t in_block = block_count(b);
    if (seen + in_block < rank) {
      seen += in_block;
      continue;
    }
    std::uint32_t index = b << kSubBits;
    const auto& words = blocks_[b]->words;
    while ((seen += high_.empty() ? words[index & (kSubBuckets - 1)] : bucket_count(index)) < rank) ++index;
    return std::clamp(Bucket{lower_of(index), upper_of(index), 0}.midpoint(), min_, max_);
  }
  TAILRACE_CHECK(seen == count_);
  return max_;
}

double Histogram::fraction_at_or_below(std::int64_t value) const {
  if (count_ == 0 || value < min_) return 0.0;
  if (value >= max_) return 1.0;
  const std::uint32_t end = index_of(value);
  if (!dense_) {
    const auto below =
        std::count_if(log_.get(), log_.get() + count_, [end](std::uint16_t index) { return index <= end; });
    return static_cast<double>(below) / static_cast<double>(count_);
  }
  std::uint64_t seen = 0;
  for (std::uint32_t b = 0; b <= end >> kSubBits; ++b) {
    if (blocks_[b] == nullptr) continue;
    if (b < end >> kSubBits) {
      seen += block_count(b);
      continue;
    }
    for (std::uint32_t index = b << kSubBits; index <= end; ++index) seen += bucket_count(index);
  }
  return static_cast<double>(seen) / static_cast<double>(count_);
}

bool Histogram::operator==(const Histogram& other) const {
  if (count_ != other.count_ || sum_ != other.sum_ || min() != other.min() || max() != other.max())
    return false;
  if (!dense_ && !other.dense_) {
    Log mine, theirs;
    const std::uint32_t n = sort_log(mine);
    other.sort_log(theirs);
    return std::equal(mine.begin(), mine.begin() + n, theirs.begin());
  }
  if (!dense_) return dense_copy() == other;
  if (!other.dense_) return *this == other.dense_copy();
  if (!high_.empty() || !other.high_.empty()) {
    for (std::uint32_t index = 0; index < kBlocks << kSubBits; ++index) {
      if (bucket_count(index) != other.bucket_count(index)) return false;
    }
    return true;
  }
  for (std::uint32_t b = 0; b < kBlocks; ++b) {
    const Block* mine = blocks_[b].get();
    const Block* theirs = other.blocks_[b].get();
    if (mine != nullptr && theirs != nullptr) {
      if (mine->words != theirs->words) return false;
    } else if ((mine != nullptr && block_count(b) != 0) || (theirs != nullptr && other.block_count(b) != 0)) {
      return false;
    }
  }
  return true;
}

std::uint64_t Histogram::content_hash() const {
  std::uint64_t hash = mixed(0xcbf29ce484222325ULL, count_);
  hash = mixed(hash, static_cast<std::uint64_t>(sum_));
  hash = mixed(hash, static_cast<std::uint64_t>(sum_ >> 64));
  hash = mixed(hash, static_cast<std::uint64_t>(min()));
  hash = mixed(hash, static_cast<std::uint64_t>(max()));
  for_each_bucket([&hash](const Bucket& bucket) {
    hash = mixed(hash, static_cast<std::uint64_t>(bucket.lower));
    hash = mixed(hash, bucket.count);
  });
  return hash;
}

std::size_t Histogram::memory_bytes() const {
  std::size_t bytes = sizeof(Histogram) + log_size_ * sizeof(std::uint16_t) + high_.capacity() * sizeof(High);
  for (const auto& block : blocks_) bytes += block != nullptr ? sizeof(Block) : 0;
  return bytes;
}

}  // namespace tailrace::sim
