#pragma once
// Compiles the policies of calls and doors: which states exist, who shares them, in which order they are
// asked.
#include "models/compile/compiled_model.hpp"

namespace tailrace::models {

// The call asks policies; otherwise it is plain, or only travels.
bool needs_guard(const Topology& topology, const Edge& edge);
// Requests must carry what Topology's calls hand on.
bool needs_context(const Topology& topology);

// After stations and edges have their tables.
void compile_guards(const Topology& topology, CompiledModel& model);

}  // namespace tailrace::models
