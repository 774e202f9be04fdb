#pragma once
// How held subscriptions stand in a topology (models/steps/subscription_steps.hpp), in the small vocabulary
// of steps: a sleep that others can find, and background steps that look for such sleeps. All of them name
// the operation that holds the subscriptions (Step::held_at).
#include <cstdint>

namespace tailrace::models {

enum class SubscriptionUse : std::uint8_t {
  none,
  hold,      // sleep: others can find it; its branch is what an event sets off at that instance
  announce,  // background: the branch of the held sleeps runs once at each instance that has any
  fan_out,   // background: its branch runs once for each that is held at the frame's own instance
  admit      // background: fails as rejected where the instance holds Step::most_held
};

}  // namespace tailrace::models
