#pragma once
// Timing seam: how long a caller waits. `timeout` bounds the call with all its attempts and pauses,
// retries.per_try_timeout each attempt. The server is not told (see cancellation): a timed-out attempt keeps
// its worker to the end. A reply that lands exactly on the deadline is a success (Phase::finish before
// Phase::expire).
#include "models/policy/policy.hpp"

namespace tailrace::models {

struct TimeoutSpec {
  sim::Duration after;
};

PolicyInfo timeout_policy();

}  // namespace tailrace::models
