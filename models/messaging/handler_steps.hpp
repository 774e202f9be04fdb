#pragma once
// Steps that a kind writes into its handlers by itself, as if the scenario had: they are read through the
// step's own field table, so whatever the step checks and means holds for them too.
#include <string>

#include "models/policy/policy.hpp"
#include "models/steps/steps.hpp"

namespace tailrace::models {

// A step of one field, `name: text`, such as `publish: shop.orders`.
StepSpec written_step(const std::string& name, const std::string& text, Mark mark, const std::string& path,
                      Diagnostics& diagnostics);
StepSpec compute_step(const TimeDistribution& time, Mark mark, const std::string& path);
StepSpec call_step(const Reference& operation, const PolicySet& policies, bool ignore_failure,
                   const std::string& path);
inline StepSpec publish_step(const Reference& entry, const std::string& path, Diagnostics& diagnostics) {
  return written_step("publish", entry.text, entry.mark, path, diagnostics);
}

}  // namespace tailrace::models
