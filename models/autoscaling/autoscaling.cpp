#include "models/autoscaling/autoscaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace tailrace::models {

namespace {

constexpr std::int64_t kMostSamples = 10'000;  // of a metric, from one look to the next

class Apply {
 public:
  Apply(const AutoscalingSpec& spec, Station& station, Mark mark, const std::string& path,
        Diagnostics& diagnostics)
      : s_(spec), station_(station), mark_(mark), path_(path), d_(diagnostics) {}

  void run(std::optional<std::int64_t> replicas) {
    ScalingSettings& out = station_.scaling.emplace();
    out.startup = station_.startup;
    out.grace = station_.grace;
    out.least = s_.min_replicas;
    out.most = s_.max_replicas;
    if (out.least > out.most)
      return error(".min_replicas", fmt::format("at least {} and at most {} instances", out.least, out.most));
    out.initial = replicas.value_or(out.least);
    if (out.initial < out.least || out.initial > out.most)
      d_.error(mark_, path_.substr(0, path_.rfind('.')) + ".replicas",
               fmt::format("{} at the start are not between {} and {}", out.initial, out.least, out.most));
    const int deciders = (s_.hpa ? 1 : 0) + (s_.step ? 1 : 0) + (s_.target_tracking ? 1 : 0) +
                         (s_.concurrency ? 1 : 0) + (s_.on_demand ? 1 : 0);
    if (deciders > 1) error("", "two autoscalers would pull at one service", "keep one of them");
    if (deciders == 0 && s_.schedule.empty()) {
      error("", "nothing decides how many instances there are",
            "hpa, concurrency, step, target_tracking, on_demand or schedule");
    }
    if (s_.hpa) hpa(*s_.hpa);
    if (s_.step) steps(*s_.step);
    if (s_.target_tracking) {
      const TrackingSpec& t = *s_.target_tracking;
      looks(t.metric, t.period, t.period, tracking_model(t), ".target_tracking");
    }
    if (s_.concurrency) {
      const ConcurrencySpec& c = *s_.concurrency;
      looks(ScaleMetric::concurrency, c.period, c.stable_window, concurrency_model(c), ".concurrency");
      out.looks->quick_window = c.panic_window;
      out.looks->wakes_at_once = true;
      sampled(".concurrency");
    }
    if (s_.on_demand) {
      out.idle_timeout = s_.on_demand->idle_timeout;
      if (!s_.schedule.empty()) error(".schedule", "what is started on demand keeps no appointments");
    }
    for (std::size_t i = 0; i < s_.schedule.size(); ++i) {
      const AppointmentSpec& a = s_.schedule[i];
      if (a.replicas > out.most)
        error(fmt::format(".schedule[{}].replicas", i),
              fmt::format("{} are more than max_replicas ({})", a.replicas, out.most));
      out.schedule.push_back({a.at, a.every.value_or(sim::Duration{0}), a.replicas});
    }
  }

 private:
  void error(const std::string& field, std::string message, std::string hint = {}) {
    d_.error(mark_, path_ + field, std::move(message), std::move(hint));
  }

  void looks(ScaleMetric metric, sim::Duration period, sim::Duration window,
             std::shared_ptr<const AutoscalerModel> model, const std::string& at) {
    ScaleLooks looks;
    looks.model = std::move(model);
    looks.metric = metric;
    looks.period = period;
    looks.window = window;
    station_.scaling->looks = std::move(looks);
    // A step's metric has a default, which nobody wrote.
    const std::string place = at == ".step" ? at : at + ".metric";
    if (metric == ScaleMetric::cpu && !station_.cpus)
      error(place, fmt::format("{} has no cpus", station_.name), "metric: workers");
    if (metric == ScaleMetric::workers && station_.workers == kUnlimited)
      error(place, fmt::format("the workers of {} are unlimited", station_.name),
            "metric: concurrency, or requests");
    if (s_.min_replicas == 0 && is_share(metric))
      error(place, "without instances there is no share of them that works",
            "metric: queue, concurrency or requests; or min_replicas: 1");
  }
  // Windows are cut at samples, which must not be too many.
  void sampled(const std::string& at) {
    const ScaleLooks& l = *station_.scaling->looks;
    const std::int64_t step =
        std::gcd(std::gcd(l.period.ns, l.window.ns), std::gcd(l.quick_window.ns, l.lag.ns));
    const std::int64_t span = l.period.ns + l.window.ns + l.lag.ns;
    if (step > 0 && span / step > kMostSamples)
      error(at, "its periods and windows have no common measure that is worth sampling at",
            "make them multiples of one another");
  }

  void hpa(const HpaSpec& h) {
    const bool gauge = h.metric == ScaleMetric::queue;
    const sim::Duration window =
        h.metrics_window.value_or(gauge ? sim::Duration{0} : sim::Duration{15'000'000'000});
    looks(h.metric, h.sync_period, window, hpa_model(h), ".hpa");
    station_.scaling->looks->lag = h.metrics_lag;
    if (window.ns == 0 && h.metric != ScaleMetric::queue && h.metric != ScaleMetric::concurrency)
      error(".hpa.metrics_window", "this metric is a mean over time: it needs a window");
    sampled(".hpa");
    const auto rates = [&](const HpaDirection& d, const char* name) {
      for (std::size_t i = 0; i < d.policies.size(); ++i) {
        if (d.policies[i].pods.has_value() == d.policies[i].percent.has_value())
          error(fmt::format(".hpa.{}.policies[{}]", name, i), "expected either pods or percent");
      }
    };
    rates(h.scale_up, "scale_up");
    rates(h.scale_down, "scale_down");
  }

  void steps(const StepScalingSpec& s) {
    looks(s.metric, s.period, s.period, step_scaling_model(s), ".step");
    if (s.steps.empty()) error(".step.steps", "no steps: nothing would ever change");
    for (std::size_t i = 0; i < s.steps.size(); ++i) {
      const StepRule& r = s.steps[i];
      const std::string at = fmt::format(".step.steps[{}]", i);
      if ((r.above >= 0) == (r.below >= 0)) {
        error(at, "expected either above or below");
        continue;
      }
      if (r.add.has_value() == r.percent.has_value()) error(at, "expected either add or percent");
      const double change = r.add.value_or(r.percent.value_or(0));
      if (r.above >= 0 && change < 0) error(at, "more load, and fewer instances");
      if (r.below >= 0 && change > 0) error(at, "less load, and more instances");
    }
  }

  const AutoscalingSpec& s_;
  Station& station_;
  Mark mark_;
  const std::string& path_;
  Diagnostics& d_;
};

}  // namespace

FieldTable autoscaling_fields() {
  const FieldTable on_demand =
      Fields<OnDemandSpec>("on_demand", "An instance for every request that finds no free worker.")
          .add("idle_timeout", &OnDemandSpec::idle_timeout, "an instance without work goes after so long")
          .table();
  const FieldTable appointment =
      Fields<AppointmentSpec>("appointment", "A number of instances from a time on.")
          .add("at", &AppointmentSpec::at, "from the start of the run")
          .add("replicas", &AppointmentSpec::replicas,
               "from then on at least so many; without another autoscaler exactly so many", between(0, 1e6))
          .add("every", &AppointmentSpec::every, "and again after so long", more_than(0))
          .table();
  return Fields<AutoscalingSpec>("autoscaling", "How many instances there are, as the load changes.")
      .add("min_replicas", &AutoscalingSpec::min_replicas, "never fewer; 0 scales to zero", between(0, 1e6))
      .add("max_replicas", &AutoscalingSpec::max_replicas, "never more", between(1, 1e6))
      .section("hpa", &AutoscalingSpec::hpa, hpa_fields(), "Kubernetes' formula; with a queue as KEDA")
      .section("concurrency", &AutoscalingSpec::concurrency, concurrency_fields(),
               "by requests inside, with bursts and scale to zero, as Knative")
      .section("step", &AutoscalingSpec::step, step_scaling_fields(), "steps and a cooldown, as AWS")
      .section("target_tracking", &AutoscalingSpec::target_tracking, tracking_fields(),
               "alarms on both sides of a target, as AWS")
      .section("on_demand", &AutoscalingSpec::on_demand, on_demand,
               "started by requests and gone when idle, as functions are")
      .list_of("schedule", &AutoscalingSpec::schedule, appointment, "by the clock")
      .table();
}

void apply_autoscaling(const AutoscalingSpec& spec, std::optional<std::int64_t> replicas, Station& station,
                       Mark mark, const std::string& path, Diagnostics& diagnostics) {
  Apply(spec, station, mark, path, diagnostics).run(replicas);
}

void check_scaling(const Station& s, Mark mark, const std::string& path, Diagnostics& diagnostics) {
  const auto error = [&](const char* field, const char* message, const char* hint = "") {
    diagnostics.error(mark, path + field, message, hint);
  };
  if (s.scaling && s.balancer.subset_size > 0)
    error(".load_balancer.subset_size", "a fixed subset may be of instances that are not there");
  if (!s.shared_queue) return;
  if (!s.blocking)
    error(
        ".mode", "a queue that all instances share needs blocking workers",
        s.scaling && s.scaling->least == 0 ? "min_replicas 0 needs a shared queue: requests wait in it" : "");
  if (!s.doors.empty())
    error(".inbound", "behind a shared queue an instance has no door", "write it at the calls");
  if (s.queue_policy != nullptr || s.drop_expired)
    error(".queue", "a shared queue serves who comes first, or by its order; nobody is dropped from it");
  if (s.discipline == Discipline::preemptive_priority)
    error(".queue.discipline", "who waits in a shared queue interrupts nobody", "discipline: priority");
  if (s.balancer.outliers || s.balancer.health)
    error(".health_check",
          "callers of a shared queue choose no instance, so none is taken out of their choice");
}

}  // namespace tailrace::models
