#include "models/topology/saga.hpp"

#include <utility>

namespace tailrace::models {

namespace {

// What an attempt's limit is counted from stands in a last branch, which nobody runs, as points to pass.
constexpr std::size_t kFacts = 4, kBranches = 5;

Step fact(int number) {
  Step step;
  step.kind = Step::Kind::milestone;
  step.ref = number;
  return step;
}

template <class List>
int named(const List& list, const std::string& name) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].name == name) return static_cast<int>(i);
  }
  return kNone;
}

}  // namespace

void set_limit(Step& attempt, const StepLimit& limit, Steps step_over, Steps saga_over) {
  attempt.timeout = limit.step;
  attempt.interval = limit.saga.value_or(sim::Duration{0});
  attempt.cancel_rest = limit.fails;
  attempt.needed = limit.repeats ? 1 : 0;
  attempt.branches.resize(kBranches);
  attempt.branches[kStepOver].steps = std::move(step_over);
  attempt.branches[kSagaOver].steps = std::move(saga_over);
  attempt.branches[kFacts].probability = 0;
  for (const int number : {limit.step_since, limit.saga_since, limit.identity, limit.late})
    attempt.branches[kFacts].steps.push_back(fact(number));
}

std::optional<StepLimit> limit_of(const Step& step) {
  if (step.kind != Step::Kind::attempt || step.branches.size() != kBranches) return {};
  const Steps& facts = step.branches[kFacts].steps;
  StepLimit limit;
  limit.step = step.timeout;
  if (step.interval.ns > 0) limit.saga = step.interval;
  limit.step_since = facts[0].ref;
  limit.saga_since = facts[1].ref;
  limit.identity = facts[2].ref;
  limit.late = facts[3].ref;
  limit.fails = step.cancel_rest;
  limit.repeats = step.needed == 1;
  return limit;
}

std::vector<Saga> sagas_of(const Topology& t) {
  constexpr std::string_view kBegun = ".started";
  std::vector<Saga> all;
  for (std::size_t e = 0; e < t.effects.size(); ++e) {
    const std::string& effect = t.effects[e].name;
    if (!effect.ends_with(kBegun)) continue;
    Saga saga;
    saga.name = effect.substr(0, effect.size() - kBegun.size());
    saga.begun = static_cast<int>(e);
    saga.ended = named(t.effects, saga.name + ".ended");
    saga.undoing = named(t.effects, saga.name + ".undoing");
    saga.undone = named(t.milestones, saga.name + ".undone");
    if (saga.ended != kNone && saga.undoing != kNone) all.push_back(std::move(saga));
  }
  return all;
}

}  // namespace tailrace::models
