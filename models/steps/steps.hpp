#pragma once
// Steps: what an endpoint or a request does, in order. A step is a map whose one key names its kind
// (`compute: 3ms`) and whose other keys are that kind's options; a list inside the list is parallel.
#include <memory>
#include <string>
#include <vector>

#include "models/field/field.hpp"
#include "models/kind/builder.hpp"
#include "models/kind/kind.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

// One step as written: its kind, its spec (of the kind's own type) and where it stands.
struct StepSpec {
  const StepKind* kind = nullptr;
  std::shared_ptr<void> spec;
  Mark mark;
  std::string path;
};
using StepList = std::vector<StepSpec>;

struct ComputeSpec {
  TimeDistribution compute;
};
struct SleepSpec {
  TimeDistribution sleep;
  std::optional<sim::Duration> per_request;
};
struct CallSpec {
  Reference call;
  std::optional<Fraction> probability;
  PolicySet policies;
  StepList fallback_steps;
  bool ignore_failure = false;
  std::optional<SizeDistribution> request_size, response_size;
  bool publishes = false;  // not read: the call by which a publish step reaches its channel
};
struct ParallelSpec {
  std::vector<StepList> branches;
  std::string join = "all";
  bool cancel_rest = false;
};
struct BranchOptionSpec {
  std::optional<Fraction> probability;
  std::optional<double> weight;
  StepList steps;
};
struct BranchSpec {
  std::vector<BranchOptionSpec> branch;
};
struct LoopSpec {
  CountDistribution loop;
  StepList steps;
};
struct FailSpec {
  Fraction fail{1};
};

// Reads a list of steps (or one step). Depth is bounded by the document's.
void read_steps(const Node& node, StepList& out, ReadContext& context);
void expand_steps(const StepList& steps, TopologyBuilder& builder, Steps& out);

// A call step, also for kinds that write one themselves.
void expand_call_step(const CallSpec& spec, Mark mark, TopologyBuilder& builder, Steps& out);

const std::vector<StepKind>& step_kinds();
const StepKind* step_kind(std::string_view name);  // null: there is none

}  // namespace tailrace::models
