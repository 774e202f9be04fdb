#include "models/policies/outlier_detection/outlier_detection.hpp"

#include <algorithm>
#include <cmath>

namespace tailrace::models {

namespace {

constexpr double kShortestInterval = 1e6;  // ns: ticks are cheap, not free

void apply(const void* raw, PolicyTarget& target) {
  const auto& spec = *static_cast<const OutlierDetectionSpec*>(raw);
  if (spec.consecutive_5xx == 0 && spec.success_rate_stdev_factor == 0) {
    target.diagnostics.error(target.mark, target.path + ".consecutive_5xx",
                             "with 0 here and no success_rate_stdev_factor nothing is ever ejected",
                             "to switch it off: outlier_detection: none");
  }
  OutlierSettings& s = target.station->balancer.outliers.emplace();
  s.consecutive_failures = spec.consecutive_5xx;
  s.interval = spec.interval;
  s.base_ejection_time = spec.base_ejection_time;
  s.max_ejection_time = spec.max_ejection_time;
  s.max_ejection_fraction = spec.max_ejection_percent.value;
  s.success_rate_stdev_factor = static_cast<double>(spec.success_rate_stdev_factor);
  s.success_rate_minimum_hosts = spec.success_rate_minimum_hosts;
  s.success_rate_request_volume = spec.success_rate_request_volume;
}

}  // namespace

FieldTable outlier_detection_fields() {
  using Spec = OutlierDetectionSpec;
  return Fields<Spec>("outlier_detection",
                      "Instances that fail are taken out of a caller's choice for a while.")
      .add(
          "consecutive_5xx", &Spec::consecutive_5xx,
          "failures in a row that eject an instance: error, timeout, network, rejected, queue_timeout, shed, "
          "unavailable, deadline; 0: not looked at",
          between(0, 1e9))
      .add("interval", &Spec::interval, "between looks at who may return, and at the success rates",
           at_least(kShortestInterval))
      .add("base_ejection_time", &Spec::base_ejection_time,
           "an ejection lasts this long times the number of ejections; it ends at the next look",
           more_than(0))
      .add("max_ejection_time", &Spec::max_ejection_time,
           "no ejection is longer (but at least base_ejection_time)", more_than(0))
      .add("max_ejection_percent", &Spec::max_ejection_percent,
           "of the instances are out at once at most; one may always go")
      .add(
          "success_rate_stdev_factor", &Spec::success_rate_stdev_factor,
          "ejects below mean - stdev x this / 1000 of the instances' success rates; Envoy has 1900; 0: rates "
          "are not compared",
          between(0, 1e6))
      .add("success_rate_minimum_hosts", &Spec::success_rate_minimum_hosts,
           "instances with enough requests in an interval, below which rates are not compared",
           between(1, 1e9))
      .add("success_rate_request_volume", &Spec::success_rate_request_volume,
           "requests of an instance in an interval that are enough", between(1, 1e9))
      .shorthand("consecutive_5xx")
      .table();
}

PolicyInfo outlier_detection_policy() {
  PolicyInfo info;
  info.name = "outlier_detection";
  info.seam = "selection";
  info.places = {PolicyPlace::target};
  info.about = "Callers stop choosing instances that fail, for a time that grows.";
  info.fields = outlier_detection_fields();
  info.example = "{consecutive_5xx: 5}";
  info.make = make_spec<OutlierDetectionSpec>;
  info.apply = apply;
  return info;
}

OutlierDetector::OutlierDetector(const OutlierSettings& settings, std::uint32_t hosts)
    : settings_(settings), present_(hosts), next_tick_{settings.interval.ns}, hosts_(hosts), logs_(hosts) {
  marked_.reserve(hosts);
  for (StatusLog& log : logs_) log.start(kIn);
}

sim::Instant OutlierDetector::tick_from(sim::Instant at) const {
  const std::int64_t every = settings_.interval.ns;
  const std::int64_t past = at.ns % every;
  return past == 0 ? at : at + sim::Duration{every - past};
}

sim::Duration OutlierDetector::ejection_time(std::uint32_t multiplier) const {
  const sim::Duration most = std::max(settings_.max_ejection_time, settings_.base_ejection_time);
  std::int64_t time = 0;
  if (__builtin_mul_overflow(settings_.base_ejection_time.ns, static_cast<std::int64_t>(multiplier), &time))
    return most;
  return std::min(sim::Duration{time}, most);
}

std::uint32_t OutlierDetector::most_ejected() const {
  // 0.29 x 100 is 28.999... in binary; whoever writes 29 % of 100 means 29.
  const double most = settings_.max_ejection_fraction * static_cast<double>(present_) + 1e-9;
  return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(most));
}

void OutlierDetector::set_present(std::uint32_t host, bool present, sim::Instant now) {
  Host& h = hosts_[host];
  if (h.present == present) return;
  present_ += present ? 1u : ~0u;
  if (h.ejected) {
    --ejected_;
    logs_[host].change(kIn, now);
  }
  if (h.marked) std::erase(marked_, host);
  h = {};
  h.present = present;
}

bool OutlierDetector::eject(std::uint32_t host, sim::Instant at) {
  Host& h = hosts_[host];
  if (h.ejected || ejected_ >= most_ejected()) return false;
  // The time is capped, so a multiplier far beyond the cap would only make the way down longer. Envoy lets it
  // go one past: grow while base x multiplier < max + base.
  const sim::Duration last = settings_.max_ejection_time + settings_.base_ejection_time;
  std::int64_t time = 0;
  if (!__builtin_mul_overflow(settings_.base_ejection_time.ns, std::int64_t{h.multiplier}, &time) &&
      sim::Duration{time} < last)
    ++h.multiplier;
  h.ejected = true;
  h.ejected_at = at;
  ++ejected_;
  if (!h.marked) marked_.push_back(host);
  h.marked = true;
  logs_[host].change(kEjected, at);
  return true;
}

bool OutlierDetector::ended(std::uint32_t host, Outcome outcome, sim::Instant now) {
  const bool failed = is_instance_failure(outcome);
  if (!failed && outcome != Outcome::success) return false;
  Host& h = hosts_[host];
  if (!h.present) return false;  // it has left while the attempt was under way
  if (settings_.success_rate_stdev_factor > 0) {
    ++h.requests;
    h.successes += failed ? 0 : 1;
    counted_ = true;
  }
  if (!failed) {
    h.failures = 0;
    return false;
  }
  if (h.ejected || settings_.consecutive_failures == 0) return false;
  if (++h.failures < settings_.consecutive_failures) return false;
  h.failures = 0;
  return eject(host, now);
}

bool OutlierDetector::catch_up(sim::Instant now) {
  bool changed = false;
  while (next_tick_ <= now && next_tick_ < sim::Instant::max()) {
    // Nothing happens at a tick with no requests to judge and everybody either in and forgiven, or out and
    // not due: those ticks are stepped over.
    if (!counted_) {
      sim::Instant due = sim::Instant::max();
      for (const std::uint32_t host : marked_) {
        const Host& h = hosts_[host];
        due = std::min(due, h.ejected ? h.ejected_at + ejection_time(h.multiplier) : next_tick_);
      }
      next_tick_ = std::max(next_tick_, tick_from(std::min(due, now)));
      if (next_tick_ > now) break;
    }
    changed = tick(next_tick_) || changed;
    next_tick_ = next_tick_ + settings_.interval;
  }
  return changed;
}

bool OutlierDetector::tick(sim::Instant at) {
  bool changed = false;
  std::size_t kept = 0;
  for (const std::uint32_t host : marked_) {
    Host& h = hosts_[host];
    if (!h.ejected) {
      --h.multiplier;
    } else if (h.ejected_at + ejection_time(h.multiplier) <= at) {
      h.ejected = false;
      h.failures = 0;
      h.returned_at = at;
      --ejected_;
      logs_[host].change(kIn, at);
      changed = true;
    }
    h.marked = h.multiplier > 0;
    if (h.marked) marked_[kept++] = host;
  }
  marked_.resize(kept);
  if (counted_) changed = compare_success_rates(at) || changed;
  return changed;
}

bool OutlierDetector::compare_success_rates(sim::Instant at) {
  const auto judged = [&](const Host& h) {
    return !h.ejected && h.requests >= settings_.success_rate_request_volume;
  };
  const auto rate = [](const Host& h) {
    return static_cast<double>(h.successes) / static_cast<double>(h.requests);
  };
  std::int64_t n = 0;
  double sum = 0;
  for (const Host& h : hosts_) {
    if (!judged(h)) continue;
    ++n;
    sum += rate(h);
  }
  bool changed = false;
  if (n > 0 && n >= settings_.success_rate_minimum_hosts) {
    const double mean = sum / static_cast<double>(n);
    double squares = 0;
    for (const Host& h : hosts_) {
      if (judged(h)) squares += (rate(h) - mean) * (rate(h) - mean);
    }
    const double stdev = std::sqrt(squares / static_cast<double>(n));
    const double least = mean - stdev * settings_.success_rate_stdev_factor / 1000;
    for (std::uint32_t host = 0; host < hosts_.size(); ++host) {
      if (judged(hosts_[host]) && rate(hosts_[host]) < least) changed = eject(host, at) || changed;
    }
  }
  for (Host& h : hosts_) h.requests = h.successes = 0;
  counted_ = false;
  return changed;
}

}  // namespace tailrace::models
