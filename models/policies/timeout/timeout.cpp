#include "models/policies/timeout/timeout.hpp"

namespace tailrace::models {

PolicyInfo timeout_policy() {
  PolicyInfo info;
  info.name = "timeout";
  info.seam = "timing";
  info.places = {PolicyPlace::call};
  info.about = "The caller stops waiting after this long, all attempts and pauses together.";
  info.fields = Fields<TimeoutSpec>("timeout", info.about)
                    .add("after", &TimeoutSpec::after, "how long", more_than(0))
                    .required()
                    .shorthand("after")
                    .table();
  info.example = "1s";
  info.make = make_spec<TimeoutSpec>;
  info.apply = [](const void* spec, PolicyTarget& target) {
    target.edge->timeout = static_cast<const TimeoutSpec*>(spec)->after;
  };
  return info;
}

}  // namespace tailrace::models
