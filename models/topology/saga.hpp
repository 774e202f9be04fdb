#pragma once
// What a saga's orchestrator knows of time, and what a durable saga is to the run and to reports. Limits are
// counted from facts that are stored with the saga (effects), so they go on while its orchestrator is dead:
// whoever runs the saga again after the time is over finds that out at once.
//
// Left out: limits of sagas that live in memory only; a timer that rings while nobody runs the saga.
#include <optional>
#include <string>
#include <vector>

#include "models/topology/topology.hpp"

namespace tailrace::models {

// Of an `attempt` step: how long its first branch may take. What still runs then goes on for nobody.
struct StepLimit {
  std::optional<sim::Duration> step;  // then `step_over` runs
  std::optional<sim::Duration> saga;  // then `saga_over`; it is asked first where both are over at once
  int step_since = kNone;             // effect from which on it is counted; none: from the step's beginning
  int saga_since = kNone;
  int identity = kNone;  // effect: the first branch is this one's, whatever was tried before it
  int late = kNone;      // milestone of what succeeds after its time
  bool fails = false;    // whose time is over has failed like any other: nothing of its own runs
  bool repeats = false;  // tries what the limited attempt around it tries: its first branch is empty
};
// The branches of an attempt with a limit, behind the two that each attempt has.
inline constexpr std::size_t kStepOver = 2, kSagaOver = 3;

void set_limit(Step& attempt, const StepLimit& limit, Steps step_over, Steps saga_over);
std::optional<StepLimit> limit_of(const Step& step);  // none: it has no limit, or is no attempt

// A durable saga, by the names of its effects and milestones; numbers of them, or kNone.
struct Saga {
  std::string name;                                   // "orders/book"
  int begun = kNone, ended = kNone, undoing = kNone;  // effects
  int undone = kNone;                                 // milestone: timed from `undoing` on
};
std::vector<Saga> sagas_of(const Topology& topology);

}  // namespace tailrace::models
