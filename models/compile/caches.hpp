#pragma once
// Compiles caches: their tables, and where their contents lie.
#include "models/compile/compiled_model.hpp"

namespace tailrace::models {

// After stations, before the programs.
void compile_caches(const Topology& topology, CompiledModel& model);
// Where the cache's contents lie at that station (kNoId: of a workload): the first of one for each instance.
std::uint32_t cache_stores(CompiledModel& model, std::uint32_t cache, std::uint32_t station);

}  // namespace tailrace::models
