#pragma once
// Reaction seam: is there budget for another attempt? Four products, four rules:
//
//   percent_of_active  Envoy: so many retries at a time as are budget_percent of what is under way, calls and
//                      retries (a call in its retry or its pause counts once), but always
//                      min_retry_concurrency. A retry counts from its decision to its end.
//   deposit            Finagle: each call deposits percent_can_retry of a retry, which expires after ttl; on
//                      top, min_retries_per_sec x ttl retries in any ttl. Time moves in tenths of the ttl.
//   success_deposit    AWS SDKs, Brooker's articles: a bucket that starts full; each success (or each first
//                      try) deposits a part of a retry, a retry costs retry_cost.
//   throttling         gRPC: tokens start at max_tokens; a failed attempt takes one, a successful one gives
//                      token_ratio; retries only while there are more than half.
//
// Amounts are whole numbers (thousandths in Finagle and gRPC as in the products, millionths in the bucket).
// Left out: Envoy's per-priority budgets (gRPC's pushback is retry_pushback). Cost: a few operations per
// call; no memory beyond the state itself.
#include <array>
#include <optional>

#include "models/policy/policy.hpp"

namespace tailrace::models {

struct RetryBudgetSpec {
  enum class Type : std::uint8_t { percent_of_active, deposit, success_deposit, throttling };
  enum class DepositOn : std::uint8_t { success, first_try };
  Type type = Type::percent_of_active;
  std::optional<double> budget_percent;        // 20
  std::optional<Count> min_retry_concurrency;  // 3
  std::optional<double> percent_can_retry;     // 20
  std::optional<double> min_retries_per_sec;   // 10
  std::optional<sim::Duration> ttl;            // 10 s
  std::optional<double> bucket_size;           // 100
  std::optional<double> deposit;               // 0.1
  std::optional<double> retry_cost;            // 1
  std::optional<DepositOn> deposit_on;         // success
  std::optional<double> max_tokens;            // 10
  std::optional<double> token_ratio;           // 0.1
};

class ActiveRetryBudget final : public RetryBudget {
 public:
  ActiveRetryBudget(double percent, std::int64_t least) : percent_(percent), least_(least) {}
  void call_started(const CallFacts&) override { ++calls_; }
  bool take(const CallFacts&) override;
  void extra_ended(const CallFacts&) override { --extra_; }
  void call_ended(const CallFacts&) override { --calls_; }

 private:
  double percent_;
  std::int64_t least_;
  std::int64_t calls_ = 0;  // under way
  std::int64_t extra_ = 0;  // retries under way or decided
};

class DepositRetryBudget final : public RetryBudget {
 public:
  DepositRetryBudget(double percent, double per_second, sim::Duration ttl);
  void call_started(const CallFacts&) override;
  bool take(const CallFacts&) override;

 private:
  static constexpr std::int64_t kSlices = 10;
  void move_to(sim::Instant now);

  std::int64_t deposit_, cost_, reserve_;  // thousandths of a call
  std::int64_t slice_ns_;
  std::array<std::int64_t, kSlices> slices_{};
  std::int64_t sum_ = 0, newest_ = 0;
};

class BucketRetryBudget final : public RetryBudget {
 public:
  BucketRetryBudget(double size, double deposit, double cost, bool on_success);
  void call_started(const CallFacts&) override;
  void attempt_ended(const CallFacts&) override;
  bool take(const CallFacts&) override;

 private:
  void put();
  std::int64_t most_, deposit_, cost_;  // millionths
  bool on_success_;
  std::int64_t level_;
};

class ThrottlingRetryBudget final : public RetryBudget {
 public:
  ThrottlingRetryBudget(double max_tokens, double ratio);
  void attempt_ended(const CallFacts&) override;
  bool take(const CallFacts&) override { return tokens_ * 2 > most_; }

 private:
  std::int64_t most_, ratio_, tokens_;  // thousandths
};

class RetryBudgetOf final : public RetryBudgetModel {
 public:
  explicit RetryBudgetOf(const RetryBudgetSpec& spec) : spec_(spec) {}
  std::unique_ptr<RetryBudget> start() const override;

 private:
  RetryBudgetSpec spec_;
};

PolicyInfo retry_budget_policy();

}  // namespace tailrace::models
