// The traversals on graphs small enough to draw, on large ones, and against brute force on random ones.
#include <gtest/gtest.h>

#include <set>

#include "analysis/graph/graph_algorithms.hpp"

namespace tailrace::analysis::detail {
namespace {

using Arcs = std::vector<std::pair<int, int>>;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

std::vector<int> dominators_of(int nodes, const Arcs& arcs, const std::vector<int>& roots) {
  Arcs back;
  for (const auto& [from, to] : arcs) back.emplace_back(to, from);
  const Order order = reverse_postorder(Adjacency(at(nodes), arcs), roots);
  return dominators(Adjacency(at(nodes), back), order, roots);
}

TEST(Graph, ComponentsStandCalleesBeforeCallers) {
  //  a -> b -> c -> b,  c -> d -> e -> c,  f -> a
  const Adjacency graph(6, {{0, 1}, {1, 2}, {2, 1}, {2, 3}, {3, 4}, {4, 2}, {5, 0}});
  const Components c = strong_components(graph);
  EXPECT_EQ(c.count, 3);
  for (const int v : {2, 3, 4}) EXPECT_EQ(c.of[at(v)], c.of[1]);
  EXPECT_LT(c.of[1], c.of[0]);
  EXPECT_LT(c.of[0], c.of[5]);
  EXPECT_EQ(strong_components(Adjacency(0, {})).count, 0);
}

TEST(Graph, TheShortestCycleOfAComponent) {
  const Adjacency graph(6, {{0, 1}, {1, 2}, {2, 1}, {2, 3}, {3, 4}, {4, 2}, {5, 5}});
  const Components c = strong_components(graph);
  EXPECT_EQ(shortest_cycle(graph, {1, 2, 3, 4}, c.of), (std::vector<int>{1, 2}));
  EXPECT_EQ(shortest_cycle(graph, {5}, c.of), (std::vector<int>{5}));
}

TEST(Graph, WhatNoRootReachesHasNoPosition) {
  const Order order = reverse_postorder(Adjacency(4, {{0, 1}, {2, 3}, {3, 1}}), {0});
  EXPECT_EQ(order.nodes, (std::vector<int>{0, 1}));
  EXPECT_EQ(order.position, (std::vector<int>{0, 1, -1, -1}));
}

TEST(Graph, DominatorsAreWhatEveryWayPasses) {
  //   a -> b -> d -> e    a is before everything, d before e and f; neither b nor c is needed by anyone alone
  //   a -> c -> d -> f
  const Arcs arcs{{0, 1}, {0, 2}, {1, 3}, {2, 3}, {3, 4}, {3, 5}};
  EXPECT_EQ(dominators_of(6, arcs, {0}), (std::vector<int>{6, 0, 0, 0, 3, 3}));
  // A second entry: only b still needs a.
  EXPECT_EQ(dominators_of(6, arcs, {0, 2}), (std::vector<int>{6, 0, 6, 6, 3, 3}));
}

TEST(Graph, TheHeaviestPathCountsALoopOnce) {
  //  a -> b -> c -> b,  c -> d;  a -> e over an arc of 50
  const Arcs arcs{{0, 1}, {1, 2}, {2, 1}, {2, 3}, {0, 4}};
  const Components c = strong_components(Adjacency(5, arcs));
  std::vector<WeightedArc> weighted;
  for (const auto& [from, to] : arcs) weighted.push_back({from, to, to == 4 ? 50.0 : 0.0});
  const std::vector<double> ones(5, 1.0);
  const HeavyPath far = heaviest_path(c, weighted, ones, {0});
  EXPECT_EQ(far.nodes, (std::vector<int>{0, 4}));
  EXPECT_DOUBLE_EQ(far.weight, 52);
  weighted.back().weight = 0;
  const HeavyPath deep = heaviest_path(c, weighted, ones, {0});
  EXPECT_EQ(deep.nodes.size(), 3u);  // a, one of the loop, d
  EXPECT_EQ(deep.nodes.back(), 3);
  EXPECT_TRUE(heaviest_path(c, weighted, ones, {}).nodes.empty());
}

struct Random {
  unsigned state;
  int below(int limit) {
    state = state * 1664525u + 1013904223u;
    return static_cast<int>((state >> 8) % static_cast<unsigned>(limit));
  }
};

// Nodes reachable from `starts` without passing `removed`.
std::set<int> reach(int nodes, const Arcs& arcs, const std::vector<int>& starts, int removed) {
  std::set<int> seen;
  for (const int s : starts) {
    if (s != removed) seen.insert(s);
  }
  for (int round = 0; round < nodes; ++round) {
    for (const auto& [from, to] : arcs) {
      if (to != removed && seen.count(from) > 0) seen.insert(to);
    }
  }
  return seen;
}

TEST(Graph, DominanceAndComponentsAgreeWithBruteForce) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Random random{seed};
    const int nodes = 3 + random.below(12);
    Arcs arcs;
    for (int k = random.below(3 * nodes); k > 0; --k)
      arcs.emplace_back(random.below(nodes), random.below(nodes));
    const std::vector<int> roots{0, random.below(nodes)};
    const std::vector<int> dominator = dominators_of(nodes, arcs, roots);
    const std::set<int> all = reach(nodes, arcs, roots, -1);
    const Components components = strong_components(Adjacency(at(nodes), arcs));
    for (int v = 0; v < nodes; ++v) {
      std::set<int> above;  // by the tree
      for (int d = dominator[at(v)]; d >= 0 && d < nodes; d = dominator[at(d)]) above.insert(d);
      EXPECT_EQ(dominator[at(v)] >= 0, all.count(v) > 0) << "seed " << seed;
      for (int u = 0; u < nodes; ++u) {
        const bool needed = u != v && all.count(v) > 0 && reach(nodes, arcs, roots, u).count(v) == 0;
        EXPECT_EQ(above.count(u) > 0, needed) << "seed " << seed << ": " << u << " above " << v;
        const bool together =
            reach(nodes, arcs, {u}, -1).count(v) > 0 && reach(nodes, arcs, {v}, -1).count(u) > 0;
        EXPECT_EQ(components.of[at(u)] == components.of[at(v)], together) << "seed " << seed;
      }
    }
  }
}

TEST(Graph, AChainOfAHundredThousandCalls) {
  constexpr int kNodes = 100'000;
  Arcs arcs;
  std::vector<WeightedArc> weighted;
  for (int i = 0; i + 1 < kNodes; ++i) arcs.emplace_back(i, i + 1), weighted.push_back({i, i + 1, 0});
  const Components chain = strong_components(Adjacency(kNodes, arcs));
  EXPECT_EQ(heaviest_path(chain, weighted, std::vector<double>(kNodes, 1.0), {0}).nodes.size(), at(kNodes));
  EXPECT_EQ(dominators_of(kNodes, arcs, {0}).back(), kNodes - 2);
  arcs.emplace_back(kNodes - 1, 0);  // and back: one loop of them all
  const Adjacency loop(kNodes, arcs);
  std::vector<int> members;
  for (int i = 0; i < kNodes; ++i) members.push_back(i);
  EXPECT_EQ(shortest_cycle(loop, members, strong_components(loop).of).size(), at(kNodes));
}

}  // namespace
}  // namespace tailrace::analysis::detail
