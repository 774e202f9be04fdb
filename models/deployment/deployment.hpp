#pragma once
// `deployments`: at a time the instances of a service are replaced by those of another version, by a
// strategy. What differs in the new version is its share of errors, how long its work takes, and the version
// of its interface: a call whose caller was written for another than its instance serves ends in an error. A
// new strategy is a branch in models/runtime/deployments.cpp and a word here. Left out: services that scale
// by themselves, traffic shares other than those of the instances.
#include <vector>

#include "models/field/field.hpp"
#include "models/kind/builder.hpp"
#include "models/topology/scaling.hpp"

namespace tailrace::models {

struct ExpectationSpec {
  std::string service;
  Count api = 1;
};
struct VersionSpec {
  Fraction error_rate;
  double slowness = 1;
  Count api = 1;
  std::optional<Count> still_serves;
  std::vector<ExpectationSpec> expects;
};
struct CanaryStepSpec {
  Fraction share;
  sim::Duration pause{60'000'000'000};
};
struct DeploymentSpec {
  std::string service;
  sim::Duration at{0};
  DeploymentStrategy strategy = DeploymentStrategy::rolling;
  Count max_surge = 1, max_unavailable = 0;
  VersionSpec version;
  std::vector<CanaryStepSpec> steps;
  std::optional<Fraction> abort_above;
  bool contract_gate = false;
};

FieldTable deployment_fields();
// Resolves them into topology.deployments, and lays out room for both versions; `list` is where they stand.
void expand_deployments(const std::vector<DeploymentSpec>& specs, const Node* list, TopologyBuilder& builder);

}  // namespace tailrace::models
