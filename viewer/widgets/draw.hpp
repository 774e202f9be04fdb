#pragma once
// Small things on an ImDrawList: text that is cut where there is no room, badges, arrow heads, signs of
// health. All take pixels; nothing here keeps state or knows what it draws.
#include <imgui.h>

#include <string>
#include <string_view>

#include "viewer/widgets/theme.hpp"

namespace tailrace::viewer {

ImVec2 operator+(ImVec2 a, ImVec2 b);
ImVec2 operator-(ImVec2 a, ImVec2 b);
ImVec2 operator*(ImVec2 a, float f);

float text_width(ImFont* font, float size, std::string_view text);
// Left edge and top; size 0: the font's own. Returns the width.
float draw_text(ImDrawList& draw, ImFont* font, float size, ImVec2 at, ImU32 colour, std::string_view text);
// Ends with … where it would be wider than `width`.
std::string fitted(ImFont* font, float size, std::string_view text, float width);
// The text with line feeds where lines would be wider than `width`: between words, never inside a number or
// before its %, as ImGui's own wrapping does.
std::string broken(ImFont* font, float size, std::string_view text, float width);
// Lines of at most `width`, broken so; longer words are broken anywhere. Returns the height.
float draw_wrapped(ImDrawList& draw, ImFont* font, float size, ImVec2 at, ImU32 colour, std::string_view text,
                   float width);

ImVec2 wrapped_size(ImFont* font, float size, std::string_view text, float width);

// A rounded box with a word in it; returns its width. `at` is its left edge and middle.
float draw_badge(ImDrawList& draw, ImVec2 at, float size, ImU32 fill, ImU32 text_colour,
                 std::string_view text);
void draw_arrow_head(ImDrawList& draw, ImVec2 tip, ImVec2 direction, float size, ImU32 colour);
void draw_dashed(ImDrawList& draw, ImVec2 from, ImVec2 to, float dash, float gap, float width, ImU32 colour);
void draw_hatched(ImDrawList& draw, ImVec2 min, ImVec2 max, float gap, float width, ImU32 colour);
// good: disc; strained: triangle; failing: diamond; down: cross; idle: ring
void draw_health(ImDrawList& draw, ImVec2 centre, float radius, Health health);
void draw_bolt(ImDrawList& draw, ImVec2 centre, float radius, ImU32 fill, ImU32 sign);  // a fault
// A bar with its share filled; above `warn` in amber, above `alarm` in vermillion.
void draw_meter(ImDrawList& draw, ImVec2 min, ImVec2 max, double share, double warn, double alarm);

enum class Sign : unsigned char {
  play,
  pause,
  step,
  step_back,
  start,
  restart,
  save,
  picture,
  film,
  table,
  help,
  undo
};
void draw_sign(ImDrawList& draw, ImVec2 centre, float radius, Sign sign, ImU32 colour);
// A square button with a sign; true when pressed.
bool sign_button(const char* id, Sign sign, const char* tip, bool lit = false);

}  // namespace tailrace::viewer
