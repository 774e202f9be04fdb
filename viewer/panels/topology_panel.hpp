#pragma once
// The topology in motion: who calls whom, how much flows, and who is not well. Cards at reading distance,
// names only from further away, plain boxes from far, where those that are not well are named by labels. What
// lies outside the view is not drawn.
//
// Mouse: wheel zooms, dragging pans, a click selects, a double click shows the surroundings alone.
#include <memory>
#include <string>
#include <vector>

#include "viewer/panels/drawing.hpp"
#include "viewer/panels/look.hpp"

namespace tailrace::viewer {

class TopologyPanel {
 public:
  void draw(Look& look, ImVec2 size);

  void fit() { fit_ = true; }
  void zoom_by(float factor);
  void focus(int node, int steps = 1);  // -1: everything
  int focused() const { return focus_; }
  void begin_search() { want_search_ = true; }
  // Where a node is on the screen, for tests: its middle; false when it is not drawn.
  bool where(int node, ImVec2& centre) const;
  bool where_edge(int edge, ImVec2& middle) const;
  bool headline = true, legend = true, dots = true;

 private:
  struct Mark {  // a label that must not lie on another
    ImVec2 min, max;
  };
  enum class Detail : unsigned char { card, name, box };

  void rebuild(const Look& look);
  void handle_mouse(Look& look, bool hovered, bool active);
  void search_box(Look& look, ImVec2 at, float width);
  ImVec2 screen(Point p) const;
  bool visible(const Box& box, float margin) const;
  Detail detail() const;
  bool free_for(ImVec2 min, ImVec2 max);
  bool dimmed_node(const Look& look, const DrawnNode& node) const;

  void draw_groups(ImDrawList& draw) const;
  void draw_edges(ImDrawList& draw, const Look& look);
  void draw_edge_labels(ImDrawList& draw, const Look& look);
  void draw_dots(ImDrawList& draw, const Look& look) const;
  void draw_nodes(ImDrawList& draw, const Look& look);
  void draw_far_labels(ImDrawList& draw, const Look& look);
  void draw_headline(ImDrawList& draw, const Look& look, ImVec2 at, float width);
  void draw_legend(ImDrawList& draw, ImVec2 at);
  void tooltip(const Look& look) const;

  NodeFigures figures_of(const Look& look, const DrawnNode& node) const;
  EdgeFigures figures_of(const Look& look, const DrawnEdge& edge) const;
  Health health_of_drawn(const Look& look, const DrawnNode& node) const;
  int worst_of(const Look& look, const DrawnNode& node) const;  // the member that one looks for in a cluster
  std::string trouble_of_drawn(const Look& look, const DrawnNode& node) const;

  std::shared_ptr<const Scene> scene_;
  Drawing drawing_;
  std::vector<float> flow_;  // by drawn edge, attempts per second
  float most_flow_ = 0;
  ImVec2 min_, size_;
  ImVec2 centre_;  // of the view, in the drawing
  float zoom_ = 1;
  bool fit_ = true;
  int focus_ = -1, focus_steps_ = 1;
  int hovered_node_ = -1, hovered_edge_ = -1;  // of the drawing
  bool dragged_ = false;
  std::vector<Mark> marks_;
  char search_[64] = {};
  bool want_search_ = false;
  std::vector<int> found_;  // of the scene
};

}  // namespace tailrace::viewer
