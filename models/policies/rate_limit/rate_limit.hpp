#pragma once
// Admission seam: rate limits. What is over the limit is refused with rate_limited (the 429 of HTTP), or
// waits for its token where the algorithm has a place to wait.
//
//   token_bucket    max_tokens, filled by tokens_per_fill every fill_interval (Envoy's local rate limit), or
//                   rate and burst for a continuous fill; with max_wait a request waits for a token that it
//                   takes ahead of its time (resilience4j's timeoutDuration)
//   leaky_bucket    requests leave 1/rate apart, at most `queue` waiting (nginx: rate and burst)
//   fixed_window    at most `limit` in each window
//   sliding_window  the same in any window, approximated from two fixed ones (Cloudflare)
//   sliding_log     the same exactly: remembers the times of the last `limit`
//
// Buckets are full at the start; windows and fill intervals begin at the multiples of their length on the
// run's clock. With per_key each request key has a limit of its own. A request that gives up while it waits
// does not give its token back. A call is asked once, outside its retries. Cost: constant per request; per
// key about 250 bytes, and 8 more per request of the limit for sliding_log.
#include <optional>
#include <variant>

#include "models/policies/rate_limit/limiters.hpp"
#include "models/policy/key_map.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

enum class RateAlgorithm : std::uint8_t {
  token_bucket,
  leaky_bucket,
  fixed_window,
  sliding_window,
  sliding_log
};

struct RateLimitSpec {
  RateAlgorithm algorithm = RateAlgorithm::token_bucket;
  std::optional<Rate> rate;
  std::optional<Count> burst;
  std::optional<Count> max_tokens, tokens_per_fill;
  std::optional<sim::Duration> fill_interval;
  std::optional<sim::Duration> max_wait;
  std::optional<Count> queue;
  std::optional<Count> limit;
  std::optional<sim::Duration> window;
  bool per_key = false;
  Scope scope = Scope::service;
  bool shared = false;
};

using Limiter =
    std::variant<ContinuousBucket, SteppedBucket, LeakyQueue, FixedWindow, SlidingWindow, SlidingLog>;

class RateLimit final : public AdmissionPolicy {
 public:
  RateLimit(const Limiter& fresh, bool per_key, sim::Duration max_wait)
      : per_key_(per_key), max_wait_(max_wait), all_(fresh), by_key_(fresh) {}
  Admission admit(const CallFacts&, sim::Stream&) override;

 private:
  bool per_key_;
  sim::Duration max_wait_;
  Limiter all_;
  KeyMap<Limiter> by_key_;
};

class RateLimitModel final : public AdmissionModel {
 public:
  RateLimitModel(Limiter fresh, bool per_key, sim::Duration max_wait)
      : fresh_(std::move(fresh)), per_key_(per_key), max_wait_(max_wait) {}
  std::unique_ptr<AdmissionPolicy> start() const override {
    return std::make_unique<RateLimit>(fresh_, per_key_, max_wait_);
  }

 private:
  Limiter fresh_;
  bool per_key_;
  sim::Duration max_wait_;
};

PolicyInfo rate_limit_policy();

}  // namespace tailrace::models
