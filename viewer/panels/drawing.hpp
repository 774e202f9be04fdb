#pragma once
// A scene laid out for the topology panel: boxes sized by their texts, routes sampled once into polylines,
// groups for zones. Of a whole scene, of the surroundings of a node, or with clusters where a scene is larger
// than a picture can show. Made when the scene or the focus changes, not per frame.
#include <string>
#include <vector>

#include "viewer/layout/layered.hpp"
#include "viewer/model/scene.hpp"

namespace tailrace::viewer {

struct DrawnNode {
  std::vector<int> members;  // of the scene; one, but for clusters
  std::string title, caption;
  Box box;
  int group = -1;
};

struct DrawnEdge {
  std::vector<int> members;   // of the scene
  int from = 0, to = 0;       // of the drawing
  std::vector<Point> points;  // along the curve
  std::vector<float> length;  // up to each point
  Box bounds;
  bool asynchronous = false;

  Point at(float share) const;  // of its length
};

struct Drawing {
  std::vector<DrawnNode> nodes;
  std::vector<DrawnEdge> edges;
  std::vector<Box> groups;
  std::vector<std::string> group_names;
  Box bounds;
  std::vector<int> node_of;  // by node of the scene: of the drawing; -1: left out
  std::vector<int> edge_of;
};

struct DrawingOptions {
  int focus = -1, steps = 1;        // only the surroundings of this node of the scene
  int most = 800;                   // nodes; more are clustered ...
  int clusters = 150;               // ... to so many: cards that one can read
  const Drawing* former = nullptr;  // keep what stays where it was
  const Scene* former_scene = nullptr;
};

Drawing make_drawing(const Scene& scene, const DrawingOptions& options);

}  // namespace tailrace::viewer
