#pragma once
// The viewer on the null surface, with a mouse and keys that tests move: everything but rasterising is as in
// a window.
#include <memory>
#include <string>
#include <vector>

#include "tests/viewer/open.hpp"
#include "viewer/app.hpp"

namespace tailrace::viewer {

// Two services behind one client, a database that stands still for a while: small enough to be run in
// milliseconds.
extern const char* const kShop;

class Driver {
 public:
  explicit Driver(const std::string& text = kShop, AppOptions options = {}, int width = 1400,
                  int height = 900);
  Driver(std::vector<std::unique_ptr<Session>> sessions, AppOptions options, int width, int height);

  void frame(double seconds = 0);
  void frames(int count) {
    for (int i = 0; i < count; ++i) frame();
  }
  void click(ImVec2 at);
  void double_click(ImVec2 at);
  void drag(ImVec2 from, ImVec2 to);
  void wheel(ImVec2 at, float notches);
  void key(int key, bool ctrl = false, bool shift = false);
  void type(const std::string& text);
  void click_node(const std::string& name);

  App& app() { return *app_; }
  Look& look() { return app_->look(); }
  Session& session() { return app_->session(); }
  int node(const std::string& name) { return look().scene->find(name); }
  // Runs to the end, the playhead at t.
  void settle(double t_s);
  ImDrawData* drawn() const { return ImGui::GetDrawData(); }

 private:
  void start(int width, int height);
  std::unique_ptr<Surface> surface_;
  std::unique_ptr<App> app_;
};

}  // namespace tailrace::viewer
