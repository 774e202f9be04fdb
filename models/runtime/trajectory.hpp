#pragma once
// The running hash of all events of a run: times, kinds and slots in order, one multiply per event. Ids of
// tables stay out of it: they shift when a component is added that nobody calls.
#include <array>
#include <cstdint>

#include "sim/engine/calendar.hpp"

namespace tailrace::models {

// Kinds of events whose target is a frame: resume, arrive, reply, core_done, resend.
inline constexpr std::array<std::uint32_t, 64> kHashedTarget = [] {
  std::array<std::uint32_t, 64> masks{};
  for (const int kind : {0, 1, 2, 6, 9}) masks[static_cast<std::size_t>(kind)] = ~0u;
  return masks;
}();

inline std::uint64_t trajectory_with(std::uint64_t trajectory, const sim::Event& event) {
  const std::uint64_t slot = event.target & kHashedTarget[event.kind()];
  trajectory = (trajectory ^ static_cast<std::uint64_t>(event.time_ns) ^ (slot << 32 | event.tag)) *
               0x9e3779b97f4a7c15ULL;
  return trajectory ^ trajectory >> 29;
}

}  // namespace tailrace::models
