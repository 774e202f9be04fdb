#pragma once
// Gives errands their calls: the names that discovery and start gates were written with are looked up, and
// each caller of a discovered station gets an edge by which it asks. After all components are expanded, and
// before the network, which looks at all edges.
#include "models/kind/builder.hpp"

namespace tailrace::models {

void expand_upkeep(TopologyBuilder& builder);

}  // namespace tailrace::models
