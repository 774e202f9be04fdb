#pragma once
// Admission seam: the circuit breaker of resilience4j. Closed, it lets everything through and watches the
// results; when too many of them are failures (or slow), it opens and refuses everything for a while; then
// half open, it lets a few calls through and decides by their results. A third rule is that of Finagle's and
// many other libraries: so many failures in a row.
//
// As in resilience4j, permission belongs to the present state: the late result of a call that began in an
// earlier state counts in the state that it finds, half open too; open, it changes nothing. A result that is
// neither success nor failure gives its permission back.
//
// Between calls nothing runs. A breaker whose wait is over turns half open at the next call, and its log says
// so from the moment the wait was over; a call at that very instant is let through. (With
// automatic_transition the time half open, max_wait_duration_in_half_open_state, counts from that moment;
// otherwise from the call.) Cost: a few operations per call; a byte per call of the window, or 12 bytes per
// second of it.
#include <optional>
#include <string>
#include <vector>

#include "models/policies/circuit_breaker/result_window.hpp"
#include "models/policy/outcome_list.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

enum class BreakerStatus : std::uint8_t { closed, open, half_open, disabled, metrics_only, forced_open };

struct CircuitBreakerSpec {
  std::optional<double> failure_rate_threshold;    // percent
  std::optional<double> slow_call_rate_threshold;  // percent
  sim::Duration slow_call_duration_threshold{60'000'000'000};
  WindowType sliding_window_type = WindowType::count_based;
  std::optional<Count> sliding_window_size;
  std::optional<sim::Duration> sliding_window_duration;
  Count minimum_number_of_calls = 100;
  Count consecutive_failures = 0;
  sim::Duration wait_duration_in_open_state{60'000'000'000};
  double wait_duration_multiplier = 1;
  std::optional<sim::Duration> max_wait_duration_in_open_state;
  std::optional<Count> permitted_number_of_calls_in_half_open_state;
  sim::Duration max_wait_duration_in_half_open_state{0};
  bool automatic_transition = false;
  enum class State : std::uint8_t { closed, disabled, metrics_only, forced_open };
  State state = State::closed;
  OutcomeList record_on, ignore;
  Scope scope = Scope::service;
  bool shared = false;
};

// What the spec means, every default resolved.
struct BreakerRules {
  double failure_rate = 50;  // percent; infinite: not looked at
  double slow_rate = 100;
  sim::Duration slow{60'000'000'000};
  WindowSettings window;
  std::uint32_t minimum_calls = 100;     // at most the window, if that counts calls
  std::uint32_t half_open_minimum = 10;  // results that decide half open
  std::uint32_t consecutive = 0;         // failures in a row; 0: not looked at
  std::int64_t permitted = 10;           // calls half open
  bool strict_half_open = false;         // any failure reopens: where only failures in a row count
  sim::Duration wait{60'000'000'000};    // open
  double wait_multiplier = 1;            // each time that it opens again without having closed
  sim::Duration longest_wait = sim::Duration::max();
  sim::Duration longest_half_open{0};  // 0: no limit
  bool automatic = false;
  BreakerStatus start = BreakerStatus::closed;
  std::uint32_t failures = 0;  // bit per outcome
  std::uint32_t ignored = 0;   // bit per outcome; the rest are successes
};

class CircuitBreaker final : public AdmissionPolicy {
 public:
  explicit CircuitBreaker(const BreakerRules& rules);

  Admission admit(const CallFacts&, sim::Stream&) override;
  void ended(const CallFacts&) override;
  const StatusLog* log() const override { return &log_; }
  StatusLog* log() override { return &log_; }

  BreakerStatus status() const { return static_cast<BreakerStatus>(log_.status()); }
  void settle(sim::Instant now) override;

 private:
  void change(BreakerStatus to, sim::Instant at);
  void open(sim::Instant at);
  void half_open(sim::Instant logged, sim::Instant counts_from);
  void close(sim::Instant at);
  void record_closed(sim::Instant now, bool failed, bool slow);
  void record_half_open(sim::Instant now, bool failed, bool slow);
  bool over_thresholds(const Tally& tally) const;

  BreakerRules rules_;
  StatusLog log_;
  ResultWindow window_;
  Tally probes_;                // half open
  std::int64_t permits_ = 0;    // half open
  std::uint32_t in_a_row_ = 0;  // failures, closed
  double wait_ns_ = 0;          // of the present or last open state
  sim::Instant until_;          // open: when the wait is over; half open: when it opens again
};

class CircuitBreakerModel final : public AdmissionModel {
 public:
  explicit CircuitBreakerModel(BreakerRules rules) : rules_(rules) {}
  std::unique_ptr<AdmissionPolicy> start() const override { return std::make_unique<CircuitBreaker>(rules_); }
  std::vector<std::string> statuses() const override {
    return {"closed", "open", "half_open", "disabled", "metrics_only", "forced_open"};
  }

 private:
  BreakerRules rules_;
};

// Reports what does not go together to the target.
BreakerRules breaker_rules(const CircuitBreakerSpec& spec, PolicyTarget& target);

PolicyInfo circuit_breaker_policy();

}  // namespace tailrace::models
