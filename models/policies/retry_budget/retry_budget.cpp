#include "models/policies/retry_budget/retry_budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace tailrace::models {

namespace {
std::int64_t scaled(double amount, double by) {
  return static_cast<std::int64_t>(amount * by + 0.5);
}
}  // namespace

// A call has one attempt at a time (hedges apart), so what is under way is as many as the calls.
bool ActiveRetryBudget::take(const CallFacts&) {
  const auto share = static_cast<std::int64_t>(percent_ * static_cast<double>(calls_) / 100);
  if (extra_ >= std::max(least_, share)) return false;
  ++extra_;
  return true;
}

// As in Finagle a call deposits 1000 and a retry costs 1000 / (percent/100); with 0 % only the reserve is
// spent.
DepositRetryBudget::DepositRetryBudget(double percent, double per_second, sim::Duration ttl)
    : deposit_(percent > 0 ? 1000 : 0),
      cost_(percent > 0 ? static_cast<std::int64_t>(100'000 / percent) : 1),
      reserve_(static_cast<std::int64_t>(per_second * ttl.seconds() * static_cast<double>(cost_))),
      slice_ns_(std::max<std::int64_t>(ttl.ns / kSlices, 1)) {}

void DepositRetryBudget::move_to(sim::Instant now) {
  const std::int64_t slice = now.ns / slice_ns_;
  for (std::int64_t s = std::max(newest_ + 1, slice - kSlices + 1); s <= slice; ++s) {
    std::int64_t& old = slices_[static_cast<std::size_t>(s % kSlices)];
    sum_ -= old;
    old = 0;
  }
  newest_ = std::max(newest_, slice);
}

void DepositRetryBudget::call_started(const CallFacts& facts) {
  move_to(facts.now);
  slices_[static_cast<std::size_t>(newest_ % kSlices)] += deposit_;
  sum_ += deposit_;
}

// What is taken expires too, so that the reserve comes back.
bool DepositRetryBudget::take(const CallFacts& facts) {
  move_to(facts.now);
  if (sum_ + reserve_ < cost_) return false;
  slices_[static_cast<std::size_t>(newest_ % kSlices)] -= cost_;
  sum_ -= cost_;
  return true;
}

BucketRetryBudget::BucketRetryBudget(double size, double deposit, double cost, bool on_success)
    : most_(scaled(size, 1e6)),
      deposit_(scaled(deposit, 1e6)),
      cost_(scaled(cost, 1e6)),
      on_success_(on_success),
      level_(most_) {}

void BucketRetryBudget::put() {
  level_ = std::min(most_, level_ + deposit_);
}

void BucketRetryBudget::call_started(const CallFacts&) {
  if (!on_success_) put();
}

void BucketRetryBudget::attempt_ended(const CallFacts& facts) {
  if (on_success_ && facts.outcome == Outcome::success) put();
}

bool BucketRetryBudget::take(const CallFacts&) {
  if (level_ < cost_) return false;
  level_ -= cost_;
  return true;
}

// gRPC cuts the ratio after the third decimal.
ThrottlingRetryBudget::ThrottlingRetryBudget(double max_tokens, double ratio)
    : most_(scaled(max_tokens, 1000)),
      ratio_(static_cast<std::int64_t>(ratio * 1000 + 1e-6)),
      tokens_(most_) {}

void ThrottlingRetryBudget::attempt_ended(const CallFacts& facts) {
  if (facts.outcome == Outcome::success) {
    tokens_ = std::min(most_, tokens_ + ratio_);
  } else if (facts.outcome != Outcome::cancelled) {
    tokens_ = std::max<std::int64_t>(0, tokens_ - 1000);
  }
}

std::unique_ptr<RetryBudget> RetryBudgetOf::start() const {
  using Type = RetryBudgetSpec::Type;
  switch (spec_.type) {
    case Type::percent_of_active:
      return std::make_unique<ActiveRetryBudget>(spec_.budget_percent.value_or(20),
                                                 spec_.min_retry_concurrency.value_or(3));
    case Type::deposit:
      return std::make_unique<DepositRetryBudget>(spec_.percent_can_retry.value_or(20),
                                                  spec_.min_retries_per_sec.value_or(10),
                                                  spec_.ttl.value_or(sim::Duration{10'000'000'000}));
    case Type::success_deposit:
      return std::make_unique<BucketRetryBudget>(
          spec_.bucket_size.value_or(100), spec_.deposit.value_or(0.1), spec_.retry_cost.value_or(1),
          spec_.deposit_on.value_or(RetryBudgetSpec::DepositOn::success) ==
              RetryBudgetSpec::DepositOn::success);
    case Type::throttling:
      return std::make_unique<ThrottlingRetryBudget>(spec_.max_tokens.value_or(10),
                                                     spec_.token_ratio.value_or(0.1));
  }
  return nullptr;
}

namespace {

constexpr const char* kTypes[] = {"percent_of_active", "deposit", "success_deposit", "throttling"};

FieldTable retry_budget_fields() {
  using S = RetryBudgetSpec;
  return Fields<S>("retry_budget", "How many retries all calls together may make.")
      .choice(
          "type", &S::type, {std::begin(kTypes), std::end(kTypes)},
          "percent_of_active as Envoy, deposit as Finagle, success_deposit as the AWS SDKs, throttling as "
          "gRPC")
      .add("budget_percent", &S::budget_percent,
           "percent_of_active: retries at a time, of what is under way; default 20", between(0, 100))
      .add("min_retry_concurrency", &S::min_retry_concurrency,
           "percent_of_active: always so many retries at a time; default 3", between(0, 1e9))
      .add("percent_can_retry", &S::percent_can_retry, "deposit: retries per 100 calls; default 20",
           between(0, 100'000))
      .add("min_retries_per_sec", &S::min_retries_per_sec, "deposit: retries on top of that; default 10",
           between(0, 1e5))
      .add("ttl", &S::ttl, "deposit: expires after this; default 10s", between(1e6, 86'400e9))
      .add("bucket_size", &S::bucket_size, "success_deposit: tokens when full; default 100", between(0, 1e9))
      .add("deposit", &S::deposit, "success_deposit: tokens for each success; default 0.1", between(0, 1e6))
      .choice("deposit_on", &S::deposit_on, {"success", "first_try"},
              "success_deposit: success (the default), or first_try: for each call instead")
      .add("retry_cost", &S::retry_cost, "success_deposit: tokens for a retry; default 1", between(0, 1e6))
      .add("max_tokens", &S::max_tokens,
           "throttling: tokens when full; no retries at half or less; default 10", Range{0, 1000, true})
      .add("token_ratio", &S::token_ratio, "throttling: tokens for each success; default 0.1",
           between(0.001, 1000))
      .table();
}

void check_fields(const RetryBudgetSpec& spec, PolicyTarget& target) {
  using Type = RetryBudgetSpec::Type;
  const auto belongs = [&](const char* field, bool written, Type type) {
    if (!written || spec.type == type) return;
    const char* wanted = kTypes[static_cast<std::size_t>(type)];
    target.diagnostics.error(target.mark, target.path + "." + field,
                             fmt::format("{} belongs to type {}", field, wanted),
                             fmt::format("write type: {}, or leave it out", wanted));
  };
  belongs("budget_percent", spec.budget_percent.has_value(), Type::percent_of_active);
  belongs("min_retry_concurrency", spec.min_retry_concurrency.has_value(), Type::percent_of_active);
  belongs("percent_can_retry", spec.percent_can_retry.has_value(), Type::deposit);
  belongs("min_retries_per_sec", spec.min_retries_per_sec.has_value(), Type::deposit);
  belongs("ttl", spec.ttl.has_value(), Type::deposit);
  belongs("bucket_size", spec.bucket_size.has_value(), Type::success_deposit);
  belongs("deposit", spec.deposit.has_value(), Type::success_deposit);
  belongs("deposit_on", spec.deposit_on.has_value(), Type::success_deposit);
  belongs("retry_cost", spec.retry_cost.has_value(), Type::success_deposit);
  belongs("max_tokens", spec.max_tokens.has_value(), Type::throttling);
  belongs("token_ratio", spec.token_ratio.has_value(), Type::throttling);
  // A retry's price in thousandths of a call, times what the reserve can hold, has to fit 63 bits.
  if (spec.percent_can_retry && *spec.percent_can_retry > 0 && *spec.percent_can_retry < 0.001) {
    target.diagnostics.error(target.mark, target.path + ".percent_can_retry",
                             "must be 0, or at least 0.001 (a retry for each 100000 calls)", {});
  }
}

}  // namespace

PolicyInfo retry_budget_policy() {
  PolicyInfo info;
  info.name = "retry_budget";
  info.seam = "reaction";
  info.places = {PolicyPlace::call};
  info.about = "Bounds the retries of all calls together, so that they cannot multiply an overload.";
  info.fields = retry_budget_fields();
  info.example = "{budget_percent: 20}";
  info.make = make_spec<RetryBudgetSpec>;
  info.apply = [](const void* value, PolicyTarget& target) {
    const auto& spec = *static_cast<const RetryBudgetSpec*>(value);
    check_fields(spec, target);
    target.edge->retry_budget = std::make_shared<const RetryBudgetOf>(spec);
    target.edge->retry_budget_origin = target.origin;
  };
  return info;
}

}  // namespace tailrace::models
