#include "models/policies/hedge/hedge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "models/field/units.hpp"

namespace tailrace::models {

// --- the delay

void LatencyPercentile::rotate(sim::Instant now) {
  const std::int64_t halves = (now.ns - half_start_.ns) / kHalfWindowNs;
  if (halves == 0) return;
  half_start_.ns += halves * kHalfWindowNs;
  all_.clear();
  if (halves == 1) all_.merge(recent_);
  recent_.clear();
  read_count_ = 0;  // another window: read it as soon as somebody asks
}

void LatencyPercentile::record(sim::Instant now, sim::Duration latency) {
  rotate(now);
  recent_.record(latency.ns);
  all_.record(latency.ns);
}

std::optional<sim::Duration> LatencyPercentile::estimate(sim::Instant now) {
  rotate(now);
  const std::uint64_t count = all_.count();
  if (count < kFewest) return estimate_;
  const bool grown = count >= read_count_ + std::max<std::uint64_t>(1, read_count_ / 8);
  const bool old = count > read_count_ && now.ns - read_at_.ns >= kRefreshNs;
  if (grown || old) {
    estimate_ = sim::Duration{all_.quantile(percentile_)};
    read_at_ = now;
    read_count_ = count;
  }
  return estimate_;
}

namespace {

class FixedDelay final : public HedgePolicy {
 public:
  explicit FixedDelay(sim::Duration delay) : delay_(delay) {}
  sim::Duration delay(const CallFacts&) override { return delay_; }

 private:
  sim::Duration delay_;
};

class PercentileDelay final : public HedgePolicy {
 public:
  PercentileDelay(double percentile, sim::Duration initial) : latencies_(percentile), initial_(initial) {}
  sim::Duration delay(const CallFacts& facts) override {
    return latencies_.estimate(facts.now).value_or(initial_);
  }
  void succeeded(const CallFacts& facts) override { latencies_.record(facts.now, facts.took); }

 private:
  LatencyPercentile latencies_;
  sim::Duration initial_;
};

}  // namespace

std::unique_ptr<HedgePolicy> HedgeModel::start() const {
  if (delay_.percentile > 0) return std::make_unique<PercentileDelay>(delay_.percentile, initial_);
  return std::make_unique<FixedDelay>(delay_.fixed);
}

// --- the budget

void HedgeBudget::advance(sim::Instant now) {
  const std::int64_t second = now.ns / 1'000'000'000;
  const std::int64_t gone = std::min<std::int64_t>(second - second_, kSlices);
  for (std::int64_t i = 1; i <= gone; ++i) {
    std::int64_t& slice = slices_[static_cast<std::size_t>((second_ + i) % kSlices)];
    sum_ -= slice;
    slice = 0;
  }
  second_ = second;
}

void HedgeBudget::call_started(const CallFacts& facts) {
  advance(facts.now);
  const std::int64_t added = std::min(deposit_, most_ - sum_);
  slices_[static_cast<std::size_t>(second_ % kSlices)] += added;
  sum_ += added;
}

bool HedgeBudget::take(const CallFacts& facts) {
  advance(facts.now);
  if (sum_ < kToken) return false;
  sum_ -= kToken;
  std::int64_t left = kToken;
  for (std::int64_t i = 1; i <= kSlices && left > 0; ++i) {  // the oldest first
    std::int64_t& slice = slices_[static_cast<std::size_t>((second_ + i) % kSlices)];
    const std::int64_t part = std::min(slice, left);
    slice -= part;
    left -= part;
  }
  return true;
}

HedgeBudgetModel::HedgeBudgetModel(double share, std::int64_t most)
    : deposit_(std::max<std::int64_t>(
          1, static_cast<std::int64_t>(share * static_cast<double>(HedgeBudget::kToken) + 0.5))),
      most_(most == kUnlimited ? std::numeric_limits<std::int64_t>::max() / 2 : most * HedgeBudget::kToken) {}

std::unique_ptr<RetryBudget> HedgeBudgetModel::start() const {
  return std::make_unique<HedgeBudget>(deposit_, most_);
}

// --- the scenario's words

namespace {

void read_delay(const Node& node, HedgeSpec& spec, ReadContext& context) {
  if (!node.is_scalar()) {
    return context.error(node, "expected a duration such as 50ms, or a percentile such as p95");
  }
  if (node.text.size() > 1 && node.text[0] == 'p') {
    const Quantity percent = parse_number(std::string_view(node.text).substr(1));
    if (!percent.value || !(*percent.value > 0 && *percent.value < 100)) {
      return context.error(node, fmt::format("\"{}\" is no percentile", escaped(node.text)),
                           "more than p0 and less than p100, such as p95 or p99.9");
    }
    spec.delay = HedgeSpec::Delay{{}, *percent.value / 100};
    return;
  }
  const Quantity ns = parse_duration_ns(node.text);
  if (!ns.value) {
    return context.error(node, ns.error, ns.hint.empty() ? "or a percentile, such as p95" : ns.hint);
  }
  spec.delay = HedgeSpec::Delay{sim::Duration::from_ns(*ns.value), 0};
}

void apply(const void* written, PolicyTarget& target) {
  const auto& spec = *static_cast<const HedgeSpec*>(written);
  HedgeSpec::Delay delay = spec.delay.value_or(HedgeSpec::Delay{{}, 0.95});
  if (!spec.delay && spec.on_per_try_timeout) delay = {sim::Duration::max(), 0};
  if (spec.on_per_try_timeout && !target.edge->per_try_timeout) {
    target.diagnostics.error(target.mark, target.path + ".on_per_try_timeout",
                             "there is no per-try timeout to hedge on",
                             "write retries: {per_try_timeout: ...} beside it");
  }
  if (spec.initial_delay && delay.percentile == 0) {
    target.diagnostics.error(target.mark, target.path + ".initial_delay",
                             "it stands in for a percentile, and this delay is none");
  }
  const std::optional<sim::Duration> timeout = target.edge->timeout;
  if (timeout && spec.delay && delay.percentile == 0 && delay.fixed >= *timeout) {
    target.diagnostics.warning(target.mark, target.path + ".delay",
                               "no hedge is ever sent: the call's timeout is over by then");
  }
  Hedging hedging;
  hedging.most = spec.max_requests;
  hedging.policy = std::make_shared<HedgeModel>(delay, spec.initial_delay);
  hedging.on_try_timeout = spec.on_per_try_timeout;
  if (!spec.budget_unlimited && spec.budget.value < 1) {
    hedging.budget =
        std::make_shared<HedgeBudgetModel>(spec.budget.value, spec.max_burst.value_or(kUnlimited));
  }
  hedging.origin = target.origin;
  target.edge->hedging = std::move(hedging);
}

FieldTable hedge_fields() {
  return Fields<HedgeSpec>("hedge", "A second attempt beside a slow first one.")
      .custom("delay", FieldType::text, read_delay,
              "sent when the last attempt has taken this long: a duration (0: at once), or a percentile of "
              "the successes that the caller saw, such as p95 (default)")
      .add("initial_delay", &HedgeSpec::initial_delay,
           "with a percentile: until 20 successes have been seen; default: no hedges until then")
      .add("max_requests", &HedgeSpec::max_requests, "hedges of a call, beside the first attempt",
           between(1, 100))
      .add("on_per_try_timeout", &HedgeSpec::on_per_try_timeout,
           "the per-try timeout sends a hedge and leaves the attempt running; without a delay nothing else "
           "does")
      .add("budget", &HedgeSpec::budget, "hedges per call, over the last 10 s; 100% is no limit",
           Range{0, 1, true})
      .also("unlimited", &HedgeSpec::budget_unlimited)
      .add("max_burst", &HedgeSpec::max_burst, "hedges that may be saved up; default what 10 s bring",
           between(1, 1e9))
      .shorthand("delay")
      .table();
}

}  // namespace

PolicyInfo hedge_policy() {
  PolicyInfo info;
  info.name = "hedge";
  info.seam = "timing";
  info.places = {PolicyPlace::call};
  info.about = "Sends a second attempt beside a slow first one and takes the first success.";
  info.fields = hedge_fields();
  info.example = "{delay: 50ms}";
  info.make = make_spec<HedgeSpec>;
  info.apply = apply;
  return info;
}

}  // namespace tailrace::models
