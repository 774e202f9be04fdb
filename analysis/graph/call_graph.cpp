#include "analysis/graph/call_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "analysis/graph/graph_algorithms.hpp"

namespace tailrace::analysis {
namespace {

using detail::Adjacency;
using detail::Components;

// Up to this size every elementary cycle is worth listing; Hawick and James's search recurses along a path,
// so the number of nodes bounds its stack.
constexpr std::size_t kMaxEnumeratedNodes = 500, kMaxEnumeratedArcs = 5000;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

std::string invalid_reason(const CallGraph& g) {
  const int count = static_cast<int>(g.nodes.size());
  const auto outside = [&](int v) { return v < 0 || v >= count; };
  for (const CallGraph::Edge& e : g.edges) {
    if (outside(e.from) || outside(e.to))
      return fmt::format("edge {} -> {} among {} nodes", e.from, e.to, count);
    if (!(e.calls_per_request >= 0) || !(e.probability >= 0) || !(e.latency_s >= 0)) {
      return fmt::format("edge {} -> {}: negative calls, probability or latency", g.nodes[at(e.from)],
                         g.nodes[at(e.to)]);
    }
  }
  for (const int r : g.roots) {
    if (outside(r)) return fmt::format("root {} among {} nodes", r, count);
  }
  if (!g.node_time_s.empty() && g.node_time_s.size() != g.nodes.size()) {
    return fmt::format("{} node times for {} nodes", g.node_time_s.size(), count);
  }
  for (const double t : g.node_time_s) {
    if (!(t >= 0)) return fmt::format("node time {} s", t);
  }
  if (!g.replicas.empty() && g.replicas.size() != g.nodes.size()) {
    return fmt::format("{} replica counts for {} nodes", g.replicas.size(), count);
  }
  return {};
}

bool live(const CallGraph::Edge& e) {
  return e.calls_per_request > 0 && e.probability > 0;
}

Adjacency adjacency(const CallGraph& g, bool synchronous_only) {
  std::vector<std::pair<int, int>> arcs;
  for (const CallGraph::Edge& e : g.edges) {
    if (live(e) && (e.synchronous || !synchronous_only)) arcs.emplace_back(e.from, e.to);
  }
  return {g.nodes.size(), std::move(arcs)};
}

bool calls(const Adjacency& graph, int from, int to) {
  const detail::Span out = graph[from];
  return std::binary_search(out.begin(), out.end(), to);
}

Cycle make_cycle(std::vector<int> nodes, const Adjacency& synchronous) {
  std::rotate(nodes.begin(), std::min_element(nodes.begin(), nodes.end()), nodes.end());
  Cycle cycle;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    cycle.synchronous = cycle.synchronous && calls(synchronous, nodes[i], nodes[(i + 1) % nodes.size()]);
  }
  cycle.nodes = std::move(nodes);
  return cycle;
}

void list_cycles(const Loop& loop, const Adjacency& all, const Adjacency& synchronous,
                 std::vector<int>& local, CallGraphReport& report) {
  const std::size_t room = static_cast<std::size_t>(kMaxCycles) - report.cycles.size();
  std::vector<std::pair<int, int>> arcs;
  if (loop.members.size() <= kMaxEnumeratedNodes) {
    for (std::size_t i = 0; i < loop.members.size(); ++i) local[at(loop.members[i])] = static_cast<int>(i);
    for (std::size_t i = 0; i < loop.members.size(); ++i) {
      for (const int w : all[loop.members[i]]) {
        if (local[at(w)] >= 0) arcs.emplace_back(static_cast<int>(i), local[at(w)]);
      }
    }
    for (const int m : loop.members) local[at(m)] = -1;
  }
  if (room == 0) {
    report.cycles_complete = false;
  } else if (loop.members.size() > kMaxEnumeratedNodes || arcs.size() > kMaxEnumeratedArcs) {
    report.cycles_complete = false;
    report.cycles.push_back(loop.shortest);
  } else {
    std::vector<std::vector<int>> found;
    const bool complete = detail::elementary_cycles({loop.members.size(), std::move(arcs)}, room, found);
    report.cycles_complete = report.cycles_complete && complete;
    bool has_shortest = false;
    for (std::vector<int>& nodes : found) {
      for (int& v : nodes) v = loop.members[at(v)];
      report.cycles.push_back(make_cycle(std::move(nodes), synchronous));
      has_shortest = has_shortest || report.cycles.back().nodes.size() == loop.shortest.nodes.size();
    }
    if (!has_shortest && !found.empty())
      report.cycles.back() = loop.shortest;  // the search met only longer ones
  }
}

void find_loops(const Adjacency& all, const Adjacency& synchronous, const Components& components,
                CallGraphReport& report) {
  std::vector<std::vector<int>> members(at(components.count));
  for (int v = 0; v < static_cast<int>(all.nodes()); ++v) members[at(components.of[at(v)])].push_back(v);
  for (std::vector<int>& m : members) {
    if (m.size() == 1 && !calls(all, m[0], m[0])) continue;
    Loop loop;
    loop.shortest = make_cycle(detail::shortest_cycle(all, m, components.of), synchronous);
    loop.members = std::move(m);
    report.loops.push_back(std::move(loop));
  }
  std::sort(report.loops.begin(), report.loops.end(),
            [](const Loop& a, const Loop& b) { return a.members.front() < b.members.front(); });
  std::vector<int> local(all.nodes(), -1);
  for (const Loop& loop : report.loops) list_cycles(loop, all, synchronous, local, report);
  std::sort(report.cycles.begin(), report.cycles.end(), [](const Cycle& a, const Cycle& b) {
    return std::make_pair(a.nodes.size(), a.nodes) < std::make_pair(b.nodes.size(), b.nodes);
  });
}

void find_single_points(const CallGraph& g, const detail::Order& order, CallGraphReport& report) {
  const std::size_t count = g.nodes.size();
  std::vector<int> below(count, 0);
  std::vector<std::pair<int, int>> tree;
  for (std::size_t i = order.nodes.size(); i-- > 0;) {  // dominated nodes come later in the order
    const int v = order.nodes[i], parent = report.immediate_dominator[at(v)];
    if (parent < 0) continue;
    below[at(parent)] += below[at(v)] + 1;
    tree.emplace_back(parent, v);
  }
  const Adjacency children(count, std::move(tree));
  for (int v = 0; v < static_cast<int>(count); ++v) {
    if (g.replicas.empty() || g.replicas[at(v)] > 1 || below[at(v)] == 0) continue;
    SinglePoint point{v, below[at(v)], {}};
    const detail::Span first = children[v];
    point.some_of_them.assign(first.begin(), first.end());
    for (std::size_t i = 0; i < point.some_of_them.size() && i < at(kMaxListedDependents); ++i) {
      const detail::Span next = children[point.some_of_them[i]];
      if (point.some_of_them.size() < at(kMaxListedDependents)) {
        point.some_of_them.insert(point.some_of_them.end(), next.begin(), next.end());
      }
    }
    if (point.some_of_them.size() > at(kMaxListedDependents))
      point.some_of_them.erase(point.some_of_them.begin() + kMaxListedDependents, point.some_of_them.end());
    report.single_points.push_back(std::move(point));
  }
  std::stable_sort(report.single_points.begin(), report.single_points.end(),
                   [](const SinglePoint& a, const SinglePoint& b) { return a.dependents > b.dependents; });
}

void rank_nodes(const Adjacency& all, const Components& components, CallGraphReport& report) {
  std::vector<double> score;
  report.betweenness_exact = detail::betweenness(all, score);
  const std::vector<int> callers = detail::transitive_callers(all, components);
  for (int v = 0; v < static_cast<int>(all.nodes()); ++v)
    report.ranking.push_back({v, score[at(v)], callers[at(v)]});
  std::sort(report.ranking.begin(), report.ranking.end(), [](const NodeRank& a, const NodeRank& b) {
    return std::make_tuple(-a.dependents, -a.betweenness, a.node) <
           std::make_tuple(-b.dependents, -b.betweenness, b.node);
  });
}

void measure_chains(const CallGraph& g, const Adjacency& synchronous, CallGraphReport& report) {
  const Components components = detail::strong_components(synchronous);
  std::vector<detail::WeightedArc> arcs, steps;
  for (const CallGraph::Edge& e : g.edges) {
    if (!live(e) || !e.synchronous) continue;
    arcs.push_back({e.from, e.to, e.latency_s});
    steps.push_back({e.from, e.to, 0.0});
  }
  const std::vector<double> ones(g.nodes.size(), 1.0), none(g.nodes.size(), 0.0);
  detail::HeavyPath slowest =
      detail::heaviest_path(components, arcs, g.node_time_s.empty() ? none : g.node_time_s, g.roots);
  report.longest_path = std::move(slowest.nodes);
  report.longest_path_s = slowest.weight;
  report.deepest_chain = detail::heaviest_path(components, steps, ones, g.roots).nodes;
  std::vector<int> size(at(components.count), 0);
  for (const int c : components.of) ++size[at(c)];
  for (const int v : detail::reverse_postorder(synchronous, g.roots).nodes) {
    if (size[at(components.of[at(v)])] > 1 || calls(synchronous, v, v)) report.depth_bounded = false;
  }
}

}  // namespace

CallGraphReport analyze_call_graph(const CallGraph& graph) {
  CallGraphReport report;
  report.message = invalid_reason(graph);
  report.ok = report.message.empty();
  if (!report.ok) return report;
  const Adjacency all = adjacency(graph, false), synchronous = adjacency(graph, true);
  const Components components = detail::strong_components(all);
  find_loops(all, synchronous, components, report);

  std::vector<int> roots = graph.roots;
  std::sort(roots.begin(), roots.end());
  const detail::Order order = detail::reverse_postorder(all, roots);
  report.immediate_dominator = detail::dominators(all.reversed(), order, roots);
  for (int& d : report.immediate_dominator) {
    if (d == static_cast<int>(graph.nodes.size())) d = -1;  // only the virtual root above it
  }
  for (int v = 0; v < static_cast<int>(graph.nodes.size()); ++v) {
    if (order.position[at(v)] < 0) report.unreachable.push_back(v);
    const int fan_out = static_cast<int>(all[v].size());
    if (fan_out > report.max_fan_out) {
      report.max_fan_out = fan_out;
      report.max_fan_out_node = v;
    }
  }
  find_single_points(graph, order, report);
  rank_nodes(all, components, report);
  measure_chains(graph, synchronous, report);
  return report;
}

std::string describe(const CallGraph& graph, const Cycle& cycle) {
  std::string text;
  for (const int v : cycle.nodes) text += graph.nodes[at(v)] + " -> ";
  if (!cycle.nodes.empty()) text += graph.nodes[at(cycle.nodes.front())];
  return text;
}

}  // namespace tailrace::analysis
