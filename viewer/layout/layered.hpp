#pragma once
// A layered drawing of a directed graph, from left to right, after Sugiyama: edges that close cycles are
// turned round, every node gets a rank, long edges get a place in each rank that they pass (so they bend
// round the nodes instead of crossing them), the order within the ranks is improved until edges cross as
// little as the sweeps can find, and coordinates follow the order without overlaps.
//
//   x grows with the rank (callers left, what they call right), y is the place within it; both in pixels at
//   zoom 1
//
// The same input gives the same drawing. Where nodes carry an earlier place, the order begins with it, so
// that what is added moves little of what was there. Groups are bands: their boxes never overlap. Cost: about
// (nodes + edges x ranks passed) x sweeps; 500 nodes and 2,000 edges take some tens of milliseconds.
//
// Left out: ports, labels on edges, nested groups. Self-loops are given an empty route.
#include <cstddef>
#include <optional>
#include <vector>

namespace tailrace::viewer {

struct Point {
  float x = 0, y = 0;
};

struct Box {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  float width() const { return x1 - x0; }
  float height() const { return y1 - y0; }
};

struct LayoutNode {
  float width = 140, height = 56;
  int group = -1;                // of LayoutInput::groups; -1: none
  std::optional<Point> earlier;  // its centre in a former drawing
};

struct LayoutEdge {
  int from = 0, to = 0;
};

struct LayoutInput {
  std::vector<LayoutNode> nodes;
  std::vector<LayoutEdge> edges;
  int groups = 0;
  float node_gap = 28;       // between neighbours of one rank
  float edge_gap = 12;       // between an edge that passes and its neighbour
  float rank_gap = 96;       // between ranks, where edges bend
  float group_padding = 20;  // of a band around its nodes
};

struct LayoutRoute {
  std::vector<Point>
      points;         // from the source's right side to the target's left; a spline may go through them
  bool back = false;  // against the direction: part of a cycle; from the source's left to the target's right
};

struct Layout {
  std::vector<Box> nodes;           // by LayoutInput::nodes
  std::vector<int> ranks;           // likewise
  std::vector<LayoutRoute> routes;  // by LayoutInput::edges
  std::vector<Box> groups;          // empty boxes for groups without nodes
  Box bounds;
  std::size_t crossings = 0;         // of the drawing
  std::size_t crossings_before = 0;  // of the order in which the nodes came

  Point centre(std::size_t node) const {
    return {(nodes[node].x0 + nodes[node].x1) / 2, (nodes[node].y0 + nodes[node].y1) / 2};
  }
};

Layout layered_layout(const LayoutInput& input);

}  // namespace tailrace::viewer
