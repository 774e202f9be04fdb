#pragma once
// How long a call that a policy has delayed waits before it starts; 0: not at all. The policy knows of round
// trips only their number: each is asked for, and the policy is told when they will be over.
#include "models/policy/seams.hpp"

namespace tailrace::models {

template <class RoundTrip>  // nanoseconds of one
std::int64_t delay_of(const Admission& answer, AdmissionPolicy& policy, std::int64_t now, RoundTrip one) {
  if (answer.kind != Admission::Kind::delay) return 0;
  std::int64_t delay = answer.time.ns;
  for (std::int64_t i = 0; i < answer.round_trips; ++i) delay = sim::saturating_add(delay, one());
  if (answer.round_trips > 0) policy.starts_at({sim::saturating_add(now, delay)});
  return delay;
}

}  // namespace tailrace::models
