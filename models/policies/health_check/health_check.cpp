#include "models/policies/health_check/health_check.hpp"

namespace tailrace::models {

namespace {

void apply(const void* raw, PolicyTarget& target) {
  const auto& spec = *static_cast<const HealthCheckSpec*>(raw);
  if (spec.timeout > spec.interval) {
    target.diagnostics.error(target.mark, target.path + ".timeout",
                             "a probe may take longer than the interval to the next one",
                             "a timeout of at most the interval");
  }
  HealthCheckSettings& s = target.station->balancer.health.emplace();
  s.interval = spec.interval;
  s.timeout = spec.timeout;
  s.unhealthy_threshold = spec.unhealthy_threshold;
  s.healthy_threshold = spec.healthy_threshold;
  s.operation_name = spec.operation;
}

}  // namespace

FieldTable health_check_fields() {
  using Spec = HealthCheckSpec;
  return Fields<Spec>("health_check", "Probes of every instance; callers leave out the unhealthy.")
      .add("interval", &Spec::interval, "between probes of an instance", at_least(1e6))
      .add("timeout", &Spec::timeout, "a probe that takes longer has failed", more_than(0))
      .add("unhealthy_threshold", &Spec::unhealthy_threshold, "failed probes in a row that take it out",
           between(1, 1e6))
      .add("healthy_threshold", &Spec::healthy_threshold, "good probes in a row that bring it back",
           between(1, 1e6))
      .add(
          "operation", &Spec::operation,
          "endpoint of the service that a deep probe calls; without it a probe only asks whether the process "
          "is there")
      .shorthand("interval")
      .table();
}

PolicyInfo health_check_policy() {
  PolicyInfo info;
  info.name = "health_check";
  info.seam = "selection";
  info.places = {PolicyPlace::target};
  info.about = "Every instance is probed; callers leave out the unhealthy.";
  info.fields = health_check_fields();
  info.example = "{interval: 10s}";
  info.make = make_spec<HealthCheckSpec>;
  info.apply = apply;
  return info;
}

bool HealthState::probed(bool good) {
  if (good == healthy_) {
    against_ = 0;
    return false;
  }
  if (++against_ < (healthy_ ? unhealthy_threshold_ : healthy_threshold_)) return false;
  healthy_ = good;
  against_ = 0;
  return true;
}

}  // namespace tailrace::models
