#pragma once
// The bar at the top: play, pause, step, speed, load, seed, and what the run is doing. Its buttons and the
// keys mean the same things, so both end in Actions, which the application carries out.
#include <cstdint>
#include <optional>
#include <string>

#include "viewer/panels/look.hpp"

namespace tailrace::viewer {

struct Actions {
  bool help = false, theme = false, save = false, picture = false, film = false, table = false,
       lessons = false, undo = false;
  bool fit = false, focus = false, search = false, clear = false, quit = false;
  std::string picture_of;  // one panel: its name, or "mouse" for the one under it; empty: the window
  int tab = -1;            // of the side: 0 inspector, 1 cascade, 2 tail, 3 lesson
  float zoom = 1;
  // Of all runs that are shown, so that two stay comparable.
  std::optional<double> load;
  std::optional<std::uint64_t> seed;
};

class TransportBar {
 public:
  // `filming`: what is said of a film that is being made, in place of the run's state; empty: none is.
  void draw(Look& look, ImVec2 size, Actions& actions, const std::string& filming = "");
  static void keys(Look& look, Actions& actions);
  bool where_play(ImVec2& centre) const;

 private:
  float load_ = 1;
  std::uint64_t seed_ = 0;
  bool seed_edited_ = false;
  ImVec2 play_{-1, -1};
};

void help_overlay(ImVec2 size, bool& open);

// What keys are called in a window (GLFW's numbers), for tests too.
inline constexpr int kKeySpace = 32, kKeySlash = 47, kKeyEscape = 256, kKeyEnter = 257, kKeyTab = 258,
                     kKeyBackspace = 259, kKeyDelete = 261, kKeyRight = 262, kKeyLeft = 263, kKeyDown = 264,
                     kKeyUp = 265, kKeyHome = 268, kKeyEnd = 269, kKeyF1 = 290, kKeyMinus = 45,
                     kKeyEqual = 61, kKeyKeypadMinus = 333, kKeyKeypadPlus = 334;

}  // namespace tailrace::viewer
