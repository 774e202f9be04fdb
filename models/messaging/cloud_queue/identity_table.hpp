#pragma once
// A map from 64-bit numbers to 32-bit ones whose entries come and go: open addressing, linear probing, and
// what follows a hole moves up, so there are no tombstones and memory follows the most entries there ever
// were. There is no way to iterate: the order of slots means nothing, so it must not reach a result.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/base/check.hpp"

namespace tailrace::models {

class IdentityTable {
 public:
  static constexpr std::uint32_t kAbsent = 0xffffffffu;  // no value may be this

  std::uint32_t find(std::uint64_t key) const { return slots_.empty() ? kAbsent : slots_[place(key)].value; }
  void insert(std::uint64_t key, std::uint32_t value) {
    TAILRACE_CHECK(value != kAbsent);
    if ((count_ + 1) * 4 > slots_.size() * 3) grow();
    Slot& slot = slots_[place(key)];
    if (slot.value == kAbsent) ++count_;
    slot = {key, value};
  }
  void erase(std::uint64_t key) {
    if (slots_.empty()) return;
    const std::size_t mask = slots_.size() - 1;
    std::size_t hole = place(key);
    if (slots_[hole].value == kAbsent) return;
    --count_;
    for (std::size_t at = (hole + 1) & mask; slots_[at].value != kAbsent; at = (at + 1) & mask) {
      // It may move into the hole unless its own home lies between the hole and where it is.
      const std::size_t home = start(slots_[at].key);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole].value = kAbsent;
  }
  std::size_t size() const { return count_; }
  std::size_t bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t value = kAbsent;
  };

  std::size_t start(std::uint64_t key) const {
    return static_cast<std::size_t>(((key ^ (key >> 32)) * 0x9e3779b97f4a7c15ULL) >> 32) &
           (slots_.size() - 1);
  }
  std::size_t place(std::uint64_t key) const {
    std::size_t at = start(key);
    while (slots_[at].value != kAbsent && slots_[at].key != key) at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 8 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.value != kAbsent) slots_[place(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace tailrace::models
