#pragma once
// `autoscaling` of a service: bounds, and who decides between them. A new autoscaler is a file beside these
// (its fields, and a machine behind models/topology/scaling.hpp) and a section here.
#include "models/autoscaling/alarms.hpp"
#include "models/autoscaling/concurrency.hpp"
#include "models/autoscaling/hpa.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

struct OnDemandSpec {
  sim::Duration idle_timeout{300'000'000'000};
};
struct AppointmentSpec {
  sim::Duration at{0};
  Count replicas = 1;
  std::optional<sim::Duration> every;
};

struct AutoscalingSpec {
  Count min_replicas = 1;
  Count max_replicas = 10;
  std::optional<HpaSpec> hpa;
  std::optional<StepScalingSpec> step;
  std::optional<TrackingSpec> target_tracking;
  std::optional<ConcurrencySpec> concurrency;
  std::optional<OnDemandSpec> on_demand;
  std::vector<AppointmentSpec> schedule;
};

FieldTable autoscaling_fields();
// Into station.scaling, and the layout of the station; `replicas` (none: the least) are there at the start.
// What instances take to come and to go is the station's already.
void apply_autoscaling(const AutoscalingSpec& spec, std::optional<std::int64_t> replicas, Station& station,
                       Mark mark, const std::string& path, Diagnostics& diagnostics);
// What does not go with a queue that all instances share, or with instances that come and go.
void check_scaling(const Station& station, Mark mark, const std::string& path, Diagnostics& diagnostics);

}  // namespace tailrace::models
