#pragma once
// Selection seam: active health checks. One prober asks every instance at a fixed period; callers of the
// service leave out what it found unhealthy. `unhealthy_threshold` failed probes in a row take an instance
// out, `healthy_threshold` good ones bring it back; one probe of the other kind starts the count over.
//
// A shallow probe asks whether the process is there and passes while a gray failure goes on; a deep one sends
// a real request to `operation` and counts as failed when that fails or takes longer than `timeout`.
//
// An instance that fails at a random moment of the period P is found after k failed probes, in (k - 1/2) P on
// average and k P at most (plus the time of the last probe). Probes of an instance are P apart whatever they
// answer; Envoy's start P after the last one has ended.
#include <cstdint>
#include <string>

#include "models/field/field.hpp"
#include "models/policy/policy.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

struct HealthCheckSpec {
  sim::Duration interval{10'000'000'000};
  sim::Duration timeout{1'000'000'000};
  Count unhealthy_threshold = 3;
  Count healthy_threshold = 2;
  std::string operation;
};

FieldTable health_check_fields();
PolicyInfo health_check_policy();

// What the prober thinks of one instance; healthy until shown otherwise.
class HealthState {
 public:
  explicit HealthState(const HealthCheckSettings& settings)
      : unhealthy_threshold_(settings.unhealthy_threshold), healthy_threshold_(settings.healthy_threshold) {}

  bool healthy() const { return healthy_; }
  // A probe has ended. True if the verdict changed.
  bool probed(bool good);

 private:
  std::int64_t unhealthy_threshold_, healthy_threshold_;
  std::int64_t against_ = 0;  // probes in a row that speak against the verdict
  bool healthy_ = true;
};

}  // namespace tailrace::models
