#include "models/policies/bulkhead/bulkhead.hpp"

#include "models/policy/scope_fields.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

// A free place is taken by whoever asks: after each end the first in line asks before anybody else can.
Admission Bulkhead::admit(const CallFacts&, sim::Stream&) {
  if (active_ < places_) {
    ++active_;
    return Admission::yes();
  }
  if (wait_.ns == 0) return Admission::no(Outcome::rejected);
  return Admission::in_line(wait_, Outcome::queue_timeout);
}

void Bulkhead::ended(const CallFacts&) {
  TAILRACE_CHECK(active_ > 0);
  --active_;
}

namespace {

FieldTable bulkhead_fields() {
  Fields<BulkheadSpec> fields("bulkhead", "So many calls at a time.");
  fields
      .add("max_concurrent_calls", &BulkheadSpec::max_concurrent_calls, "calls under way at a time",
           between(0, 1e9))
      .add("max_wait_duration", &BulkheadSpec::max_wait_duration,
           "a call that finds no place waits in line for at most this long; 0: rejected at once")
      .shorthand("max_concurrent_calls");
  return add_scope_fields(fields).table();
}

}  // namespace

PolicyInfo bulkhead_policy() {
  PolicyInfo info;
  info.name = "bulkhead";
  info.seam = "admission";
  info.places = {PolicyPlace::call};
  info.about = "Lets only so many calls be under way at a time, so that one slow target cannot take all.";
  info.fields = bulkhead_fields();
  info.example = "{max_concurrent_calls: 25}";
  info.make = make_spec<BulkheadSpec>;
  info.apply = [](const void* value, PolicyTarget& target) {
    const auto& spec = *static_cast<const BulkheadSpec*>(value);
    target.admission("bulkhead", std::make_shared<const BulkheadModel>(spec), spec.scope, spec.shared);
  };
  return info;
}

}  // namespace tailrace::models
