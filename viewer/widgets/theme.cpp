#include "viewer/widgets/theme.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "viewer/surface/surface.hpp"

namespace tailrace::viewer {

namespace {

struct Fonts {
  float em = 14;
  std::vector<ImFont*> regular;  // ascending
  ImFont* bold = nullptr;
  ImFont* title = nullptr;
};
Fonts fonts;
Theme current;

constexpr ImU32 hex(unsigned rgb) {
  return IM_COL32((rgb >> 16) & 255u, (rgb >> 8) & 255u, rgb & 255u, 255u);
}

Theme dark() {
  Theme t;
  t.name = ThemeName::dark;
  t.background = hex(0x12161c), t.panel = hex(0x191f27), t.raised = hex(0x232b35), t.border = hex(0x36414e);
  t.grid = hex(0x28313b);
  t.text = hex(0xe8edf2), t.dim = hex(0xa3afbb), t.faint = hex(0x6d7a88);
  t.good = hex(0x4ba3e3), t.strained = hex(0xf0b429), t.failing = hex(0xf2672a), t.down = hex(0xf2672a);
  t.idle = hex(0x5b6773);
  t.accent = hex(0x7cc4ff), t.selection = IM_COL32(124, 196, 255, 44), t.edge = hex(0x55636f);
  t.series = {hex(0x4ba3e3), hex(0xf0b429), hex(0xf2672a), hex(0x2fbf9b),
              hex(0xd68ab8), hex(0xe9e36b), hex(0xa3afbb)};
  return t;
}

Theme light() {
  Theme t;
  t.name = ThemeName::light;
  t.background = hex(0xf3f5f7), t.panel = hex(0xffffff), t.raised = hex(0xf0f3f6), t.border = hex(0xc8d0d8);
  t.grid = hex(0xe3e8ed);
  t.text = hex(0x16202a), t.dim = hex(0x51606e), t.faint = hex(0x8592a0);
  t.good = hex(0x0072b2), t.strained = hex(0xb97a00), t.failing = hex(0xc8450a), t.down = hex(0xc8450a);
  t.idle = hex(0x9aa6b1);
  t.accent = hex(0x0a6ebd), t.selection = IM_COL32(10, 110, 189, 34), t.edge = hex(0xa4b0bb);
  t.series = {hex(0x0072b2), hex(0xc98a00), hex(0xc8450a), hex(0x008a63),
              hex(0xa8578a), hex(0x8a8400), hex(0x51606e)};
  return t;
}

void set_style(const Theme& t, float em) {
  ImGuiStyle& style = ImGui::GetStyle();
  style = ImGuiStyle();
  style.WindowRounding = 0, style.ChildRounding = 0, style.FrameRounding = em * 0.25f;
  style.PopupRounding = em * 0.3f, style.GrabRounding = em * 0.25f, style.ScrollbarRounding = em * 0.3f;
  style.TabRounding = em * 0.25f;
  style.WindowBorderSize = 0, style.FrameBorderSize = 0, style.PopupBorderSize = 1, style.ChildBorderSize = 0;
  style.WindowPadding = ImVec2(em * 0.7f, em * 0.55f);
  style.FramePadding = ImVec2(em * 0.5f, em * 0.25f);
  style.ItemSpacing = ImVec2(em * 0.55f, em * 0.4f);
  style.ItemInnerSpacing = ImVec2(em * 0.4f, em * 0.3f);
  style.CellPadding = ImVec2(em * 0.35f, em * 0.2f);
  style.ScrollbarSize = em * 0.8f, style.GrabMinSize = em * 0.7f, style.IndentSpacing = em * 1.1f;
  style.AntiAliasedLinesUseTex = true;
  const auto set = [&](ImGuiCol which, ImU32 colour) {
    style.Colors[which] = ImGui::ColorConvertU32ToFloat4(colour);
  };
  set(ImGuiCol_Text, t.text), set(ImGuiCol_TextDisabled, mixed(t.faint, t.dim, 0.75f));
  set(ImGuiCol_WindowBg, t.panel), set(ImGuiCol_ChildBg, 0), set(ImGuiCol_PopupBg, t.raised);
  set(ImGuiCol_Border, t.border), set(ImGuiCol_BorderShadow, 0);
  set(ImGuiCol_FrameBg, t.raised), set(ImGuiCol_FrameBgHovered, mixed(t.raised, t.accent, 0.15f));
  set(ImGuiCol_FrameBgActive, mixed(t.raised, t.accent, 0.3f));
  set(ImGuiCol_TitleBg, t.panel), set(ImGuiCol_TitleBgActive, t.panel), set(ImGuiCol_MenuBarBg, t.panel);
  set(ImGuiCol_ScrollbarBg, 0), set(ImGuiCol_ScrollbarGrab, t.border);
  set(ImGuiCol_ScrollbarGrabHovered, t.faint), set(ImGuiCol_ScrollbarGrabActive, t.dim);
  set(ImGuiCol_CheckMark, t.accent), set(ImGuiCol_SliderGrab, t.accent),
      set(ImGuiCol_SliderGrabActive, t.accent);
  set(ImGuiCol_Button, t.raised), set(ImGuiCol_ButtonHovered, mixed(t.raised, t.accent, 0.25f));
  set(ImGuiCol_ButtonActive, mixed(t.raised, t.accent, 0.45f));
  set(ImGuiCol_Header, with_alpha(t.accent, 0.18f)), set(ImGuiCol_HeaderHovered, with_alpha(t.accent, 0.26f));
  set(ImGuiCol_HeaderActive, with_alpha(t.accent, 0.36f));
  set(ImGuiCol_Separator, t.border), set(ImGuiCol_SeparatorHovered, t.accent),
      set(ImGuiCol_SeparatorActive, t.accent);
  set(ImGuiCol_Tab, t.panel), set(ImGuiCol_TabHovered, mixed(t.raised, t.accent, 0.3f));
  set(ImGuiCol_TabActive, t.raised);
  set(ImGuiCol_TableHeaderBg, t.raised), set(ImGuiCol_TableBorderLight, t.grid);
  set(ImGuiCol_TableBorderStrong, t.border), set(ImGuiCol_TableRowBg, 0);
  set(ImGuiCol_TableRowBgAlt, with_alpha(t.faint, 0.07f));
  set(ImGuiCol_TextSelectedBg, with_alpha(t.accent, 0.35f)), set(ImGuiCol_NavHighlight, t.accent);
  set(ImGuiCol_ModalWindowDimBg, with_alpha(t.background, 0.6f));
}

std::string font_file(const char* name) {
  std::vector<std::string> folders = {"/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu",
                                      "/usr/share/fonts/TTF", "/usr/local/share/fonts", "/Library/Fonts"};
  if (const char* const own = std::getenv("TAILRACE_FONTS")) folders.insert(folders.begin(), own);
  for (const std::string& folder : folders) {
    const std::string path = folder + "/" + name;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(path, ignored)) return path;
  }
  return "";
}

// What interface texts and scenario names use: Latin, Greek, punctuation, arrows, mathematics, shapes.
const ImWchar kGlyphs[] = {0x20,   0x17f,  0x370,  0x3ff,  0x2010, 0x2044, 0x2070, 0x209f, 0x2190, 0x21ff,
                           0x2200, 0x22ff, 0x2500, 0x25ff, 0x2600, 0x26ff, 0x2713, 0x2717, 0};

std::string load_fonts(Surface& surface, float points) {
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  atlas.Clear();
  fonts = {};
  fonts.em = std::round(points * surface.scale());
  const std::string regular = font_file("DejaVuSans.ttf"), bold = font_file("DejaVuSans-Bold.ttf");
  std::string warning;
  if (regular.empty()) {
    warning =
        "DejaVu Sans was not found (package fonts-dejavu-core, or set TAILRACE_FONTS to its folder); "
        "the built-in font has no µ, arrows or signs";
    ImFontConfig config;
    config.SizePixels = fonts.em;
    fonts.regular = {atlas.AddFontDefault(&config)};
    fonts.bold = fonts.title = fonts.regular[0];
  } else {
    ImFontConfig config;
    config.OversampleH = 2, config.OversampleV = 1;
    for (const float factor : {0.62f, 0.78f, 0.9f, 1.0f, 1.3f, 1.8f})
      fonts.regular.push_back(
          atlas.AddFontFromFileTTF(regular.c_str(), std::round(fonts.em * factor), &config, kGlyphs));
    const std::string& heavy = bold.empty() ? regular : bold;
    fonts.bold = atlas.AddFontFromFileTTF(heavy.c_str(), fonts.em, &config, kGlyphs);
    fonts.title = atlas.AddFontFromFileTTF(heavy.c_str(), std::round(fonts.em * 1.25f), &config, kGlyphs);
  }
  atlas.Build();  // sizes are known from here on
  ImGui::GetIO().FontDefault = body_font();
  surface.fonts_changed();
  return warning;
}

}  // namespace

ImU32 Theme::of(Health health) const {
  switch (health) {
    case Health::good:
      return good;
    case Health::strained:
      return strained;
    case Health::failing:
      return failing;
    case Health::down:
      return down;
    default:
      return idle;
  }
}

std::string apply_theme(ThemeName name, Surface& surface, float points) {
  current = name == ThemeName::dark ? dark() : light();
  const std::string warning = load_fonts(surface, points);
  set_style(current, fonts.em);
  surface.set_background(current.background);
  return warning;
}

const Theme& theme() {
  return current;
}
float em() {
  return fonts.em;
}

ImFont* font_for(float pixels) {
  ImFont* best = fonts.regular.empty() ? ImGui::GetFont() : fonts.regular[0];
  for (ImFont* font : fonts.regular)
    if (std::abs(font->FontSize - pixels) < std::abs(best->FontSize - pixels)) best = font;
  return best;
}
float crisp(float pixels) {
  const float baked = font_for(pixels)->FontSize;
  return std::abs(baked - pixels) < 0.12f * pixels ? baked : pixels;
}
ImFont* body_font() {
  return font_for(fonts.em);
}
ImFont* small_font() {
  return font_for(fonts.em * 0.9f);
}
ImFont* title_font() {
  return fonts.title;
}
ImFont* bold_font() {
  return fonts.bold;
}

ImU32 with_alpha(ImU32 colour, float alpha) {
  const auto a = static_cast<ImU32>(std::clamp(alpha, 0.0f, 1.0f) * 255.0f + 0.5f);
  return (colour & ~IM_COL32_A_MASK) | (a << IM_COL32_A_SHIFT);
}

ImU32 mixed(ImU32 a, ImU32 b, float share_of_b) {
  ImU32 result = 0;
  for (const int shift : {0, 8, 16, 24}) {
    const float from = static_cast<float>((a >> shift) & 255u), to = static_cast<float>((b >> shift) & 255u);
    result |= static_cast<ImU32>(from + (to - from) * share_of_b + 0.5f) << shift;
  }
  return result;
}

const char* health_word(Health health) {
  switch (health) {
    case Health::good:
      return "healthy";
    case Health::strained:
      return "strained";
    case Health::failing:
      return "failing";
    case Health::down:
      return "down";
    default:
      return "idle";
  }
}

}  // namespace tailrace::viewer
