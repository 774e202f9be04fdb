#include "models/policies/admission_control/admission_control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "models/policy/scope_fields.hpp"
#include "sim/base/math.hpp"

namespace tailrace::models {

namespace {

constexpr std::int64_t kBucketNs = 1'000'000'000;

// Requests by the time they ended: buckets in a ring, and their totals.
class SuccessWindow {
 public:
  // Buckets begin at least 1 s apart and are younger than the window, so no more than this are alive.
  explicit SuccessWindow(sim::Duration length)
      : length_(length), ring_(static_cast<std::size_t>((length.ns + kBucketNs - 1) / kBucketNs)) {}

  void drop_old(sim::Instant now) {
    while (used_ > 0 && now.ns - ring_[oldest_].start.ns >= length_.ns) {
      n_ -= ring_[oldest_].n;
      ok_ -= ring_[oldest_].ok;
      oldest_ = oldest_ + 1 == ring_.size() ? 0 : oldest_ + 1;
      --used_;
    }
  }
  void count(sim::Instant now, bool ok) {
    drop_old(now);
    if (used_ == 0 || now.ns - newest().start.ns >= kBucketNs) {
      ++used_;
      newest() = {now, 0, 0};
    }
    ++newest().n, ++n_;
    if (ok) ++newest().ok, ++ok_;
  }
  double per_second(sim::Instant now) const {
    if (used_ == 0) return 0;
    const std::int64_t age = std::max(kBucketNs, now.ns - ring_[oldest_].start.ns);
    return static_cast<double>(n_) * 1e9 / static_cast<double>(age);
  }
  std::uint64_t n() const { return n_; }
  std::uint64_t ok() const { return ok_; }

 private:
  struct Bucket {
    sim::Instant start;
    std::uint64_t n = 0, ok = 0;
  };
  Bucket& newest() { return ring_[(oldest_ + used_ - 1) % ring_.size()]; }

  sim::Duration length_;
  std::vector<Bucket> ring_;
  std::size_t oldest_ = 0, used_ = 0;
  std::uint64_t n_ = 0, ok_ = 0;
};

class AdmissionControl final : public AdmissionPolicy {
 public:
  explicit AdmissionControl(const AdmissionControlSettings& settings)
      : settings_(settings), window_(settings.window) {}

  Admission admit(const CallFacts& facts, sim::Stream& random) override {
    window_.drop_old(facts.now);
    probability_ = 0;
    if (window_.per_second(facts.now) >= settings_.least_rps) {
      probability_ = rejection_probability(settings_, window_.n(), window_.ok());
    }
    if (!(probability_ > 0) || random.uniform() >= probability_) return Admission::yes();
    if (settings_.count_rejected) window_.count(facts.now, false);
    return Admission::no(Outcome::shed);
  }
  void ended(const CallFacts& facts) override {
    const bool ok = facts.outcome == Outcome::success;
    if (ok || (settings_.failures & outcome_bit(facts.outcome)) != 0) window_.count(facts.now, ok);
  }
  double gauge() const override { return probability_; }

 private:
  const AdmissionControlSettings& settings_;  // of the model, which outlives its states
  SuccessWindow window_;
  double probability_ = 0;
};

void read_failures(const Node& node, AdmissionControlSpec& spec, ReadContext& context) {
  if (node.is_list() && node.items.empty())
    return context.error(node, "with no outcome that is a failure, nothing would ever be refused");
  read_outcomes(node, spec.failures, context);
}

void apply(const void* written, PolicyTarget& target) {
  const auto& spec = *static_cast<const AdmissionControlSpec*>(written);
  AdmissionControlSettings settings;
  settings.window = spec.sampling_window;
  settings.threshold = spec.sr_threshold.value;
  settings.aggression = spec.aggression;
  settings.least_rps = spec.rps_threshold;
  settings.most = spec.max_rejection_probability.value;
  settings.failures = spec.failures.names.empty()
                          ? kTargetFailures
                          : outcome_bits(spec.failures, "failures", "outcome of a failed call", target);
  settings.count_rejected = spec.count_rejected;
  target.admission("admission_control", std::make_shared<AdmissionControlModel>(settings), spec.scope,
                   spec.shared);
}

FieldTable admission_control_fields() {
  using Spec = AdmissionControlSpec;
  Fields<Spec> fields("admission_control", "Refuses at random while too few requests succeed.");
  fields
      .add("sampling_window", &Spec::sampling_window, "success is measured over this long",
           between(1e9, 3600e9))
      .add("sr_threshold", &Spec::sr_threshold,
           "success rate below which requests are refused (the SRE book's 1/K)", between(0.01, 1))
      .add("aggression", &Spec::aggression,
           "1: the probability is linear in the missing success; more refuses earlier", between(1, 1000))
      .add("rps_threshold", &Spec::rps_threshold, "nothing is refused below this many requests per second",
           at_least(0))
      .add("max_rejection_probability", &Spec::max_rejection_probability,
           "some requests always go through, to notice that things are well again", between(0, 1))
      .custom("failures", FieldType::text, read_failures,
              "outcomes that are failures; default error, timeout, network, deadline, rejected, "
              "queue_timeout, shed and unavailable. Other outcomes do not count at all")
      .add("count_rejected", &Spec::count_rejected,
           "count what this policy refuses as failed (the SRE book does, Envoy does not)");
  return add_scope_fields(fields).table();
}

}  // namespace

double rejection_probability(const AdmissionControlSettings& settings, std::uint64_t n, std::uint64_t ok) {
  const double all = static_cast<double>(n);
  double p = (all - static_cast<double>(ok) / settings.threshold) / (all + 1);
  if (!(p > 0)) return 0;
  if (settings.aggression != 1) p = sim::math::pow(p, 1 / settings.aggression);
  return std::min(p, settings.most);
}

std::unique_ptr<AdmissionPolicy> AdmissionControlModel::start() const {
  return std::make_unique<AdmissionControl>(settings_);
}

PolicyInfo admission_control_policy() {
  PolicyInfo info;
  info.name = "admission_control";
  info.seam = "admission";
  info.places = {PolicyPlace::call, PolicyPlace::inbound};
  info.about = "Refuses at random, more often the fewer requests succeed (client-side throttling).";
  info.fields = admission_control_fields();
  info.example = "{sampling_window: 30s, sr_threshold: 95%}";
  info.make = make_spec<AdmissionControlSpec>;
  info.apply = apply;
  info.outside_retries = true;
  return info;
}

}  // namespace tailrace::models
