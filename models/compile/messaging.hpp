#pragma once
// Compiles channels, their consumer groups, and what publishing draws for each message.
#include "models/compile/compiled_model.hpp"

namespace tailrace::models {

// Before the programs, which may refer to effects and milestones.
void compile_messaging(const Topology& topology, CompiledModel& model);
// The messages that the edge publishes (Edge::publication).
void compile_publication(const Topology& topology, CompiledModel& model, const Edge& edge);

}  // namespace tailrace::models
