#include "models/policies/retry_pushback/retry_pushback.hpp"

namespace tailrace::models {

namespace {

FieldTable retry_pushback_fields() {
  using Spec = RetryPushbackSpec;
  return Fields<Spec>("retry_pushback", "What a server says of retries when it turns a request away.")
      .add("after", &Spec::after, "callers try again after exactly this long; never: they do not", {0})
      .also("never", &Spec::never)
      .required()
      .shorthand("after")
      .table();
}

void apply(const void* written, PolicyTarget& target) {
  const auto& spec = *static_cast<const RetryPushbackSpec*>(written);
  target.station->pushback = spec.never ? sim::Duration::max() : spec.after;
}

}  // namespace

PolicyInfo retry_pushback_policy() {
  PolicyInfo info;
  info.name = "retry_pushback";
  info.seam = "reaction";
  info.places = {PolicyPlace::inbound};
  info.about = "Tells callers that were turned away when to try again, or not to.";
  info.fields = retry_pushback_fields();
  info.example = "100ms";
  info.make = make_spec<RetryPushbackSpec>;
  info.apply = apply;
  return info;
}

}  // namespace tailrace::models
