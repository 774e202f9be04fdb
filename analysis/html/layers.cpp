#include "analysis/html/layers.hpp"

#include <algorithm>
#include <cstddef>

namespace tailrace::analysis::html {

namespace {

constexpr int kSweeps = 6;

using Arcs = std::vector<std::pair<int, int>>;

std::vector<std::vector<std::size_t>> arcs_from(int nodes, const Arcs& arcs) {
  std::vector<std::vector<std::size_t>> out(static_cast<std::size_t>(nodes));
  for (std::size_t a = 0; a < arcs.size(); ++a) out[static_cast<std::size_t>(arcs[a].first)].push_back(a);
  return out;
}

// Marks the arcs that lead back to a node that is being visited; the nodes in reverse order of completion are
// a topological order of the rest.
std::vector<int> cut_loops(const std::vector<std::vector<std::size_t>>& out, const Arcs& arcs,
                           std::vector<bool>& back) {
  enum class Visit : unsigned char { none, open, done };
  std::vector<Visit> visit(out.size(), Visit::none);
  std::vector<int> order;
  std::vector<std::pair<std::size_t, std::size_t>> stack;  // node, next arc
  for (std::size_t root = 0; root < out.size(); ++root) {
    if (visit[root] != Visit::none) continue;
    visit[root] = Visit::open;
    stack.emplace_back(root, 0);
    while (!stack.empty()) {
      const std::size_t node = stack.back().first;
      if (stack.back().second == out[node].size()) {
        visit[node] = Visit::done;
        order.push_back(static_cast<int>(node));
        stack.pop_back();
        continue;
      }
      const std::size_t arc = out[node][stack.back().second++];
      const auto to = static_cast<std::size_t>(arcs[arc].second);
      if (visit[to] == Visit::open) back[arc] = true;
      if (visit[to] != Visit::none) continue;
      visit[to] = Visit::open;
      stack.emplace_back(to, 0);
    }
  }
  std::reverse(order.begin(), order.end());
  return order;
}

}  // namespace

Layers in_layers(int nodes, const Arcs& arcs) {
  const auto n = static_cast<std::size_t>(nodes);
  Layers result;
  result.layer.assign(n, 0);
  result.back.assign(arcs.size(), false);
  const auto out = arcs_from(nodes, arcs);
  for (const int node : cut_loops(out, arcs, result.back)) {
    for (const std::size_t arc : out[static_cast<std::size_t>(node)]) {
      if (result.back[arc]) continue;
      int& next = result.layer[static_cast<std::size_t>(arcs[arc].second)];
      next = std::max(next, result.layer[static_cast<std::size_t>(node)] + 1);
    }
  }
  int layers = 0;
  for (const int layer : result.layer) layers = std::max(layers, layer + 1);
  result.nodes.resize(static_cast<std::size_t>(layers));
  for (std::size_t i = 0; i < n; ++i)
    result.nodes[static_cast<std::size_t>(result.layer[i])].push_back(static_cast<int>(i));

  // Places are centred, so that a layer of one stands beside the middle of a layer of ten.
  std::vector<double> place(n), wish(n);
  const auto place_all = [&] {
    for (const std::vector<int>& layer : result.nodes) {
      for (std::size_t k = 0; k < layer.size(); ++k) {
        place[static_cast<std::size_t>(layer[k])] =
            static_cast<double>(k) - 0.5 * static_cast<double>(layer.size() - 1);
      }
    }
  };
  std::vector<std::vector<std::size_t>> before(n), after(n);
  for (std::size_t a = 0; a < arcs.size(); ++a) {
    if (result.back[a]) continue;
    before[static_cast<std::size_t>(arcs[a].second)].push_back(static_cast<std::size_t>(arcs[a].first));
    after[static_cast<std::size_t>(arcs[a].first)].push_back(static_cast<std::size_t>(arcs[a].second));
  }
  place_all();
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    const auto& neighbours = sweep % 2 == 0 ? before : after;
    for (std::size_t l = 0; l < result.nodes.size(); ++l) {
      std::vector<int>& layer = result.nodes[sweep % 2 == 0 ? l : result.nodes.size() - 1 - l];
      for (const int node : layer) {
        const auto& list = neighbours[static_cast<std::size_t>(node)];
        double sum = 0;
        for (const std::size_t other : list) sum += place[other];
        wish[static_cast<std::size_t>(node)] =
            list.empty() ? place[static_cast<std::size_t>(node)] : sum / static_cast<double>(list.size());
      }
      std::stable_sort(layer.begin(), layer.end(), [&](int a, int b) {
        return wish[static_cast<std::size_t>(a)] < wish[static_cast<std::size_t>(b)];
      });
    }
    place_all();
  }
  return result;
}

}  // namespace tailrace::analysis::html
