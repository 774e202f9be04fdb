#pragma once
// Which identities a partition has seen among its last kRemembered appends: how a broker recognises what an
// idempotent producer sends again: numbers of sends, or identities that outlive their producer. A repetition
// that comes after so many others is taken for new. Open addressing, deletion by shifting back.
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tailrace::models::event_log {

class RecentSet {
 public:
  static constexpr std::size_t kRemembered = 4096;

  // True when it was new; it is remembered then.
  bool insert(std::uint64_t identity) {
    const std::uint64_t kept = identity + 1;  // 0 is an empty slot; the identity ~0 is never remembered
    if (slots_.empty()) slots_.resize(kSlots), order_.resize(kRemembered);
    std::size_t at = home(kept);
    for (; slots_[at] != 0; at = (at + 1) & kMask) {
      if (slots_[at] == kept) return false;
    }
    slots_[at] = kept;
    if (count_ == kRemembered) {
      erase(order_[next_]);
    } else {
      ++count_;
    }
    order_[next_] = kept;
    next_ = (next_ + 1) % kRemembered;
    __builtin_prefetch(&slots_[home(order_[next_])], 1);  // the next to be forgotten
    __builtin_prefetch(&slots_[home(kept + kNear)], 1);   // and where what comes next may be put
    return true;
  }
  void clear() { *this = RecentSet(); }
  std::size_t bytes() const { return (slots_.size() + order_.size()) * sizeof(std::uint64_t); }

 private:
  static constexpr std::size_t kSlots = 2 * kRemembered, kMask = kSlots - 1;
  static constexpr std::uint64_t kNear = 16;
  static std::size_t home(std::uint64_t kept) {
    // Neighbours stay neighbours, 64 at a time: identities mostly come in their order.
    const std::uint64_t block = ((kept >> 6) * 0x9e3779b97f4a7c15ULL) >> 40;
    return static_cast<std::size_t>(block << 6 | (kept & 63)) & kMask;
  }
  void erase(std::uint64_t kept) {
    std::size_t hole = home(kept);
    while (slots_[hole] != kept) {
      if (slots_[hole] == 0) return;  // the identity ~0
      hole = (hole + 1) & kMask;
    }
    for (std::size_t at = hole;;) {
      at = (at + 1) & kMask;
      if (slots_[at] == 0) break;
      // It may fill the hole unless its home lies behind the hole.
      if (((at - home(slots_[at])) & kMask) >= ((at - hole) & kMask)) {
        slots_[hole] = slots_[at];
        hole = at;
      }
    }
    slots_[hole] = 0;
  }

  std::vector<std::uint64_t> slots_;
  std::vector<std::uint64_t> order_;
  std::size_t next_ = 0, count_ = 0;
};

}  // namespace tailrace::models::event_log
