#include "models/policies/circuit_breaker/circuit_breaker.hpp"

#include <algorithm>

namespace tailrace::models {

CircuitBreaker::CircuitBreaker(const BreakerRules& rules) : rules_(rules), window_(rules.window) {
  log_.start(static_cast<std::uint8_t>(rules.start));
  quiet_ = rules.start == BreakerStatus::closed;
}

Admission CircuitBreaker::admit(const CallFacts& facts, sim::Stream&) {
  settle(facts.now);
  if (status() == BreakerStatus::open && facts.now >= until_) half_open(until_, facts.now);
  switch (status()) {
    case BreakerStatus::open:
    case BreakerStatus::forced_open:
      return Admission::no(Outcome::circuit_open);
    case BreakerStatus::half_open:
      if (permits_ <= 0) return Admission::no(Outcome::circuit_open);
      --permits_;
      return Admission::yes();
    default:
      return Admission::yes();
  }
}

void CircuitBreaker::ended(const CallFacts& facts) {
  settle(facts.now);
  if ((rules_.ignored & outcome_bit(facts.outcome)) != 0) {
    if (status() == BreakerStatus::half_open) ++permits_;
    return;
  }
  const bool failed = (rules_.failures & outcome_bit(facts.outcome)) != 0;
  const bool slow = facts.took > rules_.slow;
  if (status() == BreakerStatus::closed) {
    record_closed(facts.now, failed, slow);
  } else if (status() == BreakerStatus::half_open) {
    record_half_open(facts.now, failed, slow);
  }
}

void CircuitBreaker::settle(sim::Instant now) {
  if (status() == BreakerStatus::closed) [[likely]]
    return;
  for (;;) {
    if (status() == BreakerStatus::open && rules_.automatic && now >= until_) {
      half_open(until_, until_);
    } else if (status() == BreakerStatus::half_open && rules_.longest_half_open.ns > 0 && now >= until_) {
      open(until_);
    } else {
      return;
    }
  }
}

void CircuitBreaker::change(BreakerStatus to, sim::Instant at) {
  log_.change(static_cast<std::uint8_t>(to), at);
  quiet_ = to == BreakerStatus::closed;
}

void CircuitBreaker::open(sim::Instant at) {
  const bool again = status() == BreakerStatus::half_open;
  wait_ns_ = again ? wait_ns_ * rules_.wait_multiplier : static_cast<double>(rules_.wait.ns);
  wait_ns_ = std::min(wait_ns_, static_cast<double>(rules_.longest_wait.ns));
  until_ = at + sim::Duration::from_ns(wait_ns_);
  change(BreakerStatus::open, at);
}

void CircuitBreaker::half_open(sim::Instant logged, sim::Instant counts_from) {
  permits_ = rules_.permitted;
  probes_ = {};
  until_ = counts_from + rules_.longest_half_open;
  change(BreakerStatus::half_open, logged);
}

void CircuitBreaker::close(sim::Instant at) {
  window_.clear();
  in_a_row_ = 0;
  change(BreakerStatus::closed, at);
}

bool CircuitBreaker::over_thresholds(const Tally& tally) const {
  if ((tally.failed | tally.slow) == 0) return false;
  const double calls = static_cast<double>(tally.calls);
  return static_cast<double>(tally.failed) * 100 >= rules_.failure_rate * calls ||
         static_cast<double>(tally.slow) * 100 >= rules_.slow_rate * calls;
}

void CircuitBreaker::record_closed(sim::Instant now, bool failed, bool slow) {
  in_a_row_ = failed ? in_a_row_ + 1 : 0;
  const Tally& tally = window_.record(now, failed, slow);
  const bool row = rules_.consecutive > 0 && in_a_row_ >= rules_.consecutive;
  if (row || (tally.calls >= rules_.minimum_calls && over_thresholds(tally))) open(now);
}

void CircuitBreaker::record_half_open(sim::Instant now, bool failed, bool slow) {
  ++probes_.calls;
  probes_.failed += failed ? 1 : 0;
  probes_.slow += slow ? 1 : 0;
  if (rules_.strict_half_open && failed) return open(now);
  if (probes_.calls < rules_.half_open_minimum) return;
  if (over_thresholds(probes_)) {
    open(now);
  } else {
    close(now);
  }
}

}  // namespace tailrace::models
