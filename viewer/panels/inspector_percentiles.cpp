// The inspector's percentiles: of the brushed range once a run has followed it, else of the whole run.
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

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
  struct Row {
    std::string of;  // what `count` counts
    Percentiles p;
  };
  const bool messages = look.edge < 0 && takes_messages(*look.scene, look.node);
  ImGui::TextDisabled("time per %s, %s",
                      look.edge >= 0 ? "call"
                      : messages     ? "message"
                                     : "visit",
                      when.c_str());
  if (series == nullptr)
    return ImGui::TextDisabled("%s", look.following() ? "counting what ended in this range …"
                                                      : "what ended in this range could not be counted");
  std::vector<Row> rows;
  if (look.edge >= 0) {
    rows.push_back({"calls", edge_percentiles(*look.scene, *series, look.edge)});
  } else if (messages) {
    rows.push_back({"published", node_percentiles(*look.scene, *series, look.node, Visits::published)});
    rows.push_back({"handled", node_percentiles(*look.scene, *series, look.node, Visits::handled)});
    if (rows.back().p.count == 0) rows.pop_back();  // elsewhere, by services
  } else {
    rows.push_back({"visits", node_percentiles(*look.scene, *series, look.node)});
  }
  const float column = width / 4;
  for (const Row& row : rows) {
    const ImVec2 pos = ImGui::GetCursorScreenPos();
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const std::pair<std::string, std::string> cells[] = {
        {"p50", value_text(AxisKind::duration, row.p.p50)},
        {"p99", value_text(AxisKind::duration, row.p.p99)},
        {"p99.9", value_text(AxisKind::duration, row.p.p999)},
        {row.of, analysis::human_count(row.p.count)}};
    float x = pos.x;
    for (const auto& [name, value] : cells) {
      draw_text(draw, small_font(), 0, {x, pos.y}, theme().dim, name);
      draw_text(draw, bold_font(), 0, {x, pos.y + em() * 1.15f}, theme().text, value);
      x += column;
    }
    ImGui::Dummy({width, em() * 2.5f});
    if (ImGui::IsItemHovered())
      ImGui::SetTooltip("a percentile is told where at least %d %s lie beyond it", static_cast<int>(kBeyond),
                        messages ? "messages" : row.of.c_str());
  }
}

}  // namespace tailrace::viewer
