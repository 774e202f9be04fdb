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
  Step milestone(const std::string& which) { return milestone_step(spec_.saga + which, b_); }
  // Tried a number of times; then it is stuck, and says so. Each try may have a limit.
  void compensate(const StepList& steps, const std::optional<StepLimit>& limit, Steps& out) {
    Steps otherwise;
    otherwise.push_back(milestone(".stuck"));
    for (Count k = 0; k <= spec_.compensation_attempts; ++k) {
      Steps body;
      const bool repeats =
          limit && k < spec_.compensation_attempts;  // what the first does, in the same calls
      if (!repeats) {
        expand_steps(steps, b_, body);
        write_state(body);
      }
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
      if (limit) {
        StepLimit own = *limit;
        own.repeats = repeats;
        otherwise.push_back(timed_step(std::move(body), std::move(again), own, {}, {}));
      } else {
        otherwise.push_back(try_step(std::move(body), std::move(again)));
      }
    }
    for (Step& s : otherwise) out.push_back(std::move(s));
  }

  const std::string& owner() const {
    return b_.topology.components[static_cast<std::size_t>(b_.component)].name;
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
    if (!spec_.steps[i].compensation.empty()) compensate(spec_.steps[i].compensation, {}, undo);
    undo.push_back(fail_step());
    out.push_back(try_step(std::move(rest), std::move(undo)));
    return out;
  }
};

// One frame goes through all steps in a row; what has been decided is a row of effects, each of which comes
// about once however often the saga is run:
//   step i      SAGA.i           decided, one way or the other, and stored
//   it failed   SAGA.i.failed    there is nothing of it to undo
//   from there  SAGA.undoing     no further step begins
//   undone      SAGA.i.undone
// and with limits of time:
//   try k       SAGA.i.begun.k   from which on its time is counted
//   it is over  SAGA.i.late.k    counted once; SAGA.late when that of the whole saga is
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
    started_ = started, undoing_ = undoing;
    for (std::size_t i = 0; i < spec_.steps.size(); ++i) {
      Steps forward;
      limited(i) ? decide_in_time(i, forward) : decide(i, forward);
      out.push_back(given_step(undoing, {}, std::move(forward)));
    }
    Steps backward;
    for (std::size_t i = spec_.steps.size(); i-- > 0;) undo(i, backward);
    Steps end = milestone_alone(".failed");
    if (any_limit()) end.push_back(milestone(".undone"));
    once(ended, std::move(end), backward);
    Steps completed;
    once(ended, milestone_alone(".completed"), completed);
    out.push_back(given_step(undoing, std::move(backward), std::move(completed)));
  }

 private:
  int effect(const std::string& which) { return b_.effect_number(owner() + "/" + spec_.saga + which); }
  static std::string number(std::size_t i) { return "." + std::to_string(i + 1); }
  Steps milestone_alone(const std::string& which) {
    Steps out;
    out.push_back(milestone(which));
    return out;
  }
  void once(int id, Steps body, Steps& out) {
    expand_effect(id, IdempotencySpec{}, std::move(body), mark_, b_, out);
  }
  // The decision is stored before anything follows from it. While the store is out nothing goes on: the run
  // fails, and it is run again.
  void decide(std::size_t i, Steps& out) {
    const int failed = effect(number(i) + ".failed");
    Steps work;
    expand_steps(spec_.steps[i].steps, b_, work);
    Steps refused = given_up(i, false);
    Steps done;
    write_state(done);
    Steps body;
    body.push_back(try_step(std::move(work), std::move(refused)));
    body.push_back(given_step(failed, {}, std::move(done)));
    once(effect(number(i)), std::move(body), out);
  }
  // The steps of a failure: it is stored, and the saga turns back. With `unknown`, what was tried may have
  // had its effect, or may still have it.
  Steps given_up(std::size_t i, bool unknown) {
    Steps out;
    write_state(out);
    if (!unknown || !spec_.compensate_timed_out) once(effect(number(i) + ".failed"), {}, out);
    once(undoing_, {}, out);
    return out;
  }

  std::optional<sim::Duration> step_limit(std::size_t i) const {
    return spec_.steps[i].timeout ? spec_.steps[i].timeout : spec_.step_timeout;
  }
  bool limited(std::size_t i) const { return spec_.timeout || step_limit(i); }
  bool any_limit() const {
    for (std::size_t i = 0; i < spec_.steps.size(); ++i) {
      if (limited(i)) return true;
    }
    return false;
  }
  // A saga whose time is over begins no further step; that one has had no effect.
  void decide_in_time(std::size_t i, Steps& out) {
    Steps body;
    if (spec_.timeout) {
      StepLimit limit;
      limit.saga = spec_.timeout, limit.saga_since = started_;
      Steps over;
      saga_is_late(over);
      for (Step& s : given_up(i, false)) over.push_back(std::move(s));
      body.push_back(timed_step({}, {}, limit, {}, std::move(over)));
    }
    Steps rest;
    attempt(i, 0, rest);
    Steps done;
    write_state(done);
    rest.push_back(given_step(undoing_, {}, std::move(done)));
    body.push_back(given_step(undoing_, {}, std::move(rest)));
    once(effect(number(i)), std::move(body), out);
  }
  void saga_is_late(Steps& out) { once(effect(".late"), milestone_alone(".timed_out"), out); }
  // Try k of a step, and what follows when its time is over.
  void attempt(std::size_t i, Count k, Steps& out) {
    const std::string which = number(i), nth = "." + std::to_string(k + 1);
    StepLimit limit;
    limit.step = step_limit(i), limit.step_since = effect(which + ".begun" + nth);
    limit.saga = spec_.timeout, limit.saga_since = started_;
    limit.identity = effect(which);
    limit.late = milestone(".late").ref;
    once(limit.step_since, {}, out);
    Steps step_over, saga_over;
    once(effect(which + ".late" + nth), milestone_alone(".step_timed_out"), step_over);
    if (k < spec_.timeout_retries) {
      attempt(i, k + 1, step_over);
    } else {
      for (Step& s : given_up(i, true)) step_over.push_back(std::move(s));
    }
    saga_is_late(saga_over);
    for (Step& s : given_up(i, true)) saga_over.push_back(std::move(s));
    limit.repeats = k > 0;
    Steps work;
    if (k == 0) expand_steps(spec_.steps[i].steps, b_, work);
    out.push_back(
        timed_step(std::move(work), given_up(i, k > 0), limit, std::move(step_over), std::move(saga_over)));
  }

  void undo(std::size_t i, Steps& out) {
    if (spec_.steps[i].compensation.empty()) return;
    const int done = effect(number(i) + ".undone");
    std::optional<StepLimit> limit;
    if (step_limit(i)) {
      limit.emplace();
      limit->step = step_limit(i), limit->fails = true;
      limit->identity = done;
      limit->late = milestone(".late").ref;
    }
    Steps body;
    compensate(spec_.steps[i].compensation, limit, body);
    Steps undone;
    once(done, std::move(body), undone);
    Steps succeeded;
    succeeded.push_back(given_step(effect(number(i) + ".failed"), {}, std::move(undone)));
    out.push_back(given_step(effect(number(i)), std::move(succeeded), {}));
  }

  int started_ = kNone, undoing_ = kNone;
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
  const auto limits = [&](const char* field) {
    b.diagnostics.error(mark, b.path + field,
                        "a saga that lives in its orchestrator's memory has no stored time to count from",
                        "durable: true, or a timeout of the step's calls");
  };
  if (!spec.durable && spec.timeout) limits(".timeout");
  if (!spec.durable && spec.step_timeout) limits(".step_timeout");
  bool limited = spec.step_timeout.has_value();
  for (std::size_t i = 0; i < spec.steps.size(); ++i) {
    limited = limited || spec.steps[i].timeout;
    if (!spec.durable && spec.steps[i].timeout) limits(fmt::format(".steps[{}].timeout", i).c_str());
  }
  if (spec.timeout_retries > 0 && !limited) {
    b.diagnostics.error(mark, b.path + ".timeout_retries",
                        "no step has a limit of time after which it is tried again",
                        "step_timeout: 5s, or a timeout of a step");
  }
  if (!spec.compensate_timed_out && !limited && !spec.timeout) {
    b.diagnostics.error(mark, b.path + ".compensate_timed_out", "nothing of this saga has a limit of time",
                        "step_timeout: 5s, or timeout: 30s");
  }
  if (spec.durable) return DurableSaga(spec, mark, b).expand(out);
  PlainSaga(spec, mark, b).expand(out);
}

FieldTable saga_step_fields() {
  return Fields<SagaStepSpec>("saga step", "One step of a saga, and what undoes it.")
      .custom("do", FieldType::steps, reads(&SagaStepSpec::steps), "the step")
      .custom("compensate", FieldType::steps, reads(&SagaStepSpec::compensation),
              "what undoes it when a later one fails")
      .add("timeout", &SagaStepSpec::timeout, "of each try; default: the saga's step_timeout", more_than(0))
      .shorthand("do")
      .table();
}

}  // namespace

StepKind saga_step_kind() {
  return {
      "saga", "Steps with compensations: when one fails, those before it are undone in reverse.",
      Fields<SagaSpec>("saga", "A saga with an orchestrator: when a step fails, those before it are undone.")
          .add(
              "saga", &SagaSpec::saga,
              "its name; milestones NAME.started, .completed, .failed, .stuck, .resumed; with limits of time "
              ".timed_out, .step_timed_out, .late, .undone")
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
          .add("timeout", &SagaSpec::timeout,
               "of the whole saga from its first start, also while its orchestrator is dead; then it is "
               "undone "
               "(durable ones only)",
               more_than(0))
          .add("step_timeout", &SagaSpec::step_timeout,
               "of each try of a step or of a compensation (durable ones only)", more_than(0))
          .add("timeout_retries", &SagaSpec::timeout_retries,
               "a step whose time was over is tried again so often, then the saga is undone", between(0, 20))
          .add("compensate_timed_out", &SagaSpec::compensate_timed_out,
               "a step whose time was over is undone too: it may have had its effect, or have it later")
          .table(),
      [] { return std::static_pointer_cast<void>(std::make_shared<SagaSpec>()); }, expand_saga};
}

}  // namespace tailrace::models
