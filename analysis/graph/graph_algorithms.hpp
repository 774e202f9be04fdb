#pragma once
// The traversals behind the call graph report. Boost.Graph stays inside boost_algorithms.cpp (it costs
// seconds per translation unit); what it does recursively or without a bound is written out in
// traversals.cpp.
#include <vector>

#include "analysis/graph/adjacency.hpp"

namespace tailrace::analysis::detail {

// Component number per node, callees before callers: an arc never leads to a larger number.
struct Components {
  std::vector<int> of;
  int count = 0;
};
Components strong_components(const Adjacency& graph);

// Elementary cycles of a small strongly connected graph, at most `limit`; true if these are all.
bool elementary_cycles(const Adjacency& graph, std::size_t limit, std::vector<std::vector<int>>& cycles);

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

// Per node, how many others reach it.
std::vector<int> transitive_callers(const Adjacency& graph, const Components& components);

// Brandes (2001) over unweighted paths; false if estimated from evenly spaced sources.
bool betweenness(const Adjacency& graph, std::vector<double>& score);

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
