#include "models/messaging/handler_steps.hpp"

#include <memory>

#include "sim/base/check.hpp"

namespace tailrace::models {

StepSpec written_step(const std::string& name, const std::string& text, Mark mark, const std::string& path,
                      Diagnostics& diagnostics) {
  const StepKind* const kind = step_kind(name);
  TAILRACE_CHECK(kind != nullptr);
  Node value;
  value.kind = Node::Kind::scalar;
  value.mark = mark;
  value.text = text;
  Node step;
  step.kind = Node::Kind::map;
  step.mark = mark;
  step.entries.push_back({name, mark, value});
  const ScenarioDoc none;
  ReadContext context{diagnostics, none, path};
  StepSpec spec{kind, kind->make(), mark, path};
  read_section(kind->fields, step, spec.spec.get(), context);
  return spec;
}

StepSpec compute_step(const TimeDistribution& time, Mark mark, const std::string& path) {
  auto spec = std::make_shared<ComputeSpec>();
  spec->compute = time;
  return {step_kind("compute"), std::move(spec), mark, path};
}

StepSpec call_step(const Reference& operation, const PolicySet& policies, bool ignore_failure,
                   const std::string& path) {
  auto spec = std::make_shared<CallSpec>();
  spec->call = operation;
  spec->policies = policies;
  spec->ignore_failure = ignore_failure;
  return {step_kind("call"), std::move(spec), operation.mark, path};
}

}  // namespace tailrace::models
