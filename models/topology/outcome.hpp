#pragma once
// How a call, and so a request, ended. A failure keeps its first cause on its way up the call tree.
#include <array>
#include <cstdint>

namespace tailrace::models {

enum class Outcome : std::uint8_t {
  success,
  error,          // the operation failed (error_rate, a fail step)
  timeout,        // a caller stopped waiting
  rejected,       // a full queue
  queue_timeout,  // waited in a queue for as long as it was willing to
  network,        // the network gave up after the last retransmission
  depth_limit,    // a call cycle went deeper than run.max_call_depth
};
inline constexpr int kOutcomes = 7;
inline constexpr std::array<const char*, kOutcomes> kOutcomeNames = {
    "success", "error", "timeout", "rejected", "queue_timeout", "network", "depth_limit"};

constexpr std::uint32_t outcome_bit(Outcome o) {
  return 1u << static_cast<unsigned>(o);
}

}  // namespace tailrace::models
