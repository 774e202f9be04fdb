#pragma once
// Which identities a partition has seen among its last kRemembered appends: how a broker recognises what an
// idempotent producer sends again. Brokers compare sequence numbers of the last few batches; identities come
// to the same and need no numbering by the producer. Open addressing, deletion by shifting back; two cache
// lines a message.
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tailrace::models::event_log {

class RecentSet {
 public:
  static constexpr std::size_t kRemembered = 4096;

  // True when it was new; it is remembered then.
  bool insert(std::uint64_t identity) {
    if (slots_.empty()) slots_.resize(kSlots), order_.resize(kRemembered);
    std::size_t at = home(identity);
    for (; slots_[at].used; at = (at + 1) & kMask) {
      if (slots_[at].identity == identity) return false;
    }
    slots_[at] = {identity, true};
    if (count_ == kRemembered) {
      erase(order_[next_]);
    } else {
      ++count_;
    }
    order_[next_] = identity;
    next_ = (next_ + 1) % kRemembered;
    return true;
  }
  void clear() { *this = RecentSet(); }
  std::size_t bytes() const { return slots_.size() * sizeof(Slot) + order_.size() * sizeof(std::uint64_t); }

 private:
  static constexpr std::size_t kSlots = 4 * kRemembered, kMask = kSlots - 1;
  struct Slot {
    std::uint64_t identity = 0;
    bool used = false;
  };
  static std::size_t home(std::uint64_t identity) {
    return static_cast<std::size_t>((identity * 0x9e3779b97f4a7c15ULL) >> 40) & kMask;
  }
  void erase(std::uint64_t identity) {
    std::size_t hole = home(identity);
    while (slots_[hole].identity != identity || !slots_[hole].used) hole = (hole + 1) & kMask;
    for (std::size_t at = hole;;) {
      at = (at + 1) & kMask;
      if (!slots_[at].used) break;
      // It may fill the hole unless its home lies behind the hole.
      if (((at - home(slots_[at].identity)) & kMask) >= ((at - hole) & kMask)) {
        slots_[hole] = slots_[at];
        hole = at;
      }
    }
    slots_[hole].used = false;
  }

  std::vector<Slot> slots_;
  std::vector<std::uint64_t> order_;
  std::size_t next_ = 0, count_ = 0;
};

}  // namespace tailrace::models::event_log
