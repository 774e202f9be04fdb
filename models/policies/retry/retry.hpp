#pragma once
// Reaction seam: retries with capped exponential back-off. `attempts` counts retries after the first try, as
// Envoy's num_retries and Istio's attempts do (resilience4j's maxAttempts includes the first). The k-th pause
// is base x multiplier^(k-1), at most max_interval, then jittered: full is uniform in [0, pause), equal in
// [pause/2, pause); decorrelated is uniform in [base, 3 x the pause before) (Brooker, 2015).
#include <optional>
#include <string>
#include <vector>

#include "models/field/field.hpp"
#include "models/policy/outcome_list.hpp"
#include "models/policy/policy.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

struct BackoffSpec {
  sim::Duration base_interval{25'000'000};
  std::optional<sim::Duration> max_interval;  // default 10 x base
  double multiplier = 2;
  Jitter jitter = Jitter::full;
};

struct RetrySpec {
  Limit attempts{1};
  std::optional<sim::Duration> per_try_timeout;
  OutcomeList retry_on;  // empty: every failure
  BackoffSpec backoff;
  bool honor_pushback = true;
};

FieldTable retry_fields();
PolicyInfo retry_policy();

// What follows a failed attempt.
struct Reaction {
  bool retry = false;
  sim::Duration delay;
};

// The k-th pause (k from 1) before jitter, saturating.
sim::Duration backoff_ceiling(const BackoffModel& backoff, std::uint32_t k);
// `previous` is the pause before the last attempt; zero when there was none.
sim::Duration backoff_delay(const BackoffModel& backoff, std::uint32_t k, sim::Duration previous,
                            sim::Stream& random);

// After attempt `attempt` (from 1) ended with a failure. The pauses grow from attempt `restarted` on, the
// last that the server answered with a time of its own.
Reaction react(const Edge& edge, std::uint32_t attempt, Outcome outcome, sim::Duration previous,
               sim::Stream& random, std::uint32_t restarted = 0);

}  // namespace tailrace::models
