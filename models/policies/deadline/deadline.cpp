#include "models/policies/deadline/deadline.hpp"

namespace tailrace::models {

PolicyInfo deadline_policy() {
  PolicyInfo info;
  info.name = "deadline";
  info.seam = "timing";
  info.places = {PolicyPlace::call};
  info.about = "The call, and everything called on its behalf, is worth something until this long after.";
  info.fields = Fields<DeadlineSpec>("deadline", info.about)
                    .add("after", &DeadlineSpec::after, "from the start of the call", more_than(0))
                    .required()
                    .shorthand("after")
                    .table();
  info.example = "1s";
  info.make = make_spec<DeadlineSpec>;
  info.apply = [](const void* spec, PolicyTarget& target) {
    target.edge->deadline = static_cast<const DeadlineSpec*>(spec)->after;
  };
  return info;
}

}  // namespace tailrace::models
