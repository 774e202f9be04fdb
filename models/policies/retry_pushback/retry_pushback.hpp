#pragma once
// Reaction seam, the server's side: with a refusal goes word of when to try again, or that it is not worth it
// (gRPC's retry pushback, proposal A6). A refusal is what the server itself turns away: at its door, for a
// full queue, from the queue by its policy, its timeout or drop_expired; not a failure of the work.
//
// A caller whose retries honour it (`honor_pushback`) waits exactly that long in place of its own pause, and
// its back-off begins anew after that; of `never` it makes no further retry and no further hedge. What
// retry_on, attempts, budget and deadline forbid stays forbidden. Where hedges are under way, the next one
// goes out when the server said.
// Cost: nothing but at a refusal. Left out: pushback that depends on the load.
#include <optional>

#include "models/policy/policy.hpp"

namespace tailrace::models {

struct RetryPushbackSpec {
  sim::Duration after{0};
  bool never = false;
};

PolicyInfo retry_pushback_policy();

}  // namespace tailrace::models
