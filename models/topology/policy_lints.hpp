#pragma once
// Policies that are legal but cannot do what they are there for, and policies with more states than a run can
// hold.
#include "models/field/diagnostics.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

void lint_policies(const Topology& topology, Diagnostics& diagnostics);

}  // namespace tailrace::models
