#pragma once
// Reaction seam: what a call answers in place of its failure, after the last attempt. `value` is a constant
// that is always at hand; stale is the last success of this call, if it is recent enough (otherwise the call
// fails as it would have). Either way the caller goes on as after a success. Steps to run instead are part of
// the call step, which reads them itself.
#include <optional>

#include "models/field/field.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

struct FallbackSpec {
  enum class Answer : std::uint8_t { value };
  Answer answer = Answer::value;
  std::optional<sim::Duration> stale;
};

PolicyInfo fallback_policy();

}  // namespace tailrace::models
