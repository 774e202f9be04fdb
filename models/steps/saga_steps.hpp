#pragma once
// The saga step: steps with compensations, led by an orchestrator, which is whoever runs the step.
//
// A plain saga lives in its orchestrator's memory (its state may be stored, at a price). When the
// orchestrator dies in the middle, what was done stays done and nobody undoes it.
//
// A durable saga is decided step by step, and each decision is stored before the next begins. Whoever runs
// the same saga again (a job whose worker died, a message that is delivered again, a call that is repeated)
// reads the state and goes on where it was: what is stored is not done again; the step that was under way is,
// with the same identity, so that idempotent participants recognise it. Compensations are such steps too.
// When it is completed or undone the saga step has succeeded: neither is to be tried again. An endpoint's is
// taken up by its own service when the run that led it has died or failed, whether its caller repeats or not.
//
// Limits of time are counted from what is stored, so they go on while a durable saga's orchestrator is dead;
// one in memory counts them from its own beginning. A step whose time is over has failed, and what it does
// goes on for nobody: it is undone as well, unless the scenario says otherwise, and a success that comes late
// is counted and changes nothing.
#include <optional>
#include <string>
#include <vector>

#include "models/steps/steps.hpp"

namespace tailrace::models {

struct SagaStepSpec {
  StepList steps, compensation;
  std::optional<sim::Duration> timeout;  // in place of the saga's step_timeout
};
struct SagaSpec {
  std::string saga;
  std::vector<SagaStepSpec> steps;
  std::optional<Reference> state;  // written after each step and each compensation
  bool durable = false;            // goes on from its state when it is run again
  std::optional<Reference> load;   // reads the state then
  sim::Duration resume_after{10'000'000'000};
  Count compensation_attempts = 3;  // after the first
  sim::Duration compensation_backoff{100'000'000};
  std::optional<sim::Duration> timeout;       // of the whole saga, until it is undone
  std::optional<sim::Duration> step_timeout;  // of each try of a step or of a compensation
  Count timeout_retries = 0;                  // of a step whose time was over
  bool compensate_timed_out = true;           // nobody knows whether that step has had its effect
};

StepKind saga_step_kind();

}  // namespace tailrace::models
