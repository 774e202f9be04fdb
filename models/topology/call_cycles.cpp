#include "models/topology/call_cycles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

namespace tailrace::models {

namespace {

struct Arc {
  int to;
  int edge;
  bool certain;
};
using Graph = std::vector<std::vector<Arc>>;

// Every call in the steps, with whether it happens in every execution.
void collect(const Steps& steps, bool certain, const Topology& t, std::vector<Arc>& out) {
  for (const Step& step : steps) {
    if (step.kind == Step::Kind::call) {
      out.push_back({t.edges[static_cast<std::size_t>(step.edge)].operation, step.edge, certain});
    }
    if (step.kind == Step::Kind::fail && step.probability > 0)
      certain = false;  // what follows may not happen
    for (const StepBranch& branch : step.branches) {
      const bool always = step.kind == Step::Kind::parallel || step.kind == Step::Kind::effect ||
                          (step.kind == Step::Kind::branch && branch.probability >= 1) ||
                          (step.kind == Step::Kind::loop && step.distribution->minimum() >= 1);
      collect(branch.steps, certain && always, t, out);
    }
  }
}

// Strongly connected components (Tarjan 1972) with an explicit stack: chains are as deep as scenarios are.
std::vector<int> components_of(const Graph& graph) {
  const auto n = graph.size();
  std::vector<int> index(n, -1), low(n, 0), component(n, -1);
  std::vector<std::size_t> stack;
  std::vector<std::pair<std::size_t, std::size_t>> work;  // node, next arc
  int next_index = 0;
  int next_component = 0;
  for (std::size_t start = 0; start < n; ++start) {
    if (index[start] != -1) continue;
    work.emplace_back(start, 0);
    while (!work.empty()) {
      const std::size_t v = work.back().first;
      std::size_t& arc = work.back().second;
      if (arc == 0) {
        index[v] = low[v] = next_index++;
        stack.push_back(v);
      }
      bool descended = false;
      while (arc < graph[v].size()) {
        const auto to = static_cast<std::size_t>(graph[v][arc++].to);
        if (index[to] == -1) {
          work.emplace_back(to, 0);
          descended = true;
          break;
        }
        if (component[to] == -1) low[v] = std::min(low[v], index[to]);
      }
      if (descended) continue;
      if (low[v] == index[v]) {
        for (;;) {
          const std::size_t w = stack.back();
          stack.pop_back();
          component[w] = next_component;
          if (w == v) break;
        }
        ++next_component;
      }
      work.pop_back();
      if (!work.empty()) {
        const std::size_t parent = work.back().first;
        low[parent] = std::min(low[parent], low[v]);
      }
    }
  }
  return component;
}

// A shortest way from `start` back to itself inside its component, by names.
std::string cycle_text(const Topology& t, const Graph& graph, const std::vector<int>& component, int start) {
  std::vector<int> from(graph.size(), -2);
  std::deque<int> queue{start};
  while (!queue.empty()) {
    const int v = queue.front();
    queue.pop_front();
    for (const Arc& arc : graph[static_cast<std::size_t>(v)]) {
      if (component[static_cast<std::size_t>(arc.to)] != component[static_cast<std::size_t>(start)]) continue;
      if (arc.to == start) {
        std::vector<std::string> names{t.operation_name(start)};
        int shown = 0;
        for (int w = v; w != start && ++shown < 12; w = from[static_cast<std::size_t>(w)])
          names.push_back(t.operation_name(w));
        if (shown == 12) names.push_back("...");
        names.push_back(t.operation_name(start));
        std::reverse(names.begin() + 1, names.end() - 1);
        return fmt::format("{}", fmt::join(names, " -> "));
      }
      if (from[static_cast<std::size_t>(arc.to)] == -2) {
        from[static_cast<std::size_t>(arc.to)] = v;
        queue.push_back(arc.to);
      }
    }
  }
  return {};
}

}  // namespace

void check_call_cycles(Topology& t, Diagnostics& diagnostics) {
  Graph graph(t.operations.size()), certain(t.operations.size());
  for (std::size_t i = 0; i < t.operations.size(); ++i) {
    collect(t.operations[i].steps, true, t, graph[i]);
    for (const Arc& arc : graph[i]) {
      if (arc.certain) certain[i].push_back(arc);
    }
  }
  const auto on_cycle = [](const std::vector<int>& component, std::size_t v, const Arc& arc) {
    return component[v] == component[static_cast<std::size_t>(arc.to)];
  };
  const std::vector<int> sure = components_of(certain);
  std::vector<int> reported;
  for (std::size_t v = 0; v < certain.size(); ++v) {
    for (const Arc& arc : certain[v]) {
      if (!on_cycle(sure, v, arc) || std::count(reported.begin(), reported.end(), sure[v]) != 0) continue;
      reported.push_back(sure[v]);
      const Edge& edge = t.edges[static_cast<std::size_t>(arc.edge)];
      diagnostics.error(edge.mark, edge.path,
                        "a call cycle without an exit: " + cycle_text(t, certain, sure, static_cast<int>(v)),
                        "give one of the calls a probability below 1, or break the cycle");
    }
  }
  if (!reported.empty()) return;
  const std::vector<int> component = components_of(graph);
  for (std::size_t v = 0; v < graph.size(); ++v) {
    for (const Arc& arc : graph[v]) {
      if (!on_cycle(component, v, arc)) continue;
      Edge& edge = t.edges[static_cast<std::size_t>(arc.edge)];
      edge.in_cycle = true;
      if (std::count(reported.begin(), reported.end(), component[v]) != 0) continue;
      reported.push_back(component[v]);
      const std::string cycle = cycle_text(t, graph, component, static_cast<int>(v));
      if (t.run.max_call_depth == 0) {
        diagnostics.error(edge.mark, edge.path, "a call cycle: " + cycle,
                          "set run.max_call_depth to allow it with a bound");
        continue;
      }
      const int station = t.operations[v].station;
      const Station& s = t.stations[static_cast<std::size_t>(station)];
      if (s.blocking && s.workers != kUnlimited) {
        diagnostics.warning(
            edge.mark, edge.path,
            fmt::format("can deadlock: {} holds a worker while it waits for itself ({})", s.name, cycle),
            "mode: async gives the worker back during calls");
      }
    }
  }
}

}  // namespace tailrace::models
