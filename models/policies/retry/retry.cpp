#include "models/policies/retry/retry.hpp"

#include <fmt/format.h>

namespace tailrace::models {

namespace {

FieldTable backoff_fields() {
  return Fields<BackoffSpec>("backoff", "The pause before a retry.")
      .add("base_interval", &BackoffSpec::base_interval, "the first pause, before jitter")
      .add("max_interval", &BackoffSpec::max_interval, "no pause is longer; default 10 x base_interval")
      .add("multiplier", &BackoffSpec::multiplier, "each pause is this many times the one before",
           at_least(1))
      .choice("jitter", &BackoffSpec::jitter, {"full", "none", "equal", "decorrelated"},
              "full: uniform between 0 and the pause; equal: between half of it and all; none: exactly the "
              "pause; "
              "decorrelated: uniform between base_interval and three times the pause before")
      .table();
}

// What a new attempt may mend. A refusal by the caller's own policies is no failure of the call's target, and
// after a deadline there is no time left.
constexpr std::uint32_t kEveryFailure =
    ((1u << kOutcomes) - 1) & ~(outcome_bit(Outcome::success) | outcome_bit(Outcome::circuit_open) |
                                outcome_bit(Outcome::deadline) | outcome_bit(Outcome::cancelled));

void apply(const void* raw, PolicyTarget& target) {
  const RetrySpec& spec = *static_cast<const RetrySpec*>(raw);
  Edge& edge = *target.edge;
  edge.retries = spec.attempts.value;
  edge.per_try_timeout = spec.per_try_timeout;
  edge.retry_on = spec.retry_on.names.empty()
                      ? kEveryFailure
                      : outcome_bits(spec.retry_on, "retry_on", "outcome that can be retried", target);
  edge.honors_pushback = spec.honor_pushback;
  edge.backoff.base = spec.backoff.base_interval;
  edge.backoff.multiplier = spec.backoff.multiplier;
  edge.backoff.jitter = spec.backoff.jitter;
  edge.backoff.max = spec.backoff.max_interval.value_or(
      sim::Duration::from_ns(static_cast<double>(spec.backoff.base_interval.ns) * 10));
}

}  // namespace

FieldTable retry_fields() {
  return Fields<RetrySpec>("retries", "New attempts of a failed call.")
      .add("attempts", &RetrySpec::attempts, "retries after the first try")
      .add("per_try_timeout", &RetrySpec::per_try_timeout, "the caller gives each attempt this long",
           more_than(0))
      .custom(
          "retry_on", FieldType::text,
          [](const Node& n, RetrySpec& s, ReadContext& c) { read_outcomes(n, s.retry_on, c); },
          "outcomes that are tried again, such as [error, timeout]; default every failure but "
          "circuit_open, deadline and cancelled")
      .section("backoff", &RetrySpec::backoff, backoff_fields(), "the pause before each retry")
      .add("honor_pushback", &RetrySpec::honor_pushback,
           "a server's retry_pushback takes the place of the pause, or ends the retries, as in gRPC")
      .shorthand("attempts")
      .table();
}

PolicyInfo retry_policy() {
  PolicyInfo info;
  info.name = "retries";
  info.seam = "reaction";
  info.places = {PolicyPlace::call};
  info.about = "New attempts of a failed call, after a growing, jittered pause.";
  info.fields = retry_fields();
  info.example = "2";
  info.make = make_spec<RetrySpec>;
  info.apply = apply;
  return info;
}

sim::Duration backoff_ceiling(const BackoffModel& backoff, std::uint32_t k) {
  double pause = static_cast<double>(backoff.base.ns);
  const double cap = static_cast<double>(backoff.max.ns);
  double power =
      backoff.multiplier;  // squared in turn, so that the millionth retry costs what the tenth does
  for (std::uint32_t left = k - 1; k > 0 && left > 0 && pause > 0 && pause < cap; left /= 2) {
    if (left % 2 == 1) pause *= power;
    power *= power;
  }
  return sim::Duration::from_ns(pause < cap ? pause : cap);
}

sim::Duration backoff_delay(const BackoffModel& backoff, std::uint32_t k, sim::Duration previous,
                            sim::Stream& random) {
  const sim::Duration ceiling = backoff_ceiling(backoff, k);
  const double c = static_cast<double>(ceiling.ns);
  switch (backoff.jitter) {
    case Jitter::none:
      return ceiling;
    case Jitter::full:
      return sim::Duration::from_ns(c * random.uniform());
    case Jitter::equal:
      return sim::Duration::from_ns(c * (0.5 + 0.5 * random.uniform()));
    case Jitter::decorrelated: {
      const auto base = static_cast<double>(backoff.base.ns);
      const double widest = 3 * static_cast<double>(previous.ns > 0 ? previous.ns : backoff.base.ns);
      const double drawn = base + (widest - base) * random.uniform();
      return sim::Duration::from_ns(
          drawn < static_cast<double>(backoff.max.ns) ? drawn : static_cast<double>(backoff.max.ns));
    }
  }
  return ceiling;
}

Reaction react(const Edge& edge, std::uint32_t attempt, Outcome outcome, sim::Duration previous,
               sim::Stream& random, std::uint32_t restarted) {
  const bool wanted = (edge.retry_on & outcome_bit(outcome)) != 0;
  const bool left = edge.retries == kUnlimited || static_cast<std::int64_t>(attempt) <= edge.retries;
  if (!wanted || !left) return {};
  return {true, backoff_delay(edge.backoff, attempt - restarted, previous, random)};
}

}  // namespace tailrace::models
