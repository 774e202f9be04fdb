#pragma once
// So many transactions a second, with at most one second's worth at once: a token bucket kept as the time at
// which the next token is due (the generic cell rate algorithm). Whole nanoseconds, 8 bytes of state.
#include <algorithm>
#include <cstdint>

namespace tailrace::models {

struct RateGate {
  std::int64_t spacing_ns = 0;  // between transactions; 0: no limit
  std::int64_t due_ns = 0;

  static constexpr std::int64_t kBurst = 1'000'000'000;

  // Takes a token if there is one.
  bool pass(std::int64_t now) {
    if (earliest(now) > now) return false;
    take(now);
    return true;
  }
  // When the next transaction may go; now if at once.
  std::int64_t earliest(std::int64_t now) const {
    return spacing_ns == 0 ? now : std::max(now, due_ns + spacing_ns - std::max(kBurst, spacing_ns));
  }
  void take(std::int64_t when) {
    if (spacing_ns > 0) due_ns = std::max(when, due_ns) + spacing_ns;
  }
};

}  // namespace tailrace::models
