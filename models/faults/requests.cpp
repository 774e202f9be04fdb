// Faults of requests, at the door of an instance: late, answered with an error, refused, or never answered.
#include "models/faults/faults.hpp"

namespace tailrace::models {

namespace {

struct DelaySpec {
  double factor = 1;
  std::optional<TimeDistribution> latency;
  Fraction probability{1};
};
struct ShareSpec {
  Fraction percentage{1};
};

template <FaultAction Action>
void share_of(const void* raw, FaultParts& parts) {
  FaultEffect e;
  e.action = Action;
  e.probability = static_cast<const ShareSpec*>(raw)->percentage.value;
  parts.effects.push_back(e);
}

template <FaultAction Action>
FaultInfo share_fault(const char* name, const char* about, const char* example) {
  FaultInfo f;
  f.name = name;
  f.about = about;
  f.example = example;
  f.takes = kTakesInstances | kTakesRequests | kTakesPartitions;
  f.fields = Fields<ShareSpec>(name, about)
                 .add("percentage", &ShareSpec::percentage, "of the requests", between(0, 1))
                 .table();
  f.make = make_spec<ShareSpec>;
  f.apply = share_of<Action>;
  return f;
}

}  // namespace

FaultInfo delay_fault() {
  FaultInfo f;
  f.name = "delay";
  f.about =
      "Slow: work that begins meanwhile takes factor times as long, and a request waits latency before it is "
      "let "
      "in, holding no worker (as behind a proxy). probability is that of the latency.";
  f.example = "{type: delay, target: cart, latency: 200ms, probability: 10%, start: 30s, duration: 20s}";
  f.takes = kTakesInstances | kTakesRequests | kTakesPartitions;
  f.fields =
      Fields<DelaySpec>("delay", f.about)
          .add("factor", &DelaySpec::factor, "of the work; not on endpoints and calls", between(1, 1e6))
          .add("latency", &DelaySpec::latency, "drawn for each request")
          .add("probability", &DelaySpec::probability, "of a request to get the latency", between(0, 1))
          .table();
  f.make = make_spec<DelaySpec>;
  f.apply = [](const void* raw, FaultParts& parts) {
    const auto& spec = *static_cast<const DelaySpec*>(raw);
    if (spec.factor == 1 && !spec.latency) {
      parts.error = "it does nothing";
      parts.hint = "give a factor or a latency";
      return;
    }
    FaultEffect e;
    if (spec.factor != 1) {
      e.action = FaultAction::slow;
      e.amount = spec.factor;
      parts.effects.push_back(e);
    }
    if (!spec.latency) return;
    e = {};
    e.action = FaultAction::delay;
    e.time = spec.latency->value;
    e.probability = spec.probability.value;
    parts.effects.push_back(e);
  };
  return f;
}

FaultInfo abort_fault() {
  return share_fault<FaultAction::abort>(
      "abort", "Requests are answered with an error (outcome error) at the door, in place of the server.",
      "{type: abort, target: cart.get, percentage: 20%, start: 30s, duration: 20s}");
}

FaultInfo dns_error_fault() {
  return share_fault<FaultAction::abort>(
      "dns_error",
      "A resolver answers lookups with an error: whoever is found through it (discovery: dns) cannot be "
      "called once the answers that clients hold run out.",
      "{type: dns_error, target: cart.get, percentage: 100%, start: 30s, duration: 20s}");
}

FaultInfo connection_refused_fault() {
  return share_fault<FaultAction::refuse>(
      "connection_refused",
      "New requests are refused at once (outcome network); those that are in go on. The instance's shallow "
      "health checks pass, deep ones meet the fault.",
      "{type: connection_refused, target: cart, start: 30s, duration: 20s}");
}

FaultInfo blackhole_fault() {
  return share_fault<FaultAction::vanish>("blackhole",
                                          "Requests vanish on their way in: no answer and no error ever "
                                          "comes, so callers see timeouts, or wait for "
                                          "ever where they have none.",
                                          "{type: blackhole, target: cart, start: 30s, duration: 20s}");
}

}  // namespace tailrace::models
