// The inspector's percentiles: of the brushed range once a run has followed it, else of the whole run.
#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "analysis/report/human.hpp"
#include "viewer/model/percentiles.hpp"
#include "viewer/model/tail_view.hpp"
#include "viewer/panels/inspector_panel.hpp"
#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/ticks.hpp"

namespace tailrace::viewer {

namespace {

bool covers(const TailTraces& traces, const TimeRange& range) {
  return std::abs(traces.range.t0_s - range.t0_s) < 1e-6 && std::abs(traces.range.t1_s - range.t1_s) < 1e-6;
}

}  // namespace

void InspectorPanel::percentiles(const Look& look, float width) const {
  if (look.view->finished == nullptr) return;
  const sim::LargeVector<sim::Histogram>* series = &look.view->finished->record.series;
  std::string when = "the whole run, without its warm-up";
  std::shared_ptr<const TailTraces> traces;
  if (look.brush) {
    const TimeRange& range = look.figures.range;
    when = clock_text(range.t0_s, 1) + " – " + clock_text(range.t1_s, 1);
    look.session->want_traces(range);
    traces = look.session->traces();
    series = traces != nullptr && covers(*traces, range) ? &traces->series : nullptr;
  }
  ImGui::TextDisabled("time per %s, %s", look.edge >= 0 ? "call" : "visit", when.c_str());
  if (series == nullptr) return ImGui::TextDisabled("counting what ended in this range …");
  const Percentiles p = look.edge >= 0 ? edge_percentiles(*look.scene, *series, look.edge)
                                       : node_percentiles(*look.scene, *series, look.node);
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const std::pair<const char*, double> marks[] = {{"p50", p.p50}, {"p99", p.p99}, {"p99.9", p.p999}};
  const float column = width / 4;
  float x = pos.x;
  for (const auto& [name, value] : marks) {
    draw_text(draw, small_font(), 0, {x, pos.y}, theme().dim, name);
    draw_text(draw, bold_font(), 0, {x, pos.y + em() * 1.15f}, theme().text,
              value_text(AxisKind::duration, value));
    x += column;
  }
  draw_text(draw, small_font(), 0, {x, pos.y}, theme().dim, look.edge >= 0 ? "calls" : "visits");
  draw_text(draw, bold_font(), 0, {x, pos.y + em() * 1.15f}, theme().text, analysis::human_count(p.count));
  ImGui::Dummy({width, em() * 2.5f});
  if (ImGui::IsItemHovered())
    ImGui::SetTooltip("a percentile is told where at least %d %s lie beyond it", static_cast<int>(kBeyond),
                      look.edge >= 0 ? "calls" : "visits");
}

}  // namespace tailrace::viewer
