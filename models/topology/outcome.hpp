#pragma once
// How a call, and so a request, ended. A failure keeps its first cause on its way up the call tree.
#include <array>
#include <cstdint>

namespace tailrace::models {

enum class Outcome : std::uint8_t {
  success,
  error,          // the operation failed (error_rate, a fail step)
  timeout,        // a caller stopped waiting
  rejected,       // a full queue, bulkhead or connection pool
  queue_timeout,  // waited in a queue for as long as it was willing to
  network,        // the network gave up after the last retransmission
  depth_limit,    // a call cycle went deeper than run.max_call_depth
  circuit_open,   // the caller's circuit breaker let nothing through
  rate_limited,   // over its rate or quota
  shed,           // refused to protect the server: admission control, concurrency limits, CoDel, priorities
  deadline,       // the request's deadline was over
  cancelled,      // the caller had left, and the server noticed
  unavailable,    // no instance to send it to
};
inline constexpr int kOutcomes = 13;
inline constexpr std::array<const char*, kOutcomes> kOutcomeNames = {
    "success", "error", "timeout", "rejected", "queue_timeout", "network", "depth_limit",
    "circuit_open", "rate_limited", "shed", "deadline", "cancelled", "unavailable"};

constexpr std::uint32_t outcome_bit(Outcome o) {
  return 1u << static_cast<unsigned>(o);
}

}  // namespace tailrace::models
