#pragma once
// A drawing in layers: every arc goes at least one layer to the right, except those that close a loop, and
// neighbours stand near each other. Sugiyama's scheme; lanes for long arcs are the caller's, as nodes of
// their own: loops are cut by a depth-first search from the first nodes on, layers are longest paths, the
// order within a layer is by the mean place of the neighbours, swept kSweeps times. Cost: near linear in
// arcs. Nothing recurses; the same input gives the same drawing.
#include <utility>
#include <vector>

namespace tailrace::analysis::html {

struct Layers {
  std::vector<int> layer;               // by node
  std::vector<std::vector<int>> nodes;  // by layer, from the top
  std::vector<bool> back;               // by arc: it closes a loop
};
Layers in_layers(int nodes, const std::vector<std::pair<int, int>>& arcs);

}  // namespace tailrace::analysis::html
