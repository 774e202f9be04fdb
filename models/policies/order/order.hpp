#pragma once
// The order in which a call asks its admission policies, outermost first, and where its retries stand among
// them: what stands before `retries` is asked once per call, what stands after it for every attempt. The
// catalog's order is the default: rate limits, quotas, admission control and concurrency limits outside the
// retries, as Envoy's filters stand before its router; circuit breaker, bulkhead and connection pool inside,
// as in resilience4j. Libraries differ (Polly's standard pipeline limits once, outside), hence this field.
//
// Timeouts stand outside of everything, per-try timeouts and the choice of an instance inside, fallbacks
// last. A policy per instance is asked when the instance has been chosen.
#include <string>
#include <vector>

#include "models/policy/policy.hpp"

namespace tailrace::models {

struct OrderSpec {
  std::vector<std::string> names;
  std::vector<Mark> marks;
};

PolicyInfo order_policy();

}  // namespace tailrace::models
