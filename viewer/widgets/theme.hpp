#pragma once
// Colours and fonts. One palette for people who see colours differently (after Okabe and Ito): health is
// blue, amber, vermillion, and never colour alone; every use draws a shape or says a word as well. Healthy
// things are quiet, so that what is not stands out.
//
// Sizes are in points; em() is the height of body text in pixels, and all layout is in multiples of it, so
// that a display of twice the density looks the same.
#include <imgui.h>

#include <array>
#include <string>
#include <string_view>

namespace tailrace::viewer {

class Surface;

enum class ThemeName : unsigned char { dark, light };
enum class Health : unsigned char { idle, good, strained, failing, down };

struct Theme {
  ThemeName name = ThemeName::dark;
  ImU32 background = 0, panel = 0, raised = 0, border = 0, grid = 0;
  ImU32 text = 0, dim = 0, faint = 0;
  ImU32 good = 0, strained = 0, failing = 0, down = 0, idle = 0;
  ImU32 accent = 0;     // selection, playhead, links
  ImU32 selection = 0;  // what is brushed
  ImU32 edge = 0;
  std::array<ImU32, 7> series{};  // of plots; the first three carry most

  ImU32 of(Health health) const;
};

// Sets up the current ImGui context: style, colours, fonts. "" or a warning when the font was not found.
std::string apply_theme(ThemeName name, Surface& surface, float points = 14);
const Theme& theme();
float em();

ImFont* font_for(float pixels);  // the baked size that needs least scaling
float crisp(float pixels);       // a baked size where one is near: scaled letters lose their thin strokes
ImFont* body_font();
ImFont* small_font();
ImFont* title_font();
ImFont* bold_font();

ImU32 with_alpha(ImU32 colour, float alpha);  // alpha replaces what it has
ImU32 mixed(ImU32 a, ImU32 b, float share_of_b);

const char* health_word(Health health);

}  // namespace tailrace::viewer
