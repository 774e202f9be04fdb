#pragma once
// Admission seam: a quota, such as 1000 requests per client and hour, refused with rate_limited beyond. It is
// the fixed window of rate_limit under the name and with the defaults that API gateways give it, so that a
// call or a door can have both: a rate for the moment and a quota for the day. Periods begin at the multiples
// of their length on the run's clock.
#include "models/policies/rate_limit/rate_limit.hpp"

namespace tailrace::models {

struct QuotaSpec {
  Count limit = 0;
  sim::Duration period{3'600'000'000'000};
  bool per_key = true;
  Scope scope = Scope::service;
  bool shared = true;
};

PolicyInfo quota_policy();

}  // namespace tailrace::models
