#pragma once
// Laws of keys that do not draw what they look like.
#include "models/field/diagnostics.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

void lint_keys(const Topology& topology, Diagnostics& diagnostics);

}  // namespace tailrace::models
