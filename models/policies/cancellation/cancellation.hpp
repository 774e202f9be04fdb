#pragma once
// Timing seam: a caller that stops waiting (its timeout or deadline is over, another attempt won, its own
// caller left) tells the server. What the server does with the news is a field of the service; without it the
// server never hears and works to the end.
#include "models/field/field.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

struct CancellationSpec {
  bool enabled = true;
};

PolicyInfo cancellation_policy();

}  // namespace tailrace::models
