#include "models/policies/rate_limit/rate_limit.hpp"

#include <fmt/format.h>

#include "models/policy/scope_fields.hpp"

namespace tailrace::models {

Admission RateLimit::admit(const CallFacts& facts, sim::Stream&) {
  Limiter& limiter = per_key_ ? by_key_[facts.key] : all_;
  const std::int64_t wait = std::visit(
      [&](auto& one) {
        if constexpr (requires { one.take(facts.now, max_wait_); })
          return one.take(facts.now, max_wait_);
        else
          return one.take(facts.now);
      },
      limiter);
  if (wait == kRefused) return Admission::no(Outcome::rate_limited);
  return wait == 0 ? Admission::yes() : Admission::later({wait});
}

namespace {

constexpr Count kMostLogged = 100'000;
constexpr Count kMostLoggedPerKey = 1'000;
constexpr sim::Duration kSecond{1'000'000'000};

FieldTable rate_limit_fields() {
  using S = RateLimitSpec;
  Fields<S> fields("rate_limit", "How many requests may pass in a time.");
  fields
      .choice(
          "algorithm", &S::algorithm,
          {"token_bucket", "leaky_bucket", "fixed_window", "sliding_window", "sliding_log"},
          "token_bucket lets bursts pass; leaky_bucket spaces requests evenly; the others count in windows")
      .add("rate", &S::rate, "token_bucket, leaky_bucket: requests per time, without steps",
           between(1e-6, 1e12))
      .add("burst", &S::burst, "token_bucket with rate: tokens when full; default 1", between(1, 1e9))
      .add("max_tokens", &S::max_tokens, "token_bucket in steps: tokens when full", between(0, 1e9))
      .add("tokens_per_fill", &S::tokens_per_fill, "with max_tokens: default 1", between(1, 1e9))
      .add("fill_interval", &S::fill_interval, "with max_tokens: default 1s", more_than(0))
      .add("max_wait", &S::max_wait,
           "token_bucket: a request waits for its token for at most this long; otherwise it is refused")
      .add("queue", &S::queue, "leaky_bucket: requests that may wait; default 0", between(0, 1e9))
      .add("limit", &S::limit, "windows: requests in each", between(0, 1e9))
      .add("window", &S::window, "windows: how long; default 1s", more_than(0))
      .add("per_key", &S::per_key, "each request key (client, session) has a limit of its own")
      .shorthand("rate");
  return add_scope_fields(fields).table();
}

// Which fields an algorithm knows; all others are reported when written.
void check_fields(const RateLimitSpec& spec, PolicyTarget& target) {
  const auto known = [&](const char* field, bool written, std::initializer_list<RateAlgorithm> algorithms) {
    if (!written) return;
    for (const RateAlgorithm a : algorithms) {
      if (a == spec.algorithm) return;
    }
    target.diagnostics.error(target.mark, target.path + "." + field,
                             fmt::format("{} means nothing to this algorithm", field),
                             "choose another algorithm, or leave it out");
  };
  using A = RateAlgorithm;
  known("rate", spec.rate.has_value(), {A::token_bucket, A::leaky_bucket});
  known("burst", spec.burst.has_value(), {A::token_bucket});
  known("max_tokens", spec.max_tokens.has_value(), {A::token_bucket});
  known("tokens_per_fill", spec.tokens_per_fill.has_value(), {A::token_bucket});
  known("fill_interval", spec.fill_interval.has_value(), {A::token_bucket});
  known("max_wait", spec.max_wait.has_value(), {A::token_bucket});
  known("queue", spec.queue.has_value(), {A::leaky_bucket});
  known("limit", spec.limit.has_value(), {A::fixed_window, A::sliding_window, A::sliding_log});
  known("window", spec.window.has_value(), {A::fixed_window, A::sliding_window, A::sliding_log});
}

void check_numbers(const RateLimitSpec& spec, PolicyTarget& target) {
  const auto wrong = [&](const char* field, std::string message, std::string hint) {
    target.diagnostics.error(target.mark, target.path + "." + field, std::move(message), std::move(hint));
  };
  if (spec.algorithm == RateAlgorithm::token_bucket) {
    if (!spec.rate && !spec.max_tokens) {
      wrong("rate", "a token bucket needs a rate, or max_tokens", "write rate: 100/s");
    } else if (spec.rate && (spec.max_tokens || spec.tokens_per_fill || spec.fill_interval)) {
      wrong("rate", "the fill is written twice",
            "rate and burst, or max_tokens, tokens_per_fill and fill_interval");
    } else if (!spec.rate && spec.burst) {
      wrong("burst", "belongs to rate", "max_tokens is the burst of a bucket that is filled in steps");
    }
  } else if (spec.algorithm == RateAlgorithm::leaky_bucket) {
    if (!spec.rate) wrong("rate", "a leaky bucket needs a rate", "write rate: 100/s");
  } else if (!spec.limit) {
    wrong("limit", "a window needs a limit", "write limit: 100");
  } else if (spec.algorithm == RateAlgorithm::sliding_log) {
    const Count most = spec.per_key ? kMostLoggedPerKey : kMostLogged;
    if (*spec.limit > most) {
      wrong("limit",
            fmt::format("sliding_log remembers at most {} requests{}", most,
                        spec.per_key ? " for each key" : ""),
            "sliding_window needs no memory");
    }
  }
}

Limiter limiter_of(const RateLimitSpec& spec) {
  const ExactRate rate = ExactRate::of(spec.rate.value_or(Rate{1}).per_s);
  const sim::Duration window = spec.window.value_or(kSecond);
  const Count limit = spec.limit.value_or(0);
  switch (spec.algorithm) {
    case RateAlgorithm::token_bucket:
      if (spec.rate) return ContinuousBucket(rate, spec.burst.value_or(1));
      return SteppedBucket(spec.max_tokens.value_or(0), spec.tokens_per_fill.value_or(1),
                           spec.fill_interval.value_or(kSecond));
    case RateAlgorithm::leaky_bucket:
      return LeakyQueue(rate, spec.queue.value_or(0));
    case RateAlgorithm::fixed_window:
      return FixedWindow(limit, window);
    case RateAlgorithm::sliding_window:
      return SlidingWindow(limit, window);
    case RateAlgorithm::sliding_log:
      return SlidingLog(limit, window);
  }
  return {};
}

}  // namespace

PolicyInfo rate_limit_policy() {
  PolicyInfo info;
  info.name = "rate_limit";
  info.seam = "admission";
  info.places = {PolicyPlace::call, PolicyPlace::inbound};
  info.about = "Refuses what is over a rate (rate_limited), or delays it.";
  info.fields = rate_limit_fields();
  info.example = "{rate: 100/s, burst: 20}";
  info.make = make_spec<RateLimitSpec>;
  info.outside_retries = true;
  info.apply = [](const void* value, PolicyTarget& target) {
    const auto& spec = *static_cast<const RateLimitSpec*>(value);
    const int errors = target.diagnostics.errors();
    check_fields(spec, target);
    check_numbers(spec, target);
    if (target.diagnostics.errors() > errors) return;
    target.admission("rate_limit",
                     std::make_shared<const RateLimitModel>(limiter_of(spec), spec.per_key,
                                                            spec.max_wait.value_or(sim::Duration{0})),
                     spec.scope, spec.shared);
  };
  return info;
}

}  // namespace tailrace::models
