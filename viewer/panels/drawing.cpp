#include "viewer/panels/drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viewer/layout/cluster.hpp"
#include "viewer/widgets/draw.hpp"

namespace tailrace::viewer {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

void measure(DrawnEdge& edge) {
  edge.bounds = {1e9f, 1e9f, -1e9f, -1e9f};
  edge.length.clear();
  float length = 0;
  for (std::size_t i = 0; i < edge.points.size(); ++i) {
    const Point p = edge.points[i];
    if (i > 0) length += std::hypot(p.x - edge.points[i - 1].x, p.y - edge.points[i - 1].y);
    edge.length.push_back(length);
    edge.bounds = {std::min(edge.bounds.x0, p.x), std::min(edge.bounds.y0, p.y),
                   std::max(edge.bounds.x1, p.x), std::max(edge.bounds.y1, p.y)};
  }
}

// A cubic with level tangents between neighbouring points of the route.
void sample(const std::vector<Point>& route, int steps, DrawnEdge& edge) {
  for (std::size_t i = 0; i + 1 < route.size(); ++i) {
    const Point a = route[i], d = route[i + 1];
    const float reach = (d.x - a.x) * 0.5f;
    const int first = i == 0 ? 0 : 1;
    for (int s = first; s <= steps; ++s) {
      const float t = static_cast<float>(s) / static_cast<float>(steps), u = 1 - t;
      const float x =
          u * u * u * a.x + 3 * u * u * t * (a.x + reach) + 3 * u * t * t * (d.x - reach) + t * t * t * d.x;
      const float y = (u * u * u + 3 * u * u * t) * a.y + (3 * u * t * t + t * t * t) * d.y;
      edge.points.push_back({x, y});
    }
  }
  measure(edge);
}

// Where a rank is far higher than all ranks are wide, what is between the ranks is drawn out until the
// picture has the shape of a screen; boxes become wider too, by so much at most, which leaves room for names.
void stretch(Drawing& drawing, float most_wider) {
  constexpr float kShape = 1.75f;
  const float width = drawing.bounds.width(), height = drawing.bounds.height();
  if (width <= 0 || width >= height * kShape) return;
  const float factor = height * kShape / width, wider = std::min(factor, most_wider),
              left = drawing.bounds.x0;
  for (DrawnNode& node : drawing.nodes) {
    const float half = node.box.width() / 2 * wider;
    const float centre = left + ((node.box.x0 + node.box.x1) / 2 - left) * factor;
    node.box.x0 = centre - half, node.box.x1 = centre + half;
  }
  for (DrawnEdge& edge : drawing.edges) {
    if (edge.points.size() < 2) continue;
    const Box &a = drawing.nodes[at(edge.from)].box, &b = drawing.nodes[at(edge.to)].box;
    // From side to side again: ends move with the boxes, what is between them in proportion.
    const float x0 = edge.points.front().x, x1 = edge.points.back().x;
    const bool back = x1 < x0;
    const float y0 = back ? a.x0 : a.x1, y1 = back ? b.x1 : b.x0;
    for (Point& p : edge.points) p.x = x1 != x0 ? y0 + (p.x - x0) / (x1 - x0) * (y1 - y0) : y0;
    measure(edge);
  }
  drawing.bounds.x1 = drawing.bounds.x0;
  for (const DrawnNode& node : drawing.nodes) {
    drawing.bounds.x0 = std::min(drawing.bounds.x0, node.box.x0);
    drawing.bounds.x1 = std::max(drawing.bounds.x1, node.box.x1);
  }
}

std::string caption_of(const SceneNode& node) {
  std::string text = node.kind;
  if (node.replicas > 1) text += fmt::format(" ×{}", node.replicas);
  return text;
}

// Zones as groups, only where every node that has zones has just one: otherwise the bands would say what is
// not so.
std::vector<int> zone_groups(const Scene& scene) {
  std::vector<int> groups(scene.nodes.size(), -1);
  if (scene.zones.size() < 2) return {};
  for (std::size_t i = 0; i < scene.nodes.size(); ++i) {
    if (scene.nodes[i].zones.size() > 1) return {};
    if (!scene.nodes[i].zones.empty()) groups[i] = scene.nodes[i].zones[0];
  }
  return groups;
}

struct Chosen {
  std::vector<std::vector<int>> nodes, edges;  // members by drawn node and edge
  std::vector<LayoutEdge> links;
};

Chosen choose(const Scene& scene, const DrawingOptions& options, const std::vector<int>& groups) {
  Chosen chosen;
  std::vector<int> which;
  if (options.focus >= 0) {
    which = scene.neighbourhood(options.focus, options.steps);
  } else {
    for (std::size_t i = 0; i < scene.nodes.size(); ++i) which.push_back(static_cast<int>(i));
  }
  std::vector<int> place(scene.nodes.size(), -1);
  for (std::size_t i = 0; i < which.size(); ++i) place[at(which[i])] = static_cast<int>(i);
  std::vector<LayoutEdge> links;
  std::vector<int> link_edges;
  for (std::size_t e = 0; e < scene.edges.size(); ++e) {
    const int from = place[at(scene.edges[e].from)], to = place[at(scene.edges[e].to)];
    if (from < 0 || to < 0) continue;
    links.push_back({from, to});
    link_edges.push_back(static_cast<int>(e));
  }
  if (static_cast<int>(which.size()) <= options.most) {
    for (const int node : which) chosen.nodes.push_back({node});
    for (const int edge : link_edges) chosen.edges.push_back({edge});
    chosen.links = std::move(links);
    return chosen;
  }
  ClusterInput input;
  input.nodes = static_cast<int>(which.size());
  input.edges = links;
  input.most = std::min(options.most, options.clusters);
  for (const int node : which) {
    if (!groups.empty()) input.group.push_back(groups[at(node)]);
    input.keep.push_back(!scene.nodes[at(node)].workloads.empty());
  }
  const Clusters clusters = cluster(input);
  for (const auto& members : clusters.members) {
    chosen.nodes.emplace_back();
    for (const int m : members) chosen.nodes.back().push_back(which[at(m)]);
  }
  chosen.links = clusters.edges;
  for (const auto& members : clusters.edge_members) {
    chosen.edges.emplace_back();
    for (const int m : members) chosen.edges.back().push_back(link_edges[at(m)]);
  }
  return chosen;
}

DrawnNode drawn(const Scene& scene, std::vector<int> members, const std::vector<int>& groups) {
  DrawnNode node;
  node.members = std::move(members);
  const SceneNode& first = scene.nodes[at(node.members[0])];
  if (node.members.size() == 1) {
    node.title = first.name, node.caption = caption_of(first);
  } else {
    // What their names begin with: "api-…".
    std::size_t same = first.name.size();
    for (const int m : node.members) {
      const std::string& other = scene.nodes[at(m)].name;
      std::size_t i = 0;
      while (i < same && i < other.size() && other[i] == first.name[i]) ++i;
      same = i;
    }
    while (same > 0 && first.name[same - 1] >= '0' && first.name[same - 1] <= '9') --same;
    node.title = same >= 2 ? fmt::format("{}… ({})", first.name.substr(0, same), node.members.size())
                           : fmt::format("{} … ({})", first.name, node.members.size());
    node.caption = fmt::format("{} components", node.members.size());
  }
  if (!groups.empty()) node.group = groups[at(node.members[0])];
  return node;
}

}  // namespace

Point DrawnEdge::at(float share) const {
  if (points.empty()) return {};
  const float wanted = std::clamp(share, 0.0f, 1.0f) * length.back();
  const auto after = std::lower_bound(length.begin(), length.end(), wanted);
  const auto i = static_cast<std::size_t>(after - length.begin());
  if (i == 0) return points[0];
  if (i >= points.size()) return points.back();
  const float span = length[i] - length[i - 1];
  const float t = span > 0 ? (wanted - length[i - 1]) / span : 0;
  return {points[i - 1].x + (points[i].x - points[i - 1].x) * t,
          points[i - 1].y + (points[i].y - points[i - 1].y) * t};
}

Drawing make_drawing(const Scene& scene, const DrawingOptions& options) {
  Drawing drawing;
  const std::vector<int> groups = zone_groups(scene);
  Chosen chosen = choose(scene, options, groups);
  const bool many = chosen.nodes.size() > 120;

  LayoutInput input;
  input.groups = groups.empty() ? 0 : static_cast<int>(scene.zones.size());
  const float unit = em();
  input.node_gap = unit * 1.6f, input.edge_gap = unit * 0.9f;
  input.rank_gap = unit * (many ? 10.0f : 7.0f), input.group_padding = unit * 1.6f;
  for (std::vector<int>& members : chosen.nodes) {
    DrawnNode node = drawn(scene, std::move(members), groups);
    LayoutNode size;
    // Icon, title, sign of health, and room for them to breathe; captions change and are fitted when drawn.
    const float title = text_width(bold_font(), 0, node.title) + unit * 4.4f;
    size.width = std::clamp(title, unit * 11.5f, unit * 21.0f);
    size.height = unit * 4.5f;
    size.group = node.group;
    if (options.former != nullptr && options.former_scene != nullptr) {
      const int old = options.former_scene->find(scene.nodes[at(node.members[0])].name);
      const int old_drawn = old >= 0 ? options.former->node_of[at(old)] : -1;
      if (old_drawn >= 0) {
        const Box& box = options.former->nodes[at(old_drawn)].box;
        size.earlier = Point{(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2};
      }
    }
    input.nodes.push_back(size);
    drawing.nodes.push_back(std::move(node));
  }
  input.edges = chosen.links;

  const Layout layout = layered_layout(input);
  for (std::size_t i = 0; i < drawing.nodes.size(); ++i) drawing.nodes[i].box = layout.nodes[i];
  for (std::size_t e = 0; e < chosen.links.size(); ++e) {
    DrawnEdge edge;
    edge.members = std::move(chosen.edges[e]);
    edge.from = chosen.links[e].from, edge.to = chosen.links[e].to;
    edge.asynchronous = std::all_of(edge.members.begin(), edge.members.end(),
                                    [&](int m) { return scene.edges[at(m)].asynchronous; });
    sample(layout.routes[e].points, many ? 5 : 14, edge);
    drawing.edges.push_back(std::move(edge));
  }
  drawing.groups = layout.groups;
  drawing.bounds = layout.bounds;
  if (groups.empty()) stretch(drawing, many ? 3.0f : 1.8f);
  if (!groups.empty()) drawing.group_names = scene.zones;
  drawing.node_of.assign(scene.nodes.size(), -1);
  drawing.edge_of.assign(scene.edges.size(), -1);
  for (std::size_t i = 0; i < drawing.nodes.size(); ++i)
    for (const int m : drawing.nodes[i].members) drawing.node_of[at(m)] = static_cast<int>(i);
  for (std::size_t e = 0; e < drawing.edges.size(); ++e)
    for (const int m : drawing.edges[e].members) drawing.edge_of[at(m)] = static_cast<int>(e);
  return drawing;
}

}  // namespace tailrace::viewer
