#pragma once
// Selection seam: outlier detection as Envoy has it. A caller judges each instance by its own calls and takes
// what fails out of its choice ("ejects" it) for a while:
//
//   consecutive_5xx failures in a row          -> ejected at once
//   at a tick, every `interval`: success rate
//     < mean - stdev x factor / 1000           -> ejected (compared among instances with enough requests)
//   at a tick: base_ejection_time x multiplier, at most max_ejection_time, has passed -> it returns
//
// The multiplier grows by 1 with each ejection and falls by 1 at each tick that finds the instance in. At
// most max_ejection_percent of the instances that are there are out, but one may always go; a run of failures
// that could not eject starts over. An instance that leaves takes with it what was held against it. Ticks are
// at whole multiples of the interval and are caught up with at the next call, so a quiet caller costs
// nothing. A result costs O(1); a tick looks at the instances that were ejected lately, and at all of them
// where success rates are compared.
//
// Left out: the enforcing percentages, gateway and local-origin counters (all failures are one kind here),
// failure percentages, jitter.
#include <cstdint>
#include <vector>

#include "models/field/field.hpp"
#include "models/policy/outcome_list.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

struct OutlierDetectionSpec {
  Count consecutive_5xx = 5;
  sim::Duration interval{10'000'000'000};
  sim::Duration base_ejection_time{30'000'000'000};
  sim::Duration max_ejection_time{300'000'000'000};
  Fraction max_ejection_percent{0.1};
  Count success_rate_stdev_factor = 0;
  Count success_rate_minimum_hosts = 5;
  Count success_rate_request_volume = 100;
};

FieldTable outlier_detection_fields();
PolicyInfo outlier_detection_policy();

// Does this outcome speak against the instance? What never reached it, or was called off, does not.
constexpr bool is_instance_failure(Outcome outcome) {
  return (kTargetFailures & outcome_bit(outcome)) != 0;
}

// What one caller knows of `hosts` instances.
class OutlierDetector {
 public:
  static constexpr std::uint8_t kIn = 0, kEjected = 1;

  OutlierDetector(const OutlierSettings& settings, std::uint32_t hosts);

  // An attempt at the host has ended. True if it was ejected for it. advance(now) goes first.
  bool ended(std::uint32_t host, Outcome outcome, sim::Instant now);
  // It has come or gone, where their number changes; all are there at first. advance(now) goes first.
  void set_present(std::uint32_t host, bool present, sim::Instant now);
  // Runs the ticks up to and with `now`. True if an instance went or came back.
  bool advance(sim::Instant now) { return now >= next_tick_ && catch_up(now); }

  bool ejected(std::uint32_t host) const { return hosts_[host].ejected; }
  std::uint32_t ejected_count() const { return ejected_; }
  // When it last came back: the tick's time.
  sim::Instant returned_at(std::uint32_t host) const { return hosts_[host].returned_at; }
  std::uint32_t multiplier(std::uint32_t host) const { return hosts_[host].multiplier; }
  StatusLog& log(std::uint32_t host) { return logs_[host]; }
  const StatusLog& log(std::uint32_t host) const { return logs_[host]; }

 private:
  struct Host {
    std::uint32_t failures = 0;  // in a row
    std::uint32_t multiplier = 0;
    std::uint32_t successes = 0, requests = 0;  // since the last tick
    bool present = true;
    bool ejected = false;
    bool marked = false;  // is in marked_
    sim::Instant ejected_at, returned_at;
  };

  bool catch_up(sim::Instant now);
  bool tick(sim::Instant at);
  bool compare_success_rates(sim::Instant at);
  bool eject(std::uint32_t host, sim::Instant at);
  std::uint32_t most_ejected() const;
  sim::Duration ejection_time(std::uint32_t multiplier) const;
  // The first tick at or after `at`.
  sim::Instant tick_from(sim::Instant at) const;

  OutlierSettings settings_;
  std::uint32_t present_, ejected_ = 0;
  sim::Instant next_tick_;
  bool counted_ = false;               // requests since the last tick, where rates are compared
  std::vector<std::uint32_t> marked_;  // multiplier > 0, in the order in which they were ejected
  std::vector<Host> hosts_;
  std::vector<StatusLog> logs_;
};

}  // namespace tailrace::models
