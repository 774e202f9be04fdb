#include "models/policies/adaptive_concurrency/limits.hpp"

namespace tailrace::models {

namespace {

constexpr int kMinimumUpdates = 5;            // then minRTT is measured anew
constexpr std::int64_t kLongMeanWarmup = 10;  // samples of a plain mean before the exponential one
constexpr double kLongMeanDecay = 0.9;        // while the long-term mean is more than twice the sample

}  // namespace

// --- gradient

void GradientLimit::set(std::int64_t limit) {
  const std::int64_t least = settings_.least;
  at_minimum_ = !measuring() && limit_ == least && limit == least ? at_minimum_ + 1 : 0;
  limit_ = limit;
}

void GradientLimit::measure(sim::Instant at) {
  deferred_ = limit_;
  set(settings_.min_rtt.min_concurrency);
  rtts_.clear();
  epoch_ = at;
}

void GradientLimit::update() {
  const std::int64_t rtt = rtts_.quantile(settings_.percentile);
  rtts_.clear();
  const double ideal = static_cast<double>(min_rtt_.ns) * (1 + settings_.min_rtt.buffer.value);
  const double gradient = rtt > 0 ? std::clamp(ideal / static_cast<double>(rtt), 0.5, 2.0) : 2.0;
  const double wanted = static_cast<double>(limit_) * gradient;
  const double with_headroom = wanted + std::sqrt(wanted);  // at most 2e9 + sqrt(2e9)
  set(std::clamp(static_cast<std::int64_t>(with_headroom), settings_.least, settings_.most));
}

void GradientLimit::advance(sim::Instant now) {
  while (!measuring()) {
    if (next_update_ <= now && next_update_ <= next_measure_) {
      const sim::Instant at = next_update_;
      next_update_ = at + settings_.update_interval;
      if (!rtts_.empty()) {
        update();
        if (at_minimum_ >= kMinimumUpdates) next_measure_ = at;
      } else {
        // Nothing can be sampled before now: the updates in between are idle.
        const std::int64_t until = std::min(now.ns, next_measure_.ns);
        const std::int64_t step = settings_.update_interval.ns;
        if (until > next_update_.ns) next_update_.ns += (until - next_update_.ns) / step * step;
      }
    } else if (next_measure_ <= now) {
      measure(next_measure_);
    } else {
      return;
    }
  }
}

void GradientLimit::sample(const LimitSample& sample, double jitter) {
  if (sample.now.ns - sample.rtt.ns < epoch_.ns) return;
  rtts_.record(sample.rtt.ns);
  if (!measuring() || static_cast<std::int64_t>(rtts_.count()) < settings_.min_rtt.request_count) return;
  min_rtt_.ns = rtts_.quantile(settings_.percentile);
  rtts_.clear();
  set(deferred_);
  deferred_ = 0;
  const double interval = static_cast<double>(settings_.min_rtt.interval.ns);
  next_measure_ = sample.now + settings_.min_rtt.interval +
                  sim::Duration::from_ns(interval * settings_.min_rtt.jitter.value * jitter);
  next_update_ = sample.now + settings_.update_interval;
}

// --- Netflix concurrency-limits

void AimdLimit::sample(const LimitSample& sample) {
  std::int64_t limit = limit_;
  if (sample.dropped || sample.rtt > settings_.aimd.timeout) {
    limit = static_cast<std::int64_t>(static_cast<double>(limit) * settings_.aimd.backoff_ratio.value);
  } else if (sample.in_flight * 2 >= limit) {
    ++limit;
  }
  limit_ = std::clamp(limit, settings_.least, settings_.most);
}

void VegasLimit::sample(const LimitSample& sample, double jitter) {
  if (probe_factor_ == 0) probe_factor_ = 0.5 + 0.5 * jitter;
  const double step = static_cast<double>(log10_root(limit()));
  double wanted = limit_;
  if (sample.dropped) {
    wanted -= step;
  } else {
    if (sample.rtt.ns <= 0) return;
    ++since_probe_;
    const double probe_after = probe_factor_ * static_cast<double>(settings_.vegas.probe_multiplier) * limit_;
    if (probe_after <= static_cast<double>(since_probe_)) {
      probe_factor_ = 0;
      since_probe_ = 0;
      no_load_ = sample.rtt;
      return;
    }
    if (no_load_.ns == 0 || sample.rtt < no_load_) {
      no_load_ = sample.rtt;
      return;
    }
    if (static_cast<double>(sample.in_flight) * 2 < limit_) return;  // not what holds the load back
    const double queue =
        std::ceil(limit_ * (1 - static_cast<double>(no_load_.ns) / static_cast<double>(sample.rtt.ns)));
    if (queue <= step) {
      wanted += static_cast<double>(settings_.vegas.beta) * step;
    } else if (queue < static_cast<double>(settings_.vegas.alpha) * step) {
      wanted += step;
    } else if (queue > static_cast<double>(settings_.vegas.beta) * step) {
      wanted -= step;
    } else {
      return;
    }
  }
  wanted = std::clamp(wanted, static_cast<double>(settings_.least), static_cast<double>(settings_.most));
  const double s = settings_.vegas.smoothing.value;
  limit_ = (1 - s) * limit_ + s * wanted;
}

void Gradient2Limit::sample(const LimitSample& sample) {
  const double rtt = static_cast<double>(sample.rtt.ns);
  if (!(rtt > 0)) return;
  if (seen_ < kLongMeanWarmup) {
    sum_ += rtt;
    long_rtt_ = sum_ / static_cast<double>(++seen_);
  } else {
    const double factor = 2.0 / (static_cast<double>(settings_.gradient2.long_window) + 1);
    long_rtt_ += (rtt - long_rtt_) * factor;
  }
  const double ratio = long_rtt_ / rtt;  // before the decay, which helps from the next sample on
  if (ratio > 2) long_rtt_ *= kLongMeanDecay;
  if (static_cast<double>(sample.in_flight) < limit_ / 2) return;
  const double gradient = std::clamp(ratio, 0.5, 1.0);
  const double s = settings_.gradient2.smoothing.value;
  const double wanted = limit_ * gradient + static_cast<double>(settings_.gradient2.queue_size);
  limit_ = std::clamp(limit_ * (1 - s) + wanted * s, static_cast<double>(settings_.least),
                      static_cast<double>(settings_.most));
}

}  // namespace tailrace::models
