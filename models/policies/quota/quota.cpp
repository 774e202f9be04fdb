#include "models/policies/quota/quota.hpp"

#include "models/policy/scope_fields.hpp"

namespace tailrace::models {

namespace {

FieldTable quota_fields() {
  Fields<QuotaSpec> fields("quota", "How many requests may pass in a long period.");
  fields.add("limit", &QuotaSpec::limit, "requests in each period", between(0, 1e9))
      .required()
      .add("period", &QuotaSpec::period, "after which it begins anew", more_than(0))
      .add("per_key", &QuotaSpec::per_key, "each request key (client, session) has a quota of its own");
  return add_scope_fields(fields).table();
}

}  // namespace

PolicyInfo quota_policy() {
  PolicyInfo info;
  info.name = "quota";
  info.seam = "admission";
  info.places = {PolicyPlace::call, PolicyPlace::inbound};
  info.about = "Refuses (rate_limited) what is over so many requests per client and period.";
  info.fields = quota_fields();
  info.example = "{limit: 1000, period: 1h}";
  info.make = make_spec<QuotaSpec>;
  info.outside_retries = true;
  info.apply = [](const void* value, PolicyTarget& target) {
    const auto& spec = *static_cast<const QuotaSpec*>(value);
    target.admission("quota",
                     std::make_shared<const RateLimitModel>(FixedWindow(spec.limit, spec.period),
                                                            spec.per_key, sim::Duration{0}),
                     spec.scope, spec.shared);
  };
  return info;
}

}  // namespace tailrace::models
