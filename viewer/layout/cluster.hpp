#pragma once
// Fewer nodes for a drawing that has room for no more. What is alike goes together first: leaves with one and
// the same set of callers; then the leaves that hang on one caller; then leaves and links of chains go into
// whoever calls them; then those of one rank that stand beside each other, in chunks of equal size, so that
// the drawing keeps its ranks; at last (where ranks and groups are too many) the smallest clusters join the
// neighbour that they share most edges with. Each step ends as soon as at most `most` are left. Groups are
// not mixed before the last step, and a node that `keep` names stands for itself. Deterministic.
#include <vector>

#include "viewer/layout/layered.hpp"

namespace tailrace::viewer {

struct ClusterInput {
  int nodes = 0;
  std::vector<LayoutEdge> edges;
  std::vector<int> group;  // by node, -1: none; empty: there are no groups
  std::vector<bool> keep;  // by node; empty: none
  int most = 500;
};

struct Clusters {
  std::vector<int> of;                         // by node: its cluster
  std::vector<std::vector<int>> members;       // by cluster, ascending; one member: the node itself
  std::vector<LayoutEdge> edges;               // between clusters, each pair once, none to itself
  std::vector<std::vector<int>> edge_members;  // by edge of the clusters: edges of the input
};

Clusters cluster(const ClusterInput& input);

}  // namespace tailrace::viewer
