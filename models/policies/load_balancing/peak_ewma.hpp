#pragma once
// Peak EWMA, as Finagle's balancer and Linkerd estimate the latency of an instance: a slower answer counts at
// once and in full, a faster one by how long ago the last was, and without answers the estimate fades with
// the same decay, so that an instance that was slow is tried again. The load of an instance is the estimate
// times the calls under way and one more. An instance that has a call under way and has never answered counts
// as the worst there is: one call finds out what it is like.
#include "sim/base/math.hpp"
#include "sim/base/time.hpp"

namespace tailrace::models {

struct PeakEwma {
  double cost_ns = 0;  // at `stamp`
  sim::Instant stamp;

  static constexpr double kUnknown = 1e18;

  // What is left after the time since `stamp` of what was known then.
  double kept_at(sim::Instant now, double decay_ns) const {
    return now <= stamp ? 1 : sim::math::exp(-static_cast<double>((now - stamp).ns) / decay_ns);
  }
  double cost_at(sim::Instant now, double decay_ns) const {
    return cost_ns == 0 ? 0 : cost_ns * kept_at(now, decay_ns);
  }
  void observe(sim::Duration took, sim::Instant now, double decay_ns) {
    const auto latency = static_cast<double>(took.ns);
    const double kept = kept_at(now, decay_ns);
    const double old = cost_ns * kept;
    cost_ns = latency >= old ? latency : old + latency * (1 - kept);
    stamp = now;
  }
  double load(std::uint32_t under_way, sim::Instant now, double decay_ns) const {
    const double cost = cost_at(now, decay_ns);
    if (cost == 0 && under_way != 0) return kUnknown + under_way;
    return cost * (static_cast<double>(under_way) + 1);
  }
};

}  // namespace tailrace::models
