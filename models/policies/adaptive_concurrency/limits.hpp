#pragma once
// The algorithms of adaptive_concurrency, without a clock or an engine of their own: each is told what ended
// and says what the limit is. See adaptive_concurrency.hpp for the formulas and their sources.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "models/policies/adaptive_concurrency/adaptive_concurrency.hpp"
#include "sim/observe/histogram.hpp"

namespace tailrace::models {

struct LimitSample {
  sim::Instant now;
  sim::Duration rtt;
  std::int64_t in_flight = 0;  // with the one that ends
  bool dropped = false;
};

class GradientLimit {
 public:
  explicit GradientLimit(const AdaptiveConcurrencySettings& settings)
      : settings_(settings), limit_(settings.min_rtt.min_concurrency), deferred_(settings.initial) {}

  std::int64_t limit() const { return limit_; }
  // What timers would have done by now; `jitter` in [0, 1) is used up when a measurement of minRTT ended.
  void advance(sim::Instant now);
  void sample(const LimitSample& sample, double jitter);

 private:
  bool measuring() const { return deferred_ > 0; }
  void measure(sim::Instant at);
  void update();
  void set(std::int64_t limit);

  const AdaptiveConcurrencySettings& settings_;
  std::int64_t limit_;
  std::int64_t deferred_;      // the limit after the measurement of minRTT; 0: none is under way
  sim::Instant epoch_;         // requests from before it do not count
  sim::Instant next_update_;   // while not measuring
  sim::Instant next_measure_;  // likewise
  sim::Duration min_rtt_;
  int at_minimum_ = 0;  // updates on end that left the limit at its minimum
  sim::Histogram rtts_;
};

class AimdLimit {
 public:
  explicit AimdLimit(const AdaptiveConcurrencySettings& settings)
      : settings_(settings), limit_(settings.initial) {}
  std::int64_t limit() const { return limit_; }
  void sample(const LimitSample& sample);

 private:
  const AdaptiveConcurrencySettings& settings_;
  std::int64_t limit_;
};

class VegasLimit {
 public:
  explicit VegasLimit(const AdaptiveConcurrencySettings& settings)
      : settings_(settings), limit_(static_cast<double>(settings.initial)) {}
  std::int64_t limit() const { return static_cast<std::int64_t>(limit_); }
  void sample(const LimitSample& sample, double jitter);

 private:
  const AdaptiveConcurrencySettings& settings_;
  double limit_;
  sim::Duration no_load_;  // 0: none seen
  std::int64_t since_probe_ = 0;
  double probe_factor_ = 0;  // in [0.5, 1); 0: to be drawn
};

class Gradient2Limit {
 public:
  explicit Gradient2Limit(const AdaptiveConcurrencySettings& settings)
      : settings_(settings), limit_(static_cast<double>(settings.initial)) {}
  std::int64_t limit() const { return static_cast<std::int64_t>(limit_); }
  void sample(const LimitSample& sample);

 private:
  const AdaptiveConcurrencySettings& settings_;
  double limit_;
  double long_rtt_ = 0, sum_ = 0;
  std::int64_t seen_ = 0;
};

// The decimal logarithm's whole part, at least 1; the square root's from 1000 on.
inline std::int64_t log10_root(std::int64_t limit) {
  if (limit >= 1000) return static_cast<std::int64_t>(std::sqrt(static_cast<double>(limit)));
  return limit >= 100 ? 2 : 1;
}

}  // namespace tailrace::models
