#include "viewer/layout/layered.hpp"

#include <algorithm>
#include <limits>

#include "viewer/layout/layers.hpp"

namespace tailrace::viewer {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

struct Column {
  float x0 = 0, x1 = 0;
};

std::vector<Column> columns(const Layers& layers, const LayoutInput& input) {
  std::vector<Column> list;
  float x = 0;
  for (std::size_t r = 0; r < layers.ranks.size(); ++r) {
    float width = 0;
    std::size_t segments = 0;
    for (const int place : layers.ranks[r]) {
      if (layers[place].node >= 0) width = std::max(width, input.nodes[at(layers[place].node)].width);
      segments += layers[place].right.size();
    }
    list.push_back({x, x + width});
    // Where many edges bend they need room for it.
    x += width + input.rank_gap * (1 + std::min(1.5F, static_cast<float>(segments) / 80));
  }
  return list;
}

void add(Box& box, const Box& other) {
  box.x0 = std::min(box.x0, other.x0), box.y0 = std::min(box.y0, other.y0);
  box.x1 = std::max(box.x1, other.x1), box.y1 = std::max(box.y1, other.y1);
}

constexpr Box kNoBox = {std::numeric_limits<float>::max(), std::numeric_limits<float>::max(),
                        std::numeric_limits<float>::lowest(), std::numeric_limits<float>::lowest()};

LayoutRoute route(const Layers& layers, const Layout& layout, const std::vector<Column>& x,
                  std::size_t edge) {
  LayoutRoute out;
  const std::vector<int>& chain = layers.chains[edge];
  if (chain.empty()) return out;
  out.points.push_back({layout.nodes[at(chain.front())].x1, layers[chain.front()].y});
  for (std::size_t k = 1; k + 1 < chain.size(); ++k) {
    const Place& p = layers[chain[k]];
    out.points.push_back({x[at(p.rank)].x0, p.y});
    if (x[at(p.rank)].x1 > x[at(p.rank)].x0) out.points.push_back({x[at(p.rank)].x1, p.y});
  }
  out.points.push_back({layout.nodes[at(chain.back())].x0, layers[chain.back()].y});
  if (layers.reversed[edge]) {
    std::reverse(out.points.begin(), out.points.end());
    out.back = true;
  }
  return out;
}

}  // namespace

Layout layered_layout(const LayoutInput& input) {
  Layout layout;
  layout.groups.assign(at(input.groups), Box{});
  layout.routes.resize(input.edges.size());
  if (input.nodes.empty()) return layout;
  Layers layers = make_layers(input);
  layout.crossings_before = order_places(layers);
  layout.crossings = count_crossings(layers);
  place_rows(layers, input);

  const std::vector<Column> x = columns(layers, input);
  // The drawing's first row is at 0, unless it follows an earlier one: then it stays where that was.
  float top = std::numeric_limits<float>::max();
  bool follows = false;
  for (const Place& p : layers.places) {
    top = std::min(top, p.y - p.height / 2);
    follows = follows || p.fixed;
  }
  for (Place& p : layers.places) {
    if (!follows) p.y -= top;
  }
  layout.bounds = kNoBox;
  std::vector<Box> groups(at(input.groups), kNoBox);
  for (std::size_t i = 0; i < input.nodes.size(); ++i) {
    const Place& p = layers.places[i];
    const LayoutNode& node = input.nodes[i];
    const float centre = (x[at(p.rank)].x0 + x[at(p.rank)].x1) / 2;
    const Box box{centre - node.width / 2, p.y - node.height / 2, centre + node.width / 2,
                  p.y + node.height / 2};
    layout.nodes.push_back(box);
    layout.ranks.push_back(p.rank);
    add(layout.bounds, box);
    if (p.band == 0) continue;
    const float pad = input.group_padding;
    add(groups[at(p.band - 1)], {box.x0 - pad, box.y0 - pad, box.x1 + pad, box.y1 + pad});
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (groups[g].x0 > groups[g].x1) continue;
    layout.groups[g] = groups[g];
    add(layout.bounds, groups[g]);
  }
  for (std::size_t e = 0; e < input.edges.size(); ++e) {
    layout.routes[e] = route(layers, layout, x, e);
    for (const Point& p : layout.routes[e].points) add(layout.bounds, {p.x, p.y, p.x, p.y});
  }
  return layout;
}

}  // namespace tailrace::viewer
