#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/hawick_circuits.hpp>
#include <boost/graph/strong_components.hpp>

#include "analysis/graph/graph_algorithms.hpp"

namespace tailrace::analysis::detail {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

Graph boost_graph(const Adjacency& graph) {
  Graph g(graph.nodes());
  for (int v = 0; v < static_cast<int>(graph.nodes()); ++v) {
    for (const int w : graph[v]) boost::add_edge(static_cast<std::size_t>(v), static_cast<std::size_t>(w), g);
  }
  return g;
}

struct Enough {};

// Thrown through the library to stop it: it has no limit of its own, and the number of cycles is exponential.
struct Collector {
  std::vector<std::vector<int>>* cycles;
  std::size_t limit;

  template <typename Path>
  void cycle(const Path& path, const Graph&) {
    if (cycles->size() >= limit) throw Enough{};
    std::vector<int> nodes;
    for (const auto v : path) nodes.push_back(static_cast<int>(v));
    cycles->push_back(std::move(nodes));
  }
};

}  // namespace

Components strong_components(const Adjacency& graph) {
  const Graph g = boost_graph(graph);
  Components c;
  c.of.resize(graph.nodes());
  if (graph.nodes() == 0) return c;
  c.count = boost::strong_components(
      g, boost::make_iterator_property_map(c.of.begin(), boost::get(boost::vertex_index, g)));
  return c;
}

bool elementary_cycles(const Adjacency& graph, std::size_t limit, std::vector<std::vector<int>>& cycles) {
  cycles.clear();
  try {
    boost::hawick_circuits(boost_graph(graph), Collector{&cycles, limit});
  } catch (const Enough&) {
    return false;
  }
  return true;
}

}  // namespace tailrace::analysis::detail
