#include "models/steps/saga_steps.hpp"

#include <fmt/format.h>

#include <utility>

#include "models/steps/message_steps.hpp"
#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

// What both ways share: storing the state, and undoing one step.
class SagaParts {
 public:
  SagaParts(const SagaSpec& spec, Mark mark, TopologyBuilder& b) : spec_(spec), mark_(mark), b_(b) {}

 protected:
  void call(const Reference& operation, Steps& out) {
    CallSpec call;
    call.call = operation;
    expand_call_step(call, mark_, b_, out);
  }
  void write_state(Steps& out) {
    if (spec_.state) call(*spec_.state, out);
  }
  Step milestone(const char* which) { return milestone_step(spec_.saga + which, b_); }
  // Tried a number of times; then it is stuck, and says so.
  void compensate(const StepList& steps, Steps& out) {
    Steps otherwise;
    otherwise.push_back(milestone(".stuck"));
    for (Count k = 0; k <= spec_.compensation_attempts; ++k) {
      Steps body;
      expand_steps(steps, b_, body);
      write_state(body);
      Steps again;
      if (k > 0) {
        Step pause;
        pause.kind = Step::Kind::sleep;
        pause.distribution = sim::Distribution::constant(static_cast<double>(spec_.compensation_backoff.ns));
        again.push_back(std::move(pause));
        for (Step& s : otherwise) again.push_back(std::move(s));
      } else {
        again = std::move(otherwise);
      }
      otherwise.clear();
      otherwise.push_back(try_step(std::move(body), std::move(again)));
    }
    for (Step& s : otherwise) out.push_back(std::move(s));
  }

  const SagaSpec& spec_;
  Mark mark_;
  TopologyBuilder& b_;
};

// Attempts inside one another: each step's remainder is tried, and when that fails the step is undone and the
// failure goes on outwards.
class PlainSaga : SagaParts {
 public:
  using SagaParts::SagaParts;

  void expand(Steps& out) {
    out.push_back(milestone(".started"));
    Steps otherwise;
    otherwise.push_back(milestone(".failed"));
    otherwise.push_back(fail_step());
    out.push_back(try_step(from(0), std::move(otherwise)));
  }

 private:
  Steps from(std::size_t i) {
    Steps out;
    if (i == spec_.steps.size()) {
      out.push_back(milestone(".completed"));
      return out;
    }
    expand_steps(spec_.steps[i].steps, b_, out);
    write_state(out);
    Steps rest = from(i + 1);
    Steps undo;
    if (!spec_.steps[i].compensation.empty()) compensate(spec_.steps[i].compensation, undo);
    undo.push_back(fail_step());
    out.push_back(try_step(std::move(rest), std::move(undo)));
    return out;
  }
};

// One frame goes through all steps in a row; what has been decided is a row of effects, each of which comes
// about once however often the saga is run:
//   step i      SAGA.i           decided, one way or the other, and stored
//   it failed   SAGA.i.failed    and with it SAGA.undoing: no further step begins
//   undone      SAGA.i.undone
class DurableSaga : SagaParts {
 public:
  using SagaParts::SagaParts;

  void expand(Steps& out) {
    const int started = effect(".started"), undoing = effect(".undoing"), ended = effect(".ended");
    Steps again;
    if (spec_.load) call(*spec_.load, again);
    again.push_back(milestone(".resumed"));
    out.push_back(given_step(started, std::move(again), {}));
    once(started, milestone_alone(".started"), out);
    for (std::size_t i = 0; i < spec_.steps.size(); ++i) {
      Steps forward;
      decide(i, undoing, forward);
      out.push_back(given_step(undoing, {}, std::move(forward)));
    }
    Steps backward;
    for (std::size_t i = spec_.steps.size(); i-- > 0;) undo(i, backward);
    once(ended, milestone_alone(".failed"), backward);
    Steps completed;
    once(ended, milestone_alone(".completed"), completed);
    out.push_back(given_step(undoing, std::move(backward), std::move(completed)));
  }

 private:
  int effect(const std::string& which) {
    const std::string& owner = b_.topology.components[static_cast<std::size_t>(b_.component)].name;
    return b_.effect_number(owner + "/" + spec_.saga + which);
  }
  static std::string number(std::size_t i) { return "." + std::to_string(i + 1); }
  Steps milestone_alone(const char* which) {
    Steps out;
    out.push_back(milestone(which));
    return out;
  }
  void once(int id, Steps body, Steps& out) {
    expand_effect(id, IdempotencySpec{}, std::move(body), mark_, b_, out);
  }
  // The decision is stored before anything follows from it. While the store is out nothing goes on: the run
  // fails, and it is run again.
  void decide(std::size_t i, int undoing, Steps& out) {
    const int failed = effect(number(i) + ".failed");
    Steps work;
    expand_steps(spec_.steps[i].steps, b_, work);
    Steps refused;
    write_state(refused);
    once(failed, {}, refused);
    once(undoing, {}, refused);
    Steps done;
    write_state(done);
    Steps body;
    body.push_back(try_step(std::move(work), std::move(refused)));
    body.push_back(given_step(failed, {}, std::move(done)));
    once(effect(number(i)), std::move(body), out);
  }
  void undo(std::size_t i, Steps& out) {
    if (spec_.steps[i].compensation.empty()) return;
    Steps body;
    compensate(spec_.steps[i].compensation, body);
    Steps undone;
    once(effect(number(i) + ".undone"), std::move(body), undone);
    Steps succeeded;
    succeeded.push_back(given_step(effect(number(i) + ".failed"), {}, std::move(undone)));
    out.push_back(given_step(effect(number(i)), std::move(succeeded), {}));
  }
};

void expand_saga(const void* raw, Mark mark, TopologyBuilder& b, Steps& out) {
  const SagaSpec& spec = *static_cast<const SagaSpec*>(raw);
  if (spec.steps.empty()) {
    return b.diagnostics.error(mark, b.path, "a saga needs at least one step",
                               "steps: [{do: [call: a.reserve], compensate: [call: a.release]}]");
  }
  if (spec.saga.empty())
    return b.diagnostics.error(mark, b.path + ".saga", "a saga needs a name", "saga: order");
  if (spec.durable && !spec.state) {
    return b.diagnostics.error(mark, b.path + ".durable", "it goes on from a state that is stored nowhere",
                               "state: a database operation, such as sagas.save");
  }
  if (spec.load && !spec.durable) {
    return b.diagnostics.error(mark, b.path + ".load",
                               "the state is only read by a saga that goes on from it", "durable: true");
  }
  if (spec.durable) return DurableSaga(spec, mark, b).expand(out);
  PlainSaga(spec, mark, b).expand(out);
}

FieldTable saga_step_fields() {
  return Fields<SagaStepSpec>("saga step", "One step of a saga, and what undoes it.")
      .custom("do", FieldType::steps, reads(&SagaStepSpec::steps), "the step")
      .custom("compensate", FieldType::steps, reads(&SagaStepSpec::compensation),
              "what undoes it when a later one fails")
      .shorthand("do")
      .table();
}

}  // namespace

StepKind saga_step_kind() {
  return {
      "saga", "Steps with compensations: when one fails, those before it are undone in reverse.",
      Fields<SagaSpec>("saga", "A saga with an orchestrator: when a step fails, those before it are undone.")
          .add("saga", &SagaSpec::saga,
               "its name; milestones NAME.started, .completed, .failed, .stuck, .resumed")
          .required()
          .list_of("steps", &SagaSpec::steps, saga_step_fields(), "the steps, in order")
          .add("state", &SagaSpec::state, "the operation that stores its state after each step")
          .add(
              "durable", &SagaSpec::durable,
              "run again (a job of a dead worker, a message delivered again), it goes on from its state; and "
              "it succeeds when it is undone, too")
          .add("load", &SagaSpec::load, "the operation that reads the state then")
          .add("compensation_attempts", &SagaSpec::compensation_attempts,
               "repetitions of a compensation that fails; then it is stuck", between(0, 20))
          .add("compensation_backoff", &SagaSpec::compensation_backoff, "between two of these")
          .table(),
      [] { return std::static_pointer_cast<void>(std::make_shared<SagaSpec>()); }, expand_saga};
}

}  // namespace tailrace::models
