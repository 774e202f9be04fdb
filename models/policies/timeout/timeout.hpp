#pragma once
// Timing seam: how long a caller waits. `timeout` bounds the call with all its attempts and pauses,
// per_try_timeout each attempt. The server is not told: a timed-out attempt keeps its worker to the end. A
// reply that lands exactly on the deadline is a success (Phase::finish before Phase::expire).
#include "models/kind/kind.hpp"

namespace tailrace::models {

PolicyInfo timeout_policy();

}  // namespace tailrace::models
