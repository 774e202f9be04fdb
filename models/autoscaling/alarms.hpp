#pragma once
// Autoscaling by alarms, as AWS does it. Step scaling: where the metric lies decides how many instances are
// added or taken, and after a change nothing happens for the cooldown. Target tracking: after `out_periods`
// looks in a row above the target, or `in_periods` below 90 % of it, ceil(current x metric / target).
// Left out: warm-up of instances in the metric, partial periods, several alarms on one service.
#include "models/autoscaling/hpa.hpp"

namespace tailrace::models {

struct StepRule {
  double above = -1, below = -1;  // -1: not said
  std::optional<double> add, percent;
};
struct StepScalingSpec {
  ScaleMetric metric = ScaleMetric::cpu;
  sim::Duration period{60'000'000'000};
  Count periods = 1;
  sim::Duration cooldown{300'000'000'000};
  std::vector<StepRule> steps;
};

struct TrackingSpec {
  ScaleMetric metric = ScaleMetric::cpu;
  double target = 0;
  sim::Duration period{60'000'000'000};
  Count out_periods = 3, in_periods = 15;
  sim::Duration scale_out_cooldown{300'000'000'000}, scale_in_cooldown{300'000'000'000};
};

FieldTable step_scaling_fields();
FieldTable tracking_fields();
std::shared_ptr<const AutoscalerModel> step_scaling_model(const StepScalingSpec& spec);
std::shared_ptr<const AutoscalerModel> tracking_model(const TrackingSpec& spec);

}  // namespace tailrace::models
