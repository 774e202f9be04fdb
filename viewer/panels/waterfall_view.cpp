#include "viewer/panels/waterfall_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/ticks.hpp"

namespace tailrace::viewer {

namespace {

std::string duration(double seconds) {
  return value_text(AxisKind::duration, seconds);
}

// The shares of the critical path in one bar, with a word where there is room for it.
void kinds_bar(ImDrawList& draw, const Waterfall& w, ImVec2 at, float width, float height) {
  float x = at.x;
  for (int k = 0; k < kTimeKinds; ++k) {
    const double share = w.latency_s > 0 ? w.by_kind[k] / w.latency_s : 0;
    const float wide = width * static_cast<float>(share);
    if (wide <= 0) continue;
    const auto kind = static_cast<TimeKind>(k);
    draw.AddRectFilled({x, at.y}, {x + wide, at.y + height}, time_colour(kind));
    const std::string text = duration(w.by_kind[k]);
    if (text_width(small_font(), 0, text) + em() * 0.6f < wide)
      draw_text(draw, small_font(), 0, {x + em() * 0.3f, at.y + (height - small_font()->FontSize) / 2},
                theme().background, text);
    x += wide;
  }
}

void tell(const WaterfallRow& row) {
  ImGui::BeginTooltip();
  ImGui::TextUnformatted(row.name.c_str());
  if (!row.note.empty()) ImGui::TextDisabled("%s", row.note.c_str());
  ImGui::TextDisabled("%s after the start, for %s", duration(row.from_s).c_str(),
                      duration(row.to_s - row.from_s).c_str());
  std::map<std::string, double> sums;
  for (const WaterfallStretch& s : row.stretches)
    if (!s.waits) sums[std::string(models::reason_name(s.reason)) + " · " + s.place] += s.to_s - s.from_s;
  for (const auto& [what, seconds] : sums)
    if (seconds > 0) ImGui::TextUnformatted((what + "  " + duration(seconds)).c_str());
  if (!row.critical) ImGui::TextDisabled("the request did not wait for this");
  ImGui::EndTooltip();
}

}  // namespace

ImU32 time_colour(TimeKind kind) {
  switch (kind) {
    case TimeKind::service:
      return theme().series[0];
    case TimeKind::waiting:
      return theme().series[1];
    case TimeKind::network:
      return theme().series[3];
    case TimeKind::retry:
      return theme().series[2];
    case TimeKind::other:
      break;
  }
  return theme().series[4];
}

float draw_time_legend(ImDrawList& draw, ImVec2 at, float width, const bool (&kinds)[kTimeKinds]) {
  float x = 0, y = 0;
  const float line = em() * 1.25f;
  for (int k = 0; k < kTimeKinds; ++k) {
    if (!kinds[k]) continue;
    const char* const word = time_kind_name(static_cast<TimeKind>(k));
    const float wide = text_width(small_font(), 0, word) + em() * 1.9f;
    if (x > 0 && x + wide - em() > width) x = 0, y += line;
    const ImVec2 square{at.x + x, at.y + y + em() * 0.25f};
    draw.AddRectFilled(square, square + ImVec2{em() * 0.6f, em() * 0.6f},
                       time_colour(static_cast<TimeKind>(k)), 2);
    draw_text(draw, small_font(), 0, {at.x + x + em() * 0.9f, at.y + y}, theme().dim, word);
    x += wide;
  }
  return y + line;
}

void draw_waterfall(Look& look, const Waterfall& w, ImVec2 at, ImVec2 size,
                    std::map<std::string, ImVec2>& places) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  std::string title = fmt::format("{} at {}: {}", w.name, clock_text(w.start_s, 2), duration(w.latency_s));
  if (w.outcome != models::Outcome::success)
    title += std::string(", ") + models::kOutcomeNames[static_cast<std::size_t>(w.outcome)];
  if (!w.origin.empty()) title += " · " + w.origin;
  float y = at.y;
  draw_text(draw, bold_font(), 0, {at.x, y}, theme().text, fitted(bold_font(), 0, title, size.x));
  y += em() * 1.5f;
  bool kinds[kTimeKinds] = {};
  for (int k = 0; k < kTimeKinds; ++k) kinds[k] = w.by_kind[k] > 0;
  for (const WaterfallRow& row : w.rows)
    for (const WaterfallStretch& s : row.stretches)
      if (!s.waits) kinds[static_cast<std::size_t>(s.kind)] = true;
  y += draw_time_legend(draw, {at.x, y}, size.x, kinds) + em() * 0.2f;
  kinds_bar(draw, w, {at.x, y}, size.x, em() * 1.1f);
  y += em() * 1.6f;

  float names = em() * 5;
  for (const WaterfallRow& row : w.rows)
    names = std::max(names, text_width(small_font(), 0, row.name + "  " + row.note) +
                                em() * (0.7f * static_cast<float>(std::min(row.depth, 8)) + 1.0f));
  names = std::min(names, size.x * 0.42f);
  double end = w.latency_s;
  for (const WaterfallRow& row : w.rows) end = std::max(end, row.to_s);
  const Axis axis{0, end > 0 ? end : 1e-9, AxisKind::duration, false};
  const float left = at.x + names, room = size.x - names - em();
  const auto x_of = [&](double t) { return left + static_cast<float>(axis.fraction(t)) * room; };
  const float bottom = at.y + size.y;
  for (const Tick& tick : ticks(axis, std::max(2, static_cast<int>(room / (em() * 5))))) {
    draw.AddLine({x_of(tick.at), y + em() * 1.2f}, {x_of(tick.at), bottom}, theme().grid);
    const float wide = text_width(small_font(), 0, tick.label);
    draw_text(draw, small_font(), 0, {std::clamp(x_of(tick.at) - wide / 2, left, at.x + size.x - wide), y},
              theme().dim, tick.label);
  }
  y += em() * 1.4f;

  ImGui::SetCursorScreenPos({at.x, y});
  ImGui::BeginChild("rows", {size.x, std::max(em() * 2, bottom - y)});
  ImDrawList& rows = *ImGui::GetWindowDrawList();
  const float line = em() * 1.4f;
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  const ImVec2 window = ImGui::GetWindowPos(), extent = ImGui::GetWindowSize();
  for (std::size_t i = 0; i < w.rows.size(); ++i) {
    const WaterfallRow& row = w.rows[i];
    const float top = origin.y + line * static_cast<float>(i);
    if (top + line < window.y || top > window.y + extent.y) continue;
    const bool chosen = row.node >= 0 && row.node == look.node;
    const float inset = em() * 0.7f * static_cast<float>(std::min(row.depth, 8));
    const ImU32 colour = chosen         ? theme().accent
                         : row.retry    ? theme().series[2]
                         : row.critical ? theme().text
                                        : theme().faint;
    float x = at.x + inset;
    const std::string name = fitted(small_font(), 0, row.name, names - inset - em() * 0.5f);
    x += draw_text(rows, small_font(), 0, {x, top + em() * 0.15f}, colour, name) + em() * 0.5f;
    const float left_over = left - x - em() * 0.5f;
    if (!row.note.empty() && left_over > em() * 2)
      draw_text(rows, small_font(), 0, {x, top + em() * 0.15f}, theme().faint,
                fitted(small_font(), 0, row.note, left_over));
    for (const WaterfallStretch& s : row.stretches) {
      const float a = x_of(s.from_s), b = std::max(x_of(s.to_s), a + 1);
      if (s.waits) {
        rows.AddLine({a, top + line / 2}, {b, top + line / 2},
                     with_alpha(row.critical ? theme().dim : theme().faint, 0.7f), 1);
      } else {
        rows.AddRectFilled({a, top + line * 0.2f}, {b, top + line * 0.8f},
                           with_alpha(time_colour(s.kind), s.critical || row.depth == 0 ? 1.0f : 0.4f), 1);
      }
    }
    ImGui::SetCursorScreenPos({at.x, top});
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::InvisibleButton("row", {size.x - em(), line}) && row.node >= 0) look.select_node(row.node);
    if (ImGui::IsItemHovered()) tell(row);
    ImGui::PopID();
    places[fmt::format("row {}", i)] = {at.x + size.x / 2, top + line / 2};
  }
  float height = line * static_cast<float>(w.rows.size());
  if (w.left_out > 0) {
    draw_text(rows, small_font(), 0, {at.x, origin.y + height}, theme().faint,
              fmt::format("{} more calls that the request did not wait for", w.left_out));
    height += line;
  }
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({1, height});
  ImGui::EndChild();
}

}  // namespace tailrace::viewer
