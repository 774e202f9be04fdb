#include "models/autoscaling/hpa.hpp"

#include <algorithm>
#include <cmath>

#include "models/field/units.hpp"

namespace tailrace::models {

namespace {

// Rounding in the quotient must not ask for one more.
double ceil_of(double value) {
  return std::ceil(value - 1e-9 * std::max(1.0, std::abs(value)));
}
std::uint32_t bounded(double n) {
  return n <= 0 ? 0 : static_cast<std::uint32_t>(std::min(n, 1e9));
}

class Hpa final : public Autoscaler {
 public:
  explicit Hpa(std::shared_ptr<const HpaSpec> spec) : s_(std::move(spec)) {}

  ScaleAdvice look(const ScaleFacts& facts) override {
    if (!started_) {
      started_ = true;
      active_ = facts.now;
      recommendations_.push_back({{facts.now.ns - s_->sync_period.ns}, facts.current});
    }
    const double load = is_share(s_->metric) ? facts.value * facts.ready : facts.value;
    if (load > s_->activation) active_ = facts.now;
    std::uint32_t wanted = recommended(facts, load);
    if (facts.current == 0) {  // the first one comes; how many there should be is for the next look
      wanted = load > s_->activation ? 1 : 0;
      recommend(facts.now, wanted);
      return act(facts, wanted);
    }
    if (load > s_->activation || facts.now - active_ < s_->cooldown) wanted = std::max(wanted, 1u);
    if (wanted == 0) return act(facts, 0);  // idle for long enough
    return act(facts, limited(facts, stabilised(facts, wanted)));
  }

 private:
  struct At {
    sim::Instant when;
    std::uint32_t count;
  };

  std::uint32_t recommended(const ScaleFacts& facts, double load) const {
    if (!is_share(s_->metric))
      return hpa_desired(facts.current, load / std::max(facts.current, 1u), s_->target,
                         facts.current > 0 ? s_->tolerance : 0);
    if (facts.ready == 0) return facts.current;
    const double ratio = facts.value / s_->target;
    if (std::abs(ratio - 1) <= s_->tolerance) return facts.current;
    const std::uint32_t starting = facts.current - std::min(facts.current, facts.ready);
    if (ratio > 1 && starting > 0) {
      const double diluted = load / (s_->target * facts.current);
      return diluted <= 1 + s_->tolerance ? facts.current : bounded(ceil_of(diluted * facts.current));
    }
    const std::uint32_t desired = bounded(ceil_of(ratio * facts.ready));
    return ratio < 1 && desired > facts.current ? facts.current : desired;
  }

  sim::Duration up_window() const { return s_->scale_up.stabilization_window.value_or(sim::Duration{0}); }
  sim::Duration down_window() const {
    return s_->scale_down.stabilization_window.value_or(sim::Duration{300'000'000'000});
  }
  // Those of the longer window are kept.
  void recommend(sim::Instant now, std::uint32_t wanted) {
    recommendations_.push_back({now, wanted});
    const sim::Duration longest = std::max(up_window(), down_window());
    while (now - recommendations_.front().when > longest) recommendations_.pop_front();
  }

  std::uint32_t stabilised(const ScaleFacts& facts, std::uint32_t wanted) {
    recommend(facts.now, wanted);
    std::uint32_t least = wanted, most = wanted;
    for (const At& r : recommendations_) {
      if (facts.now - r.when < up_window()) least = std::min(least, r.count);
      if (facts.now - r.when < down_window()) most = std::max(most, r.count);
    }
    std::uint32_t chosen = facts.current;
    if (chosen < least) chosen = least;
    if (chosen > most) chosen = most;
    return chosen;
  }

  // By how much the number has changed within the period, in one direction.
  static std::uint32_t changed(const std::deque<At>& changes, sim::Instant now, sim::Duration period) {
    std::uint32_t sum = 0;
    for (const At& c : changes) {
      if (now - c.when < period) sum += c.count;
    }
    return sum;
  }

  std::uint32_t limited(const ScaleFacts& facts, std::uint32_t wanted) const {
    if (wanted == facts.current) return wanted;
    const bool more = wanted > facts.current;
    const HpaDirection& d = more ? s_->scale_up : s_->scale_down;
    if (d.select_policy == HpaSelect::disabled) return facts.current;
    std::vector<HpaRate> rates = d.policies;
    if (rates.empty() && more) rates.push_back({Count{4}, {}, sim::Duration{15'000'000'000}});
    if (rates.empty()) rates.push_back({{}, 100.0, sim::Duration{15'000'000'000}});
    if (d.policies.empty() && more) rates.push_back({{}, 100.0, sim::Duration{15'000'000'000}});
    std::optional<double> limit;
    for (const HpaRate& rate : rates) {
      const double at_start = static_cast<double>(facts.current) - changed(grown_, facts.now, rate.period) +
                              changed(shrunk_, facts.now, rate.period);
      double bound = 0;
      if (rate.pods) {
        const auto pods = static_cast<double>(*rate.pods);
        bound = more ? at_start + pods : at_start - pods;
      } else {
        const double share = *rate.percent / 100;
        bound = more ? ceil_of(at_start * (1 + share)) : std::floor(at_start * (1 - share) + 1e-9);
      }
      // Most: the policy that allows the greater change.
      const bool wider = more ? !limit || bound > *limit : !limit || bound < *limit;
      if (!limit || wider == (d.select_policy == HpaSelect::most)) limit = bound;
    }
    if (more) return std::max(facts.current, std::min(wanted, bounded(*limit)));
    return std::min(facts.current, std::max(wanted, bounded(*limit)));
  }

  ScaleAdvice act(const ScaleFacts& facts, std::uint32_t wanted) {
    if (wanted > facts.current) grown_.push_back({facts.now, wanted - facts.current});
    if (wanted < facts.current) shrunk_.push_back({facts.now, facts.current - wanted});
    constexpr std::size_t kKept = 1000;  // changes; a period holds far fewer
    if (grown_.size() > kKept) grown_.pop_front();
    if (shrunk_.size() > kKept) shrunk_.pop_front();
    return {wanted, ScaleReason::metric};
  }

  std::shared_ptr<const HpaSpec> s_;
  bool started_ = false;
  sim::Instant active_;
  std::deque<At> recommendations_, grown_, shrunk_;
};

struct Model final : AutoscalerModel {
  std::shared_ptr<const HpaSpec> spec;
  std::unique_ptr<Autoscaler> start() const override { return std::make_unique<Hpa>(spec); }
};

FieldTable rate_fields() {
  return Fields<HpaRate>("rate", "How fast it may change.")
      .add("pods", &HpaRate::pods, "so many instances", at_least(1))
      .add("percent", &HpaRate::percent, "100: as many again as at the start of the period", between(0, 1e5))
      .add("period", &HpaRate::period, "in each stretch of this length", more_than(0))
      .table();
}
FieldTable direction_fields(const char* name, const char* window, const char* rates) {
  return Fields<HpaDirection>(name, "How fast it may change in one direction.")
      .add("stabilization_window", &HpaDirection::stabilization_window, window)
      .list_of("policies", &HpaDirection::policies, rate_fields(), rates)
      .choice(
          "select_policy", &HpaDirection::select_policy, {"max", "min", "disabled"},
          "which of the policies holds: that of the greater change, of the smaller; disabled: no change in "
          "this direction")
      .table();
}

}  // namespace

std::uint32_t hpa_desired(std::uint32_t current, double metric, double target, double tolerance) {
  const double ratio = metric / target;
  if (std::abs(ratio - 1) <= tolerance + 1e-12) return current;
  return bounded(ceil_of(ratio * std::max(current, 1u)));
}

void read_scale_target(const Node& node, double& target, ReadContext& context) {
  if (!node.is_scalar()) return context.error(node, "expected a target such as 70%, 200/s or 30");
  Quantity q;
  if (node.text.ends_with("%")) {
    q = parse_fraction(node.text);
  } else if (node.text.find('/') != std::string::npos) {
    q = parse_rate_per_s(node.text);
  } else {
    q = parse_number(node.text);
  }
  if (!q.value) return context.error(node, q.error, q.hint);
  if (!(*q.value > 0)) return context.error(node, "a target must be more than 0");
  target = *q.value;
}

FieldTable hpa_fields() {
  return Fields<HpaSpec>("hpa", "Kubernetes' horizontal pod autoscaler: ceil(current x metric / target).")
      .choice("metric", &HpaSpec::metric, kScaleMetricWords,
              "workers, cpu: busy share, mean over the ready instances; requests: per second and instance; "
              "queue: waiting requests per instance; concurrency: requests inside per instance")
      .custom(
          "target", FieldType::number,
          [](const Node& n, HpaSpec& s, ReadContext& c) { read_scale_target(n, s.target, c); },
          "what the metric should be: a share (60%) of workers and cpu, otherwise a number per instance")
      .required()
      .add("tolerance", &HpaSpec::tolerance, "no change while metric/target is this near to 1", between(0, 1))
      .add("sync_period", &HpaSpec::sync_period, "between two looks", at_least(1e6))
      .add("metrics_window", &HpaSpec::metrics_window,
           "the metric is averaged over it; default 15s, of a queue 0s: as it is at the look")
      .add("metrics_lag", &HpaSpec::metrics_lag, "the window ended this long before the look")
      .section("scale_up", &HpaSpec::scale_up,
               direction_fields("scale_up", "the lowest recommendation in it counts; default 0s",
                                "default: 100 percent or 4 pods in 15s"),
               "how fast it may grow")
      .section("scale_down", &HpaSpec::scale_down,
               direction_fields("scale_down", "the highest recommendation in it counts; default 300s",
                                "default: 100 percent in 15s"),
               "how fast it may shrink")
      .add("activation", &HpaSpec::activation,
           "with min_replicas 0: an instance comes when the metric of all is above this", at_least(0))
      .add("cooldown", &HpaSpec::cooldown,
           "with min_replicas 0: the last one goes when it has not been above it for so long")
      .table();
}

std::shared_ptr<const AutoscalerModel> hpa_model(const HpaSpec& spec) {
  auto model = std::make_shared<Model>();
  model->spec = std::make_shared<const HpaSpec>(spec);
  return model;
}

}  // namespace tailrace::models
