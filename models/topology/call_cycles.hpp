#pragma once
// Calls that come back to their caller. A cycle in which every call is certain never ends and is refused; a
// cycle with a way out is legal when run.max_call_depth bounds it. A blocking service with limited workers
// that can call itself, directly or through others, can deadlock: a warning says so.
#include "models/field/diagnostics.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

// Reports cycles by name and marks the edges that lie on one (Edge::in_cycle).
void check_call_cycles(Topology& topology, Diagnostics& diagnostics);

}  // namespace tailrace::models
