#include <algorithm>

#include "analysis/graph/graph_algorithms.hpp"

namespace tailrace::analysis::detail {
namespace {

constexpr long kMaxCycleWork = 10'000'000;  // arcs looked at per component

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

std::vector<int> shortest_cycle(const Adjacency& graph, const std::vector<int>& members,
                                const std::vector<int>& component) {
  std::vector<int> best, parent(graph.nodes(), -1), depth(graph.nodes(), -1), queue;
  long work = 0;
  for (const int start : members) {
    // Breadth first from `start` until an arc closes the circle, or until it could not be shorter any more.
    for (const int v : queue) depth[at(v)] = -1;
    queue.assign(1, start);
    depth[at(start)] = 0;
    int last = -1;
    for (std::size_t head = 0; head < queue.size() && last < 0; ++head) {
      const int v = queue[head];
      if (!best.empty() && depth[at(v)] + 1 >= static_cast<int>(best.size())) break;
      for (const int w : graph[v]) {
        ++work;
        if (w == start) {
          last = v;
          break;
        }
        if (component[at(w)] != component[at(start)] || depth[at(w)] >= 0) continue;
        depth[at(w)] = depth[at(v)] + 1;
        parent[at(w)] = v;
        queue.push_back(w);
      }
    }
    if (last >= 0) {
      best.clear();
      for (int v = last; v != start; v = parent[at(v)]) best.push_back(v);
      best.push_back(start);
      std::reverse(best.begin(), best.end());
    }
    if (best.size() == 1 || work > kMaxCycleWork) break;
  }
  return best;
}

Order reverse_postorder(const Adjacency& graph, const std::vector<int>& roots) {
  Order order;
  order.position.assign(graph.nodes(), -1);
  std::vector<char> seen(graph.nodes(), 0);
  std::vector<std::pair<int, const int*>> stack;
  for (const int root : roots) {
    if (seen[at(root)]) continue;
    seen[at(root)] = 1;
    stack.emplace_back(root, graph[root].begin());
    while (!stack.empty()) {
      auto& [v, next] = stack.back();
      if (next == graph[v].end()) {
        order.nodes.push_back(v);
        stack.pop_back();
        continue;
      }
      const int w = *next++;
      if (seen[at(w)]) continue;
      seen[at(w)] = 1;
      stack.emplace_back(w, graph[w].begin());
    }
  }
  std::reverse(order.nodes.begin(), order.nodes.end());
  for (std::size_t i = 0; i < order.nodes.size(); ++i)
    order.position[at(order.nodes[i])] = static_cast<int>(i);
  return order;
}

// Cooper, Harvey and Kennedy (2001), "A simple, fast dominance algorithm". The library's Lengauer-Tarjan
// compresses its paths recursively, one stack frame per call of a chain.
std::vector<int> dominators(const Adjacency& callers, const Order& order, const std::vector<int>& roots) {
  const int virtual_root = static_cast<int>(callers.nodes());
  std::vector<int> idom(callers.nodes() + 1, -1);
  std::vector<char> is_root(callers.nodes(), 0);
  for (const int r : roots) is_root[at(r)] = 1;
  idom[at(virtual_root)] = virtual_root;
  const auto position = [&](int v) { return v == virtual_root ? -1 : order.position[at(v)]; };
  bool changed = true;
  // Two rounds for an acyclic graph; one more per level of nested loops, so the bound is never met in
  // practice.
  for (std::size_t round = 0; changed && round <= order.nodes.size(); ++round) {
    changed = false;
    for (const int v : order.nodes) {
      int common = is_root[at(v)] ? virtual_root : -1;
      for (const int p : callers[v]) {
        if (idom[at(p)] < 0) continue;  // unreachable, or not visited yet
        int other = p;
        if (common < 0) common = other;
        while (common != other) {
          while (position(common) > position(other)) common = idom[at(common)];
          while (position(other) > position(common)) other = idom[at(other)];
        }
      }
      if (idom[at(v)] != common) {
        idom[at(v)] = common;
        changed = true;
      }
    }
  }
  idom.pop_back();
  return idom;
}

HeavyPath heaviest_path(const Components& components, const std::vector<WeightedArc>& arcs,
                        const std::vector<double>& node_weight, const std::vector<int>& roots) {
  constexpr int kUnreached = -2, kStart = -1;
  const std::size_t count = at(components.count);
  std::vector<int> heaviest(count, -1), before(count, kUnreached);
  for (int v = 0; v < static_cast<int>(node_weight.size()); ++v) {
    int& best = heaviest[at(components.of[at(v)])];
    if (best < 0 || node_weight[at(v)] > node_weight[at(best)]) best = v;
  }
  std::vector<std::vector<WeightedArc>> out(count);
  for (const WeightedArc& a : arcs) {
    const int from = components.of[at(a.from)], to = components.of[at(a.to)];
    if (from != to) out[at(from)].push_back({from, to, a.weight});
  }
  std::vector<double> total(count, 0.0);
  for (const int r : roots) {
    const int c = components.of[at(r)];
    before[at(c)] = kStart;
    total[at(c)] = node_weight[at(heaviest[at(c)])];
  }
  int end = -1;
  for (int c = components.count - 1; c >= 0; --c) {
    if (before[at(c)] == kUnreached) continue;
    if (end < 0 || total[at(c)] > total[at(end)]) end = c;
    for (const WeightedArc& a : out[at(c)]) {
      const double sum = total[at(c)] + a.weight + node_weight[at(heaviest[at(a.to)])];
      if (before[at(a.to)] != kUnreached && sum <= total[at(a.to)]) continue;
      total[at(a.to)] = sum;
      before[at(a.to)] = c;
    }
  }
  HeavyPath path;
  if (end < 0) return path;
  path.weight = total[at(end)];
  for (int c = end; c >= 0; c = before[at(c)]) path.nodes.push_back(heaviest[at(c)]);
  std::reverse(path.nodes.begin(), path.nodes.end());
  return path;
}

}  // namespace tailrace::analysis::detail
