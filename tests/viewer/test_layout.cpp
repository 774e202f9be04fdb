// What a drawing must be, whatever the graph: no overlaps, edges to the right, fewer crossings than before,
// and nothing that was there moves when something is added.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <set>
#include <tuple>

#include "sim/random/stream.hpp"
#include "viewer/layout/cluster.hpp"
#include "viewer/layout/layered.hpp"

namespace tailrace::viewer {
namespace {

LayoutInput graph(int nodes, std::vector<std::pair<int, int>> edges) {
  LayoutInput input;
  input.nodes.resize(static_cast<std::size_t>(nodes));
  for (const auto& [a, b] : edges) input.edges.push_back({a, b});
  return input;
}

// Edges mostly from lower to higher numbers, with a few back; sizes differ.
LayoutInput random_graph(int nodes, int edges, std::uint64_t seed, int groups = 0) {
  sim::Stream stream(seed, 0, "layout", "test");
  LayoutInput input;
  input.groups = groups;
  for (int i = 0; i < nodes; ++i) {
    LayoutNode node;
    node.width = 80 + static_cast<float>(stream.next() % 120);
    node.height = 40 + static_cast<float>(stream.next() % 60);
    if (groups > 0) node.group = static_cast<int>(stream.next() % static_cast<std::uint64_t>(groups + 1)) - 1;
    input.nodes.push_back(node);
  }
  const auto pick = [&](int below) {
    return static_cast<int>(stream.next() % static_cast<std::uint64_t>(below));
  };
  while (static_cast<int>(input.edges.size()) < edges) {
    int a = pick(nodes), b = std::min(nodes - 1, a + 1 + pick(std::max(2, nodes / 8)));
    if (a == b) continue;
    if (pick(40) == 0) std::swap(a, b);
    input.edges.push_back({a, b});
  }
  return input;
}

bool overlap(const Box& a, const Box& b) {
  constexpr float kTouch = 0.01F;
  return a.x0 < b.x1 - kTouch && b.x0 < a.x1 - kTouch && a.y0 < b.y1 - kTouch && b.y0 < a.y1 - kTouch;
}

void expect_no_overlaps(const Layout& layout) {
  for (std::size_t i = 0; i < layout.nodes.size(); ++i) {
    for (std::size_t j = i + 1; j < layout.nodes.size(); ++j)
      ASSERT_FALSE(overlap(layout.nodes[i], layout.nodes[j])) << i << " and " << j;
  }
}

TEST(Layout, nodes_never_overlap) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    expect_no_overlaps(layered_layout(random_graph(60, 150, seed)));
}

TEST(Layout, nodes_of_groups_never_overlap_and_neither_do_the_groups) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const LayoutInput input = random_graph(60, 120, seed, 3);
    const Layout layout = layered_layout(input);
    expect_no_overlaps(layout);
    for (std::size_t g = 0; g < layout.groups.size(); ++g) {
      for (std::size_t h = g + 1; h < layout.groups.size(); ++h)
        EXPECT_FALSE(overlap(layout.groups[g], layout.groups[h])) << "seed " << seed;
      for (std::size_t i = 0; i < layout.nodes.size(); ++i) {
        const bool inside = overlap(layout.groups[g], layout.nodes[i]);
        EXPECT_EQ(inside, input.nodes[i].group == static_cast<int>(g)) << "node " << i << ", group " << g;
      }
    }
  }
}

TEST(Layout, edges_lead_to_the_right_but_for_one_of_each_cycle) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const LayoutInput input = random_graph(50, 130, seed);
    const Layout layout = layered_layout(input);
    for (std::size_t e = 0; e < input.edges.size(); ++e) {
      const Box& from = layout.nodes[static_cast<std::size_t>(input.edges[e].from)];
      const Box& to = layout.nodes[static_cast<std::size_t>(input.edges[e].to)];
      if (layout.routes[e].back) {
        EXPECT_GT(from.x0, to.x1);
      } else {
        EXPECT_LT(from.x1, to.x0);
      }
    }
  }
  // a -> b -> c -> a: one of the three turns round.
  const Layout cycle = layered_layout(graph(3, {{0, 1}, {1, 2}, {2, 0}}));
  EXPECT_FALSE(cycle.routes[0].back);
  EXPECT_FALSE(cycle.routes[1].back);
  EXPECT_TRUE(cycle.routes[2].back);
}

// A route is straight between columns, and within a column it has a row of its own.
TEST(Layout, routes_pass_between_the_nodes_and_end_at_theirs) {
  const LayoutInput input = random_graph(60, 150, 7);
  const Layout layout = layered_layout(input);
  for (std::size_t e = 0; e < input.edges.size(); ++e) {
    const std::vector<Point>& points = layout.routes[e].points;
    ASSERT_GE(points.size(), 2U);
    const int from = layout.routes[e].back ? input.edges[e].to : input.edges[e].from;
    const int to = layout.routes[e].back ? input.edges[e].from : input.edges[e].to;
    const Point& left = layout.routes[e].back ? points.back() : points.front();
    const Point& right = layout.routes[e].back ? points.front() : points.back();
    EXPECT_FLOAT_EQ(left.x, layout.nodes[static_cast<std::size_t>(from)].x1);
    EXPECT_FLOAT_EQ(right.x, layout.nodes[static_cast<std::size_t>(to)].x0);
    for (std::size_t k = 1; k + 1 < points.size(); ++k) {
      for (std::size_t i = 0; i < layout.nodes.size(); ++i) {
        const Box& box = layout.nodes[i];
        EXPECT_FALSE(points[k].x > box.x0 && points[k].x < box.x1 && points[k].y > box.y0 &&
                     points[k].y < box.y1)
            << "edge " << e << " through node " << i;
      }
    }
  }
}

TEST(Layout, a_tree_and_a_ladder_are_drawn_without_crossings) {
  // The children of 0 are given in an order that crosses: 1 has 6 and 7, 2 has 5, 3 has 4.
  const Layout tree = layered_layout(graph(8, {{0, 1}, {0, 2}, {0, 3}, {3, 4}, {2, 5}, {1, 6}, {1, 7}}));
  EXPECT_GT(tree.crossings_before, 0U);
  EXPECT_EQ(tree.crossings, 0U);
  // K2,2 has one crossing however it is drawn.
  EXPECT_EQ(layered_layout(graph(4, {{0, 2}, {0, 3}, {1, 2}, {1, 3}})).crossings, 1U);
  // Two strands that begin crossed.
  const Layout strands = layered_layout(graph(6, {{0, 3}, {1, 2}, {3, 4}, {2, 5}}));
  EXPECT_EQ(strands.crossings, 0U);
}

TEST(Layout, a_chain_is_one_straight_line) {
  const Layout chain = layered_layout(graph(4, {{0, 1}, {1, 2}, {2, 3}}));
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(chain.ranks[i], static_cast<int>(i));
    EXPECT_NEAR(chain.centre(i).y, chain.centre(0).y, 0.5);
  }
}

TEST(Layout, a_parent_stands_in_the_middle_of_its_children) {
  const Layout fan = layered_layout(graph(4, {{0, 1}, {0, 2}, {0, 3}}));
  EXPECT_NEAR(fan.centre(0).y, (fan.centre(1).y + fan.centre(2).y + fan.centre(3).y) / 3, 1);
}

TEST(Layout, random_graphs_lose_at_least_a_third_of_their_crossings) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Layout layout = layered_layout(random_graph(80, 140, seed));
    EXPECT_LT(static_cast<double>(layout.crossings), 0.67 * static_cast<double>(layout.crossings_before))
        << "seed " << seed;
  }
}

TEST(Layout, the_same_graph_gives_the_same_drawing) {
  const LayoutInput input = random_graph(100, 250, 3, 2);
  const Layout a = layered_layout(input), b = layered_layout(input);
  for (std::size_t i = 0; i < a.nodes.size(); ++i) {
    EXPECT_EQ(std::make_tuple(a.nodes[i].x0, a.nodes[i].y0), std::make_tuple(b.nodes[i].x0, b.nodes[i].y0));
  }
}

TEST(Layout, what_was_there_stays_when_a_node_is_added) {
  LayoutInput input = random_graph(60, 120, 5);
  const Layout before = layered_layout(input);
  for (std::size_t i = 0; i < input.nodes.size(); ++i) input.nodes[i].earlier = before.centre(i);
  input.nodes.push_back({});
  input.edges.push_back({10, 60});  // a leaf more: no rank changes
  const Layout after = layered_layout(input);
  expect_no_overlaps(after);
  double moved = 0;
  for (std::size_t i = 0; i < 60; ++i) {
    EXPECT_EQ(before.ranks[i], after.ranks[i]);
    moved += std::abs(before.centre(i).y - after.centre(i).y);
    for (std::size_t j = i + 1; j < 60; ++j) {
      if (before.ranks[i] != before.ranks[j]) continue;
      EXPECT_EQ(before.centre(i).y < before.centre(j).y, after.centre(i).y < after.centre(j).y)
          << i << " and " << j << " have changed places";
    }
  }
  EXPECT_LT(moved / 60, 30) << "on average, in pixels: half a node's height";
  EXPECT_EQ(after.ranks[60], after.ranks[10] + 1);
}

TEST(Layout, five_hundred_nodes_and_two_thousand_edges_take_well_under_a_second) {
  const LayoutInput input = random_graph(500, 2000, 1);
  const std::clock_t start = std::clock();  // of the processor, which others may use as well
  const Layout layout = layered_layout(input);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, 0.7);
  EXPECT_LT(layout.crossings, layout.crossings_before);
  RecordProperty("ms", static_cast<int>(seconds * 1000));
}

TEST(Layout, odd_graphs_are_drawn_too) {
  EXPECT_TRUE(layered_layout({}).nodes.empty());
  const Layout loop = layered_layout(graph(2, {{0, 0}, {0, 1}, {0, 1}}));
  EXPECT_TRUE(loop.routes[0].points.empty());
  EXPECT_EQ(loop.routes[1].points.size(), 2U);
  // Nodes without edges share the columns that there are.
  const Layout lonely = layered_layout(graph(12, {{0, 1}}));
  expect_no_overlaps(lonely);
  EXPECT_EQ(std::set<int>(lonely.ranks.begin(), lonely.ranks.end()).size(), 2U);
}

TEST(Clusters, few_enough_nodes_are_left_alone) {
  ClusterInput input;
  input.nodes = 3;
  input.edges = {{0, 1}, {0, 2}};
  const Clusters c = cluster(input);
  EXPECT_EQ(c.members.size(), 3U);
  EXPECT_EQ(c.edges.size(), 2U);
}

TEST(Clusters, leaves_with_the_same_callers_go_first) {
  // 0 -> 1, 0 -> 2..5, 1 -> 5: of the leaves 2, 3, 4 are alike, 5 has another caller.
  ClusterInput input;
  input.nodes = 6;
  input.edges = {{0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {1, 5}};
  input.most = 4;
  const Clusters c = cluster(input);
  ASSERT_EQ(c.members.size(), 4U);
  EXPECT_EQ(c.members[static_cast<std::size_t>(c.of[2])], (std::vector<int>{2, 3, 4}));
  EXPECT_EQ(c.members[static_cast<std::size_t>(c.of[5])], (std::vector<int>{5}));
  // The three edges to them are one.
  EXPECT_EQ(c.edges.size(), 4U);
}

TEST(Clusters, five_thousand_nodes_become_five_hundred_and_those_to_keep_stay_alone) {
  const LayoutInput g = random_graph(5000, 20000, 11);
  ClusterInput input;
  input.nodes = 5000;
  input.edges = g.edges;
  input.keep.assign(5000, false);
  input.keep[123] = input.keep[4567] = true;
  const Clusters c = cluster(input);
  EXPECT_LE(c.members.size(), 500U);
  EXPECT_EQ(c.members[static_cast<std::size_t>(c.of[123])].size(), 1U);
  EXPECT_EQ(c.members[static_cast<std::size_t>(c.of[4567])].size(), 1U);
  std::size_t nodes = 0, largest = 0;
  for (const auto& members : c.members) nodes += members.size(), largest = std::max(largest, members.size());
  EXPECT_EQ(nodes, 5000U);
  EXPECT_LT(largest, 1000U) << "no cluster swallows the rest";
}

// Seven tiers of which each calls the next: clusters hold members of one tier only, so the drawing has seven
// columns, and not a hundred that calls within clusters of several tiers would make.
TEST(Clusters, of_a_layered_graph_keep_its_ranks) {
  constexpr int kTiers = 7, kWide = 700;
  ClusterInput input;
  input.nodes = kTiers * kWide;
  input.most = 150;
  std::uint64_t state = 5;
  const auto draw = [&state](int below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int>((state >> 33u) % static_cast<std::uint64_t>(below));
  };
  for (int i = kWide; i < input.nodes; ++i)  // somebody calls each, and three calls more
    for (int k = 0; k < 4; ++k) input.edges.push_back({(i / kWide - 1) * kWide + draw(kWide), i});
  const Clusters c = cluster(input);
  EXPECT_LE(c.members.size(), 150U);
  EXPECT_GE(c.members.size(), 100U);
  for (const auto& members : c.members) {
    for (const int m : members) EXPECT_EQ(m / kWide, members.front() / kWide);
    EXPECT_LE(members.size(), 3U * kWide * kTiers / 150) << "of like sizes";
  }
  LayoutInput drawing;
  drawing.nodes.resize(c.members.size());
  drawing.edges = c.edges;
  const Layout layout = layered_layout(drawing);
  EXPECT_EQ(*std::max_element(layout.ranks.begin(), layout.ranks.end()), kTiers - 1);
}

}  // namespace
}  // namespace tailrace::viewer
