#include "models/policies/adaptive_concurrency/adaptive_concurrency.hpp"

#include <fmt/format.h>

#include "models/policies/adaptive_concurrency/limits.hpp"
#include "models/policy/scope_fields.hpp"

namespace tailrace::models {

namespace {

using Spec = AdaptiveConcurrencySpec;
using Algorithm = Spec::Algorithm;

constexpr std::uint32_t kSamples = outcome_bit(Outcome::success) | outcome_bit(Outcome::error) |
                                   outcome_bit(Outcome::timeout) | outcome_bit(Outcome::queue_timeout) |
                                   outcome_bit(Outcome::deadline);
constexpr std::uint32_t kDrops = outcome_bit(Outcome::timeout) | outcome_bit(Outcome::queue_timeout) |
                                 outcome_bit(Outcome::deadline) | outcome_bit(Outcome::rejected) |
                                 outcome_bit(Outcome::shed) | outcome_bit(Outcome::network) |
                                 outcome_bit(Outcome::unavailable);

// Limits that learn only from what ends.
void advance(AimdLimit&, sim::Instant) {}
void advance(VegasLimit&, sim::Instant) {}
void advance(Gradient2Limit&, sim::Instant) {}
void advance(GradientLimit& limit, sim::Instant now) {
  limit.advance(now);
}
void learn(AimdLimit& limit, const LimitSample& sample, double) {
  limit.sample(sample);
}
void learn(VegasLimit& limit, const LimitSample& sample, double jitter) {
  limit.sample(sample, jitter);
}
void learn(Gradient2Limit& limit, const LimitSample& sample, double) {
  limit.sample(sample);
}
void learn(GradientLimit& limit, const LimitSample& sample, double jitter) {
  limit.sample(sample, jitter);
}

template <class Limit>
class AdaptiveConcurrency final : public AdmissionPolicy {
 public:
  AdaptiveConcurrency(const AdaptiveConcurrencySettings& settings, std::uint32_t drops)
      : limit_(settings), drops_(drops) {}

  Admission admit(const CallFacts& facts, sim::Stream& random) override {
    advance(limit_, facts.now);
    if (in_flight_ >= limit_.limit()) return Admission::no(Outcome::shed);
    jitter_ = random.uniform();  // for whichever end needs one: ended() has no stream
    ++in_flight_;
    return Admission::yes();
  }
  void ended(const CallFacts& facts) override {
    advance(limit_, facts.now);
    const std::uint32_t bit = outcome_bit(facts.outcome);
    const bool dropped = (drops_ & bit) != 0;
    if (dropped || (kSamples & bit) != 0) {
      learn(limit_, {facts.now, facts.took, in_flight_, dropped}, jitter_);
    }
    --in_flight_;
  }
  double gauge() const override { return static_cast<double>(limit_.limit()); }

 private:
  Limit limit_;
  std::uint32_t drops_;
  std::int64_t in_flight_ = 0;
  double jitter_ = 0;
};

void apply(const void* written, PolicyTarget& target) {
  const auto& spec = *static_cast<const Spec*>(written);
  const auto belongs = [&](bool is_written, Algorithm to, const char* field, const char* word) {
    if (!is_written || spec.algorithm == to) return;
    target.diagnostics.error(target.mark, target.path + "." + field,
                             fmt::format("{} belongs to algorithm: {}", field, word),
                             fmt::format("take it away or write algorithm: {}", word));
  };
  belongs(spec.min_rtt_calc.has_value(), Algorithm::gradient, "min_rtt_calc", "gradient");
  belongs(spec.aimd.has_value(), Algorithm::aimd, "aimd", "aimd");
  belongs(spec.vegas.has_value(), Algorithm::vegas, "vegas", "vegas");
  belongs(spec.gradient2.has_value(), Algorithm::gradient2, "gradient2", "gradient2");
  const AdaptiveConcurrencySettings settings = adaptive_concurrency_settings(spec);
  if (settings.least > settings.most) {
    target.diagnostics.error(
        target.mark, target.path,
        fmt::format("the least limit, {}, is over the greatest, {}", settings.least, settings.most),
        "see min_limit, max_concurrency_limit and min_rtt_calc.min_concurrency");
  } else if (settings.initial < settings.least || settings.initial > settings.most) {
    target.diagnostics.error(
        target.mark, target.path + ".initial_limit",
        fmt::format("{} is not within {} to {}", settings.initial, settings.least, settings.most),
        "see min_limit and max_concurrency_limit");
  }
  if (settings.vegas.alpha > settings.vegas.beta) {
    target.diagnostics.error(target.mark, target.path + ".vegas.alpha", "alpha must not be over beta");
  }
  target.admission("adaptive_concurrency", std::make_shared<AdaptiveConcurrencyModel>(settings), spec.scope,
                   spec.shared);
}

FieldTable min_rtt_fields() {
  using MinRtt = Spec::MinRtt;
  return Fields<MinRtt>("min_rtt_calc", "How gradient measures the response time without queueing.")
      .add("interval", &MinRtt::interval, "between measurements", more_than(0))
      .add("request_count", &MinRtt::request_count, "responses of one measurement", between(1, 1e9))
      .add("jitter", &MinRtt::jitter, "added to the interval at random, at most this share of it")
      .add("min_concurrency", &MinRtt::min_concurrency, "the limit during a measurement, and the first",
           between(1, 1e9))
      .add("buffer", &MinRtt::buffer,
           "response times may be longer by this share without shrinking the limit")
      .table();
}
FieldTable aimd_fields() {
  return Fields<Spec::Aimd>("aimd", "Additive increase, multiplicative decrease.")
      .add("timeout", &Spec::Aimd::timeout, "slower requests count as dropped", more_than(0))
      .add("backoff_ratio", &Spec::Aimd::backoff_ratio, "the limit is multiplied by it after a drop",
           between(0.5, 0.999999))
      .table();
}
FieldTable vegas_fields() {
  return Fields<Spec::Vegas>("vegas", "The limit by how many requests seem to be queueing.")
      .add("alpha", &Spec::Vegas::alpha, "x log10(limit): fewer queueing lets the limit grow",
           between(1, 1e6))
      .add("beta", &Spec::Vegas::beta, "x log10(limit): more queueing makes it shrink", between(1, 1e6))
      .add("smoothing", &Spec::Vegas::smoothing, "share of a change that is made at once", Range{0, 1, true})
      .add("probe_multiplier", &Spec::Vegas::probe_multiplier,
           "the response time without queueing is learnt anew at most every so many x limit responses",
           between(1, 1e9))
      .table();
}
FieldTable gradient2_fields() {
  return Fields<Spec::Gradient2>("gradient2", "The limit by the response time against its long-term mean.")
      .add("smoothing", &Spec::Gradient2::smoothing, "share of a change that is made at once",
           Range{0, 1, true})
      .add("queue_size", &Spec::Gradient2::queue_size, "what the limit gains while response times are steady",
           between(0, 1e9))
      .add("long_window", &Spec::Gradient2::long_window, "responses that the long-term mean remembers",
           between(1, 1e9))
      .table();
}

FieldTable adaptive_concurrency_fields() {
  Fields<Spec> fields("adaptive_concurrency", "A limit on requests in flight that adapts to response times.");
  fields
      .choice("algorithm", &Spec::algorithm, {"gradient", "aimd", "vegas", "gradient2"},
              "gradient: Envoy's; aimd, vegas, gradient2: of Netflix' concurrency-limits")
      .add("sample_aggregate_percentile", &Spec::sample_aggregate_percentile,
           "gradient: of the response times of an interval", between(0, 1))
      .add("concurrency_update_interval", &Spec::concurrency_update_interval,
           "gradient: the limit is computed this often", more_than(0))
      .add("initial_limit", &Spec::initial_limit,
           "the first limit; default 20, with gradient min_rtt_calc.min_concurrency", between(1, 1e9))
      .add("min_limit", &Spec::min_limit,
           "the least limit; default 20, with vegas 1, with gradient min_rtt_calc.min_concurrency",
           between(1, 1e9))
      .add("max_concurrency_limit", &Spec::max_concurrency_limit,
           "the greatest limit; default 1000, with aimd and gradient2 200", between(1, 1e9))
      .section("min_rtt_calc", &Spec::min_rtt_calc, min_rtt_fields(), "gradient: its yardstick")
      .section("aimd", &Spec::aimd, aimd_fields(), "of algorithm: aimd")
      .section("vegas", &Spec::vegas, vegas_fields(), "of algorithm: vegas")
      .section("gradient2", &Spec::gradient2, gradient2_fields(), "of algorithm: gradient2")
      .shorthand("algorithm");
  return add_scope_fields(fields).table();
}

}  // namespace

AdaptiveConcurrencySettings adaptive_concurrency_settings(const AdaptiveConcurrencySpec& spec) {
  AdaptiveConcurrencySettings s;
  s.algorithm = spec.algorithm;
  s.percentile = spec.sample_aggregate_percentile.value;
  s.update_interval = spec.concurrency_update_interval;
  s.min_rtt = spec.min_rtt_calc.value_or(Spec::MinRtt{});
  s.aimd = spec.aimd.value_or(Spec::Aimd{});
  s.vegas = spec.vegas.value_or(Spec::Vegas{});
  s.gradient2 = spec.gradient2.value_or(Spec::Gradient2{});
  switch (spec.algorithm) {
    case Algorithm::gradient:
      s.initial = s.least = s.min_rtt.min_concurrency, s.most = 1000;
      break;
    case Algorithm::vegas:
      s.initial = 20, s.least = 1, s.most = 1000;
      break;
    case Algorithm::aimd:
    case Algorithm::gradient2:
      s.initial = s.least = 20, s.most = 200;
      break;
  }
  if (spec.max_concurrency_limit) s.most = *spec.max_concurrency_limit;
  // Nobody is told that 20 is over a maximum they wrote: defaults give way to what is written.
  if (!spec.min_limit && spec.algorithm != Algorithm::gradient) s.least = std::min(s.least, s.most);
  s.least = spec.min_limit.value_or(s.least);
  s.initial = spec.initial_limit.value_or(std::clamp(s.initial, s.least, std::max(s.least, s.most)));
  return s;
}

std::unique_ptr<AdmissionPolicy> AdaptiveConcurrencyModel::start() const {
  switch (settings_.algorithm) {
    case Algorithm::gradient:
      return std::make_unique<AdaptiveConcurrency<GradientLimit>>(settings_, 0);
    case Algorithm::aimd:
      return std::make_unique<AdaptiveConcurrency<AimdLimit>>(settings_, kDrops);
    case Algorithm::vegas:
      return std::make_unique<AdaptiveConcurrency<VegasLimit>>(settings_, kDrops);
    case Algorithm::gradient2:
      // It has no notion of drops: what was not answered teaches it nothing.
      return std::make_unique<AdaptiveConcurrency<Gradient2Limit>>(settings_, 0);
  }
  return nullptr;
}

PolicyInfo adaptive_concurrency_policy() {
  PolicyInfo info;
  info.name = "adaptive_concurrency";
  info.seam = "admission";
  info.places = {PolicyPlace::call, PolicyPlace::inbound};
  info.about = "Limits the requests in flight to what the response times show to be useful.";
  info.fields = adaptive_concurrency_fields();
  info.example = "gradient";
  info.make = make_spec<AdaptiveConcurrencySpec>;
  info.apply = apply;
  info.outside_retries = true;
  return info;
}

}  // namespace tailrace::models
