#pragma once
// Timeouts that cannot do what they look like: shorter than the least time that the target takes, so that no
// call ever succeeds, or longer than every caller of the calling operation is willing to wait, so that an
// answer comes too late for all of them. Both run as written; they are warnings, with the two numbers. The
// least time counts computing, sleeping, calls and the lower ends of link latencies, never waiting. And
// retries without a budget at several layers of a chain, whose attempts multiply: the worst chain, once.
// Cost: linear in steps and edges.
#include "models/field/diagnostics.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

void warn_timeouts(const Topology& topology, Diagnostics& diagnostics);

}  // namespace tailrace::models
