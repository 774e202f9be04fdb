#pragma once
// What is looked at: one session's picture of this frame, what is selected, and which stretch of time the
// figures are of. Panels read it and change the selection; they keep nothing that could be derived from it,
// but caches of what is dear to make (a layout, curves), which name the version that they were made of.
#include <imgui.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viewer/model/cascade_view.hpp"
#include "viewer/model/session.hpp"
#include "viewer/widgets/theme.hpp"

namespace tailrace::viewer {

struct Look {
  Session* session = nullptr;
  std::string label;  // of the run, where two are compared
  std::shared_ptr<const SessionView> view;
  std::shared_ptr<const Scene> scene;           // null before the first compilation is over
  std::shared_ptr<const History> history;       // likewise
  std::shared_ptr<const CascadeScene> cascade;  // null until the run has ended

  double playhead_s = 0;
  TimeRange range;  // the figures are of it: the brush, or the last moments before the playhead
  std::optional<TimeRange> brush;
  Figures figures;
  std::vector<Health> node_health;  // by node of the scene
  int node = -1, edge = -1;         // selected, of the scene
  std::vector<bool> lit;            // by node: highlighted by a lesson; empty: none
  std::vector<bool> lit_edges;

  // Takes the newest picture; `run` changes are noticed, and the selection is kept by name.
  void refresh();
  void select_node(int which) { node = which, edge = -1; }
  void select_edge(int which) { edge = which, node = -1; }
  void select_nothing() { node = edge = -1; }
  // By name what is selected in another scene; nothing where there is no such thing here.
  void select_as(const Scene& other, int its_node, int its_edge);
  int workload() const;  // of the topology: the one that is selected, or -1
  bool ready() const { return scene != nullptr && history != nullptr; }
  bool following() const;     // requests of the run that is shown, or of one that is on its way
  std::string which() const;  // "the first of 5 replications"; "" where there is one
  std::string wrong() const;  // what ended the run early, or why there is none; "" where all is well

 private:
  std::uint64_t run_ = 0, version_ = 0;
  double figures_at_ = -1;
  TimeRange figures_range_;
};

// In place of a panel, while the look is not ready: what is being done, or why there will be nothing.
void draw_absent(const Look& look, ImVec2 at, ImVec2 size);

Health health_of(const SceneNode& node, const NodeFigures& figures);
Health health_of(const EdgeFigures& figures);

// "23% fail", "2 down", ...: why a node is not well, in a few words; "" when it is.
std::string trouble_of(const NodeFigures& figures);

}  // namespace tailrace::viewer
