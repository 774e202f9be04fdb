#pragma once
// Limits of queues that do not see whom they are meant for.
#include "models/field/diagnostics.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

void lint_queues(const Topology& topology, Diagnostics& diagnostics);

}  // namespace tailrace::models
