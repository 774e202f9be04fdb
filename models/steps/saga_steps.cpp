#include "models/steps/saga_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/steps/message_steps.hpp"
#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

// What both ways share: storing the state, and undoing one step.
class SagaParts {
 public:
  SagaParts(const SagaSpec& spec, Mark mark, TopologyBuilder& b) : spec_(spec), mark_(mark), b_(b) {
    saga_.name = owner() + "/" + spec.saga;
    saga_.durable = spec.durable;
    if (spec.durable) saga_.timeout = spec.timeout, saga_.resume_after = spec.resume_after;
    saga_.begun = effect(".started");
    saga_.undoing = effect(".undoing");
    saga_.ended = effect(".ended");
  }

 protected:
  int effect(const std::string& which) { return b_.effect_number(saga_.name + which); }
  // An effect of a saga that lives in memory: it comes about as often as the saga is run.
  void happens(int id, Steps& out) { expand_effect(id, {}, {}, mark_, b_, out); }
  // Written in several places, it is one saga.
  void declare() {
    std::vector<Saga>& all = b_.topology.sagas;
    const auto known =
        std::find_if(all.begin(), all.end(), [&](const Saga& s) { return s.name == saga_.name; });
    if (known == all.end()) return all.push_back(std::move(saga_));
    for (int Saga::*which : {&Saga::completed, &Saga::failed, &Saga::stuck, &Saga::resumed, &Saga::timed_out,
                             &Saga::step_timed_out, &Saga::late, &Saga::undone}) {
      if (saga_.*which != kNone) (*known).*which = saga_.*which;
    }
    for (const int kept : saga_.memory) {
      if (std::find(known->memory.begin(), known->memory.end(), kept) == known->memory.end())
        known->memory.push_back(kept);
    }
  }
  void call(const Reference& operation, Steps& out) {
    CallSpec call;
    call.call = operation;
    expand_call_step(call, mark_, b_, out);
  }
  void write_state(Steps& out) {
    if (spec_.state) call(*spec_.state, out);
  }
  Step milestone(int Saga::*which, const char* suffix) {
    Step step = milestone_step(spec_.saga + suffix, b_);
    saga_.*which = step.ref;
    return step;
  }
  Step started() { return milestone(&Saga::started, ".started"); }
  Step completed() { return milestone(&Saga::completed, ".completed"); }
  Step failed() { return milestone(&Saga::failed, ".failed"); }
  // Tried a number of times; then it is stuck, and says so. Each try may have a limit.
  void compensate(const StepList& steps, const std::optional<StepLimit>& limit, Steps& out) {
    Steps otherwise;
    otherwise.push_back(milestone(&Saga::stuck, ".stuck"));
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
        otherwise.push_back(timed_step(std::move(body), std::move(again), own, {}, {}, b_));
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
  Saga saga_;
};

// Attempts inside one another: each step's remainder is tried, and when that fails the step is undone and the
// failure goes on outwards.
class PlainSaga : SagaParts {
 public:
  using SagaParts::SagaParts;

  void expand(Steps& out) {
    out.push_back(started());
    happens(saga_.begun, out);
    saga_.memory = {saga_.undoing};
    Steps otherwise;
    otherwise.push_back(failed());
    happens(saga_.undoing, otherwise);
    happens(saga_.ended, otherwise);
    otherwise.push_back(fail_step());
    out.push_back(try_step(from(0), std::move(otherwise)));
    happens(saga_.ended, out);
    declare();
  }

 private:
  Steps from(std::size_t i) {
    Steps out;
    if (i == spec_.steps.size()) {
      out.push_back(completed());
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

// One frame goes through all steps in a row; what has been decided is a row of effects. Those of a durable
// saga come about once however often it is run; an orchestrator that has them in memory begins without them.
//   step i      SAGA.i           decided, one way or the other, and stored
//   it failed   SAGA.i.failed    there is nothing of it to undo
//   from there  SAGA.undoing     no further step begins
//   undone      SAGA.i.undone
// and with limits of time:
//   try k       SAGA.i.begun.k   from which on its time is counted
//   it is over  SAGA.i.late.k    counted once; SAGA.late when that of the whole saga is
class StepwiseSaga : SagaParts {
 public:
  using SagaParts::SagaParts;

  void expand(Steps& out) {
    if (spec_.durable) {
      Steps again;
      if (spec_.load) call(*spec_.load, again);
      again.push_back(milestone(&Saga::resumed, ".resumed"));
      out.push_back(given_step(saga_.begun, std::move(again), {}));
      once(saga_.begun, alone(started()), out);
    } else {
      out.push_back(started());
      happens(saga_.begun, out);
    }
    for (std::size_t i = 0; i < spec_.steps.size(); ++i) {
      Steps forward;
      limited(i) ? decide_in_time(i, forward) : decide(i, forward);
      out.push_back(given_step(saga_.undoing, {}, std::move(forward)));
    }
    Steps backward;
    for (std::size_t i = spec_.steps.size(); i-- > 0;) undo(i, backward);
    Steps undone = alone(failed());
    if (any_limit()) undone.push_back(milestone(&Saga::undone, ".undone"));
    end(std::move(undone), backward);
    if (!spec_.durable) backward.push_back(fail_step());
    Steps forward;
    end(alone(completed()), forward);
    out.push_back(given_step(saga_.undoing, std::move(backward), std::move(forward)));
    declare();
  }

 private:
  static std::string number(std::size_t i) { return "." + std::to_string(i + 1); }
  static Steps alone(Step step) {
    Steps out;
    out.push_back(std::move(step));
    return out;
  }
  void end(Steps milestones, Steps& out) {
    if (spec_.durable) return once(saga_.ended, std::move(milestones), out);
    for (Step& s : milestones) out.push_back(std::move(s));
    happens(saga_.ended, out);
  }
  // What is decided is stored before anything follows from it. A saga in memory stores its state like one
  // more call of each step.
  void decided(Steps& out) {
    if (spec_.durable) write_state(out);
  }
  void once(int id, Steps body, Steps& out) {
    if (!spec_.durable) saga_.memory.push_back(id);
    expand_effect(id, IdempotencySpec{}, std::move(body), mark_, b_, out);
  }
  // While the store is out nothing of a durable saga goes on: the run fails, and it is run again.
  void decide(std::size_t i, Steps& out) {
    const int failed = effect(number(i) + ".failed");
    Steps work = step(i);
    Steps refused = given_up(i, false);
    Steps done;
    decided(done);
    Steps body;
    body.push_back(try_step(std::move(work), std::move(refused)));
    body.push_back(given_step(failed, {}, std::move(done)));
    once(effect(number(i)), std::move(body), out);
  }
  // The steps of a failure: it is stored, and the saga turns back. With `unknown`, what was tried may have
  // had its effect, or may still have it.
  Steps given_up(std::size_t i, bool unknown) {
    Steps out;
    decided(out);
    if (!unknown || !spec_.compensate_timed_out) once(effect(number(i) + ".failed"), {}, out);
    once(saga_.undoing, {}, out);
    return out;
  }
  Steps step(std::size_t i) {
    Steps out;
    expand_steps(spec_.steps[i].steps, b_, out);
    if (!spec_.durable) write_state(out);
    return out;
  }

  int begun(std::size_t i, Count k) { return effect(number(i) + ".begun." + std::to_string(k + 1)); }
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
  // A saga whose time is over begins no further step; that one has had no effect, unless an orchestrator that
  // is dead by now had begun it.
  void decide_in_time(std::size_t i, Steps& out) {
    Steps body;
    if (spec_.timeout) {
      StepLimit limit;
      limit.saga = spec_.timeout, limit.saga_since = saga_.begun;
      Steps over;
      saga_is_late(over);
      Steps untouched;
      once(effect(number(i) + ".failed"), {}, untouched);
      decided(over);
      if (spec_.compensate_timed_out) {
        over.push_back(given_step(begun(i, 0), {}, std::move(untouched)));
      } else {
        for (Step& s : untouched) over.push_back(std::move(s));
      }
      once(saga_.undoing, {}, over);
      body.push_back(timed_step({}, {}, limit, {}, std::move(over), b_));
    }
    Steps rest;
    attempt(i, 0, rest);
    Steps done;
    decided(done);
    rest.push_back(given_step(saga_.undoing, {}, std::move(done)));
    body.push_back(given_step(saga_.undoing, {}, std::move(rest)));
    once(effect(number(i)), std::move(body), out);
  }
  void saga_is_late(Steps& out) {
    once(effect(".late"), alone(milestone(&Saga::timed_out, ".timed_out")), out);
  }
  // Try k of a step, and what follows when its time is over.
  void attempt(std::size_t i, Count k, Steps& out) {
    const std::string which = number(i), nth = "." + std::to_string(k + 1);
    StepLimit limit;
    limit.step = step_limit(i), limit.step_since = begun(i, k);
    limit.saga = spec_.timeout, limit.saga_since = saga_.begun;
    limit.identity = effect(which);
    limit.late = milestone(&Saga::late, ".late").ref;
    limit.stored = spec_.durable;
    once(limit.step_since, {}, out);
    Steps step_over, saga_over;
    once(effect(which + ".late" + nth), alone(milestone(&Saga::step_timed_out, ".step_timed_out")),
         step_over);
    if (k < spec_.timeout_retries) {
      attempt(i, k + 1, step_over);
    } else {
      for (Step& s : given_up(i, true)) step_over.push_back(std::move(s));
    }
    saga_is_late(saga_over);
    for (Step& s : given_up(i, true)) saga_over.push_back(std::move(s));
    limit.repeats = k > 0;
    Steps work;
    if (k == 0) work = step(i);
    out.push_back(timed_step(std::move(work), given_up(i, k > 0), limit, std::move(step_over),
                             std::move(saga_over), b_));
  }

  void undo(std::size_t i, Steps& out) {
    if (spec_.steps[i].compensation.empty()) return;
    const int done = effect(number(i) + ".undone");
    std::optional<StepLimit> limit;
    if (step_limit(i)) {
      limit.emplace();
      limit->step = step_limit(i), limit->fails = true;
      limit->identity = done;
      limit->late = milestone(&Saga::late, ".late").ref;
    }
    Steps body;
    compensate(spec_.steps[i].compensation, limit, body);
    Steps undone;
    once(done, std::move(body), undone);
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
  if (!spec.durable && spec.resume_after.ns != SagaSpec().resume_after.ns) {
    return b.diagnostics.error(mark, b.path + ".resume_after",
                               "only a saga that is stored can be taken up again", "durable: true");
  }
  bool limited = spec.step_timeout.has_value();
  for (const SagaStepSpec& step : spec.steps) limited = limited || step.timeout;
  if (spec.timeout_retries > 0 && !limited) {
    b.diagnostics.error(mark, b.path + ".timeout_retries",
                        "no step has a limit of time after which it is tried again",
                        "step_timeout: 5s, or a timeout of a step");
  }
  if (!spec.compensate_timed_out && !limited && !spec.timeout) {
    b.diagnostics.error(mark, b.path + ".compensate_timed_out", "nothing of this saga has a limit of time",
                        "step_timeout: 5s, or timeout: 30s");
  }
  if (spec.durable || limited || spec.timeout) return StepwiseSaga(spec, mark, b).expand(out);
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
          .add("resume_after", &SagaSpec::resume_after,
               "a durable one behind an endpoint whose run has died or failed is taken up again after "
               "so long, by an instance of its service that is up; by its own as soon as that is back",
               more_than(0))
          .add("compensation_attempts", &SagaSpec::compensation_attempts,
               "repetitions of a compensation that fails; then it is stuck", between(0, 20))
          .add("compensation_backoff", &SagaSpec::compensation_backoff, "between two of these")
          .add(
              "timeout", &SagaSpec::timeout,
              "of the whole saga from its first start, also while a durable one's orchestrator is dead; then "
              "it is undone",
              more_than(0))
          .add("step_timeout", &SagaSpec::step_timeout, "of each try of a step or of a compensation",
               more_than(0))
          .add("timeout_retries", &SagaSpec::timeout_retries,
               "a step whose time was over is tried again so often, then the saga is undone", between(0, 20))
          .add("compensate_timed_out", &SagaSpec::compensate_timed_out,
               "a step whose time was over is undone too: it may have had its effect, or have it later")
          .table(),
      make_spec<SagaSpec>, expand_saga};
}

}  // namespace tailrace::models
