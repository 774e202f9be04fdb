#pragma once
// Reaction seam: retries with capped exponential back-off. `attempts` counts retries after the first try, as
// Envoy's num_retries and Istio's attempts do (resilience4j's maxAttempts includes the first). The k-th pause
// is base x multiplier^(k-1), at most max_interval, then jittered: full is uniform in [0, pause), equal in
// [pause/2, pause).
#include <optional>
#include <string>
#include <vector>

#include "models/field/field.hpp"
#include "models/kind/kind.hpp"
#include "models/policy/seams.hpp"
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
  std::vector<std::string> retry_on;  // outcome names; empty: every failure
  std::vector<Mark> retry_on_marks;
  BackoffSpec backoff;
};

FieldTable retry_fields();
PolicyInfo retry_policy();

// Sets the retry part of an edge; unknown outcome names are reported.
void apply_retries(const RetrySpec& spec, Edge& edge, const std::string& path, Diagnostics& diagnostics);

// The k-th pause (k from 1) before jitter, saturating.
sim::Duration backoff_ceiling(const BackoffModel& backoff, std::uint32_t k);
sim::Duration backoff_delay(const BackoffModel& backoff, std::uint32_t k, sim::Stream& random);

// After attempt `facts.attempt` ended with a failure.
Reaction react(const Edge& edge, const CallFacts& facts, sim::Stream& random);

}  // namespace tailrace::models
