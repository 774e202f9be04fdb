#pragma once
// The viewer as a whole: one or two sessions, the panels, where they lie, and what keys and buttons do. It
// draws into whatever surface there is and knows no window.
//
// Two sessions run in step: the second follows the first's playhead, and what is selected (by name) or
// brushed in one is so in the other. The side panels show, and change, the one whose topology was touched
// last; load and seed of the bar are of both.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viewer/panels/cascade_panel.hpp"
#include "viewer/panels/inspector_panel.hpp"
#include "viewer/panels/lesson_panel.hpp"
#include "viewer/panels/look.hpp"
#include "viewer/panels/tail_panel.hpp"
#include "viewer/panels/time_panel.hpp"
#include "viewer/panels/topology_panel.hpp"
#include "viewer/panels/transport_bar.hpp"
#include "viewer/surface/film.hpp"

namespace tailrace::viewer {

enum class PanelName : unsigned char { all, topology, time, cascade, tail, inspector, lesson };
// -1 where there is no such panel.
int panel_from(const std::string& name);

struct AppOptions {
  std::vector<std::string> paths;  // scenarios or stored runs: one, or two to compare
  SessionOptions session;
  PanelName panel = PanelName::all;
  // Which of the side panels is open at first; all: the cascade where there is one, until something is
  // selected.
  PanelName side = PanelName::all;
  ThemeName theme = ThemeName::dark;
  float points = 14;
  std::vector<std::string> lessons;  // paths
  std::string lesson;                // to begin with; empty: none
};

class App {
 public:
  // Null: `error` says why, ready to be printed; `unreadable` tells a missing file from a wrong scenario.
  static std::unique_ptr<App> open(const AppOptions& options, std::string& error, bool& unreadable);
  // Of sessions that somebody else has opened: tests and benchmarks.
  App(std::vector<std::unique_ptr<Session>> sessions, const AppOptions& options);

  void attach(Surface& surface);  // fonts and colours; before the first frame
  // Between begin_frame() and end_frame(). False: the user wants to leave.
  bool draw(double seconds);
  void after_frame(Surface& surface);  // writes the picture that was asked for

  // Something moves, or is not drawn yet: the next frame should not wait.
  bool busy() const;
  // Runs are simulated to their ends (or to `t_s`), and the playhead stands at `t_s`. False: not within
  // `seconds`.
  bool settle(double t_s, double seconds);

  Look& look(std::size_t i = 0) { return looks_[i]; }
  Session& session(std::size_t i = 0) { return *sessions_[i]; }
  std::size_t sessions() const { return sessions_.size(); }
  TopologyPanel& topology(std::size_t i = 0) { return topologies_[i]; }
  TimePanel& time() { return time_; }
  InspectorPanel& inspector() { return inspector_; }
  CascadePanel& cascade() { return cascade_; }
  LessonPanel& lessons() { return lessons_; }
  TransportBar& transport() { return transport_; }
  PanelName side() const { return side_; }
  void show(PanelName side) { side_ = side, side_chosen_ = true; }
  // A component, or "a -> b", of the first run that has it. False: none does.
  bool select(const std::string& name);
  const std::string& message() const { return message_; }
  bool helping() const { return help_; }
  void export_csv(const std::string& path);
  // Of the whole window, or of a panel as it lies in it; written by after_frame() once what covers it is
  // gone.
  void export_picture(const std::string& path, const std::string& panel = "");
  // Pictures of the panels in a folder, one for every 1/24 s of play, until end_film() or the end of the run.
  // False: `message()` says why not.
  bool begin_film(const std::string& folder);
  void end_film();
  const Film& film() const { return film_; }
  TailPanel& tail() { return tail_; }
  // Whether requests are being followed for what is shown.
  bool tracing() const;
  bool wait_traces(double seconds) const;

 private:
  struct Place {
    std::string name;  // "topology", "time", "side panel"
    ImVec2 at, size;
  };
  void everything(ImVec2 size);
  void single(ImVec2 size);
  void side_panel(ImVec2 at, ImVec2 size);
  void panel_body(PanelName which, ImVec2 at, ImVec2 size);
  void topologies(ImVec2 at, ImVec2 size);
  void carry_out(const Actions& actions);
  void grant(const LessonPanel::Wish& wish);
  void toast(ImVec2 size);
  void film_frame(Surface& surface);
  Pixels cut(const Pixels& pixels, const Place& place) const;
  const Place* place_of(const std::string& panel) const;
  void say(std::string text, bool bad = false);
  const Look* other() const;  // for charts to show beside the focused one; null: none that can be compared
  void undo();

  AppOptions options_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<Look> looks_;
  std::vector<TopologyPanel> topologies_;
  TimePanel time_;
  CascadePanel cascade_;
  TailPanel tail_;
  InspectorPanel inspector_;
  LessonPanel lessons_;
  TransportBar transport_;
  std::size_t focused_ = 0;
  PanelName side_ = PanelName::inspector;
  bool side_chosen_ = false;
  ThemeName theme_ = ThemeName::dark;
  bool theme_changed_ = false, help_ = false, leave_ = false;
  float side_width_ = 0, time_height_ = 0;  // pixels; 0: by the window's size
  std::string message_, picture_;
  std::vector<Place> places_;  // of the panels in the last frame
  Place picture_place_;        // that is wanted; no size: the window
  int picture_frames_ = 0;     // until the picture is taken
  Film film_;
  bool film_moves_ = false;  // the last picture is written, so the next frame is another
  bool bad_message_ = false;
  double message_s_ = 0;        // how long it is still shown
  bool told_of_other_ = false;  // a stored run is not what its scenario gives now
};

}  // namespace tailrace::viewer
