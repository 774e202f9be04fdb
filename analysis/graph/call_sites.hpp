#pragma once
// The calls that are written in steps, those of their branches among them, whatever the chance of each.
#include <vector>

#include "models/topology/topology.hpp"

namespace tailrace::analysis {

// Appends their edges, in the order of the steps.
inline void add_call_sites(const models::Steps& steps, std::vector<int>& edges) {
  for (const models::Step& s : steps) {
    if (s.kind == models::Step::Kind::call) edges.push_back(s.edge);
    for (const models::StepBranch& b : s.branches) add_call_sites(b.steps, edges);
  }
}

}  // namespace tailrace::analysis
