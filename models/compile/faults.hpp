#pragma once
// What faults mean for the tables of stations, edges and links, found before those are compiled.
#include <vector>

#include "models/compile/compiled_model.hpp"

namespace tailrace::models {

struct FaultMarks {
  struct OfStation {
    bool hit = false, slows = false, pauses = false, dies = false;
  };
  std::vector<OfStation> stations;
  std::vector<bool> links;
};
FaultMarks mark_faults(const Topology& topology);

// After stations, links and workloads are compiled.
void compile_faults(const Topology& topology, CompiledModel& model);

}  // namespace tailrace::models
