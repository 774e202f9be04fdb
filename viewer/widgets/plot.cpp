#include "viewer/widgets/plot.hpp"

#include <algorithm>
#include <cmath>

#include "viewer/widgets/draw.hpp"

namespace tailrace::viewer {

namespace {

void draw_legend(ImDrawList& draw, ImVec2 at, float right, const std::vector<LegendEntry>& legend) {
  ImFont* const font = small_font();
  const float size = font->FontSize, swatch = size * 1.1f;
  for (const LegendEntry& entry : legend) {
    const std::string text = entry.value.empty() ? entry.name : entry.name + " ";
    const float width =
        swatch + size * 0.4f + text_width(font, size, text) + text_width(font, size, entry.value);
    if (at.x + width > right) break;  // what does not fit is left out, not cut
    const float middle = at.y + size * 0.62f;
    if (entry.dashed) {
      draw_dashed(draw, {at.x, middle}, {at.x + swatch, middle}, 4, 3, 2, entry.colour);
    } else {
      draw.AddRectFilled({at.x, middle - size * 0.16f}, {at.x + swatch, middle + size * 0.16f}, entry.colour,
                         2);
    }
    float x = at.x + swatch + size * 0.4f;
    x += draw_text(draw, font, size, {x, at.y}, theme().dim, text);
    draw_text(draw, font, size, {x, at.y}, theme().text, entry.value);
    at.x += width + size * 1.3f;
  }
}

void draw_axes(const PlotFrame& plot, const PlotOptions& options) {
  ImDrawList& draw = *plot.draw;
  ImFont* const font = small_font();
  const float size = font->FontSize;
  // Of a logarithmic axis as many as there is room for; those of a linear one may be further apart.
  const float apart = options.y.logarithmic ? 1.2f : 2.4f;
  const int rows = static_cast<int>((plot.max.y - plot.min.y) / (size * apart));
  float lowest = plot.max.y + size;  // of the labels so far; they go up
  for (const Tick& tick : ticks(options.y, std::max(1, rows))) {
    const float y = std::round(plot.at_y(tick.at));
    draw.AddLine({plot.min.x, y}, {plot.max.x, y},
                 with_alpha(theme().grid, tick.label.empty() ? 0.45f : 1.0f), 1);
    if (tick.label.empty() || lowest - y < size * 1.15f) continue;
    lowest = y;
    draw_text(draw, font, size,
              {plot.min.x - text_width(font, size, tick.label) - size * 0.5f, y - size * 0.6f}, theme().dim,
              tick.label);
  }
  const int columns = static_cast<int>((plot.max.x - plot.min.x) / (size * 5.2f));
  float last = -1e9f;
  for (const Tick& tick : ticks(options.x, std::max(2, columns))) {
    const float x = std::round(plot.at_x(tick.at));
    if (x < plot.min.x - 1 || x > plot.max.x + 1) continue;
    draw.AddLine({x, plot.min.y}, {x, plot.max.y},
                 with_alpha(theme().grid, tick.label.empty() ? 0.35f : 0.8f), 1);
    if (!options.x_labels || tick.label.empty()) continue;
    const float width = text_width(font, size, tick.label), left = x - width / 2;
    if (left < last + size * 0.6f) continue;
    last = left + width;
    draw_text(draw, font, size, {left, plot.max.y + size * 0.3f}, theme().dim, tick.label);
  }
  draw.AddLine({plot.min.x, plot.max.y}, plot.max, theme().border, 1);
}

}  // namespace

PlotFrame begin_plot(const char* id, ImVec2 size, const PlotOptions& options) {
  PlotFrame plot;
  plot.draw = ImGui::GetWindowDrawList();
  plot.x = options.x, plot.y = options.y;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImFont* const font = small_font();
  const float line = font->FontSize;
  const float head = options.title.empty() && options.legend.empty() ? line * 0.5f : line * 1.6f;
  plot.min = {at.x + (options.left > 0 ? options.left : em() * 4), at.y + head};
  plot.max = {at.x + size.x - (options.right > 0 ? options.right : em()),
              at.y + size.y - (options.x_labels ? line * 1.6f : line * 0.35f)};
  plot.max.x = std::max(plot.max.x, plot.min.x + 10), plot.max.y = std::max(plot.max.y, plot.min.y + 10);

  ImGui::PushID(id);
  ImGui::InvisibleButton("area", size);
  plot.hovered = ImGui::IsItemHovered();
  plot.active = ImGui::IsItemActive();
  plot.mouse = ImGui::GetMousePos();
  ImGui::PopID();

  float x = plot.min.x;
  if (!options.title.empty())
    x += draw_text(*plot.draw, bold_font(), line, {x, at.y}, theme().text, options.title) + line * 1.4f;
  draw_legend(*plot.draw, {x, at.y}, plot.max.x, options.legend);
  draw_axes(plot, options);
  plot.draw->PushClipRect({plot.min.x, plot.min.y - 1}, {plot.max.x + 1, plot.max.y + 1}, true);
  return plot;
}

void end_plot(PlotFrame& plot) {
  plot.draw->PopClipRect();
}

void draw_curve(PlotFrame& plot, const std::vector<SeriesPoint>& points, const CurveStyle& style) {
  ImDrawList& draw = *plot.draw;
  std::vector<ImVec2> line;
  const auto flush = [&] {
    if (line.size() == 1) draw.AddCircleFilled(line[0], style.width, style.colour);
    if (line.size() > 1) {
      if (style.area) {
        for (std::size_t i = 1; i < line.size(); ++i) {
          const ImVec2 corners[] = {
              {line[i - 1].x, plot.max.y}, line[i - 1], line[i], {line[i].x, plot.max.y}};
          draw.AddConvexPolyFilled(corners, 4, with_alpha(style.colour, 0.20f));
        }
      }
      if (style.dashed) {
        // Along the whole line, so that short pieces keep the rhythm.
        float travelled = 0;
        for (std::size_t i = 1; i < line.size(); ++i) {
          const ImVec2 way = line[i] - line[i - 1];
          travelled += std::hypot(way.x, way.y);
          if (std::fmod(travelled, 9.0f) < 5.5f)
            draw.AddLine(line[i - 1], line[i], style.colour, style.width);
        }
      } else {
        draw.AddPolyline(line.data(), static_cast<int>(line.size()), style.colour, 0, style.width);
      }
    }
    line.clear();
  };
  const auto clamped_y = [&](double v) {
    return std::clamp(plot.at_y(plot.y.logarithmic ? std::max(v, plot.y.min) : v), plot.min.y - 4,
                      plot.max.y + 4);
  };
  // Filling is not anti-aliased between neighbours: seams would show.
  const ImDrawListFlags flags = draw.Flags;
  for (const SeriesPoint& p : points) {
    if (std::isnan(p.mean)) {
      flush();
      continue;
    }
    const float x = plot.at_x((p.t0_s + p.t1_s) / 2);
    if (style.band && p.high > p.low && !std::isnan(p.low)) {
      const float half = std::max(0.5f, (plot.at_x(p.t1_s) - plot.at_x(p.t0_s)) / 2);
      draw.AddRectFilled({x - half, clamped_y(p.high)}, {x + half, clamped_y(p.low)},
                         with_alpha(style.colour, 0.22f));
    }
    draw.Flags = flags & ~ImDrawListFlags_AntiAliasedFill;
    line.push_back({x, clamped_y(p.mean)});
  }
  flush();
  draw.Flags = flags;
}

double value_at(const std::vector<SeriesPoint>& points, double x) {
  const auto after = std::upper_bound(points.begin(), points.end(), x,
                                      [](double t, const SeriesPoint& p) { return t < p.t1_s; });
  if (after == points.end())
    return points.empty() || x > points.back().t1_s + 1e-9 ? kNothing : points.back().mean;
  return x < after->t0_s - 1e-9 ? kNothing : after->mean;
}

double highest(const std::vector<SeriesPoint>& points, double from_s) {
  double most = 0;
  for (const SeriesPoint& p : points) {
    if (p.t0_s < from_s) continue;
    if (!std::isnan(p.mean)) most = std::max(most, p.mean);
    if (!std::isnan(p.high)) most = std::max(most, p.high);
  }
  return most;
}

void draw_marker(PlotFrame& plot, double x, ImU32 colour, const std::string& label, float width) {
  const float at = std::round(plot.at_x(x));
  if (at < plot.min.x - 1 || at > plot.max.x + 1) return;
  plot.draw->AddLine({at, plot.min.y}, {at, plot.max.y}, colour, width);
  if (label.empty()) return;
  const float size = small_font()->FontSize;
  const float wide = text_width(small_font(), size, label) + size * 0.8f;
  const float left = std::clamp(at - wide / 2, plot.min.x, std::max(plot.min.x, plot.max.x - wide));
  draw_badge(*plot.draw, {left, plot.min.y + size * 0.7f}, size, colour, theme().background, label);
}

void sparkline(ImDrawList& draw, ImVec2 min, ImVec2 max, const std::vector<SeriesPoint>& points, double top,
               ImU32 colour, double playhead_s) {
  if (points.empty() || !(top > 0)) return;
  const double t0 = points.front().t0_s, t1 = points.back().t1_s;
  const auto x = [&](double t) { return min.x + static_cast<float>((t - t0) / (t1 - t0)) * (max.x - min.x); };
  draw.AddLine({min.x, max.y}, max, theme().grid, 1);
  std::vector<ImVec2> line;
  const auto flush = [&] {
    if (line.size() > 1) draw.AddPolyline(line.data(), static_cast<int>(line.size()), colour, 0, 1.4f);
    line.clear();
  };
  for (const SeriesPoint& p : points) {
    if (std::isnan(p.mean)) {
      flush();
      continue;
    }
    const double share = std::clamp(p.mean / top, 0.0, 1.0);
    line.push_back({x((p.t0_s + p.t1_s) / 2), max.y - static_cast<float>(share) * (max.y - min.y)});
  }
  flush();
  if (playhead_s >= t0 && playhead_s <= t1)
    draw.AddLine({x(playhead_s), min.y}, {x(playhead_s), max.y}, theme().dim, 1);
}

}  // namespace tailrace::viewer
