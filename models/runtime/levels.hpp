#pragma once
// What answers carry of their servers' admission levels (models/policy/piggyback.hpp), by attempt. Models
// whose calls have nobody that listens have none of this.
#include <cstdint>
#include <vector>

#include "models/policy/piggyback.hpp"

namespace tailrace::models {

struct CompiledModel;

class Levels {
 public:
  static bool needed(const CompiledModel& model);

  // Of the answer that the attempt in the slot has set out with; kNone: it carries nothing.
  static constexpr int kNone = -2;
  void carry(std::uint32_t slot, int level) {
    if (carried_.size() <= slot) carried_.resize(slot + 1, kNone);
    carried_[slot] = level;
  }
  int take(std::uint32_t slot) {
    if (carried_.size() <= slot) return kNone;
    const int level = carried_[slot];
    carried_[slot] = kNone;
    return level;
  }
  std::size_t bytes() const { return carried_.capacity() * sizeof(int); }

 private:
  std::vector<int> carried_;
};

}  // namespace tailrace::models
