#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>

#include "analysis/graph/graph_algorithms.hpp"

namespace tailrace::analysis::detail {

Components strong_components(const Adjacency& graph) {
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
  Graph g(graph.nodes());
  for (int v = 0; v < static_cast<int>(graph.nodes()); ++v) {
    for (const int w : graph[v]) boost::add_edge(static_cast<std::size_t>(v), static_cast<std::size_t>(w), g);
  }
  Components c;
  c.of.resize(graph.nodes());
  if (graph.nodes() == 0) return c;
  c.count = boost::strong_components(
      g, boost::make_iterator_property_map(c.of.begin(), boost::get(boost::vertex_index, g)));
  return c;
}

}  // namespace tailrace::analysis::detail
