// What a scenario may say about a circuit breaker, and what that means.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "models/policies/circuit_breaker/circuit_breaker.hpp"
#include "models/policy/scope_fields.hpp"

namespace tailrace::models {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr Count kMostCalls = 100'000;  // of a window: a byte each, per holder
constexpr Count kMostSeconds = 3600;   // of a window: a bucket each, per holder
constexpr double kMs = 1e6;
constexpr const char* kWhat = "way for a call to fail";

constexpr std::uint32_t bits(std::initializer_list<Outcome> outcomes) {
  std::uint32_t all = 0;
  for (const Outcome o : outcomes) all |= outcome_bit(o);
  return all;
}
constexpr std::uint32_t kIgnored =
    bits({Outcome::circuit_open, Outcome::rate_limited, Outcome::depth_limit, Outcome::cancelled});

FieldTable circuit_breaker_fields() {
  using S = CircuitBreakerSpec;
  const Range percent{0, 100, true};
  Fields<S> fields("circuit_breaker", "When failures mount up, calls are refused at once for a while.");
  fields
      .add("failure_rate_threshold", &S::failure_rate_threshold,
           "percent of failures at which it opens; default 50, or off with consecutive_failures", percent)
      .add("slow_call_rate_threshold", &S::slow_call_rate_threshold,
           "percent of slow calls at which it opens; default 100, or off with consecutive_failures", percent)
      .add("slow_call_duration_threshold", &S::slow_call_duration_threshold,
           "a call that takes longer is slow, whatever its outcome")
      .choice("sliding_window_type", &S::sliding_window_type, {"count_based", "time_based"},
              "rates are those of the last so many calls, or of the last so many seconds")
      .add("sliding_window_size", &S::sliding_window_size,
           "count_based: calls, at most 100000; time_based: seconds; default 100", between(1, kMostCalls))
      .add("sliding_window_duration", &S::sliding_window_duration,
           "time_based: in place of sliding_window_size; whole seconds, or less than one (cut in tenths)",
           between(10, static_cast<double>(kMostSeconds * kSecond)))
      .add("minimum_number_of_calls", &S::minimum_number_of_calls,
           "rates are not looked at with fewer results; count_based and half open: at most the window",
           between(1, 1e9))
      .add("consecutive_failures", &S::consecutive_failures,
           "opens after this many failures in a row; 0: not looked at", between(0, 1e9))
      .add("wait_duration_in_open_state", &S::wait_duration_in_open_state, "refuses everything this long",
           more_than(0))
      .add("wait_duration_multiplier", &S::wait_duration_multiplier,
           "the wait grows by this each time that it opens again from half open", at_least(1))
      .add("max_wait_duration_in_open_state", &S::max_wait_duration_in_open_state,
           "the wait does not grow beyond", more_than(0))
      .add("permitted_number_of_calls_in_half_open_state", &S::permitted_number_of_calls_in_half_open_state,
           "half open, lets this many through and decides by their results; default 10, or 1 with "
           "consecutive_failures",
           between(1, 1e9))
      .add("max_wait_duration_in_half_open_state", &S::max_wait_duration_in_half_open_state,
           "half open for so long without a decision, it opens again; 0: waits for the results")
      .add("automatic_transition", &S::automatic_transition,
           "half open as soon as the wait is over; otherwise at the first call after it")
      .choice("state", &S::state, {"closed", "disabled", "metrics_only", "forced_open"},
              "it starts closed; the others never change: disabled and metrics_only let everything through, "
              "forced_open nothing")
      .custom(
          "record_on", FieldType::text,
          [](const Node& n, S& s, ReadContext& c) { read_outcomes(n, s.record_on, c); },
          "outcomes that are failures; default error, timeout, network, deadline, unavailable, rejected, "
          "queue_timeout and shed")
      .custom(
          "ignore", FieldType::text,
          [](const Node& n, S& s, ReadContext& c) { read_outcomes(n, s.ignore, c); },
          "outcomes that are neither failures nor successes; default those of circuit_open, rate_limited, "
          "depth_limit and cancelled that record_on does not name; all others are successes");
  return add_scope_fields(fields).table();
}

void resolve_window(const CircuitBreakerSpec& spec, BreakerRules& rules, PolicyTarget& target) {
  const auto wrong = [&](const char* field, std::string message, std::string hint) {
    target.diagnostics.error(target.mark, target.path + "." + field, std::move(message), std::move(hint));
  };
  rules.window.type = spec.sliding_window_type;
  rules.window.size = static_cast<std::uint32_t>(spec.sliding_window_size.value_or(100));
  if (spec.sliding_window_type == WindowType::count_based) {
    if (spec.sliding_window_duration) {
      wrong("sliding_window_duration", "a count_based window has no duration",
            "write sliding_window_type: time_based, or sliding_window_size");
    }
    return;
  }
  if (!spec.sliding_window_duration) {
    if (rules.window.size > kMostSeconds) {
      wrong("sliding_window_size", "a time_based window is at most 3600 seconds long", {});
    }
    return;
  }
  if (spec.sliding_window_size) {
    wrong("sliding_window_size", "the window's length is written twice",
          "sliding_window_size is in seconds for a time_based window: leave one out");
  }
  const std::int64_t ns = spec.sliding_window_duration->ns;
  if (ns < kSecond) {
    rules.window.size = 10;
    rules.window.bucket = {ns / 10};
  } else {
    rules.window.size = static_cast<std::uint32_t>(ns / kSecond);
  }
  if (ns % (ns < kSecond ? 10 : kSecond) != 0) {
    wrong("sliding_window_duration",
          "a window of a second or more is made of whole seconds, a shorter one of "
          "ten whole nanoseconds each",
          "write a multiple of 1s");
  }
}

}  // namespace

BreakerRules breaker_rules(const CircuitBreakerSpec& spec, PolicyTarget& target) {
  BreakerRules rules;
  const bool by_row = spec.consecutive_failures > 0;
  const bool by_rate = !by_row || spec.failure_rate_threshold || spec.slow_call_rate_threshold;
  const double off = std::numeric_limits<double>::infinity();
  rules.failure_rate = spec.failure_rate_threshold.value_or(by_row ? off : 50);
  rules.slow_rate = spec.slow_call_rate_threshold.value_or(by_row ? off : 100);
  rules.slow = spec.slow_call_duration_threshold;
  rules.consecutive = static_cast<std::uint32_t>(spec.consecutive_failures);
  rules.strict_half_open = !by_rate;
  rules.permitted = spec.permitted_number_of_calls_in_half_open_state.value_or(by_row ? 1 : 10);
  resolve_window(spec, rules, target);
  rules.minimum_calls = static_cast<std::uint32_t>(spec.minimum_number_of_calls);
  rules.half_open_minimum = static_cast<std::uint32_t>(
      by_rate ? std::min(spec.minimum_number_of_calls, rules.permitted) : rules.permitted);
  if (spec.sliding_window_type == WindowType::count_based) {
    rules.minimum_calls = std::min(rules.minimum_calls, rules.window.size);
  }
  rules.wait = spec.wait_duration_in_open_state;
  rules.wait_multiplier = spec.wait_duration_multiplier;
  rules.longest_wait = spec.max_wait_duration_in_open_state.value_or(sim::Duration::max());
  rules.longest_half_open = spec.max_wait_duration_in_half_open_state;
  rules.automatic = spec.automatic_transition;
  constexpr std::array kStarts = {BreakerStatus::closed, BreakerStatus::disabled, BreakerStatus::metrics_only,
                                  BreakerStatus::forced_open};
  rules.start = kStarts[static_cast<std::size_t>(spec.state)];
  rules.failures = spec.record_on.names.empty() ? kTargetFailures
                                                : outcome_bits(spec.record_on, "record_on", kWhat, target);
  rules.ignored = spec.ignore.names.empty() ? kIgnored & ~rules.failures
                                            : outcome_bits(spec.ignore, "ignore", kWhat, target);
  const auto wrong = [&](const char* field, std::string message, std::string hint) {
    target.diagnostics.error(target.mark, target.path + "." + field, std::move(message), std::move(hint));
  };
  if ((rules.failures & rules.ignored) != 0) {
    wrong("ignore", "an outcome is in record_on and in ignore", "name it in one of them");
  }
  if (rules.longest_wait < rules.wait) {
    wrong("max_wait_duration_in_open_state", "is shorter than wait_duration_in_open_state", {});
  }
  // It then changes state over and over while nobody calls, and each change is made.
  const bool alone = rules.automatic && rules.longest_half_open.ns > 0;
  if (alone && static_cast<double>(std::min(rules.wait, rules.longest_half_open).ns) < kMs) {
    wrong("automatic_transition", "with limits on both waits, each must be at least 1ms", {});
  }
  return rules;
}

PolicyInfo circuit_breaker_policy() {
  PolicyInfo info;
  info.name = "circuit_breaker";
  info.seam = "admission";
  info.places = {PolicyPlace::call};
  info.about = "Refuses calls at once (circuit_open) for a while after too many have failed or were slow.";
  info.fields = circuit_breaker_fields();
  info.example = "{failure_rate_threshold: 50, wait_duration_in_open_state: 30s}";
  info.make = make_spec<CircuitBreakerSpec>;
  info.apply = [](const void* value, PolicyTarget& target) {
    const auto& spec = *static_cast<const CircuitBreakerSpec*>(value);
    target.admission("circuit_breaker",
                     std::make_shared<const CircuitBreakerModel>(breaker_rules(spec, target)), spec.scope,
                     spec.shared);
  };
  return info;
}

}  // namespace tailrace::models
