#include "models/policies/fallback/fallback.hpp"

namespace tailrace::models {

PolicyInfo fallback_policy() {
  PolicyInfo info;
  info.name = "fallback";
  info.seam = "reaction";
  info.places = {PolicyPlace::call};
  info.about = "Answers a call that failed: with a constant, or with its last success.";
  info.fields =
      Fields<FallbackSpec>("fallback", info.about)
          .choice("answer", &FallbackSpec::answer, {"value"}, "a constant, always at hand")
          .add("stale", &FallbackSpec::stale,
               "in place of a constant: the last success of this call, if no older than this", more_than(0))
          .shorthand("answer")
          .table();
  info.example = "value";
  info.make = make_spec<FallbackSpec>;
  info.apply = [](const void* spec, PolicyTarget& target) {
    target.edge->fallback = Fallback{static_cast<const FallbackSpec*>(spec)->stale};
  };
  return info;
}

}  // namespace tailrace::models
