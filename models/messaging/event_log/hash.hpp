#pragma once
// Spreads keys evenly and the same way on every machine: keys are often 0, 1, 2 ...
#include <cstdint>

#include "sim/random/stream.hpp"

namespace tailrace::models::event_log {

inline std::uint64_t mix(std::uint64_t key) {
  return sim::SplitMix64{key}.next();
}
// 0..n-1 from the upper bits.
inline std::uint32_t slot_of(std::uint64_t hash, std::uint32_t n) {
  return static_cast<std::uint32_t>(sim::Stream::below(n, hash));
}

}  // namespace tailrace::models::event_log
