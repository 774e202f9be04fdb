// Cycles, ranks and dummies.
#include "viewer/layout/layers.hpp"

#include <algorithm>

namespace tailrace::viewer {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// Which edges to turn round so that no cycle is left: those that lead back to a node that a depth-first
// search has not left yet. It begins at nodes that nobody calls, so what users call stays left of what it
// calls.
std::vector<bool> edges_to_turn(std::size_t nodes, const std::vector<LayoutEdge>& edges,
                                const std::vector<std::vector<int>>& out, const std::vector<int>& indegree) {
  enum class Colour : unsigned char { fresh, open, done };
  std::vector<Colour> colour(nodes, Colour::fresh);
  std::vector<bool> turned(edges.size(), false);
  std::vector<std::pair<int, std::size_t>> stack;
  const auto search = [&](int root) {
    if (colour[at(root)] != Colour::fresh) return;
    stack.push_back({root, 0});
    colour[at(root)] = Colour::open;
    while (!stack.empty()) {
      const int node = stack.back().first;
      if (stack.back().second == out[at(node)].size()) {
        colour[at(node)] = Colour::done;
        stack.pop_back();
        continue;
      }
      const int edge = out[at(node)][stack.back().second++];
      const int target = edges[at(edge)].to;
      if (colour[at(target)] == Colour::open) {
        turned[at(edge)] = true;
      } else if (colour[at(target)] == Colour::fresh) {
        colour[at(target)] = Colour::open;
        stack.push_back({target, 0});
      }
    }
  };
  const int n = static_cast<int>(nodes);
  for (int i = 0; i < n; ++i) {
    if (indegree[at(i)] == 0) search(i);
  }
  for (int i = 0; i < n; ++i) search(i);
  return turned;
}

// The longest way from any node without callers.
std::vector<int> longest_paths(std::size_t nodes, const std::vector<LayoutEdge>& edges) {
  std::vector<std::vector<int>> out(nodes);
  std::vector<int> waiting(nodes, 0), rank(nodes, 0), ready;
  for (const LayoutEdge& e : edges) {
    if (e.from == e.to) continue;
    out[at(e.from)].push_back(e.to);
    ++waiting[at(e.to)];
  }
  for (std::size_t i = 0; i < nodes; ++i) {
    if (waiting[i] == 0) ready.push_back(static_cast<int>(i));
  }
  for (std::size_t k = 0; k < ready.size(); ++k) {
    const int node = ready[k];
    for (const int target : out[at(node)]) {
      rank[at(target)] = std::max(rank[at(target)], rank[at(node)] + 1);
      if (--waiting[at(target)] == 0) ready.push_back(target);
    }
  }
  return rank;
}

}  // namespace

std::vector<int> ranks_of(std::size_t nodes, const std::vector<LayoutEdge>& edges) {
  std::vector<std::vector<int>> out(nodes);
  std::vector<int> indegree(nodes, 0);
  for (std::size_t e = 0; e < edges.size(); ++e) {
    if (edges[e].from == edges[e].to) continue;
    out[at(edges[e].from)].push_back(static_cast<int>(e));
    ++indegree[at(edges[e].to)];
  }
  const std::vector<bool> turned = edges_to_turn(nodes, edges, out, indegree);
  std::vector<LayoutEdge> forward;
  for (std::size_t e = 0; e < edges.size(); ++e)
    if (!turned[e]) forward.push_back(edges[e]);
  return longest_paths(nodes, forward);
}

Layers make_layers(const LayoutInput& input) {
  const std::size_t n = input.nodes.size();
  Layers layers;
  std::vector<std::vector<int>> out(n);
  std::vector<int> indegree(n, 0), degree(n, 0);
  for (std::size_t e = 0; e < input.edges.size(); ++e) {
    const LayoutEdge& edge = input.edges[e];
    if (edge.from == edge.to) continue;
    out[at(edge.from)].push_back(static_cast<int>(e));
    ++indegree[at(edge.to)];
    ++degree[at(edge.from)], ++degree[at(edge.to)];
  }
  layers.reversed = edges_to_turn(n, input.edges, out, indegree);
  std::vector<LayoutEdge> forward = input.edges;
  for (std::size_t e = 0; e < forward.size(); ++e) {
    if (layers.reversed[e]) std::swap(forward[e].from, forward[e].to);
  }
  std::vector<int> rank = longest_paths(n, forward);
  int last = 0;
  for (const int r : rank) last = std::max(last, r);
  // Nodes without any edge would all stand in the first column: they fill the columns in turn.
  int next = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (degree[i] == 0) rank[i] = next++ % (last + 1);
  }

  layers.bands = input.groups + 1;
  layers.ranks.resize(n == 0 ? 0 : at(last) + 1);
  layers.places.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    Place& p = layers.places[i];
    p.node = static_cast<int>(i);
    p.rank = rank[i];
    p.band = input.nodes[i].group >= 0 && input.nodes[i].group < input.groups ? input.nodes[i].group + 1 : 0;
    p.height = input.nodes[i].height;
    if (input.nodes[i].earlier) {
      p.fixed = true;
      p.key = p.y = input.nodes[i].earlier->y;
    }
    layers.ranks[at(rank[i])].push_back(static_cast<int>(i));
  }
  layers.chains.resize(forward.size());
  for (std::size_t e = 0; e < forward.size(); ++e) {
    const LayoutEdge& edge = forward[e];
    if (edge.from == edge.to) continue;
    std::vector<int>& chain = layers.chains[e];
    chain.push_back(edge.from);
    const int first = rank[at(edge.from)], end = rank[at(edge.to)];
    for (int r = first + 1; r < end; ++r) {
      Place dummy;
      dummy.edge = static_cast<int>(e);
      dummy.rank = r;
      const bool nearer_to_source = r - first <= end - r;
      dummy.band = layers[nearer_to_source ? edge.from : edge.to].band;
      chain.push_back(static_cast<int>(layers.places.size()));
      layers.ranks[at(r)].push_back(chain.back());
      layers.places.push_back(std::move(dummy));
    }
    chain.push_back(edge.to);
    for (std::size_t k = 0; k + 1 < chain.size(); ++k) {
      layers[chain[k]].right.push_back(chain[k + 1]);
      layers[chain[k + 1]].left.push_back(chain[k]);
    }
  }
  return layers;
}

std::size_t count_crossings(const Layers& layers) {
  std::size_t crossings = 0;
  std::vector<std::size_t> tree;
  std::vector<int> ends;
  for (std::size_t r = 0; r + 1 < layers.ranks.size(); ++r) {
    const std::size_t size = layers.ranks[r + 1].size();
    tree.assign(size + 1, 0);
    std::size_t seen = 0;
    for (const int place : layers.ranks[r]) {
      ends.clear();
      for (const int to : layers[place].right) ends.push_back(layers.at(to));
      std::sort(ends.begin(), ends.end());
      // Segments from places above that end below this one's end.
      for (const int end : ends) {
        std::size_t not_below = 0;
        for (std::size_t i = at(end) + 1; i > 0; i -= i & (~i + 1)) not_below += tree[i];
        crossings += seen - not_below;
      }
      for (const int end : ends) {
        for (std::size_t i = at(end) + 1; i <= size; i += i & (~i + 1)) ++tree[i];
      }
      seen += ends.size();
    }
  }
  return crossings;
}

}  // namespace tailrace::viewer
