#pragma once
// The sagas of a scenario, and what their orchestrators know of time. A saga is steps like any other
// (saga_steps writes them); beside them stands here, by numbers, what these steps mean to the run and to
// reports.
//
// Limits are counted from effects. Those of a durable saga are stored with it, so they go on while its
// orchestrator is dead: whoever runs the saga again after the time is over finds that out at once. And a
// timer that rings while nobody runs the saga calls for somebody: the lease on its message ends then,
// whatever is left of it (models/runtime/sagas.cpp). Those of a saga in its orchestrator's memory are
// forgotten with it, and begin anew.
//
// A durable saga that no queue leases (an endpoint's) is taken up again by its own service.
#include <optional>
#include <string>
#include <vector>

#include "sim/base/time.hpp"

namespace tailrace::models {

// Of an `attempt` step: how long its first branch may take. What still runs then goes on for nobody. Its
// further branches are what runs when a time is over: kStepOver, kSagaOver.
struct StepLimit {
  std::optional<sim::Duration> step;  // then `step_over` runs
  std::optional<sim::Duration> saga;  // then `saga_over`; it is asked first where both are over at once
  int step_since = -1;                // effect from which on it is counted; none: from the step's beginning
  int saga_since = -1;
  int identity = -1;     // effect: the first branch is this one's, whatever was tried before it
  int late = -1;         // milestone of what succeeds after its time
  bool fails = false;    // whose time is over has failed like any other: nothing of its own runs
  bool stored = false;   // its timer rings also where its orchestrator is dead
  bool repeats = false;  // tries what the limited attempt around it tries: its first branch is empty
};
inline constexpr std::size_t kStepOver = 2, kSagaOver = 3;

struct Saga {
  std::string name;                          // "orders/book"
  bool durable = false;                      // goes on from its stored state, whoever runs it
  std::optional<sim::Duration> timeout;      // of a durable one, from `begun` until it turns back or ends
  sim::Duration resume_after{};              // likewise: a run of it that ends too soon has a successor then
  int begun = -1, undoing = -1, ended = -1;  // effects; it turns back at `undoing`
  // Milestones; none: this saga cannot reach it.
  int started = -1, completed = -1, failed = -1, stuck = -1, resumed = -1;
  int timed_out = -1, step_timed_out = -1, late = -1;
  int undone = -1;          // timed from `undoing` on
  std::vector<int> memory;  // effects that its orchestrator keeps in memory: a new run begins without them
};

}  // namespace tailrace::models
