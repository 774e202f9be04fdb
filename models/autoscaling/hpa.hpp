#pragma once
// The Kubernetes horizontal pod autoscaler (autoscaling/v2): wanted = ceil(current x metric / target), no
// change while the ratio is within the tolerance; then the lowest recommendation of the window for more and
// the highest of the window for fewer (stabilisation), and at most so many pods or percent per period. With
// instances that still start, more are added only if those were not enough: what they do counts as 0.
//
// With min_replicas 0 it also does what KEDA adds to it: the last instance goes when the metric has been at
// most `activation` for `cooldown`, and one comes when it is above (at a look, which KEDA calls a poll).
// Left out: several metrics at once, missing metrics of single pods, the readiness delays of new pods.
#include <deque>
#include <vector>

#include "models/field/field.hpp"
#include "models/topology/scaling.hpp"

namespace tailrace::models {

// At most so many more (or fewer) instances in any stretch of time of this length, than there were when it
// began.
struct HpaRate {
  std::optional<Count> pods;
  std::optional<double> percent;
  sim::Duration period{15'000'000'000};
};
enum class HpaSelect : std::uint8_t { most, least, disabled };
struct HpaDirection {
  std::optional<sim::Duration> stabilization_window;
  std::vector<HpaRate> policies;
  HpaSelect select_policy = HpaSelect::most;
};

struct HpaSpec {
  ScaleMetric metric = ScaleMetric::cpu;
  double target = 0;
  double tolerance = 0.1;
  sim::Duration sync_period{15'000'000'000};
  std::optional<sim::Duration> metrics_window;
  sim::Duration metrics_lag{0};
  HpaDirection scale_up, scale_down;
  double activation = 0;
  sim::Duration cooldown{300'000'000'000};
};

// desired = ceil(current x metric / target), or current within the tolerance.
std::uint32_t hpa_desired(std::uint32_t current, double metric, double target, double tolerance);

FieldTable hpa_fields();
std::shared_ptr<const AutoscalerModel> hpa_model(const HpaSpec& spec);

// "70%", "200/s" or a plain number, as the target of a metric.
void read_scale_target(const Node& node, double& target, ReadContext& context);
inline const std::vector<std::string> kScaleMetricWords = {"workers", "cpu", "requests", "queue",
                                                           "concurrency"};

}  // namespace tailrace::models
