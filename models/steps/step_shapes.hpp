#pragma once
// Shapes that step kinds write again and again: a step with one body, an attempt with its plan B, a point
// that is counted, a question whether something has come about.
#include <optional>
#include <string>
#include <utility>

#include "models/steps/steps.hpp"

namespace tailrace::models {

inline Step with_branch(Step::Kind kind, Steps body) {
  Step step;
  step.kind = kind;
  step.branches.push_back({1, std::move(body)});
  return step;
}

// A compute, sleep or loop that draws from that distribution.
inline Step drawing_step(Step::Kind kind, sim::Distribution distribution) {
  Step step;
  step.kind = kind;
  step.distribution = std::move(distribution);
  return step;
}
inline bool is_zero(const sim::Distribution& distribution) {
  return distribution.is_constant() && distribution.mean() == 0;
}

// The steps with that probability, or at all events where none is written.
inline void append_sometimes(const std::optional<Fraction>& probability, Steps steps, Steps& out) {
  if (!probability || !(probability->value < 1)) {
    for (Step& step : steps) out.push_back(std::move(step));
    return;
  }
  Step branch;
  branch.kind = Step::Kind::branch;
  branch.branches.push_back({probability->value, std::move(steps)});
  out.push_back(std::move(branch));
}

inline Step milestone_step(const std::string& name, TopologyBuilder& b) {
  std::vector<Milestone>& all = b.topology.milestones;
  const std::string owner = b.topology.components[static_cast<std::size_t>(b.component)].name;
  const std::string full = owner + "/" + name;
  Step step;
  step.kind = Step::Kind::milestone;
  step.ref = 0;
  for (const Milestone& m : all) {
    if (m.name == full) return step;
    ++step.ref;
  }
  all.push_back({full, b.component});
  return step;
}

inline Step try_step(Steps body, Steps otherwise) {
  Step step = with_branch(Step::Kind::attempt, std::move(body));
  step.branches.push_back({1, std::move(otherwise)});
  return step;
}

inline Step fail_step() {
  Step step;
  step.kind = Step::Kind::fail;
  step.probability = 1;
  return step;
}

// The first steps where the effect has come about for the same cause before, the others where it has not.
// The theory takes it that it has not.
inline Step given_step(int effect, Steps then, Steps otherwise) {
  Step step;
  step.kind = Step::Kind::branch;
  step.ref = effect;
  step.branches.push_back({0, std::move(then)});
  step.branches.push_back({1, std::move(otherwise)});
  return step;
}

// An attempt whose time has a limit: what runs when the step's own is over, and when the whole saga's is.
inline Step timed_step(Steps body, Steps otherwise, const StepLimit& limit, Steps step_over, Steps saga_over,
                       TopologyBuilder& b) {
  Step step = try_step(std::move(body), std::move(otherwise));
  step.ref = static_cast<int>(b.topology.limits.size());
  b.topology.limits.push_back(limit);
  step.branches.push_back({1, std::move(step_over)});
  step.branches.push_back({1, std::move(saga_over)});
  return step;
}

// Reads a field that is a list of steps into that member.
template <class Spec>
auto reads(StepList Spec::*member) {
  return [member](const Node& n, Spec& s, ReadContext& c) { read_steps(n, s.*member, c); };
}

}  // namespace tailrace::models
