#pragma once
// A small map from a request's key to a state: open addressing, linear probing, deletion by shifting back.
// Memory grows with the keys that are there at once (at most twice as many slots as needed), and only a new
// key allocates. A reference holds until the next new or erased key. There is no way to iterate: the order of
// slots means nothing, so it must not be able to reach a result.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/base/check.hpp"

namespace tailrace::models {

template <class Value>
class KeyMap {
 public:
  static constexpr std::size_t kMostKeys = std::size_t{1} << 26;  // a guard against running away, not a limit

  explicit KeyMap(Value fresh = {}) : fresh_(std::move(fresh)) {}

  // The state of a key; a copy of `fresh` at the first meeting.
  Value& operator[](std::uint64_t key) {
    if (!slots_.empty()) {
      Slot& slot = slots_[place(key)];
      if (slot.used) return slot.value;
    }
    if ((count_ + 1) * 4 > slots_.size() * 3) grow();
    Slot& slot = slots_[place(key)];
    slot.used = true;
    slot.key = key;
    slot.value = fresh_;
    ++count_;
    return slot.value;
  }
  const Value* find(std::uint64_t key) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[place(key)];
    return slot.used ? &slot.value : nullptr;
  }
  void erase(std::uint64_t key) {
    if (slots_.empty()) return;
    const std::size_t mask = slots_.size() - 1;
    std::size_t hole = place(key);
    if (!slots_[hole].used) return;
    for (std::size_t at = (hole + 1) & mask; slots_[at].used; at = (at + 1) & mask) {
      // It may fill the hole unless its home lies behind the hole.
      if (((at - home(slots_[at].key)) & mask) < ((at - hole) & mask)) continue;
      slots_[hole] = std::move(slots_[at]);
      hole = at;
    }
    slots_[hole] = Slot{};
    --count_;
  }
  void prefetch(std::uint64_t key) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[home(key)], 1);
  }
  std::size_t size() const { return count_; }
  std::size_t bytes() const { return slots_.size() * sizeof(Slot); }
  // Forgets all keys, and keeps the memory.
  void clear() {
    slots_.assign(slots_.size(), Slot{});
    count_ = 0;
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    bool used = false;
    Value value{};
  };

  // Keys are often 0, 1, 2 ...: the multiplication spreads them over the upper bits, and the shift takes
  // those.
  std::size_t home(std::uint64_t key) const {
    return static_cast<std::size_t>(((key ^ (key >> 32)) * 0x9e3779b97f4a7c15ULL) >> 32) &
           (slots_.size() - 1);
  }
  std::size_t place(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = home(key);
    while (slots_[at].used && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }

  void grow() {
    TAILRACE_CHECK(count_ < kMostKeys);
    std::vector<Slot> old(slots_.empty() ? 8 : slots_.size() * 2);
    old.swap(slots_);
    for (Slot& slot : old) {
      if (slot.used) slots_[place(slot.key)] = std::move(slot);
    }
  }

  Value fresh_;
  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace tailrace::models
