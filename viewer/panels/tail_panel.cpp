#include "viewer/panels/tail_panel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/report/human.hpp"
#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/icons.hpp"

namespace tailrace::viewer {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

constexpr double kTailSlices = 40;

struct Mark {
  double p;
  const char* name;
};
constexpr Mark kMarks[] = {{0.5, "p50"}, {0.9, "p90"}, {0.99, "p99"}, {0.999, "p99.9"}};

}  // namespace

// A bucket of the curve goes into bins by the share of it (on the logarithmic axis) that they cover.
std::vector<TailPanel::Bin> TailPanel::binned(const LatencyCurve& curve, double least, double top, int bins) {
  std::vector<Bin> result(at(bins));
  const double step = std::log(top / least) / bins;
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i].lower = least * std::exp(step * static_cast<double>(i));
    result[i].upper = least * std::exp(step * static_cast<double>(i + 1));
  }
  if (curve.count == 0) return result;
  for (const LatencyBucket& b : curve.buckets) {
    const double low = std::log(std::max(b.lower_s, least) / least) / step;
    const double high = std::log(std::max(b.upper_s, least * 1.0000001) / least) / step;
    const double share = static_cast<double>(b.count) / static_cast<double>(curve.count);
    const double span = std::max(high - low, 1e-9);
    for (int i = std::max(0, static_cast<int>(low)); i < bins && i <= static_cast<int>(high); ++i) {
      const double part = std::min(high, i + 1.0) - std::max(low, static_cast<double>(i));
      if (part > 0) result[at(i)].share += share * part / span;
    }
    if (high <= low + 1e-9) result[at(std::clamp(static_cast<int>(low), 0, bins - 1))].share += share;
  }
  double sum = 0;
  for (Bin& bin : result) bin.cumulative = sum += bin.share;
  return result;
}

void TailPanel::histogram(const Look* other, ImVec2 size) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  double least = 1e9, top = 0;
  for (const LatencyCurve* curve : {&here_, &whole_}) {
    if (curve->buckets.empty()) continue;
    least = std::min(least, std::max(curve->quantile(0.001), 1e-7));
    top = std::max(top, curve->buckets.back().upper_s);
  }
  if (top <= 0) least = 1e-3, top = 1;
  least *= 0.8, top = std::max(top * 1.25, least * 10);
  const int bins = std::clamp(static_cast<int>((size.x - em() * 9) / (em() * 0.55f)), 20, 160);
  const std::vector<Bin> now = binned(here_, least, top, bins), all = binned(whole_, least, top, bins);
  const std::vector<Bin> others = other != nullptr ? binned(other_, least, top, bins) : std::vector<Bin>();
  double most = 0;
  for (const Bin& bin : now) most = std::max(most, bin.share);
  for (const Bin& bin : all) most = std::max(most, bin.share);

  PlotOptions o;
  o.title = "latency";
  o.x = {least, top, AxisKind::duration, true};
  o.y = {0, rounded_up(most * 1.08), AxisKind::share, false};
  o.left = em() * 4.2f, o.right = em() * 4.2f;
  const std::string range = clock_text(range_.t0_s) + " – " + clock_text(range_.t1_s);
  o.legend = {{range, theme().series[0], analysis::human_count(here_.count) + " requests", false},
              {"whole run", theme().dim, analysis::human_count(whole_.count), false},
              {"share below", theme().series[3], "", false}};
  if (other != nullptr)
    o.legend.push_back({other->label, theme().series[4], analysis::human_count(other_.count), true});
  PlotFrame plot = begin_plot("tail", size, o);
  for (const Bin& bin : now) {
    if (bin.share <= 0) continue;
    const bool tail = here_.count > 0 && bin.lower >= here_.quantile(0.99);
    draw.AddRectFilled({plot.at_x(bin.lower) + 0.5f, plot.at_y(bin.share)},
                       {plot.at_x(bin.upper) - 0.5f, plot.max.y},
                       tail ? theme().strained : theme().series[0]);
  }
  const auto outline = [&](const std::vector<Bin>& curve, ImU32 colour, bool dashed) {
    std::vector<ImVec2> line;
    for (const Bin& bin : curve) {
      line.push_back({plot.at_x(bin.lower), plot.at_y(bin.share)});
      line.push_back({plot.at_x(bin.upper), plot.at_y(bin.share)});
    }
    if (dashed) {
      for (std::size_t i = 0; i + 1 < line.size(); i += 2) draw.AddLine(line[i], line[i + 1], colour, 1.8f);
    } else {
      draw.AddPolyline(line.data(), static_cast<int>(line.size()), colour, 0, 1.2f);
    }
  };
  outline(all, with_alpha(theme().dim, 0.8f), false);
  if (!others.empty()) outline(others, theme().series[4], true);
  // The distribution function, against the right side.
  std::vector<ImVec2> below;
  for (const Bin& bin : now)
    below.push_back(
        {plot.at_x(bin.upper), plot.max.y - static_cast<float>(bin.cumulative) * (plot.max.y - plot.min.y)});
  if (here_.count > 0)
    draw.AddPolyline(below.data(), static_cast<int>(below.size()), theme().series[3], 0, 1.8f);

  // Percentiles: lines, with labels one below the other so that they never meet.
  double edges[6] = {least, 0, 0, 0, 0, top};
  // Labels after all lines, one below the other, so that nothing crosses them.
  for (const bool words : {false, true}) {
    float label_y = plot.min.y + em() * 0.9f;
    for (std::size_t i = 0; i < std::size(kMarks); ++i) {
      const double q = here_.count > 0 ? here_.quantile(kMarks[i].p) : kNothing;
      edges[i + 1] = std::isnan(q) ? top : q;
      if (std::isnan(q)) continue;
      const float x = std::round(plot.at_x(q));
      if (!words) draw.AddLine({x, plot.min.y}, {x, plot.max.y}, with_alpha(theme().text, 0.7f), 1.2f);
      if (!words) continue;
      const std::string text = fmt::format("{} {}", kMarks[i].name, value_text(AxisKind::duration, q));
      const float wide = text_width(small_font(), 0, text) + em();
      const float left = x + wide + 6 < plot.max.x ? x + 4 : x - wide - 4;
      draw_badge(draw, {left, label_y}, small_font()->FontSize, theme().raised, theme().text, text);
      label_y += em() * 1.5f;
    }
  }
  if (plot.hovered && ImGui::IsMouseReleased(0)) {
    const double v = plot.x_of(plot.mouse.x);
    int which = -1;
    for (int i = 0; i < 5; ++i)
      if (v >= edges[i] && v < edges[i + 1]) which = i;
    band_ = which == band_ ? -1 : which;
  }
  if (band_ >= 0) {
    draw.AddRectFilled({plot.at_x(edges[band_]), plot.min.y}, {plot.at_x(edges[band_ + 1]), plot.max.y},
                       theme().selection);
    const double share = here_.share_below(edges[band_ + 1]) - here_.share_below(edges[band_]);
    const std::string text =
        fmt::format("{} – {}: {} of requests", value_text(AxisKind::duration, edges[band_]),
                    value_text(AxisKind::duration, edges[band_ + 1]), value_text(AxisKind::share, share));
    const float wide = text_width(small_font(), 0, text) + em();
    draw_badge(draw, {std::clamp(plot.at_x(edges[band_]), plot.min.x, plot.max.x - wide), plot.max.y - em()},
               small_font()->FontSize, theme().accent, theme().background, text);
  }
  end_plot(plot);
  for (const double share : {0.0, 0.5, 1.0}) {
    const float y = plot.max.y - static_cast<float>(share) * (plot.max.y - plot.min.y);
    draw_text(draw, small_font(), 0, {plot.max.x + em() * 0.4f, y - em() * 0.55f}, theme().series[3],
              fmt::format("{:.0f}%", share * 100));
  }
  if (plot.hovered) {
    const double v = plot.x_of(plot.mouse.x);
    if (v >= least && v <= top)
      ImGui::SetTooltip(
          "%s of requests took less than %s",
          value_text(AxisKind::share, here_.count > 0 ? here_.share_below(v) : kNothing).c_str(),
          value_text(AxisKind::duration, v).c_str());
  }
  if (here_.count == 0) {
    const char* const text = "no request succeeded in this range";
    const float wide = text_width(body_font(), 0, text) + em();
    draw_badge(draw, {(plot.min.x + plot.max.x - wide) / 2, plot.min.y + em() * 2}, em(), theme().raised,
               theme().text, text);
  }
}

void TailPanel::components(Look& look, ImVec2 where, ImVec2 size) const {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw_text(draw, bold_font(), 0, where, theme().text, "mean time inside, per visit");
  draw_text(
      draw, small_font(), 0,
      {where.x + text_width(bold_font(), 0, "mean time inside, per visit") + em(), where.y + em() * 0.1f},
      theme().dim, "waiting, working, and what it calls");
  struct Row {
    int node;
    double latency;
  };
  std::vector<Row> rows;
  double most = 0;
  for (std::size_t i = 0; i < look.scene->nodes.size(); ++i) {
    const double latency = look.figures.nodes[i].latency;
    if (std::isnan(latency) || !look.scene->nodes[i].workloads.empty()) continue;
    rows.push_back({static_cast<int>(i), latency});
    most = std::max(most, latency);
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.latency != b.latency ? a.latency > b.latency : a.node < b.node;
  });
  const float line = em() * 1.5f;
  const auto room = static_cast<std::size_t>(std::max(0.0f, (size.y - em() * 1.8f) / line));
  float names = em() * 4;
  for (std::size_t i = 0; i < std::min(room, rows.size()); ++i)
    names = std::max(names, text_width(body_font(), 0, look.scene->nodes[at(rows[i].node)].name));
  names = std::min(names + em() * 2.2f, size.x * 0.4f);
  float y = where.y + em() * 1.8f;
  const float figures = em() * 5.5f, bar_left = where.x + names, bar_room = size.x - names - figures;
  for (std::size_t i = 0; i < std::min(room, rows.size()); ++i) {
    const SceneNode& node = look.scene->nodes[at(rows[i].node)];
    const Health health = look.node_health[at(rows[i].node)];
    const bool chosen = rows[i].node == look.node;
    draw_icon(draw, {where.x + em() * 0.6f, y + line / 2}, em() * 0.45f, node.icon,
              chosen ? theme().accent : theme().dim);
    draw_text(draw, body_font(), 0, {where.x + em() * 1.5f, y + em() * 0.15f},
              chosen ? theme().accent : theme().text, fitted(body_font(), 0, node.name, names - em() * 2));
    const float wide = std::max(2.0f, bar_room * static_cast<float>(rows[i].latency / most));
    draw.AddRectFilled({bar_left, y + line * 0.22f}, {bar_left + wide, y + line * 0.78f},
                       with_alpha(theme().of(health == Health::idle ? Health::good : health), 0.85f), 2);
    draw_text(draw, small_font(), 0, {bar_left + wide + em() * 0.4f, y + em() * 0.2f}, theme().dim,
              value_text(AxisKind::duration, rows[i].latency));
    ImGui::SetCursorScreenPos({where.x, y});
    ImGui::PushID(rows[i].node);
    if (ImGui::InvisibleButton("row", {size.x, line})) look.select_node(rows[i].node);
    ImGui::PopID();
    y += line;
  }
}

void TailPanel::draw(Look& look, const Look* other, ImVec2 size) {
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  ImGui::GetWindowDrawList()->AddRectFilled(origin, origin + size, theme().panel);
  if (!look.ready()) return;
  int workload = -1;
  if (look.node >= 0 && !look.scene->nodes[at(look.node)].workloads.empty())
    workload = look.scene->nodes[at(look.node)].workloads[0];
  // A moment has too few requests for a tail: without a brush it is the last stretch before the playhead.
  TimeRange wanted = look.range;
  if (!look.brush) wanted.t0_s = std::max(0.0, wanted.t1_s - kTailSlices * look.history->slice_s());
  if (run_ != look.view->run || version_ != look.view->version || range_.t0_s != wanted.t0_s ||
      range_.t1_s != wanted.t1_s || workload_ != workload) {
    run_ = look.view->run, version_ = look.view->version, range_ = wanted, workload_ = workload;
    here_ = look.history->latency(range_, workload);
    whole_ = look.history->latency({0, look.scene->duration_s}, workload);
    if (other != nullptr && other->ready()) other_ = other->history->latency(range_, -1);
  }
  const float pad = em() * 0.8f;
  const ImVec2 inner = origin + ImVec2{pad, pad};
  std::size_t visited = 0;
  for (const NodeFigures& f : look.figures.nodes) visited += std::isnan(f.latency) ? 0 : 1;
  const float below = std::min(static_cast<float>(visited) * em() * 1.5f + em() * 2.6f, size.y * 0.45f);
  const float above = size.y - 2 * pad - below;
  ImGui::SetCursorScreenPos(inner);
  histogram(other != nullptr && other->ready() ? other : nullptr, {size.x - 2 * pad, above});
  components(look, {inner.x, inner.y + above + em() * 0.6f}, {size.x - 2 * pad, below - em() * 0.6f});
  ImGui::SetCursorScreenPos(origin + ImVec2{0, size.y});
}

}  // namespace tailrace::viewer
