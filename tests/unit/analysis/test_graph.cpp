// The call graph report on graphs small enough to draw, and against brute force on random ones.
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "analysis/graph/call_graph.hpp"

namespace tailrace::analysis {
namespace {

using Arcs = std::vector<std::pair<int, int>>;

CallGraph make(int nodes, const Arcs& arcs, std::vector<int> roots = {0}) {
  CallGraph g;
  for (int i = 0; i < nodes; ++i)
    g.nodes.push_back(std::string(1, static_cast<char>('a' + i % 26)) + (i < 26 ? "" : std::to_string(i)));
  for (const auto& [from, to] : arcs) g.edges.push_back({from, to, 1, 1, true, 0.001});
  g.roots = std::move(roots);
  g.node_time_s.assign(g.nodes.size(), 0.01);
  g.replicas.assign(g.nodes.size(), 1);
  return g;
}

TEST(CallGraph, NamesTheLoops) {
  //  a -> b -> c -> b,  c -> d -> e -> c,  f -> f
  CallGraph g = make(6, {{0, 1}, {1, 2}, {2, 1}, {2, 3}, {3, 4}, {4, 2}, {5, 5}});
  const CallGraphReport r = analyze_call_graph(g);
  ASSERT_EQ(r.loops.size(), 2u);
  EXPECT_EQ(r.loops[0].members, (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(describe(g, r.loops[0].shortest), "b -> c -> b");
  EXPECT_EQ(describe(g, r.loops[1].shortest), "f -> f");
  ASSERT_EQ(r.cycles.size(), 3u);
  EXPECT_EQ(describe(g, r.cycles[0]), "f -> f");
  EXPECT_EQ(describe(g, r.cycles[1]), "b -> c -> b");
  EXPECT_EQ(describe(g, r.cycles[2]), "c -> d -> e -> c");
  EXPECT_TRUE(r.cycles_complete);
  EXPECT_FALSE(r.depth_bounded);
  EXPECT_TRUE(r.cycles[2].synchronous);
  g.edges[4].synchronous = false;
  EXPECT_FALSE(analyze_call_graph(g).cycles[2].synchronous);
  g.edges[2].probability = 0;  // a call that never happens makes no loop
  EXPECT_EQ(describe(g, analyze_call_graph(g).loops[0].shortest), "c -> d -> e -> c");
}

TEST(CallGraph, TheListOfLoopsIsBounded) {
  // A complete graph of 30 has more than 10^30 elementary cycles.
  Arcs arcs;
  for (int i = 0; i < 30; ++i) {
    for (int j = 0; j < 30; ++j) {
      if (i != j) arcs.emplace_back(i, j);
    }
  }
  const CallGraphReport r = analyze_call_graph(make(30, arcs));
  EXPECT_EQ(r.cycles.size(), static_cast<std::size_t>(kMaxCycles));
  EXPECT_FALSE(r.cycles_complete);
  EXPECT_EQ(r.cycles[0].nodes.size(), 2u);
}

TEST(CallGraph, FindsWhatNoRequestReaches) {
  const CallGraphReport r = analyze_call_graph(make(4, {{0, 1}, {2, 3}, {3, 1}}));
  EXPECT_EQ(r.unreachable, (std::vector<int>{2, 3}));
  EXPECT_TRUE(analyze_call_graph(make(4, {{0, 1}, {2, 3}}, {0, 2})).unreachable.empty());
}

TEST(CallGraph, SinglePointsOfFailureDominate) {
  //   a -> b -> d -> e    a is behind everything, d before e and f; neither b nor c is needed by anyone alone
  //   a -> c -> d -> f
  CallGraph g = make(6, {{0, 1}, {0, 2}, {1, 3}, {2, 3}, {3, 4}, {3, 5}});
  CallGraphReport r = analyze_call_graph(g);
  EXPECT_EQ(r.immediate_dominator, (std::vector<int>{-1, 0, 0, 0, 3, 3}));
  ASSERT_EQ(r.single_points.size(), 2u);
  EXPECT_EQ(r.single_points[0].node, 0);
  EXPECT_EQ(r.single_points[0].dependents, 5);
  EXPECT_EQ(r.single_points[1].node, 3);
  EXPECT_EQ(r.single_points[1].some_of_them, (std::vector<int>{4, 5}));
  g.replicas[3] = 2;
  EXPECT_EQ(analyze_call_graph(g).single_points.size(), 1u);
  g.roots = {0, 2};  // a second entry: nothing depends on a alone but b
  r = analyze_call_graph(g);
  ASSERT_EQ(r.single_points.size(), 1u);
  EXPECT_EQ(r.single_points[0].some_of_them, (std::vector<int>{1}));
}

TEST(CallGraph, RanksByWhoNotices) {
  // a -> b -> c, d -> b: c has 3 dependents; all shortest paths a-c and d-c pass b.
  const CallGraphReport r = analyze_call_graph(make(4, {{0, 1}, {1, 2}, {3, 1}}, {0, 3}));
  EXPECT_EQ(r.ranking[0].node, 2);
  EXPECT_EQ(r.ranking[0].dependents, 3);
  EXPECT_EQ(r.ranking[1].node, 1);
  EXPECT_DOUBLE_EQ(r.ranking[1].betweenness, 2);
  EXPECT_TRUE(r.betweenness_exact);
  // Two ways round a diamond share the pair a-d.
  const CallGraphReport diamond = analyze_call_graph(make(4, {{0, 1}, {0, 2}, {1, 3}, {2, 3}}));
  EXPECT_DOUBLE_EQ(diamond.ranking[1].betweenness, 0.5);
  EXPECT_DOUBLE_EQ(diamond.ranking[2].betweenness, 0.5);
}

TEST(CallGraph, PathCountsOfManyDiamondsDoNotOverflow) {
  // 1500 diamonds in a row: 2^1500 shortest paths from end to end.
  constexpr int kDiamonds = 1500;
  Arcs arcs;
  for (int i = 0; i < kDiamonds; ++i) {
    for (int side = 1; side <= 2; ++side) {
      arcs.emplace_back(3 * i, 3 * i + side);
      arcs.emplace_back(3 * i + side, 3 * i + 3);
    }
  }
  const CallGraphReport r = analyze_call_graph(make(3 * kDiamonds + 1, arcs));
  for (const NodeRank& rank : r.ranking) ASSERT_TRUE(rank.betweenness >= 0 && rank.betweenness < 1e9);
}

TEST(CallGraph, LongestSynchronousChain) {
  //  a -> b -> c (async) -> d;  a -> e with 50 ms of network
  CallGraph g = make(5, {{0, 1}, {1, 2}, {2, 3}, {0, 4}});
  g.edges[2].synchronous = false;
  g.edges[3].latency_s = 0.05;
  const CallGraphReport r = analyze_call_graph(g);
  EXPECT_EQ(r.deepest_chain, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(r.longest_path, (std::vector<int>{0, 4}));
  EXPECT_NEAR(r.longest_path_s, 0.01 + 0.05 + 0.01, 1e-12);
  EXPECT_TRUE(r.depth_bounded);
  EXPECT_EQ(r.max_fan_out, 2);
  EXPECT_EQ(r.max_fan_out_node, 0);
}

TEST(CallGraph, BadInputIsAMessage) {
  EXPECT_FALSE(analyze_call_graph(make(2, {{0, 2}})).ok);
  EXPECT_FALSE(analyze_call_graph(make(2, {}, {-1})).ok);
  CallGraph g = make(2, {{0, 1}});
  g.replicas.pop_back();
  EXPECT_EQ(analyze_call_graph(g).message, "1 replica counts for 2 nodes");
  EXPECT_TRUE(analyze_call_graph(CallGraph{}).ok);
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

TEST(CallGraph, DominanceAndDependentsAgreeWithBruteForce) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Random random{seed};
    const int nodes = 3 + random.below(12);
    Arcs arcs;
    for (int k = random.below(3 * nodes); k > 0; --k)
      arcs.emplace_back(random.below(nodes), random.below(nodes));
    const std::vector<int> roots{0, random.below(nodes)};
    const CallGraph g = make(nodes, arcs, roots);
    const CallGraphReport r = analyze_call_graph(g);
    const std::set<int> all = reach(nodes, arcs, roots, -1);
    std::set<std::pair<int, int>> expected, actual;  // (node, how many are lost without it)
    for (int v = 0; v < nodes; ++v) {
      const int lost = static_cast<int>(all.size() - reach(nodes, arcs, roots, v).size()) - 1;
      if (all.count(v) > 0 && lost > 0) expected.emplace(v, lost);
    }
    for (const SinglePoint& p : r.single_points) actual.emplace(p.node, p.dependents);
    EXPECT_EQ(actual, expected) << "seed " << seed;
    for (const NodeRank& rank : r.ranking) {
      int dependents = 0;
      for (int v = 0; v < nodes; ++v)
        dependents += v != rank.node && reach(nodes, arcs, {v}, -1).count(rank.node) > 0 ? 1 : 0;
      EXPECT_EQ(rank.dependents, dependents) << "seed " << seed << " node " << rank.node;
    }
  }
}

TEST(CallGraph, AChainOfAHundredThousandCalls) {
  constexpr int kNodes = 100'000;
  Arcs arcs;
  for (int i = 0; i + 1 < kNodes; ++i) arcs.emplace_back(i, i + 1);
  CallGraph g = make(kNodes, arcs);
  CallGraphReport r = analyze_call_graph(g);
  EXPECT_EQ(r.deepest_chain.size(), static_cast<std::size_t>(kNodes));
  EXPECT_EQ(r.single_points[0].dependents, kNodes - 1);
  EXPECT_EQ(r.single_points[0].some_of_them.size(), static_cast<std::size_t>(kMaxListedDependents));
  EXPECT_EQ(r.ranking[0].dependents, kNodes - 1);
  g.edges.push_back({kNodes - 1, 0, 1, 1, true, 0});  // and back: one loop of them all
  r = analyze_call_graph(g);
  EXPECT_EQ(r.loops[0].shortest.nodes.size(), static_cast<std::size_t>(kNodes));
}

TEST(CallGraph, TenThousandNodesWithAHundredThousandEdges) {
  constexpr int kNodes = 10'000;
  Random random{7};
  Arcs arcs;
  for (int k = 0; k < 100'000; ++k) {
    const int a = random.below(kNodes), b = random.below(kNodes);
    arcs.emplace_back(std::min(a, b), std::max(a, b));
  }
  for (int k = 0; k < 20; ++k) arcs.emplace_back(random.below(kNodes), random.below(kNodes));
  const CallGraph g = make(kNodes, arcs);
  const auto before = std::chrono::steady_clock::now();
  const CallGraphReport r = analyze_call_graph(g);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  EXPECT_TRUE(r.ok);
  EXPECT_LT(took.count(), 10.0);  // about 0.5 s; the slack is for sanitizers
  EXPECT_EQ(r.ranking.size(), static_cast<std::size_t>(kNodes));
}

}  // namespace
}  // namespace tailrace::analysis
