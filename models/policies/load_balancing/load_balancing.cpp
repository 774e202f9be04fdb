#include "models/policies/load_balancing/load_balancing.hpp"

#include <algorithm>

namespace tailrace::models {

namespace {

constexpr double kLargestTable = 5'000'011;  // Envoy's limits
constexpr double kLargestRing = 8'388'608;

const std::vector<std::string>& policy_words() {
  static const std::vector<std::string> words = {"round_robin", "random",    "least_request", "weighted",
                                                 "peak_ewma",   "ring_hash", "maglev"};
  return words;
}

// Settings that the policy would not look at, and some that work against each other.
void report_contradictions(const LoadBalancerSpec& spec, PolicyTarget& target) {
  const LoadBalancerSpec fresh;
  const std::string& policy = policy_words()[static_cast<std::size_t>(spec.policy)];
  const auto report = [&](const char* field, std::string message, std::string hint = {}) {
    target.diagnostics.error(target.mark, target.path + "." + field, std::move(message), std::move(hint));
  };
  const auto only_for = [&](const char* field, bool set, bool fits, const char* whose) {
    if (set && !fits) report(field, policy + " does not use it", std::string("it belongs to ") + whose);
  };
  const bool ring = spec.policy == Balancing::ring_hash;
  const bool hashes = ring || spec.policy == Balancing::maglev;
  const bool least = spec.policy == Balancing::least_request;
  const bool ewma = spec.policy == Balancing::peak_ewma;
  only_for("choice_count", spec.choice_count != fresh.choice_count, least || ewma,
           "least_request and peak_ewma");
  only_for("distinct", spec.distinct.has_value(), least || ewma, "least_request and peak_ewma");
  only_for("own_view", spec.own_view, least, "least_request");
  only_for("active_request_bias", spec.active_request_bias != fresh.active_request_bias, least,
           "least_request");
  only_for("decay", spec.decay != fresh.decay, ewma, "peak_ewma");
  only_for("ring_size", spec.ring_size != fresh.ring_size, ring, "ring_hash");
  only_for("table_size", spec.table_size != fresh.table_size, spec.policy == Balancing::maglev, "maglev");
  only_for("load_bound", spec.load_bound != 0, hashes, "ring_hash and maglev");
  if (hashes && spec.load_bound != 0 && spec.load_bound < 1) {
    report("load_bound", "less than the mean load cannot hold everywhere",
           "at least 1, such as 1.25; 0: any load");
  }
  if (hashes && spec.zone_aware) {
    report("zone_aware", policy + " chooses by the key, not by the zone", "another policy, or no zones");
  }
  if (hashes && spec.slow_start.ns > 0) {
    report("slow_start", policy + " has no share to grow: a key belongs to one instance",
           "round_robin, random, weighted, least_request or peak_ewma");
  }
  if (spec.zone_aware && spec.subset_size > 0 && spec.subset_size < spec.zone_minimum) {
    report("subset_size", "each caller knows fewer instances than zone_minimum, so zones are never looked at",
           "a larger subset, or a smaller zone_minimum");
  }
}

void apply(const void* raw, PolicyTarget& target) {
  const auto& spec = *static_cast<const LoadBalancerSpec*>(raw);
  report_contradictions(spec, target);
  BalancerSettings& s = target.station->balancer;
  s.policy = spec.policy;
  s.choice_count = spec.choice_count;
  s.distinct = spec.distinct.value_or(spec.policy == Balancing::peak_ewma);
  s.own_view = spec.own_view;
  s.active_request_bias = spec.active_request_bias;
  s.decay = spec.decay;
  s.ring_size = spec.ring_size;
  s.table_size = spec.table_size;
  s.load_bound = spec.load_bound;
  s.subset_size = spec.subset_size;
  s.zone_aware = spec.zone_aware;
  s.zone_minimum = spec.zone_minimum;
  s.sticky = spec.sticky;
  s.slow_start = spec.slow_start;
  s.panic_threshold = spec.panic_threshold.value;
}

}  // namespace

FieldTable load_balancer_fields() {
  using Spec = LoadBalancerSpec;
  return Fields<Spec>("load_balancer", "How callers choose among the instances.")
      .choice("policy", &Spec::policy, policy_words(),
              "weighted draws by the instances' weights; least_request takes turns by weight and load where "
              "these differ; ring_hash and maglev go by the request's key")
      .add("choice_count", &Spec::choice_count,
           "least_request, peak_ewma: the least loaded of this many drawn at random; 0 looks at all",
           between(0, 1000))
      .add("distinct", &Spec::distinct,
           "the two of choice_count 2 always differ; default no for least_request, as in Envoy, where one "
           "busy instance of three still gets 1/9, and yes for peak_ewma, as in Finagle")
      .add("own_view", &Spec::own_view,
           "least_request counts the caller's own calls only, as a real client must, not all that the "
           "instance has; always so with peak_ewma, ejection, health checks, subsets, zones, sticky, "
           "slow_start")
      .add("active_request_bias", &Spec::active_request_bias,
           "least_request where weights differ: turns go by weight / (own calls under way + 1)^this, and "
           "choice_count is not used; 0: by weight alone",
           between(0, 100))
      .add("decay", &Spec::decay, "peak_ewma: a latency is forgotten to 1/e after this long", more_than(0))
      .add("ring_size", &Spec::ring_size, "ring_hash: points on the ring, shared out by weight",
           between(1, kLargestRing))
      .add("table_size", &Spec::table_size, "maglev: entries; the next prime is taken",
           between(2, kLargestTable))
      .add("load_bound", &Spec::load_bound,
           "ring_hash, maglev: an instance with this many times the mean load is passed over; 0: never",
           between(0, 1000))
      .add("subset_size", &Spec::subset_size,
           "each instance of a caller knows only this many, spread evenly; 0: all", between(0, 1e6))
      .add("zone_aware", &Spec::zone_aware,
           "the caller's zone takes what its share of the instances allows, other zones the rest")
      .add("zone_minimum", &Spec::zone_minimum, "with fewer instances zones are not looked at",
           between(0, 1e6))
      .add("sticky", &Spec::sticky, "a key stays with the instance it went to first, while that is there")
      .add("slow_start", &Spec::slow_start,
           "an instance that comes back gets a share that grows from 10 % to all over this long")
      .add("panic_threshold", &Spec::panic_threshold,
           "with a smaller share of the instances available all are used; 0%: never")
      .shorthand("policy")
      .table();
}

PolicyInfo load_balancer_policy() {
  PolicyInfo info;
  info.name = "load_balancer";
  info.seam = "selection";
  info.places = {PolicyPlace::target};
  info.about = "Which instance serves a call.";
  info.fields = load_balancer_fields();
  info.example = "least_request";
  info.make = make_spec<LoadBalancerSpec>;
  info.apply = apply;
  return info;
}

std::uint32_t choose_weighted(std::span<const double> cumulative, sim::Stream& random) {
  const double u = random.uniform() * cumulative.back();
  const auto it = std::upper_bound(cumulative.begin(), cumulative.end(), u);
  const auto index = static_cast<std::uint32_t>(it - cumulative.begin());
  return std::min(index, static_cast<std::uint32_t>(cumulative.size() - 1));
}

}  // namespace tailrace::models
