#include "models/autoscaling/alarms.hpp"

#include <algorithm>
#include <cmath>

namespace tailrace::models {

namespace {

constexpr double kScaleInShare = 0.9;  // of the target, below which target tracking takes instances away

// Of one instance.
double each(const ScaleFacts& facts, ScaleMetric metric) {
  return is_share(metric) ? facts.value : facts.value / std::max(1u, facts.current);
}
std::uint32_t bounded(double n) {
  return n <= 0 ? 0 : static_cast<std::uint32_t>(std::min(n, 1e9));
}

class StepScaler final : public Autoscaler {
 public:
  explicit StepScaler(std::shared_ptr<const StepScalingSpec> spec) : s_(std::move(spec)) {}

  ScaleAdvice look(const ScaleFacts& facts) override {
    const double value = each(facts, s_->metric);
    // The outermost step that the metric has reached.
    const StepRule* rule = nullptr;
    for (const StepRule& r : s_->steps) {
      if (r.above >= 0 && value >= r.above && (rule == nullptr || rule->above < r.above)) rule = &r;
      if (r.below >= 0 && value <= r.below && (rule == nullptr || rule->below > r.below)) rule = &r;
    }
    const int side = rule == nullptr ? 0 : rule->above >= 0 ? 1 : -1;
    in_row_ = side != 0 && side == side_ ? in_row_ + 1 : 1;
    side_ = side;
    const bool cooling = acted_ && facts.now - last_ < s_->cooldown;
    if (rule == nullptr || in_row_ < s_->periods || cooling) return {facts.current, ScaleReason::metric};
    acted_ = true;
    last_ = facts.now;
    return {bounded(facts.current + change(*rule, facts.current)), ScaleReason::metric};
  }

 private:
  // How many more; a share of those that there are is at least one.
  static double change(const StepRule& rule, std::uint32_t current) {
    if (rule.add) return *rule.add;
    const double share = current * *rule.percent / 100;
    if (*rule.percent > 0) return std::max(1.0, std::floor(share));
    return *rule.percent < 0 ? std::min(-1.0, std::ceil(share)) : 0;
  }

  std::shared_ptr<const StepScalingSpec> s_;
  int side_ = 0;
  std::int64_t in_row_ = 0;
  bool acted_ = false;
  sim::Instant last_;
};

class Tracking final : public Autoscaler {
 public:
  explicit Tracking(const TrackingSpec& spec) : s_(spec) {}

  ScaleAdvice look(const ScaleFacts& facts) override {
    const double value = each(facts, s_.metric);
    high_ = value > s_.target ? high_ + 1 : 0;
    low_ = value < kScaleInShare * s_.target ? low_ + 1 : 0;
    const std::uint32_t wanted = hpa_desired(facts.current, value, s_.target, 0);
    const auto cooled = [&](sim::Duration pause) { return !acted_ || facts.now - last_ >= pause; };
    const bool out = high_ >= s_.out_periods && wanted > facts.current && cooled(s_.scale_out_cooldown);
    const bool in = low_ >= s_.in_periods && wanted < facts.current && cooled(s_.scale_in_cooldown);
    if (!out && !in) return {facts.current, ScaleReason::metric};
    acted_ = true;
    last_ = facts.now;
    return {wanted, ScaleReason::metric};
  }

 private:
  const TrackingSpec s_;
  std::int64_t high_ = 0, low_ = 0;
  bool acted_ = false;
  sim::Instant last_;
};

struct StepModel final : AutoscalerModel {
  std::shared_ptr<const StepScalingSpec> spec;
  std::unique_ptr<Autoscaler> start() const override { return std::make_unique<StepScaler>(spec); }
};
struct TrackingModel final : AutoscalerModel {
  TrackingSpec spec;
  std::unique_ptr<Autoscaler> start() const override { return std::make_unique<Tracking>(spec); }
};

FieldTable rule_fields() {
  return Fields<StepRule>("step", "What happens when the metric is beyond a value; the outermost counts.")
      .custom(
          "above", FieldType::number,
          [](const Node& n, StepRule& s, ReadContext& c) { read_scale_target(n, s.above, c); },
          "the metric is at least this")
      .custom(
          "below", FieldType::number,
          [](const Node& n, StepRule& s, ReadContext& c) { read_scale_target(n, s.below, c); },
          "the metric is at most this")
      .add("add", &StepRule::add, "so many instances; less than 0 takes them away")
      .add("percent", &StepRule::percent, "so much of those that there are, at least one", between(-100, 1e5))
      .table();
}

}  // namespace

FieldTable step_scaling_fields() {
  return Fields<StepScalingSpec>("step", "Steps: beyond a value of the metric so many more or fewer.")
      .choice("metric", &StepScalingSpec::metric, kScaleMetricWords,
              "as in hpa; all but shares are per instance")
      .add("period", &StepScalingSpec::period, "the metric's mean over it is looked at when it is over",
           at_least(1e6))
      .add("periods", &StepScalingSpec::periods, "in a row that must be beyond a value", at_least(1))
      .add("cooldown", &StepScalingSpec::cooldown, "after a change none follows for so long")
      .list_of("steps", &StepScalingSpec::steps, rule_fields(), "what to do, by the metric")
      .table();
}

FieldTable tracking_fields() {
  return Fields<TrackingSpec>("target_tracking", "AWS' target tracking: alarms on both sides of a target.")
      .choice("metric", &TrackingSpec::metric, kScaleMetricWords,
              "as in hpa; all but shares are per instance")
      .custom(
          "target", FieldType::number,
          [](const Node& n, TrackingSpec& s, ReadContext& c) { read_scale_target(n, s.target, c); },
          "what the metric should be: a share (60%) of workers and cpu, otherwise a number per instance")
      .required()
      .add("period", &TrackingSpec::period, "the metric's mean over it is looked at when it is over",
           at_least(1e6))
      .add("out_periods", &TrackingSpec::out_periods, "in a row above the target before instances are added",
           at_least(1))
      .add("in_periods", &TrackingSpec::in_periods, "in a row below 90% of it before any are taken away",
           at_least(1))
      .add("scale_out_cooldown", &TrackingSpec::scale_out_cooldown, "from a change until instances are added")
      .add("scale_in_cooldown", &TrackingSpec::scale_in_cooldown, "from a change until some are taken away")
      .table();
}

std::shared_ptr<const AutoscalerModel> step_scaling_model(const StepScalingSpec& spec) {
  auto model = std::make_shared<StepModel>();
  model->spec = std::make_shared<const StepScalingSpec>(spec);
  return model;
}

std::shared_ptr<const AutoscalerModel> tracking_model(const TrackingSpec& spec) {
  auto model = std::make_shared<TrackingModel>();
  model->spec = spec;
  return model;
}

}  // namespace tailrace::models
