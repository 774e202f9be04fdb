#pragma once
// How held subscriptions stand in a topology (models/steps/subscription_steps.hpp), in the small vocabulary
// of steps: a sleep that others can find (its branch is what an event sets off at that instance), and
// background steps that look for such sleeps. All of them name the operation that holds the subscriptions.
#include <cstdint>

#include "models/topology/topology.hpp"

namespace tailrace::models {

enum class SubscriptionStep : std::uint8_t {
  none,
  announce,  // background: the branch of the held sleeps runs once at each instance that has any
  fan_out,   // background: its branch runs once for each that is held at the frame's own instance
  admit      // background: fails as rejected where the instance holds as many as it may
};

inline Step held_sleep(const sim::Distribution& time, int operation, Steps on_event) {
  Step step;
  step.kind = Step::Kind::sleep;
  step.distribution = time;
  step.ref = operation;
  step.branches.push_back({1, std::move(on_event)});
  return step;
}
inline bool is_held_sleep(const Step& step) {
  return step.kind == Step::Kind::sleep && step.ref != kNone;
}

inline Step subscription_step(SubscriptionStep what, int operation, Steps body = {}) {
  Step step;
  step.kind = Step::Kind::background;
  step.ref = operation;
  step.needed = static_cast<int>(what);
  step.branches.push_back({1, std::move(body)});
  return step;
}
inline SubscriptionStep subscription_step_of(const Step& step) {
  return step.kind == Step::Kind::background && step.ref != kNone ? static_cast<SubscriptionStep>(step.needed)
                                                                  : SubscriptionStep::none;
}
// Of `admit`: how many an instance may hold.
inline void set_most_held(Step& step, std::int64_t most) {
  step.interval.ns = most;
}
inline std::int64_t most_held(const Step& step) {
  return step.interval.ns;
}

// A call by which an instance gives work to itself: no balancer, no door.
inline bool stays_at_home(const Edge& edge) {
  return edge.probe && !edge.errand && edge.from_station != kNone;
}

}  // namespace tailrace::models
