#include "models/policies/cancellation/cancellation.hpp"

namespace tailrace::models {

PolicyInfo cancellation_policy() {
  PolicyInfo info;
  info.name = "cancellation";
  info.seam = "timing";
  info.places = {PolicyPlace::call};
  info.about = "The caller tells the server when it stops waiting.";
  info.fields = Fields<CancellationSpec>("cancellation", info.about)
                    .add("enabled", &CancellationSpec::enabled, "whether it does")
                    .shorthand("enabled")
                    .table();
  info.example = "true";
  info.make = make_spec<CancellationSpec>;
  info.apply = [](const void* spec, PolicyTarget& target) {
    target.edge->cancels = static_cast<const CancellationSpec*>(spec)->enabled;
  };
  return info;
}

}  // namespace tailrace::models
