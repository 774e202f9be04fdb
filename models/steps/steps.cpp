#include "models/steps/steps.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/field/units.hpp"
#include "models/steps/cache_steps.hpp"
#include "models/steps/graphql_steps.hpp"
#include "models/steps/message_steps.hpp"
#include "models/steps/step_shapes.hpp"
#include "models/steps/subscription_steps.hpp"
#include "models/steps/websocket_steps.hpp"

namespace tailrace::models {

namespace {

constexpr std::size_t kMostBranches = 60'000;  // of one step; a compiled step counts them in 16 bits

void expand_sleep(const void* raw, Mark mark, TopologyBuilder& b, Steps& out) {
  const SleepSpec& spec = *static_cast<const SleepSpec*>(raw);
  Step step = drawing_step(Step::Kind::sleep, spec.sleep.value);
  if (spec.per_request) {
    const bool counts =
        b.station != kNone && b.topology.stations[static_cast<std::size_t>(b.station)].blocking;
    if (!counts) {
      b.diagnostics.error(mark, b.path + ".per_request",
                          "requests inside are counted where each holds a worker for as long as it is there",
                          "a service with blocking: true");
      return;
    }
    step.interval = *spec.per_request;
  }
  out.push_back(std::move(step));
}

void expand_call(const void* raw, Mark mark, TopologyBuilder& b, Steps& out) {
  const CallSpec& spec = *static_cast<const CallSpec*>(raw);
  const int operation = b.resolve(spec.call);
  if (operation == kNone) return;
  if (!spec.publishes && b.takes_messages(operation)) {
    const std::string& text = spec.call.text;
    b.diagnostics.error(spec.call.mark, b.path,
                        fmt::format("\"{}\" takes messages, not calls", escaped(text)),
                        fmt::format("publish: {}", escaped(b.publish_name(operation))));
    return;
  }
  Edge edge;
  edge.from_component = b.component;
  edge.from_station = b.station;
  edge.operation = operation;
  edge.path = b.path;
  edge.mark = mark;
  edge.ignore_failure = spec.ignore_failure;
  if (spec.request_size) edge.request_bytes = spec.request_size->value;
  if (spec.response_size) edge.response_bytes = spec.response_size->value;
  apply_policies(merge_policies(spec.policies, b.outbound),
                 {&edge, nullptr, mark, b.path, nullptr, b.diagnostics});
  if (edge.per_try_timeout && edge.timeout && *edge.per_try_timeout > *edge.timeout) {
    b.diagnostics.warning(
        mark, b.path,
        fmt::format("per_try_timeout ({}) is longer than the call's timeout ({}): it never fires",
                    show_value(*edge.per_try_timeout), show_value(*edge.timeout)));
  }
  Step step;
  step.kind = Step::Kind::call;
  if (!spec.fallback_steps.empty()) {
    if (!edge.fallback) edge.fallback.emplace();
    edge.fallback->steps = true;
    step.branches.emplace_back();
    expand_steps(spec.fallback_steps, b, step.branches.back().steps);
  }
  step.edge = static_cast<int>(b.topology.edges.size());
  b.topology.edges.push_back(std::move(edge));
  append_sometimes(spec.probability, {std::move(step)}, out);
}

void expand_parallel(const void* raw, Mark mark, TopologyBuilder& b, Steps& out) {
  const ParallelSpec& spec = *static_cast<const ParallelSpec*>(raw);
  Step step;
  step.kind = Step::Kind::parallel;
  const int n = static_cast<int>(spec.branches.size());
  if (spec.branches.size() > kMostBranches) {
    b.diagnostics.error(mark, b.path,
                        fmt::format("{} parallel branches; at most {} are allowed", n, kMostBranches));
    return;
  }
  if (spec.join == "all") {
    step.needed = n;
  } else if (spec.join == "any") {
    step.needed = 1;
  } else {
    const Quantity needed = parse_count(spec.join);
    if (!needed.value || *needed.value < 1 || *needed.value > n) {
      b.diagnostics.error(
          mark, b.path + ".join",
          fmt::format("expected all, any, or a number from 1 to {} (the branches), found \"{}\"", n,
                      escaped(spec.join)));
      return;
    }
    step.needed = static_cast<int>(*needed.value);
  }
  for (const StepList& branch : spec.branches) {
    StepBranch lowered;
    expand_steps(branch, b, lowered.steps);
    step.branches.push_back(std::move(lowered));
  }
  if (step.branches.empty()) return;
  step.cancel_rest = spec.cancel_rest;
  b.topology.cancels_branches = b.topology.cancels_branches || spec.cancel_rest;
  out.push_back(std::move(step));
}

void expand_branch(const void* raw, Mark mark, TopologyBuilder& b, Steps& out) {
  const BranchSpec& spec = *static_cast<const BranchSpec*>(raw);
  if (spec.branch.empty() || spec.branch.size() > kMostBranches) {
    b.diagnostics.error(
        mark, b.path,
        fmt::format("a branch has {} options; 1 to {} are allowed", spec.branch.size(), kMostBranches));
    return;
  }
  std::size_t weighted = 0;
  double sum = 0;
  for (const BranchOptionSpec& option : spec.branch) {
    if (option.probability && option.weight) {
      b.diagnostics.error(mark, b.path, "an option has both a probability and a weight", "give one of them");
      return;
    }
    if (!option.probability && !option.weight) {
      b.diagnostics.error(
          mark, b.path, "an option has neither a probability nor a weight",
          "probabilities may sum to less than 1 (else nothing happens); weights are normalised");
      return;
    }
    weighted += option.weight ? 1 : 0;
    sum += option.weight ? *option.weight : option.probability->value;
  }
  if (weighted != 0 && weighted != spec.branch.size()) {
    b.diagnostics.error(mark, b.path, "some options have a probability and some a weight",
                        "use one of the two throughout");
    return;
  }
  if (weighted != 0 && !(sum > 0)) {
    b.diagnostics.error(mark, b.path, "the weights sum to 0");
    return;
  }
  if (weighted == 0 && sum > 1 + 1e-9) {
    b.diagnostics.error(mark, b.path, fmt::format("the probabilities sum to {:.9g}, more than 1", sum),
                        "write weights instead if they should be normalised");
    return;
  }
  Step step;
  step.kind = Step::Kind::branch;
  for (const BranchOptionSpec& option : spec.branch) {
    StepBranch lowered;
    lowered.probability = option.weight ? *option.weight / sum : option.probability->value;
    expand_steps(option.steps, b, lowered.steps);
    step.branches.push_back(std::move(lowered));
  }
  out.push_back(std::move(step));
}

void expand_loop(const void* raw, Mark, TopologyBuilder& b, Steps& out) {
  const LoopSpec& spec = *static_cast<const LoopSpec*>(raw);
  Step step = drawing_step(Step::Kind::loop, spec.loop.value);
  step.branches.emplace_back();
  expand_steps(spec.steps, b, step.branches.back().steps);
  out.push_back(std::move(step));
}

void read_parallel(const Node& node, ParallelSpec& spec, ReadContext& context) {
  if (!node.is_list())
    return context.error(node, "expected a list with one item (a step, or a list of steps) per branch");
  if (node.items.empty()) return context.error(node, "parallel has no branches");
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    PathScope scope(context, "[" + std::to_string(i) + "]");
    spec.branches.emplace_back();
    read_steps(node.items[i], spec.branches.back(), context);
  }
}

FieldTable branch_option_fields() {
  return Fields<BranchOptionSpec>("option", "One way of a branch.")
      .add("probability", &BranchOptionSpec::probability, "of this option; what is left of 1 does nothing")
      .add("weight", &BranchOptionSpec::weight, "relative to the other options' weights", between(0, 1e9))
      .custom("steps", FieldType::steps, reads(&BranchOptionSpec::steps), "what it does")
      .table();
}

std::vector<StepKind> make_step_kinds() {
  std::vector<StepKind> kinds;
  kinds.push_back(
      {"compute", "Work on a worker, and on a core where the service has cpus.",
       Fields<ComputeSpec>("compute", "Work on a worker, and on a core where the service has cpus.")
           .add("compute", &ComputeSpec::compute, "time of the work on an idle core")
           .required()
           .table(),
       make_spec<ComputeSpec>, [](const void* s, Mark, TopologyBuilder&, Steps& out) {
         out.push_back(drawing_step(Step::Kind::compute, static_cast<const ComputeSpec*>(s)->compute.value));
       }});
  kinds.push_back(
      {"sleep", "Waiting that takes no core.",
       Fields<SleepSpec>("sleep", "Waiting that takes no core; a blocking service keeps its worker.")
           .add("sleep", &SleepSpec::sleep, "how long")
           .required()
           .add(
               "per_request", &SleepSpec::per_request,
               "longer by this for each request inside the instance, waiting ones too: what shares something "
               "slows down together; default: 0s")
           .table(),
       make_spec<SleepSpec>, expand_sleep});
  FieldTable call_table =
      Fields<CallSpec>("call", "A call to an operation of another component; the step ends with its reply.")
          .add("call", &CallSpec::call, "the target, component.operation")
          .required()
          .add("probability", &CallSpec::probability, "of making the call at all")
          .add("ignore_failure", &CallSpec::ignore_failure, "carry on when the call fails")
          .add("request_size", &CallSpec::request_size, "bytes on the way there, for links with bandwidth")
          .add("response_size", &CallSpec::response_size, "bytes on the way back")
          .custom("fallback_steps", FieldType::steps, reads(&CallSpec::fallback_steps),
                  "what runs in place of a call that failed for good")
          .table();
  add_policy_fields(call_table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<CallSpec*>(spec)->policies; });
  kinds.push_back({"call", "A call to an operation of another component; the step ends with its reply.",
                   std::move(call_table), make_spec<CallSpec>, expand_call});
  kinds.push_back({"parallel", "Branches that run at the same time.",
                   Fields<ParallelSpec>("parallel", "Branches that run at the same time.")
                       .custom("parallel", FieldType::steps, read_parallel,
                               "one item per branch: a step, or a list of steps that run in order")
                       .required()
                       .add("join", &ParallelSpec::join,
                            "all, any, or how many branches must succeed; the rest run on unheard")
                       .add("cancel_rest", &ParallelSpec::cancel_rest,
                            "the rest stops: at the end of its step or, in a service with cancellation: "
                            "at_once, in the middle; its calls are given up, and their servers told where "
                            "these say cancellation: true")
                       .table(),
                   make_spec<ParallelSpec>, expand_parallel});
  kinds.push_back({"branch", "One of several ways, by chance.",
                   Fields<BranchSpec>("branch", "One of several ways, by chance.")
                       .list_of("branch", &BranchSpec::branch, branch_option_fields(), "the options")
                       .required()
                       .table(),
                   make_spec<BranchSpec>, expand_branch});
  kinds.push_back({"loop", "Steps that run several times, one after another.",
                   Fields<LoopSpec>("loop", "Steps that run several times, one after another.")
                       .add("loop", &LoopSpec::loop, "how many times; a drawn number is rounded", at_least(0))
                       .required()
                       .custom("steps", FieldType::steps, reads(&LoopSpec::steps), "what is repeated")
                       .required()
                       .table(),
                   make_spec<LoopSpec>, expand_loop});
  kinds.push_back({"fail", "Ends with an error, by chance.",
                   Fields<FailSpec>("fail", "Ends the endpoint with an error, by chance.")
                       .add("fail", &FailSpec::fail, "the probability")
                       .required()
                       .table(),
                   make_spec<FailSpec>, [](const void* s, Mark, TopologyBuilder&, Steps& out) {
                     Step step;
                     step.kind = Step::Kind::fail;
                     step.probability = static_cast<const FailSpec*>(s)->fail.value;
                     out.push_back(step);
                   }});
  for (StepKind& kind : make_cache_step_kinds()) kinds.push_back(std::move(kind));
  for (StepKind& kind : make_graphql_step_kinds()) kinds.push_back(std::move(kind));
  for (StepKind& kind : make_websocket_step_kinds()) kinds.push_back(std::move(kind));
  for (StepKind& kind : make_subscription_step_kinds()) kinds.push_back(std::move(kind));
  for (StepKind& kind : make_message_step_kinds()) kinds.push_back(std::move(kind));
  return kinds;
}

void read_step(const Node& node, StepList& out, ReadContext& context) {
  if (node.is_list()) {  // a list inside the list: its items run in parallel
    StepSpec step;
    step.kind = step_kind("parallel");
    auto spec = std::make_shared<ParallelSpec>();
    read_parallel(node, *spec, context);
    step.spec = std::move(spec);
    step.mark = node.mark;
    step.path = context.path;
    out.push_back(std::move(step));
    return;
  }
  if (!node.is_map() || node.entries.empty()) {
    return context.error(node, "expected a step such as `compute: 3ms` or `call: orders.place`");
  }
  const StepKind* found = nullptr;
  for (const MapEntry& entry : node.entries) {
    const StepKind* const kind = step_kind(entry.key);
    if (kind == nullptr) continue;
    if (found != nullptr) {
      context.diagnostics.error(entry.key_mark, context.path,
                                fmt::format("a step is both \"{}\" and \"{}\"", found->name, kind->name),
                                "start a new list item (-) for each step");
      return;
    }
    found = kind;
  }
  if (found == nullptr) {
    std::vector<std::string_view> known;
    for (const StepKind& kind : step_kinds()) known.push_back(kind.name);
    const MapEntry& first = node.entries.front();
    const std::string near = nearest_word(first.key, known);
    context.diagnostics.error(first.key_mark, context.path,
                              fmt::format("unknown step \"{}\"", escaped(first.key)),
                              near.empty() ? fmt::format("steps are: {}", fmt::join(known, ", "))
                                           : fmt::format("did you mean {}?", near));
    return;
  }
  StepSpec step;
  step.kind = found;
  step.spec = found->make();
  step.mark = node.mark;
  step.path = context.path;
  const int errors = context.diagnostics.errors();
  read_section(found->fields, node, step.spec.get(), context);
  if (context.diagnostics.errors() == errors) out.push_back(std::move(step));
}

}  // namespace

const std::vector<StepKind>& step_kinds() {
  static const std::vector<StepKind> kinds = make_step_kinds();
  return kinds;
}

const StepKind* step_kind(std::string_view name) {
  const std::vector<StepKind>& all = step_kinds();
  const auto found = std::find_if(all.begin(), all.end(), [&](const StepKind& k) { return k.name == name; });
  return found == all.end() ? nullptr : &*found;
}

void read_steps(const Node& node, StepList& out, ReadContext& context) {
  if (node.is_map()) return read_step(node, out, context);
  if (node.is_null()) return;
  if (!node.is_list()) return context.error(node, "expected a list of steps");
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    PathScope scope(context, "[" + std::to_string(i) + "]");
    read_step(node.items[i], out, context);
  }
}

void expand_call_step(const CallSpec& spec, Mark mark, TopologyBuilder& builder, Steps& out) {
  expand_call(&spec, mark, builder, out);
}

void expand_steps(const StepList& steps, TopologyBuilder& builder, Steps& out) {
  const std::string outer = builder.path;
  for (const StepSpec& step : steps) {
    builder.path = step.path;
    step.kind->expand(step.spec.get(), step.mark, builder, out);
  }
  builder.path = outer;
}

}  // namespace tailrace::models
