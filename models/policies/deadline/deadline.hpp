#pragma once
// Timing seam: the request's deadline, counted from the start of the call and kept by everything that is
// called on its behalf: an inner deadline can only be earlier, a retry gets no new one. The caller stops
// waiting at the deadline; servers stop working at it only where they are told to (drop_expired,
// cancellation).
#include "models/field/field.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

struct DeadlineSpec {
  sim::Duration after;
};

PolicyInfo deadline_policy();

}  // namespace tailrace::models
