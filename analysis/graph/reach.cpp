#include "analysis/graph/reach.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <utility>

namespace tailrace::analysis {

namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

// Everything but `from` that a walk from it meets, ascending.
std::vector<int> reachable(const Graph& graph, int from) {
  std::vector<boost::default_color_type> colors(boost::num_vertices(graph));
  const auto index = boost::get(boost::vertex_index, graph);
  boost::breadth_first_search(graph, static_cast<Graph::vertex_descriptor>(from),
                              boost::color_map(boost::make_iterator_property_map(colors.begin(), index)));
  std::vector<int> met;
  for (int i = 0; i < static_cast<int>(colors.size()); ++i) {
    if (i != from && colors[static_cast<std::size_t>(i)] != boost::white_color) met.push_back(i);
  }
  return met;
}

}  // namespace

ReachReport reach_of(const models::Topology& t) {
  const int n = static_cast<int>(t.components.size());
  std::vector<bool> stands(t.components.size());
  for (const models::Station& s : t.stations) stands[static_cast<std::size_t>(s.component)] = true;
  Graph open(t.components.size()), calls(t.components.size());
  ReachReport report;
  std::vector<std::pair<int, int>> needed;
  for (const models::Edge& e : t.edges) {
    const int to = t.operations[static_cast<std::size_t>(e.operation)].component;
    if (to != e.from_component) needed.emplace_back(e.from_component, to);
  }
  std::sort(needed.begin(), needed.end());
  needed.erase(std::unique(needed.begin(), needed.end()), needed.end());
  const auto needs = [&](std::pair<int, int> pair) {
    return std::binary_search(needed.begin(), needed.end(), pair);
  };
  for (int from = 0; from < n; ++from) {
    if (!stands[static_cast<std::size_t>(from)]) continue;
    ++report.components;
    for (int to = 0; to < n; ++to) {
      if (to == from || !stands[static_cast<std::size_t>(to)]) continue;
      const auto add = [&](Graph& graph) {
        boost::add_edge(static_cast<std::size_t>(from), static_cast<std::size_t>(to), graph);
      };
      if (!t.segmentation.on || t.segmentation.allows(from, to)) add(open);
      if (needs({from, to})) add(calls);
    }
  }
  double sum = 0;
  for (int from = 0; from < n; ++from) {
    if (!stands[static_cast<std::size_t>(from)]) continue;
    ReachOf reach;
    reach.component = from;
    reach.direct = static_cast<int>(boost::out_degree(static_cast<std::size_t>(from), open));
    reach.reachable = reachable(open, from);
    reach.called = reachable(calls, from);
    sum += static_cast<double>(reach.reachable.size());
    report.from.push_back(std::move(reach));
  }
  if (report.components > 0) report.mean_reach = sum / report.components;
  if (t.segmentation.on && !t.segmentation.open) {
    for (const auto& pair : t.segmentation.pairs) {
      if (!needs(pair)) report.unused.push_back(pair);
    }
  }
  return report;
}

}  // namespace tailrace::analysis
