#pragma once
// Tables of what instances do of their own accord, of contracts between versions, and of what is counted
// between zones.
#include <functional>

#include "models/compile/compiled_model.hpp"

namespace tailrace::models {

// Stations whose callers may have been written for another version. Before edges are compiled.
void mark_contracts(const Topology& topology, CompiledModel& model);
// Which edges pay for traffic between zones. Before edges are compiled, after stations.
void compile_egress(const Topology& topology, CompiledModel& model);
// After guards. `program` emits a program that makes the edge's call, and returns where it begins.
void compile_upkeep(const Topology& topology, CompiledModel& model,
                    const std::function<std::uint32_t(std::uint32_t edge)>& program);

}  // namespace tailrace::models
