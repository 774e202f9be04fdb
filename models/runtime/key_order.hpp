#pragma once
// The message of each key that was handled last, for finding out what came out of order. It remembers two
// generations of keys. The older one is forgotten when every journey that began before its last entry has
// ended: no message from before can come any more, so nothing that is still needed is ever lost, and memory
// follows the keys that are under way, not those that were ever met.
//
// Cost: one hash step for a key of the younger generation, which fits into a cache; two for others.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "models/policy/key_map.hpp"

namespace tailrace::models {

class KeyOrder {
 public:
  static constexpr std::size_t kGeneration = 8192;  // keys, at least

  // False: a later message of the key was handled before.
  bool in_order(std::uint64_t key, std::uint64_t sequence) {
    std::uint64_t& last = younger_[key];  // the sequence, plus 1
    if (last == 0) {
      if (const std::uint64_t* before = older_.find(key)) last = *before;
    }
    if (sequence + 1 < last) return false;
    last = sequence + 1;
    return true;
  }
  void prefetch(std::uint64_t key) const {
    younger_.prefetch(key);
    older_.prefetch(key);
  }
  bool generation_is_full() const { return younger_.size() >= kGeneration; }
  void next_generation() {
    std::swap(younger_, older_);
    younger_.clear();
  }
  std::size_t bytes() const { return younger_.bytes() + older_.bytes(); }

 private:
  KeyMap<std::uint64_t> younger_, older_;
};

}  // namespace tailrace::models
