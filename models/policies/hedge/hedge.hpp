#pragma once
// Timing seam: asks a second instance when the first takes long, and takes the first success (Dean & Barroso,
// "The Tail at Scale", 2013; gRPC's hedging; Envoy's hedge_on_per_try_timeout). A delay of 0 sends all at
// once, which together with cancellation makes them tied requests.
//
// The delay is a duration, or a percentile of the successes that this caller saw ("p95"): over the last 15 to
// 30 s (a window in two halves), read anew every 3 s and whenever the samples have grown by an eighth. Until
// 20 samples have been seen it is initial_delay, or no hedge is sent; later, an empty window keeps the last
// estimate. Only what answers is seen: attempts that lost against their hedge are not, so the estimate lies
// somewhat low, and the budget bounds what that costs.
//
// The budget is Finagle's BackupRequestFilter's: each call deposits `budget` of a token, a hedge takes a
// whole one, what is not taken within 10 s is lost. Unlike there, no reserve is given at the start. At 100 %
// there is no limit, nor with the word. Cost: constant per call; with a percentile two histograms (0.6 KB and
// 2 KB per octave each) per holder.
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "models/field/field.hpp"
#include "models/policy/policy.hpp"
#include "models/policy/seams.hpp"
#include "sim/observe/histogram.hpp"

namespace tailrace::models {

struct HedgeSpec {
  struct Delay {
    sim::Duration fixed;
    double percentile = 0;  // in (0, 1); 0: fixed
  };
  std::optional<Delay> delay;  // default p95, or never if only on_per_try_timeout
  std::optional<sim::Duration> initial_delay;
  Count max_requests = 1;
  bool on_per_try_timeout = false;
  Fraction budget{0.1};
  bool budget_unlimited = false;
  std::optional<Count> max_burst;
};

// A percentile of the latest latencies.
class LatencyPercentile {
 public:
  static constexpr std::int64_t kHalfWindowNs = 15'000'000'000;
  static constexpr std::int64_t kRefreshNs = 3'000'000'000;
  static constexpr std::uint64_t kFewest = 20;

  explicit LatencyPercentile(double percentile) : percentile_(percentile) {}
  void record(sim::Instant now, sim::Duration latency);
  // Empty until there have been kFewest samples in a window.
  std::optional<sim::Duration> estimate(sim::Instant now);

 private:
  void rotate(sim::Instant now);

  double percentile_;
  sim::Instant half_start_;
  sim::Histogram recent_;  // this half
  sim::Histogram all_;     // this half and the one before
  std::optional<sim::Duration> estimate_;
  sim::Instant read_at_;
  std::uint64_t read_count_ = 0;
};

// The delay is Duration::max() while no hedge is to be sent.
class HedgeModel : public HedgePolicyModel {
 public:
  HedgeModel(HedgeSpec::Delay delay, std::optional<sim::Duration> initial)
      : delay_(delay), initial_(initial.value_or(sim::Duration::max())) {}
  std::unique_ptr<HedgePolicy> start() const override;

 private:
  HedgeSpec::Delay delay_;
  sim::Duration initial_;
};

// Tokens in millionths, so that ten tenths make a whole.
class HedgeBudget final : public RetryBudget {
 public:
  static constexpr std::int64_t kToken = 1'000'000;
  static constexpr int kSlices = 10;  // of a second: what a slice still holds is lost as it leaves

  HedgeBudget(std::int64_t deposit, std::int64_t most) : deposit_(deposit), most_(most) {}
  void call_started(const CallFacts& facts) override;
  bool take(const CallFacts& facts) override;

 private:
  void advance(sim::Instant now);

  std::int64_t deposit_, most_;
  std::array<std::int64_t, kSlices> slices_{};  // by second modulo kSlices
  std::int64_t sum_ = 0;
  std::int64_t second_ = 0;
};

class HedgeBudgetModel : public RetryBudgetModel {
 public:
  // `share` of a token per call; at most `most` tokens (kUnlimited: what 10 s bring).
  HedgeBudgetModel(double share, std::int64_t most);
  std::unique_ptr<RetryBudget> start() const override;

 private:
  std::int64_t deposit_, most_;
};

PolicyInfo hedge_policy();

}  // namespace tailrace::models
