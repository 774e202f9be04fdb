#pragma once
// The traversals behind what the shape of the calls tells (prediction/shape.hpp). Boost.Graph stays inside
// strong_components.cpp (it costs seconds per translation unit); what it does recursively or without a bound
// is written out in traversals.cpp, so a chain of 10^5 calls is fine.
#include <vector>

#include "analysis/graph/adjacency.hpp"

namespace tailrace::analysis::detail {

// Component number per node, callees before callers: an arc never leads to a larger number.
struct Components {
  std::vector<int> of;
  int count = 0;
};
Components strong_components(const Adjacency& graph);

// A shortest cycle within one component; search stops at kMaxCycleWork arcs with the best so far.
std::vector<int> shortest_cycle(const Adjacency& graph, const std::vector<int>& members,
                                const std::vector<int>& component);

// Nodes in reverse postorder from the roots; position is -1 for what they do not reach.
struct Order {
  std::vector<int> nodes;
  std::vector<int> position;
};
Order reverse_postorder(const Adjacency& graph, const std::vector<int>& roots);

// Immediate dominators under one virtual root (index = number of nodes) that calls every root; -1 if
// unreachable.
std::vector<int> dominators(const Adjacency& callers, const Order& order, const std::vector<int>& roots);

// Heaviest path from the roots over the components, each counted once with its heaviest member. `arc_weight`
// is parallel to `arcs`. Answers one representative node per component.
struct HeavyPath {
  std::vector<int> nodes;
  double weight = 0;
};
struct WeightedArc {
  int from, to;
  double weight;
};
HeavyPath heaviest_path(const Components& components, const std::vector<WeightedArc>& arcs,
                        const std::vector<double>& node_weight, const std::vector<int>& roots);

}  // namespace tailrace::analysis::detail
