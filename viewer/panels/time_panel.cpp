#include "viewer/panels/time_panel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viewer/widgets/draw.hpp"

namespace tailrace::viewer {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}
float left_room() {
  return em() * 4.6f;
}

ImU32 colour_of(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::fault_on:
    case ChangeKind::instances_down:
      return theme().failing;
    case ChangeKind::breaker:
      return theme().strained;
    default:
      return theme().good;
  }
}

void draw_change(ImDrawList& draw, ImVec2 c, float r, ChangeKind kind) {
  const ImU32 colour = colour_of(kind);
  switch (kind) {
    case ChangeKind::breaker:
      draw.AddQuadFilled({c.x, c.y - r}, {c.x + r, c.y}, {c.x, c.y + r}, {c.x - r, c.y}, colour);
      break;
    case ChangeKind::scaled:
      draw.AddRectFilled({c.x - r * 0.8f, c.y - r * 0.8f}, {c.x + r * 0.8f, c.y + r * 0.8f}, colour);
      break;
    case ChangeKind::instances_down:
    case ChangeKind::fault_on:
      draw.AddTriangleFilled({c.x - r, c.y - r * 0.8f}, {c.x + r, c.y - r * 0.8f}, {c.x, c.y + r}, colour);
      break;
    default:
      draw.AddTriangleFilled({c.x - r, c.y + r * 0.8f}, {c.x, c.y - r}, {c.x + r, c.y + r * 0.8f}, colour);
  }
}

}  // namespace

ImVec2 TimePanel::where(double t_s) const {
  const double share = (t_s - axis_.t0_s) / std::max(1e-12, axis_.length());
  return {load_min_.x + static_cast<float>(share) * (load_max_.x - load_min_.x),
          (load_min_.y + load_max_.y) / 2};
}

void TimePanel::collect(Curves& c, const Look& look, std::size_t points) const {
  const int width = static_cast<int>(points);
  if (c.history == look.history && c.range.t0_s == axis_.t0_s && c.range.t1_s == axis_.t1_s &&
      c.node == look.node && c.edge == look.edge && c.width == width)
    return;
  c.history = look.history, c.range = axis_, c.node = look.node, c.edge = look.edge;
  c.width = width;
  const History& h = *look.history;
  const int workload = look.workload();  // its own curves, where one is selected
  c.offered = h.series(Series::offered, workload, axis_, points);
  c.goodput = h.series(Series::goodput, workload, axis_, points);
  c.failed = h.series(Series::failed, workload, axis_, points);
  c.p50 = h.series(Series::p50, workload, axis_, points);
  c.p99 = h.series(Series::p99, workload, axis_, points);
  c.p999 = h.series(Series::p999, workload, axis_, points);
  c.first.clear(), c.second.clear();
  if (look.node >= 0) {
    const bool workers = look.figures.nodes[at(look.node)].has_workers;
    c.first = h.series(workers ? Series::node_utilisation : Series::node_in_flight, look.node, axis_, points);
    c.second = h.series(Series::node_queue, look.node, axis_, points);
  } else if (look.edge >= 0) {
    c.first = h.series(Series::edge_attempts, look.edge, axis_, points);
    c.second = h.series(Series::edge_retries, look.edge, axis_, points);
  }
}

PlotOptions TimePanel::options(const char* title) const {
  PlotOptions o;
  o.title = title;
  o.x = {axis_.t0_s, axis_.t1_s, AxisKind::clock, false};
  o.left = left_room();
  return o;
}

void TimePanel::overlays(const Look& look, PlotFrame& plot, bool label) {
  ImDrawList& draw = *plot.draw;
  const double warm = look.scene->warmup_s;
  if (warm > axis_.t0_s) {
    const ImVec2 b{plot.at_x(std::min(warm, axis_.t1_s)), plot.max.y};
    draw_hatched(draw, plot.min, b, em() * 0.6f, 1, with_alpha(theme().faint, 0.16f));
    if (label && b.x - plot.min.x > em() * 5)
      draw_text(draw, small_font(), 0, {plot.min.x + em() * 0.4f, plot.min.y + em() * 0.2f}, theme().faint,
                "warm-up");
  }
  for (const FaultBar& bar : look.history->bars()) {
    const double end = bar.on ? look.history->frontier_s() : bar.end_s;
    if (end <= axis_.t0_s || bar.start_s >= axis_.t1_s) continue;
    draw.AddRectFilled({plot.at_x(bar.start_s), plot.min.y},
                       {std::max(plot.at_x(end), plot.at_x(bar.start_s) + 1), plot.max.y},
                       with_alpha(theme().failing, 0.10f));
  }
  const double frontier = look.history->frontier_s();
  if (!look.history->complete() && frontier < axis_.t1_s)
    draw.AddRectFilled({plot.at_x(std::max(frontier, axis_.t0_s)), plot.min.y}, plot.max,
                       with_alpha(theme().background, 0.5f));
  if (look.brush) {
    const ImVec2 a{plot.at_x(look.brush->t0_s), plot.min.y}, b{plot.at_x(look.brush->t1_s), plot.max.y};
    draw.AddRectFilled(a, b, theme().selection);
    draw.AddLine(a, {a.x, b.y}, theme().accent, 1);
    draw.AddLine({b.x, a.y}, b, theme().accent, 1);
  }
  draw_marker(plot, look.playhead_s, theme().text, label ? clock_text(look.playhead_s, 1) : "", 1.5f);
  if (plot.hovered && !dragging_) {
    const double t = plot.x_of(plot.mouse.x);
    if (t >= axis_.t0_s && t <= axis_.t1_s)
      draw.AddLine({plot.mouse.x, plot.min.y}, {plot.mouse.x, plot.max.y}, with_alpha(theme().dim, 0.6f), 1);
  }
}

void TimePanel::interact(Look& look, const PlotFrame& plot) {
  const ImGuiIO& io = ImGui::GetIO();
  const double t = std::clamp(plot.x_of(plot.mouse.x), 0.0, look.scene->duration_s);
  if (plot.hovered && io.MouseWheel != 0) {
    const double length = std::clamp(axis_.length() * std::pow(0.85, static_cast<double>(io.MouseWheel)),
                                     look.history->slice_s() * 8, look.scene->duration_s);
    const double share = (t - axis_.t0_s) / axis_.length();
    double from = std::clamp(t - share * length, 0.0, look.scene->duration_s - length);
    shown_ = TimeRange{from, from + length};
    if (length >= look.scene->duration_s * 0.999) shown_.reset();
  }
  if (plot.hovered && ImGui::IsMouseDoubleClicked(0)) {
    look.brush.reset(), shown_.reset();
    drag_from_ = -1, dragging_ = false;
    return;
  }
  if (plot.hovered && ImGui::IsMouseClicked(0)) drag_from_ = t, dragging_ = false;
  if (!plot.active && drag_from_ < 0) return;
  if (plot.active && drag_from_ >= 0 && ImGui::IsMouseDragging(0, em() * 0.4f)) {
    dragging_ = true;
    look.brush = TimeRange{std::min(drag_from_, t), std::max(drag_from_, t)};
  }
  if (plot.hovered && drag_from_ >= 0 && ImGui::IsMouseReleased(0)) {
    if (!dragging_) {
      look.brush.reset();
      look.session->seek(t);
    }
    drag_from_ = -1, dragging_ = false;
  }
}

// Scrubber, faults, changes. Returns the height that they took.
float TimePanel::lanes(Look& look, ImVec2 where, float width, float height) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float line = em() * 1.35f, x0 = where.x + left_room(), x1 = where.x + width - em();
  const auto px = [&](double t) {
    return x0 + static_cast<float>((t - axis_.t0_s) / axis_.length()) * (x1 - x0);
  };
  float y = where.y;

  // The strip that scrubs.
  ImGui::SetCursorScreenPos({x0, y});
  ImGui::InvisibleButton("scrub", {x1 - x0, line});
  if (ImGui::IsItemActive()) {
    const double share = static_cast<double>((ImGui::GetMousePos().x - x0) / (x1 - x0));
    look.session->seek(std::clamp(axis_.t0_s + share * axis_.length(), 0.0, look.scene->duration_s));
  }
  const float middle = y + line / 2;
  draw.AddRectFilled({x0, middle - em() * 0.16f}, {x1, middle + em() * 0.16f}, theme().raised, em() * 0.16f);
  const float done = std::clamp(px(look.history->frontier_s()), x0, x1);
  draw.AddRectFilled({x0, middle - em() * 0.16f}, {done, middle + em() * 0.16f}, theme().border,
                     em() * 0.16f);
  const float head = px(look.playhead_s);
  if (head >= x0 && head <= x1) {
    draw.AddRectFilled({x0, middle - em() * 0.16f}, {head, middle + em() * 0.16f}, theme().accent,
                       em() * 0.16f);
    draw.AddCircleFilled({head, middle}, em() * 0.42f, theme().accent, 20);
  }
  y += line;

  // Faults, one lane each while there is room; those after the third share it.
  std::vector<int> lane_of(look.scene->faults.size(), -1);
  int used = 0;
  const int most = std::clamp(static_cast<int>((height - line * 2) / line), 1, 4);
  for (const FaultBar& bar : look.history->bars())
    if (lane_of[at(bar.fault)] < 0) lane_of[at(bar.fault)] = std::min(used++, most - 1);
  const float size = small_font()->FontSize;
  std::vector<float> named(at(most), -1e9f);
  for (const FaultBar& bar : look.history->bars()) {
    const double end = bar.on ? look.history->frontier_s() : bar.end_s;
    if (end < axis_.t0_s || bar.start_s > axis_.t1_s) continue;
    const int lane = lane_of[at(bar.fault)];
    const float top = y + static_cast<float>(lane) * line;
    const float a = std::max(px(bar.start_s), x0), b = std::max(std::min(px(end), x1), a + 3);
    draw.AddRectFilled({a, top + em() * 0.15f}, {b, top + line - em() * 0.1f},
                       with_alpha(theme().failing, 0.85f), em() * 0.2f);
    const std::string name =
        fitted(small_font(), size, look.scene->faults[at(bar.fault)].name, (x1 - x0) * 0.4f);
    const float needed = text_width(small_font(), size, name);
    if (a < named[at(lane)]) continue;
    if (b - a > needed + em() * 0.8f) {
      draw_text(draw, small_font(), size, {a + em() * 0.4f, top + em() * 0.2f}, theme().background, name);
      named[at(lane)] = b;
    } else if (b + needed + em() < x1) {
      draw_text(draw, small_font(), size, {b + em() * 0.35f, top + em() * 0.2f}, theme().failing, name);
      named[at(lane)] = b + needed + em();
    } else {
      const float from = a - needed - em() * 0.35f;
      if (from > x0) draw_text(draw, small_font(), size, {from, top + em() * 0.2f}, theme().failing, name);
      named[at(lane)] = b;
    }
  }
  const int lanes_used = std::min(used, most);
  if (lanes_used > 0)
    draw_text(draw, small_font(), size, {where.x + em() * 0.6f, y + em() * 0.2f}, theme().dim, "faults");
  y += static_cast<float>(lanes_used) * line;

  // Changes: a sign each.
  bool any = false;
  const ImVec2 mouse = ImGui::GetMousePos();
  const Change* under = nullptr;
  float last = -1e9f;
  for (const Change& change : look.history->changes()) {
    if (change.kind == ChangeKind::fault_on || change.kind == ChangeKind::fault_off) continue;  // bars say it
    if (change.t_s < axis_.t0_s || change.t_s > axis_.t1_s) continue;
    any = true;
    const float x = px(change.t_s);
    if (std::abs(mouse.x - x) < em() * 0.45f && mouse.y >= y && mouse.y < y + line) under = &change;
    if (x - last < 2) continue;  // many at once look like one
    last = x;
    draw_change(draw, {x, y + line / 2}, em() * 0.34f, change.kind);
  }
  if (any) {
    draw_text(draw, small_font(), size, {where.x + em() * 0.6f, y + em() * 0.15f}, theme().dim, "changes");
    y += line;
  }
  if (under != nullptr && ImGui::IsWindowHovered())
    ImGui::SetTooltip("%s  %s", clock_text(under->t_s, 1).c_str(), under->text.c_str());
  return y - where.y + em() * 0.3f;
}

void TimePanel::load_row(Look& look, const Look* other, ImVec2 size) {
  const Curves& c = mine_;
  const double shown = look.playhead_s;
  std::string title = "requests";
  if (look.workload() >= 0) title += " of " + look.scene->nodes[at(look.node)].name;
  PlotOptions o = options(title.c_str());
  // The start of a closed load, when all users come at once, is not what the row is scaled to.
  const double warm = look.scene->warmup_s;
  double top = std::max({highest(c.offered, warm), highest(c.goodput, warm), highest(c.failed, warm)});
  if (other != nullptr) top = std::max(top, highest(others_.goodput, warm));
  o.y = {0, rounded_up(top * 1.05), AxisKind::rate, false};
  o.x_labels = false;
  o.legend = {{"offered", theme().dim, value_text(AxisKind::rate, value_at(c.offered, shown)), false},
              {"goodput", theme().series[0], value_text(AxisKind::rate, value_at(c.goodput, shown)), false},
              {"failed", theme().failing, value_text(AxisKind::rate, value_at(c.failed, shown)), false}};
  if (other != nullptr)
    o.legend.push_back({"goodput of " + other->label, theme().series[3],
                        value_text(AxisKind::rate, value_at(others_.goodput, shown)), true});
  PlotFrame plot = begin_plot("load", size, o);
  load_min_ = plot.min, load_max_ = plot.max;
  draw_curve(plot, c.goodput, {theme().series[0], 2.0f, true, false, false});
  draw_curve(plot, c.failed, {theme().failing, 1.8f, true, false, true});
  draw_curve(plot, c.offered, {theme().dim, 1.3f, false, false, false});
  if (other != nullptr) draw_curve(plot, others_.goodput, {theme().series[3], 2.0f, false, true, false});
  overlays(look, plot, true);
  end_plot(plot);
  interact(look, plot);
}

void TimePanel::latency_row(Look& look, const Look* other, ImVec2 size, bool labels) {
  const Curves& c = mine_;
  const double shown = look.playhead_s;
  PlotOptions o = options("latency of successes");
  double least = 1e9, top = 0;
  for (const auto* curve : {&c.p50, &c.p99, &c.p999})
    for (const SeriesPoint& p : *curve)
      if (p.mean > 0) least = std::min(least, p.mean), top = std::max(top, std::max(p.mean, p.high));
  if (other != nullptr)
    for (const SeriesPoint& p : others_.p99)
      if (p.mean > 0) least = std::min(least, p.mean), top = std::max(top, p.mean);
  if (top <= 0) least = 1e-3, top = 1;
  o.y = {least * 0.7, top * 1.5, AxisKind::duration, true};
  o.x_labels = labels;
  o.legend = {{"p50", theme().series[0], value_text(AxisKind::duration, value_at(c.p50, shown)), false},
              {"p99", theme().series[1], value_text(AxisKind::duration, value_at(c.p99, shown)), false},
              {"p99.9", theme().series[2], value_text(AxisKind::duration, value_at(c.p999, shown)), false}};
  if (other != nullptr)
    o.legend.push_back({"p99 of " + other->label, theme().series[3],
                        value_text(AxisKind::duration, value_at(others_.p99, shown)), true});
  PlotFrame plot = begin_plot("latency", size, o);
  draw_curve(plot, c.p999, {theme().series[2], 1.4f, false, false, false});
  draw_curve(plot, c.p99, {theme().series[1], 1.8f, false, false, false});
  draw_curve(plot, c.p50, {theme().series[0], 2.0f, false, false, false});
  if (other != nullptr) draw_curve(plot, others_.p99, {theme().series[3], 1.8f, false, true, false});
  overlays(look, plot, false);
  end_plot(plot);
  interact(look, plot);
}

void TimePanel::selection_row(Look& look, const Look* other, ImVec2 size) {
  const Curves& c = mine_;
  const bool node = look.node >= 0;
  const bool workers = node && look.figures.nodes[at(look.node)].has_workers;
  std::string title;
  if (node) {
    title = look.scene->nodes[at(look.node)].name;
  } else {
    const SceneEdge& e = look.scene->edges[at(look.edge)];
    title = look.scene->nodes[at(e.from)].name + " → " + look.scene->nodes[at(e.to)].name;
  }
  PlotOptions o = options(title.c_str());
  // The same measure of the other run; workers may be limited in one of the two only.
  const bool both = other != nullptr && (node ? other->node >= 0 : other->edge >= 0) &&
                    (!node || other->figures.nodes[at(other->node)].has_workers == workers);
  // Two measures with two units share the row: each is drawn against its own highest value, which the legend
  // tells.
  const double most = std::max(highest(c.first), both ? highest(others_.first) : 0);
  const double top_first = workers ? 1.0 : rounded_up(most * 1.05),
               top_second = node ? rounded_up(highest(c.second) * 1.05) : top_first;
  const AxisKind kind = workers ? AxisKind::share : node ? AxisKind::number : AxisKind::rate;
  o.y = {0, top_first, kind, false};
  o.x_labels = true;
  const char* const first = workers ? "busy" : node ? "under way" : "attempts";
  const char* const second = node ? "waiting" : "retries";
  o.legend = {
      {first, theme().series[0], value_text(kind, value_at(c.first, look.playhead_s)), false},
      {second, theme().strained,
       value_text(node ? AxisKind::number : kind, value_at(c.second, look.playhead_s)) +
           (node ? fmt::format(" (top of the row: {})", axis_text(AxisKind::number, top_second)) : ""),
       false}};
  if (both)
    o.legend.push_back({fmt::format("{} of {}", first, other->label), theme().series[3],
                        value_text(kind, value_at(others_.first, look.playhead_s)), true});
  PlotFrame plot = begin_plot("selection", size, o);
  draw_curve(plot, c.first, {theme().series[0], 1.8f, true, false, true});
  if (both) draw_curve(plot, others_.first, {theme().series[3], 1.8f, false, true, false});
  std::vector<SeriesPoint> scaled = c.second;
  for (SeriesPoint& p : scaled) {
    const double f = top_first / top_second;
    p.low *= f, p.mean *= f, p.high *= f;
  }
  draw_curve(plot, scaled, {theme().strained, 1.8f, false, false, true});
  overlays(look, plot, false);
  end_plot(plot);
  interact(look, plot);
}

void TimePanel::draw(Look& look, const Look* other, ImVec2 size) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  if (!look.ready()) return draw_absent(look, origin, size);
  draw.AddRectFilled(origin, origin + size, theme().panel);
  if (shown_ && shown_->t1_s > look.scene->duration_s * (1 + 1e-9)) shown_.reset();  // of a longer run
  axis_ = shown_ ? *shown_ : TimeRange{0, std::max(look.scene->duration_s, 1e-9)};
  const auto points = static_cast<std::size_t>(std::clamp((size.x - left_room()) / 4.5f, 50.0f, 600.0f));
  collect(mine_, look, points);
  if (other != nullptr) collect(others_, *other, points);

  const float pad = em() * 0.4f;
  const float head = lanes(look, origin + ImVec2{0, pad}, size.x, size.y * 0.35f);
  float y = origin.y + pad + head;
  const float room = origin.y + size.y - y;
  const bool selected = (look.node >= 0 && !mine_.first.empty()) || look.edge >= 0;
  const bool third = selected && room > em() * 17;
  const float row = room / (third ? 3.0f : 2.0f);
  ImGui::SetCursorScreenPos({origin.x, y});
  load_row(look, other, {size.x, row - pad});
  y += row;
  ImGui::SetCursorScreenPos({origin.x, y});
  latency_row(look, other, {size.x, row - pad}, !third);
  if (third) {
    ImGui::SetCursorScreenPos({origin.x, y + row});
    selection_row(look, other, {size.x, row - pad});
  }
  if (ImGui::IsMouseReleased(0)) drag_from_ = -1, dragging_ = false;  // also outside of the rows
  ImGui::SetCursorScreenPos(origin + ImVec2{0, size.y});
}

}  // namespace tailrace::viewer
