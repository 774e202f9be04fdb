#include "models/autoscaling/concurrency.hpp"

#include <algorithm>
#include <cmath>

namespace tailrace::models {

namespace {

class Concurrency final : public Autoscaler {
 public:
  explicit Concurrency(const ConcurrencySpec& spec) : s_(spec) {}

  ScaleAdvice look(const ScaleFacts& facts) override {
    const double each = s_.target * s_.target_utilization.value;
    const double ready = std::max(1u, facts.ready);
    const auto needed = [&](double inside) {
      double n = std::ceil(inside / each - 1e-9);
      n = std::min(n, std::ceil(ready * s_.max_scale_up_rate));
      return static_cast<std::uint32_t>(std::max(0.0, std::min(n, 1e9)));
    };
    const std::uint32_t quick = needed(facts.quick);
    std::uint32_t wanted = std::max(
        needed(facts.value), static_cast<std::uint32_t>(std::floor(facts.ready / s_.max_scale_down_rate)));
    if (facts.value > 0 || facts.quick > 0) busy_ = facts.now;
    if (facts.value <= 0 && facts.current > 0 && facts.now - busy_ < s_.scale_to_zero_grace)
      wanted = std::max(wanted, 1u);
    if (facts.value <= 0 && facts.now - busy_ >= s_.scale_to_zero_grace) wanted = 0;
    if (quick >= s_.panic_threshold * ready) {
      if (!panic_) most_ = 0;
      panic_ = true;
      burst_ = facts.now;
    } else if (panic_ && facts.now - burst_ >= s_.stable_window) {
      panic_ = false;
    }
    if (!panic_) return {wanted, ScaleReason::metric};
    most_ = std::max({most_, quick, wanted, facts.current});
    return {most_, ScaleReason::panic};
  }

 private:
  const ConcurrencySpec s_;
  sim::Instant busy_, burst_;
  bool panic_ = false;
  std::uint32_t most_ = 0;
};

struct Model final : AutoscalerModel {
  ConcurrencySpec spec;
  std::unique_ptr<Autoscaler> start() const override { return std::make_unique<Concurrency>(spec); }
};

}  // namespace

FieldTable concurrency_fields() {
  return Fields<ConcurrencySpec>("concurrency", "Knative's pod autoscaler, by requests inside.")
      .add("target", &ConcurrencySpec::target, "requests that an instance should have inside", more_than(0))
      .add("target_utilization", &ConcurrencySpec::target_utilization, "of the target, that is aimed at",
           between(0.01, 1))
      .add("period", &ConcurrencySpec::period, "between two looks", at_least(1e6))
      .add("stable_window", &ConcurrencySpec::stable_window, "the mean of it decides", more_than(0))
      .add("panic_window", &ConcurrencySpec::panic_window, "the mean of it decides in a burst", more_than(0))
      .add("panic_threshold", &ConcurrencySpec::panic_threshold,
           "a burst needs this many times the ready instances", more_than(1))
      .add("max_scale_up_rate", &ConcurrencySpec::max_scale_up_rate,
           "at one look to at most this many times the ready instances", more_than(1))
      .add("max_scale_down_rate", &ConcurrencySpec::max_scale_down_rate,
           "at one look to no less than the ready instances divided by this", more_than(1))
      .add("scale_to_zero_grace", &ConcurrencySpec::scale_to_zero_grace,
           "with min_replicas 0: the last instance stays this long after the stable window was empty")
      .table();
}

std::shared_ptr<const AutoscalerModel> concurrency_model(const ConcurrencySpec& spec) {
  auto model = std::make_shared<Model>();
  model->spec = spec;
  return model;
}

}  // namespace tailrace::models
