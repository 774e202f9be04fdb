#include "viewer/widgets/draw.hpp"

#include <algorithm>
#include <cmath>

namespace tailrace::viewer {

ImVec2 operator+(ImVec2 a, ImVec2 b) {
  return {a.x + b.x, a.y + b.y};
}
ImVec2 operator-(ImVec2 a, ImVec2 b) {
  return {a.x - b.x, a.y - b.y};
}
ImVec2 operator*(ImVec2 a, float f) {
  return {a.x * f, a.y * f};
}

float text_width(ImFont* font, float size, std::string_view text) {
  if (text.empty()) return 0;
  return font
      ->CalcTextSizeA(size > 0 ? size : font->FontSize, 1e9f, 0, text.data(), text.data() + text.size())
      .x;
}

float draw_text(ImDrawList& draw, ImFont* font, float size, ImVec2 at, ImU32 colour, std::string_view text) {
  if (text.empty()) return 0;
  const float pixels = size > 0 ? size : font->FontSize;
  // Whole pixels: text between them is blurred.
  draw.AddText(font, pixels, {std::round(at.x), std::round(at.y)}, colour, text.data(),
               text.data() + text.size());
  return text_width(font, pixels, text);
}

std::string fitted(ImFont* font, float size, std::string_view text, float width) {
  if (text.empty()) return "";
  const char *const first = text.data(), *const last = first + text.size();
  // The end of what is no wider: no more of the text is looked at, which may be a whole list of values.
  const auto end_within = [&](float room) {
    constexpr float kAlmost = 1e-3f;  // ImGui stops at a character that would end exactly there
    const char* end = last;
    font->CalcTextSizeA(size > 0 ? size : font->FontSize, room + kAlmost, 0, first, last, &end);
    return end;
  };
  if (end_within(width) == last) return std::string(text);
  return std::string(first, end_within(width - text_width(font, size, "…"))) + "…";
}

std::string broken(ImFont* font, float size, std::string_view text, float width) {
  std::string out;
  float x = 0;
  for (std::size_t at = 0; at < text.size();) {
    // A word with the sign that belongs to it.
    std::size_t end = text.find_first_of(" \n", at);
    if (end != std::string_view::npos && text.substr(end, 2) == " %")
      end = text.find_first_of(" \n", end + 1);
    end = std::min(end, text.size());
    const std::string_view word = text.substr(at, end - at);
    const float wide = text_width(font, size, word), space = text_width(font, size, " ");
    const bool begins = out.empty() || out.back() == '\n';
    if (!begins && x + space + wide > width) {
      out += '\n', x = 0;
    } else if (!begins) {
      out += ' ', x += space;
    }
    out += word, x += wide;
    if (end < text.size() && text[end] == '\n') out += '\n', x = 0;
    at = end + 1;
  }
  return out;
}

namespace {

// Of lines that are broken already: ImGui breaks none of them again, but for long words.
struct Wrapped {
  Wrapped(ImFont* font, float size, std::string_view text, float width)
      : pixels(size > 0 ? size : font->FontSize),
        lines(broken(font, size, text, width)),
        room(width + pixels * 0.2f),
        extent(font->CalcTextSizeA(pixels, 1e9f, room, lines.data(), lines.data() + lines.size())) {}
  float pixels;
  std::string lines;
  float room;
  ImVec2 extent;
};

}  // namespace

float draw_wrapped(ImDrawList& draw, ImFont* font, float size, ImVec2 at, ImU32 colour, std::string_view text,
                   float width) {
  const Wrapped w(font, size, text, width);
  draw.AddText(font, w.pixels, {std::round(at.x), std::round(at.y)}, colour, w.lines.data(),
               w.lines.data() + w.lines.size(), w.room);
  return w.extent.y;
}

ImVec2 wrapped_size(ImFont* font, float size, std::string_view text, float width) {
  return Wrapped(font, size, text, width).extent;
}

float draw_badge(ImDrawList& draw, ImVec2 at, float size, ImU32 fill, ImU32 text_colour,
                 std::string_view text) {
  ImFont* const font = font_for(size);
  const float width = text_width(font, size, text) + size * 0.8f, half = size * 0.68f;
  draw.AddRectFilled({at.x, at.y - half}, {at.x + width, at.y + half}, fill, size * 0.35f);
  draw_text(draw, font, size, {at.x + size * 0.4f, at.y - size * 0.58f}, text_colour, text);
  return width;
}

void draw_arrow_head(ImDrawList& draw, ImVec2 tip, ImVec2 direction, float size, ImU32 colour) {
  const float length = std::hypot(direction.x, direction.y);
  if (length < 1e-3f) return;
  const ImVec2 along = direction * (size / length), across{-along.y * 0.5f, along.x * 0.5f};
  draw.AddTriangleFilled(tip, tip - along + across, tip - along - across, colour);
}

void draw_dashed(ImDrawList& draw, ImVec2 from, ImVec2 to, float dash, float gap, float width, ImU32 colour) {
  const ImVec2 way = to - from;
  const float length = std::hypot(way.x, way.y);
  if (length < 1) return;
  constexpr float kMostDashes = 400;
  const float step = std::max(dash + gap, length / kMostDashes);
  for (float at = 0; at < length; at += step)
    draw.AddLine(from + way * (at / length), from + way * (std::min(at + dash, length) / length), colour,
                 width);
}

void draw_hatched(ImDrawList& draw, ImVec2 min, ImVec2 max, float gap, float width, ImU32 colour) {
  draw.PushClipRect(min, max, true);
  const float height = max.y - min.y;
  for (float x = min.x - height; x < max.x; x += gap)
    draw.AddLine({x, max.y}, {x + height, min.y}, colour, width);
  draw.PopClipRect();
}

void draw_health(ImDrawList& draw, ImVec2 c, float r, Health health) {
  const ImU32 colour = theme().of(health);
  switch (health) {
    case Health::good:
      draw.AddCircleFilled(c, r * 0.85f, colour, 16);
      break;
    case Health::strained:
      draw.AddTriangleFilled({c.x, c.y - r}, {c.x + r, c.y + r * 0.8f}, {c.x - r, c.y + r * 0.8f}, colour);
      break;
    case Health::failing: {
      const float d = r * 1.1f;
      draw.AddQuadFilled({c.x, c.y - d}, {c.x + d, c.y}, {c.x, c.y + d}, {c.x - d, c.y}, colour);
      break;
    }
    case Health::down: {
      const float d = r * 0.85f;
      draw.AddLine({c.x - d, c.y - d}, {c.x + d, c.y + d}, colour, r * 0.55f);
      draw.AddLine({c.x - d, c.y + d}, {c.x + d, c.y - d}, colour, r * 0.55f);
      break;
    }
    default:
      draw.AddCircle(c, r * 0.75f, colour, 16, std::max(1.0f, r * 0.25f));
  }
}

void draw_bolt(ImDrawList& draw, ImVec2 c, float r, ImU32 fill, ImU32 sign) {
  draw.AddCircleFilled(c, r, fill, 24);
  const float s = r * 0.72f;
  draw.AddTriangleFilled({c.x + s * 0.35f, c.y - s}, {c.x - s * 0.6f, c.y + s * 0.18f},
                         {c.x + s * 0.12f, c.y + s * 0.1f}, sign);
  draw.AddTriangleFilled({c.x - s * 0.35f, c.y + s}, {c.x + s * 0.6f, c.y - s * 0.18f},
                         {c.x - s * 0.12f, c.y - s * 0.1f}, sign);
}

void draw_meter(ImDrawList& draw, ImVec2 min, ImVec2 max, double share, double warn, double alarm) {
  const float round = (max.y - min.y) * 0.4f;
  draw.AddRectFilled(min, max, mixed(theme().raised, theme().border, 0.6f), round);
  if (!(share > 0)) return;
  const Health health = share >= alarm ? Health::failing : share >= warn ? Health::strained : Health::good;
  const float width =
      std::max((max.x - min.x) * static_cast<float>(std::min(share, 1.0)), (max.y - min.y) * 0.8f);
  draw.AddRectFilled(min, {std::min(min.x + width, max.x), max.y}, theme().of(health), round);
}

void draw_sign(ImDrawList& draw, ImVec2 c, float r, Sign sign, ImU32 colour) {
  const float line = std::max(1.0f, r * 0.22f);
  const auto right = [&](float x, float size) {
    draw.AddTriangleFilled({x - size * 0.8f, c.y - size}, {x + size * 0.9f, c.y},
                           {x - size * 0.8f, c.y + size}, colour);
  };
  const auto left = [&](float x, float size) {
    draw.AddTriangleFilled({x + size * 0.8f, c.y - size}, {x - size * 0.9f, c.y},
                           {x + size * 0.8f, c.y + size}, colour);
  };
  switch (sign) {
    case Sign::play:
      right(c.x, r * 0.9f);
      break;
    case Sign::pause:
      draw.AddRectFilled({c.x - r * 0.65f, c.y - r * 0.8f}, {c.x - r * 0.2f, c.y + r * 0.8f}, colour);
      draw.AddRectFilled({c.x + r * 0.2f, c.y - r * 0.8f}, {c.x + r * 0.65f, c.y + r * 0.8f}, colour);
      break;
    case Sign::step:
      right(c.x - r * 0.1f, r * 0.7f);
      draw.AddRectFilled({c.x + r * 0.55f, c.y - r * 0.7f}, {c.x + r * 0.85f, c.y + r * 0.7f}, colour);
      break;
    case Sign::step_back:
      left(c.x + r * 0.1f, r * 0.7f);
      draw.AddRectFilled({c.x - r * 0.85f, c.y - r * 0.7f}, {c.x - r * 0.55f, c.y + r * 0.7f}, colour);
      break;
    case Sign::start:
      left(c.x - r * 0.2f, r * 0.6f);
      left(c.x + r * 0.6f, r * 0.6f);
      draw.AddRectFilled({c.x - r, c.y - r * 0.65f}, {c.x - r * 0.78f, c.y + r * 0.65f}, colour);
      break;
    case Sign::restart:
    case Sign::undo: {
      draw.PathArcTo(c, r * 0.75f, -2.4f, 2.3f, 20);
      draw.PathStroke(colour, 0, line);
      const ImVec2 tip{c.x - r * 0.75f, c.y - r * 0.15f};
      draw.AddTriangleFilled({tip.x - r * 0.2f, tip.y - r * 0.75f}, {tip.x + r * 0.75f, tip.y - r * 0.35f},
                             {tip.x - r * 0.05f, tip.y + r * 0.2f}, colour);
      break;
    }
    case Sign::save:
      draw.AddLine({c.x, c.y - r * 0.85f}, {c.x, c.y + r * 0.2f}, colour, line);
      draw_arrow_head(draw, {c.x, c.y + r * 0.45f}, {0, 1}, r * 0.7f, colour);
      draw.AddLine({c.x - r * 0.8f, c.y + r * 0.8f}, {c.x + r * 0.8f, c.y + r * 0.8f}, colour, line);
      break;
    case Sign::picture:
      draw.AddRect({c.x - r * 0.9f, c.y - r * 0.6f}, {c.x + r * 0.9f, c.y + r * 0.75f}, colour, r * 0.2f, 0,
                   line);
      draw.AddRectFilled({c.x - r * 0.3f, c.y - r * 0.85f}, {c.x + r * 0.3f, c.y - r * 0.55f}, colour);
      draw.AddCircle({c.x, c.y + r * 0.08f}, r * 0.36f, colour, 16, line);
      break;
    case Sign::film:
      draw.AddCircle(c, r * 0.9f, colour, 24, line);
      draw.AddCircleFilled(c, r * 0.45f, colour, 16);
      break;
    case Sign::table:
      draw.AddRect({c.x - r * 0.85f, c.y - r * 0.7f}, {c.x + r * 0.85f, c.y + r * 0.7f}, colour, 0, 0, line);
      draw.AddLine({c.x - r * 0.85f, c.y - r * 0.2f}, {c.x + r * 0.85f, c.y - r * 0.2f}, colour, line);
      draw.AddLine({c.x - r * 0.15f, c.y - r * 0.7f}, {c.x - r * 0.15f, c.y + r * 0.7f}, colour, line);
      break;
    case Sign::help: {
      ImFont* const font = bold_font();
      draw_text(draw, font, r * 2, {c.x - text_width(font, r * 2, "?") / 2, c.y - r * 1.15f}, colour, "?");
      break;
    }
  }
}

bool sign_button(const char* id, Sign sign, const char* tip, bool lit) {
  const float side = ImGui::GetFrameHeight();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const bool pressed = ImGui::InvisibleButton(id, {side * 1.15f, side});
  const bool over = ImGui::IsItemHovered();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const ImU32 fill = ImGui::GetColorU32(ImGui::IsItemActive() ? ImGuiCol_ButtonActive
                                        : over                ? ImGuiCol_ButtonHovered
                                                              : ImGuiCol_Button);
  draw.AddRectFilled(at, at + ImVec2{side * 1.15f, side}, lit ? mixed(fill, theme().accent, 0.35f) : fill,
                     ImGui::GetStyle().FrameRounding);
  draw_sign(draw, at + ImVec2{side * 0.575f, side * 0.5f}, side * 0.27f, sign, theme().text);
  if (over && tip != nullptr) ImGui::SetTooltip("%s", tip);
  return pressed;
}

}  // namespace tailrace::viewer
