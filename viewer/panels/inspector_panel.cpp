#include "viewer/panels/inspector_panel.hpp"

#include <fmt/format.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <cmath>

#include "analysis/report/human.hpp"
#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/icons.hpp"

namespace tailrace::viewer {

namespace {

// Of a component with several stations (a broker and its consumers) each says which.
std::string instance_name(const Scene& scene, const SceneNode& node, const LiveInstance& instance) {
  std::string name = fmt::format("#{}", instance.index + 1);
  if (node.stations.size() < 2) return name;
  const std::string& station =
      scene.model->topology->stations[static_cast<std::size_t>(instance.station)].name;
  const bool prefixed =
      station.size() > node.name.size() && station.compare(0, node.name.size(), node.name) == 0;
  return (prefixed ? station.substr(node.name.size() + 1) : station) + name;
}

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

void InspectorPanel::remember(const std::string& what) {
  const ImVec2 a = ImGui::GetItemRectMin(), b = ImGui::GetItemRectMax();
  places_[what] = {(a.x + b.x) / 2, (a.y + b.y) / 2};
}

bool InspectorPanel::where(const std::string& what, ImVec2& centre) const {
  const auto found = places_.find(what);
  if (found == places_.end()) return false;
  centre = found->second;
  return true;
}

void InspectorPanel::tell(const EditResult& result) {
  message_ = result.message, hint_ = result.hint, failed_ = !result.ok;
}

void InspectorPanel::heading(NodeKind icon, const std::string& name, const std::string& caption,
                             Health health, bool with_icon) {
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  float x = pos.x;
  if (with_icon) {
    draw_icon(draw, {x + em() * 0.9f, pos.y + em() * 0.85f}, em() * 0.75f, icon,
              theme().of(health == Health::idle ? Health::good : health));
    x += em() * 2.1f;
  }
  const float room = pos.x + ImGui::GetContentRegionAvail().x - x;
  draw_text(draw, title_font(), 0, {x, pos.y}, theme().text, fitted(title_font(), 0, name, room));
  draw_text(draw, small_font(), 0, {x, pos.y + em() * 1.55f}, theme().dim,
            fitted(small_font(), 0, caption, room));
  ImGui::Dummy({1, em() * 2.9f});
}

void InspectorPanel::figure(const Look& look, const char* name, const std::string& value, Series series,
                            int id, ImU32 colour, double top, float width) {
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float line = em() * 1.65f;
  draw_text(draw, body_font(), 0, pos, theme().dim, name);
  const float middle = width * 0.36f, figures = em() * 6.2f;
  draw_text(draw, bold_font(), 0, {pos.x + middle, pos.y}, theme().text, value);
  const std::vector<SeriesPoint> points = look.history->series(series, id, {0, look.scene->duration_s}, 120);
  const double most = top > 0 ? top : rounded_up(highest(points));
  const float left = pos.x + middle + figures;
  if (pos.x + width - left > em() * 3)
    sparkline(draw, {left, pos.y + em() * 0.1f}, {pos.x + width, pos.y + em() * 1.15f}, points, most, colour,
              look.playhead_s);
  ImGui::Dummy({width, line - ImGui::GetStyle().ItemSpacing.y});
}

void InspectorPanel::figure_rows(Look& look, float width) {
  const NodeFigures& f = look.figures.nodes[at(look.node)];
  const SceneNode& node = look.scene->nodes[at(look.node)];
  const ImU32 quiet = theme().series[0];
  const bool sends = !node.workloads.empty();
  if (sends) {
    const int w = node.workloads[0];
    const LoadFigures& load = look.figures.workloads[at(w)];
    figure(look, "sent", value_text(AxisKind::rate, load.offered), Series::offered, w, quiet, 0, width);
    figure(look, "answered well", value_text(AxisKind::rate, load.goodput), Series::goodput, w, quiet, 0,
           width);
    figure(look, "failed", value_text(AxisKind::rate, load.failed), Series::failed, w, theme().failing, 0,
           width);
    figure(look, "p50", value_text(AxisKind::duration, load.p50), Series::p50, w, quiet, 0, width);
    figure(look, "p99", value_text(AxisKind::duration, load.p99), Series::p99, w, theme().strained, 0, width);
    figure(look, "p99.9", value_text(AxisKind::duration, load.p999), Series::p999, w, theme().failing, 0,
           width);
    ImGui::TextDisabled("percentiles of %s successes", analysis::human_count(load.successes).c_str());
    return;
  }
  figure(look, "arrive", value_text(AxisKind::rate, f.offered), Series::node_offered, look.node, quiet, 0,
         width);
  figure(look, "succeed", value_text(AxisKind::rate, f.goodput), Series::node_goodput, look.node, quiet, 0,
         width);
  figure(look, "fail", value_text(AxisKind::share, f.error_share), Series::node_error_share, look.node,
         theme().failing, 1, width);
  if (f.has_workers)
    figure(look, "busy", value_text(AxisKind::share, f.utilisation), Series::node_utilisation, look.node,
           quiet, 1, width);
  figure(look, "waiting", value_text(AxisKind::number, f.queue), Series::node_queue, look.node,
         theme().strained, 0, width);
  figure(look, "time inside", value_text(AxisKind::duration, f.latency), Series::node_latency, look.node,
         theme().strained, 0, width);
  if (!node.groups.empty())
    figure(look, "messages waiting", value_text(AxisKind::number, f.lag), Series::node_lag, look.node,
           theme().strained, 0, width);
  if (node.scales || f.down > 0)
    figure(look, "instances ready", value_text(AxisKind::number, f.replicas), Series::node_replicas,
           look.node, quiet, 0, width);
}

void InspectorPanel::pools(const Look& look, float width) const {
  const SceneNode& node = look.scene->nodes[at(look.node)];
  if (node.stations.empty()) return;
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const NodeFigures& f = look.figures.nodes[at(look.node)];
  // Exact at a standing playhead; otherwise the means of the range, as one pool.
  struct Row {
    std::string name;
    double busy = 0, queue = 0;
    std::int64_t workers = 0;
    LiveInstance::State state = LiveInstance::State::ready;
  };
  std::vector<Row> rows;
  const auto moment = look.session->moment();
  const bool exact = moment && moment->run == look.view->run && !look.brush &&
                     std::abs(moment->at_s - look.playhead_s) < 0.6 * look.history->slice_s();
  if (exact) {
    for (const LiveInstance& i : moment->instances)
      if (std::find(node.stations.begin(), node.stations.end(), i.station) != node.stations.end() &&
          i.state != LiveInstance::State::absent)
        rows.push_back({instance_name(*look.scene, node, i), static_cast<double>(i.busy),
                        static_cast<double>(i.queued), i.workers, i.state});
  }
  // Where they scale `replicas` is how many there can be.
  const std::int64_t instances = node.scales ? std::llround(f.replicas) : node.replicas;
  if (rows.empty())
    rows.push_back({"all", f.busy, f.queue,
                    node.workers > 0 ? node.workers * std::max<std::int64_t>(1, instances) : node.workers,
                    LiveInstance::State::ready});
  ImGui::TextDisabled(exact ? "workers and queue, at this instant" : "workers and queue, on average");
  constexpr std::size_t kMostRows = 12;
  float names = em() * 2.2f;
  for (const Row& row : rows) names = std::max(names, text_width(small_font(), 0, row.name) + em() * 0.6f);
  names = std::min(names, width * 0.45f);
  const float cell = em() * 0.62f, gap = em() * 0.16f;
  for (std::size_t i = 0; i < std::min(rows.size(), kMostRows); ++i) {
    const Row& row = rows[i];
    const ImVec2 pos = ImGui::GetCursorScreenPos();
    const bool off = row.state == LiveInstance::State::down || row.state == LiveInstance::State::paused;
    draw_text(draw, small_font(), 0, pos, off ? theme().failing : theme().dim,
              fitted(small_font(), 0, row.name, names - em() * 0.4f));
    std::string text = row.workers > 0 ? fmt::format("{:.3g} of {}", row.busy, row.workers)
                                       : fmt::format("{:.3g} under way", row.busy);
    if (row.queue >= 0.5) text += " · " + value_text(AxisKind::number, std::round(row.queue)) + " wait";
    if (row.state == LiveInstance::State::down) text = "down";
    if (row.state == LiveInstance::State::paused) text = "stands still";
    if (row.state == LiveInstance::State::starting) text = "starts";
    if (row.state == LiveInstance::State::draining) text = "drains";
    const float wide = text_width(small_font(), 0, text);
    float x = pos.x + names;
    const float y = pos.y + em() * 0.2f, right = pos.x + width - wide - em();
    if (row.workers > 0) {
      // As many cells as fit; each stands for several workers where there are more.
      const int fit = std::max(1, static_cast<int>((right - x) * 0.6f / (cell + gap)));
      const int cells = static_cast<int>(std::min<std::int64_t>(row.workers, fit));
      const double per = static_cast<double>(row.workers) / cells;
      for (int c = 0; c < cells; ++c) {
        const double filled = std::clamp(row.busy / per - c, 0.0, 1.0);
        draw.AddRect({x, y}, {x + cell, y + cell}, off ? theme().failing : theme().border, 1.5f);
        if (filled > 0)
          draw.AddRectFilled({x, y + cell * static_cast<float>(1 - filled)}, {x + cell, y + cell},
                             off ? theme().failing : theme().good, 1.5f);
        x += cell + gap;
      }
    }
    x += gap * 3;
    const int waiting =
        static_cast<int>(std::min(row.queue, static_cast<double>((right - x) / (cell * 0.5f))));
    for (int q = 0; q < waiting; ++q) {
      draw.AddRectFilled({x, y + cell * 0.1f}, {x + cell * 0.26f, y + cell * 0.9f}, theme().strained);
      x += cell * 0.5f;
    }
    draw_text(draw, small_font(), 0, {std::max(x + em() * 0.4f, pos.x + width - wide), pos.y + em() * 0.05f},
              off ? theme().failing : theme().dim, text);
    ImGui::Dummy({width, em() * 1.1f});
  }
  if (rows.size() > kMostRows) ImGui::TextDisabled("and %zu more", rows.size() - kMostRows);
  ImGui::Spacing();
}

void InspectorPanel::fields(Look& look, const std::vector<FieldRow>& rows, float width) {
  ImGui::Checkbox("only what is written", &written_only_);
  ImGui::PushFont(small_font());
  int closed = -1;  // depth below which rows are hidden: an unwritten section
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const FieldRow& row = rows[i];
    if (closed >= 0 && row.depth > closed) continue;
    closed = -1;
    // A section that is not written can be begun with one of its fields; a map or list has none to offer.
    const bool absent = row.section && !row.written;
    const bool opens = absent && i + 1 < rows.size() && rows[i + 1].depth > row.depth;
    const bool open = opens && opened_.count(row.path) != 0;
    if (absent && !open) closed = row.depth;
    if (written_only_ && !row.written) continue;
    ImGui::PushID(row.path.c_str());
    const ImVec2 pos = ImGui::GetCursorScreenPos();
    const float indent = static_cast<float>(row.depth) * em() * 0.8f, split = width * 0.44f;
    ImGui::AlignTextToFramePadding();
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() + indent);
    ImGui::PushStyleColor(ImGuiCol_Text, row.written ? theme().text : theme().dim);
    const std::string sign = opens ? open ? "▾ " : "▸ " : "";
    const float room = row.section && row.written && row.value.empty() ? width : split;  // nothing beside it
    ImGui::TextUnformatted(fitted(small_font(), 0, sign + row.name, room - indent).c_str());
    ImGui::PopStyleColor();
    if (opens) remember("open " + row.path);
    if (opens && ImGui::IsItemClicked() && opened_.erase(row.path) == 0) opened_.insert(row.path);
    if (ImGui::IsItemHovered()) {
      ImGui::BeginTooltip();
      ImGui::PushTextWrapPos(em() * 28);
      ImGui::TextUnformatted(row.help.c_str());
      ImGui::TextDisabled("%s%s%s", row.type.c_str(), row.unit.empty() ? "" : ", such as ", row.unit.c_str());
      if (!row.fallback.empty()) ImGui::TextDisabled("%s when it is not written", row.fallback.c_str());
      ImGui::TextDisabled("%s", row.path.c_str());
      ImGui::PopTextWrapPos();
      ImGui::EndTooltip();
    }
    ImGui::SameLine();
    ImGui::SetCursorScreenPos({pos.x + split, pos.y});
    if (row.editable) {
      auto [text, fresh] = texts_.try_emplace(row.path, row.value);
      ImGui::SetNextItemWidth(width - split - (row.choices.empty() ? 0 : ImGui::GetFrameHeight()));
      // Choices and words are offered; anything else is typed.
      const std::string hint = !row.fallback.empty() ? row.fallback
                               : row.unit.empty()    ? "not set"
                                                     : "not set, e.g. " + row.unit;
      const bool entered =
          ImGui::InputTextWithHint("##value", hint.c_str(), &text->second,
                                   ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
      remember(row.path);
      const bool left = ImGui::IsItemDeactivatedAfterEdit();
      if (!row.choices.empty()) {
        ImGui::SameLine(0, 0);
        if (ImGui::ArrowButton("##choices", ImGuiDir_Down)) ImGui::OpenPopup("choices");
        if (ImGui::BeginPopup("choices")) {
          for (const std::string& choice : row.choices)
            if (ImGui::Selectable(choice.c_str())) {
              text->second = choice;
              tell(look.session->set_field(row.path, choice));
            }
          ImGui::EndPopup();
        }
      }
      if ((entered || left) && text->second != row.value) {
        const EditResult result = text->second.empty() ? look.session->unset_field(row.path)
                                                       : look.session->set_field(row.path, text->second);
        tell(result);
        if (!result.ok) text->second = row.value;
      }
    } else if (!row.written || !row.section || !row.value.empty()) {
      const std::string shown = row.written             ? row.value
                                : !row.fallback.empty() ? row.fallback
                                : opens                 ? "not set"
                                                        : "none";
      ImGui::AlignTextToFramePadding();
      ImGui::TextDisabled("%s", fitted(small_font(), 0, shown, width - split).c_str());
    } else {
      ImGui::NewLine();
    }
    ImGui::PopID();
  }
  ImGui::PopFont();
}

void InspectorPanel::offers(Look& look, const std::vector<FaultOffer>& all, const std::string& target,
                            float width) {
  if (all.empty()) return;
  ImGui::Spacing();
  ImGui::PushFont(bold_font());
  ImGui::TextUnformatted("inject a fault");
  ImGui::PopFont();
  offer_ = std::clamp(offer_, 0, static_cast<int>(all.size()) - 1);
  const FaultOffer& offer = all[at(offer_)];
  const int key = look.node >= 0 ? look.node : -10 - look.edge;
  if (offer_for_ != key || offer_fields_.size() != offer.fields.size())
    offer_fields_ = offer.fields, offer_for_ = key;
  ImGui::SetNextItemWidth(width * 0.55f);
  if (ImGui::BeginCombo("##fault", offer.type.c_str())) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (ImGui::Selectable(all[i].type.c_str(), static_cast<int>(i) == offer_))
        offer_ = static_cast<int>(i), offer_fields_ = all[i].fields;
      if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", all[i].about.c_str());
    }
    ImGui::EndCombo();
  }
  remember("fault type");
  ImGui::SameLine();
  ImGui::Checkbox("until lifted", &until_lifted_);
  ImGui::PushTextWrapPos(0);
  ImGui::TextDisabled("%s", all[at(offer_)].about.c_str());
  ImGui::PopTextWrapPos();
  if (!until_lifted_) {
    ImGui::SetNextItemWidth(width * 0.55f);
    ImGui::DragFloat("seconds", &fault_duration_s_, 0.5f, 0.01f, 1e6f, "%.1f");
  }
  for (auto& [name, value] : offer_fields_) {
    ImGui::PushID(name.c_str());
    ImGui::SetNextItemWidth(width * 0.55f);
    ImGui::InputText(name.c_str(), &value);
    ImGui::PopID();
  }
  const std::string label = fmt::format("inject at {}", clock_text(look.playhead_s, 1));
  ImGui::PushStyleColor(ImGuiCol_Button, mixed(theme().raised, theme().failing, 0.45f));
  ImGui::PushStyleColor(ImGuiCol_ButtonHovered, mixed(theme().raised, theme().failing, 0.7f));
  if (ImGui::Button(label.c_str(), {width, 0})) {
    FaultRequest request;
    request.type = all[at(offer_)].type;
    request.target = target;
    if (!until_lifted_) request.duration_s = static_cast<double>(fault_duration_s_);
    request.fields = offer_fields_;
    EditResult result = look.session->inject(request);
    if (!result.ok && request.duration_s) {  // some types last as long as they themselves say
      request.duration_s.reset();
      const EditResult without = look.session->inject(request);
      if (without.ok) result = without;
    }
    tell(result);
  }
  ImGui::PopStyleColor(2);
  remember("inject");
}

void InspectorPanel::active_faults(Look& look, int node, int edge) {
  bool title = false;
  for (std::size_t i = 0; i < look.scene->faults.size(); ++i) {
    const SceneFault& fault = look.scene->faults[i];
    const bool here =
        (node >= 0 && std::find(fault.nodes.begin(), fault.nodes.end(), node) != fault.nodes.end()) ||
        (edge >= 0 && std::find(fault.edges.begin(), fault.edges.end(), edge) != fault.edges.end()) ||
        (node < 0 && edge < 0);
    if (!here) continue;
    if (!title) {
      ImGui::Spacing();
      ImGui::PushFont(bold_font());
      ImGui::TextUnformatted("faults");
      ImGui::PopFont();
      title = true;
    }
    ImGui::PushID(static_cast<int>(i));
    const ImVec2 pos = ImGui::GetCursorScreenPos();
    bool on = false;
    for (const FaultBar& bar : look.history->bars())
      on = on ||
           (at(bar.fault) == i && bar.start_s <= look.playhead_s && (bar.on || bar.end_s > look.playhead_s));
    draw_bolt(*ImGui::GetWindowDrawList(), {pos.x + em() * 0.6f, pos.y + ImGui::GetFrameHeight() / 2},
              em() * 0.5f, on ? theme().failing : theme().border, theme().panel);
    ImGui::SetCursorScreenPos({pos.x + em() * 1.5f, pos.y});
    ImGui::AlignTextToFramePadding();
    const std::string text = fmt::format("{}  {}", fault.name, fault.when());
    const float room = ImGui::GetContentRegionAvail().x - em() * 3.6f;
    ImGui::TextUnformatted(fitted(body_font(), 0, text, room).c_str());
    ImGui::SameLine();
    ImGui::SetCursorScreenPos({pos.x + em() * 1.5f + room + em() * 0.4f, pos.y});
    if (ImGui::Button("lift")) tell(look.session->lift(static_cast<int>(i)));
    remember("lift " + fault.name);
    ImGui::PopID();
  }
}

void InspectorPanel::changes(Look& look) {
  const std::vector<Edit>& edits = look.session->edits();
  if (edits.empty()) return;
  ImGui::Spacing();
  ImGui::PushFont(bold_font());
  ImGui::TextUnformatted("changes in this session");
  ImGui::PopFont();
  for (const Edit& edit : edits) {
    ImGui::TextDisabled("%s", clock_text(edit.at_s, 1).c_str());
    ImGui::SameLine();
    ImGui::PushTextWrapPos(0);
    ImGui::TextUnformatted(edit.text.c_str());
    ImGui::PopTextWrapPos();
  }
  if (ImGui::Button("undo the last")) tell(look.session->undo());
  remember("undo");
}

void InspectorPanel::node_part(Look& look, float width) {
  const SceneNode& node = look.scene->nodes[at(look.node)];
  const Health health = look.node_health[at(look.node)];
  std::string caption = node.kind;
  if (node.replicas > 1) caption += fmt::format(" ×{}", node.replicas);
  caption += fmt::format(" · {}", health_word(health));
  heading(node.icon, node.name, caption, health, true);
  figure_rows(look, width);
  ImGui::Spacing();
  if (node.workloads.empty()) percentiles(look, width);
  pools(look, width);
  active_faults(look, look.node, -1);
  if (ImGui::CollapsingHeader("fields", ImGuiTreeNodeFlags_DefaultOpen)) fields(look, rows_, width);
  offers(look, look.session->offers_for_node(look.node), node.name, width);
}

void InspectorPanel::edge_part(Look& look, float width) {
  const SceneEdge& edge = look.scene->edges[at(look.edge)];
  const EdgeFigures& f = look.figures.edges[at(look.edge)];
  const std::string from = look.scene->nodes[at(edge.from)].name, to = look.scene->nodes[at(edge.to)].name;
  heading(NodeKind::other, from + " → " + to,
          edge.asynchronous       ? "messages"
          : edge.edges.size() > 1 ? fmt::format("{} call sites", edge.edges.size())
                                  : "calls",
          health_of(f), false);
  figure(look, "attempts", value_text(AxisKind::rate, f.attempts), Series::edge_attempts, look.edge,
         theme().series[0], 0, width);
  figure(look, "retries", value_text(AxisKind::rate, f.retries), Series::edge_retries, look.edge,
         theme().strained, 0, width);
  figure(look, "fail", value_text(AxisKind::share, f.error_share), Series::edge_error_share, look.edge,
         theme().failing, 1, width);
  figure(look, "time", value_text(AxisKind::duration, f.latency), Series::edge_latency, look.edge,
         theme().strained, 0, width);
  ImGui::Spacing();
  percentiles(look, width);
  ImGui::Text("attempts per call: %s", value_text(AxisKind::number, f.amplification).c_str());
  if (f.breaker >= 0)
    ImGui::Text("circuit breaker: %s", f.breaker == 0 ? "closed" : f.breaker == 1 ? "half open" : "open");
  double ended = 0;
  for (const double rate : f.ended) ended += rate;
  if (ended > 0) {
    ImGui::Spacing();
    ImGui::TextDisabled("how attempts end");
    for (std::size_t i = 0; i < f.ended.size(); ++i) {
      if (f.ended[i] <= 0) continue;
      const ImVec2 pos = ImGui::GetCursorScreenPos();
      ImDrawList& draw = *ImGui::GetWindowDrawList();
      const bool good = static_cast<models::Outcome>(i) == models::Outcome::success;
      draw_text(draw, body_font(), 0, pos, theme().dim, models::kOutcomeNames[i]);
      const float left = pos.x + width * 0.4f, room = width * 0.4f;
      draw.AddRectFilled(
          {left, pos.y + em() * 0.3f},
          {left + std::max(2.0f, room * static_cast<float>(f.ended[i] / ended)), pos.y + em() * 0.95f},
          good ? theme().good : theme().failing, 2);
      draw_text(draw, body_font(), 0, {left + room + em() * 0.5f, pos.y}, theme().text,
                value_text(AxisKind::share, f.ended[i] / ended));
      ImGui::Dummy({width, em() * 1.1f});
    }
  }
  if (!edge.policies.empty()) {
    ImGui::Spacing();
    ImGui::TextDisabled("policies");
    for (const std::string& policy : edge.policies) ImGui::BulletText("%s", policy.c_str());
  }
  active_faults(look, -1, look.edge);
  if (ImGui::CollapsingHeader("fields of the call", ImGuiTreeNodeFlags_DefaultOpen))
    fields(look, rows_, width);
  offers(look, look.session->offers_for_edge(look.edge), from + " -> " + to, width);
}

void InspectorPanel::run_part(Look& look, float width) {
  const std::string which = look.which();
  heading(
      NodeKind::other, look.scene->name,
      fmt::format("{} components, {} {} between them{}", look.scene->nodes.size(), look.scene->edges.size(),
                  look.scene->edges.size() == 1 ? "way" : "ways", which.empty() ? "" : " · " + which),
      Health::good, false);
  if (!look.scene->about.empty()) {
    ImGui::PushTextWrapPos(0);
    ImGui::TextDisabled("%s", look.scene->about.c_str());
    ImGui::PopTextWrapPos();
  }
  if (const std::optional<StoredRun>& stored = look.session->stored()) {
    using Check = StoredRun::Check;
    const bool changed = !look.session->edits().empty();
    const std::string told = changed ? "what is shown has been changed since"
                             : stored->check == Check::pending
                                 ? fmt::format("checking the fingerprint of {} replication{} …",
                                               stored->replications, stored->replications == 1 ? "" : "s")
                                 : stored->note;
    ImGui::PushTextWrapPos(0);
    ImGui::Text("stored in %s", stored->folder.c_str());
    ImGui::PushStyleColor(ImGuiCol_Text,
                          stored->check == Check::different && !changed ? theme().failing : theme().dim);
    ImGui::TextUnformatted(told.c_str());
    ImGui::PopStyleColor();
    ImGui::PopTextWrapPos();
  }
  ImGui::Spacing();
  const LoadFigures& load = look.figures.load;
  figure(look, "sent", value_text(AxisKind::rate, load.offered), Series::offered, -1, theme().series[0], 0,
         width);
  figure(look, "answered well", value_text(AxisKind::rate, load.goodput), Series::goodput, -1,
         theme().series[0], 0, width);
  figure(look, "failed", value_text(AxisKind::rate, load.failed), Series::failed, -1, theme().failing, 0,
         width);
  figure(look, "p99", value_text(AxisKind::duration, load.p99), Series::p99, -1, theme().strained, 0, width);
  figure(look, "p99.9", value_text(AxisKind::duration, load.p999), Series::p999, -1, theme().failing, 0,
         width);
  ImGui::TextDisabled("percentiles of %s successes", analysis::human_count(load.successes).c_str());
  ImGui::Spacing();
  ImGui::TextDisabled("load, of the scenario's own");
  ImGui::SetNextItemWidth(width * 0.6f);
  ImGui::DragFloat("##load", &load_, 0.01f, 0.05f, 20, "× %.2f", ImGuiSliderFlags_AlwaysClamp);
  remember("load");
  if (ImGui::IsItemDeactivatedAfterEdit()) tell(look.session->set_load(static_cast<double>(load_)));
  if (!ImGui::IsItemActive()) load_ = static_cast<float>(look.session->load());
  active_faults(look, -1, -1);
  if (ImGui::CollapsingHeader("fields of the run", ImGuiTreeNodeFlags_DefaultOpen))
    fields(look, rows_, width);
}

void InspectorPanel::draw(Look& look, ImVec2 size) {
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  ImGui::GetWindowDrawList()->AddRectFilled(origin, origin + size, theme().panel);
  places_.clear();
  if (!look.ready()) return draw_absent(look, origin, size);
  if (scene_ != look.scene || node_ != look.node || edge_ != look.edge ||
      edits_ != look.session->edits().size()) {
    scene_ = look.scene, node_ = look.node, edge_ = look.edge, edits_ = look.session->edits().size();
    const models::ScenarioDoc& doc = look.session->document();
    rows_ = look.node >= 0   ? inspect(*look.scene, doc, look.node)
            : look.edge >= 0 ? inspect_edge(*look.scene, doc, look.edge)
                             : inspect_run(doc);
    texts_.clear();
  }
  const float pad = em() * 0.9f;
  ImGui::SetCursorScreenPos(origin + ImVec2{pad, pad});
  ImGui::BeginChild("inspector", {size.x - pad, size.y - 2 * pad});
  const float width = std::min(ImGui::GetContentRegionAvail().x - em() * 0.9f, em() * 52);
  if (!message_.empty()) {
    ImGui::PushTextWrapPos(0);
    ImGui::PushStyleColor(ImGuiCol_Text, failed_ ? theme().failing : theme().good);
    ImGui::TextUnformatted(message_.c_str());
    ImGui::PopStyleColor();
    if (!hint_.empty()) ImGui::TextDisabled("%s", hint_.c_str());
    ImGui::PopTextWrapPos();
    ImGui::Spacing();
  }
  if (look.node >= 0) {
    node_part(look, width);
  } else if (look.edge >= 0) {
    edge_part(look, width);
  } else {
    run_part(look, width);
  }
  changes(look);
  ImGui::EndChild();
  ImGui::SetCursorScreenPos(origin + ImVec2{0, size.y});
}

}  // namespace tailrace::viewer
