#include "models/policies/load_balancing/load_balancing.hpp"

#include <algorithm>

namespace tailrace::models {

FieldTable load_balancer_fields() {
  return Fields<LoadBalancerSpec>("load_balancer", "How callers choose among the replicas.")
      .choice("policy", &LoadBalancerSpec::policy, {"round_robin", "random", "least_request", "weighted"},
              "weighted draws by the instances' weights")
      .add("choice_count", &LoadBalancerSpec::choice_count,
           "least_request: the least loaded of this many drawn at random; 0 looks at all", between(0, 1000))
      .shorthand("policy")
      .table();
}

PolicyInfo load_balancing_policy() {
  return {"load_balancing", "selection", "service", "load_balancer", "Which replica serves a call."};
}

std::uint32_t choose_weighted(std::span<const double> cumulative, sim::Stream& random) {
  const double u = random.uniform() * cumulative.back();
  const auto it = std::upper_bound(cumulative.begin(), cumulative.end(), u);
  const auto index = static_cast<std::uint32_t>(it - cumulative.begin());
  return std::min(index, static_cast<std::uint32_t>(cumulative.size() - 1));
}

}  // namespace tailrace::models
