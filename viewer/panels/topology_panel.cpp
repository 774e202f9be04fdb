// The panel's frame: camera, mouse, search, headline. Edges and nodes are drawn by the files beside this one.
#include "viewer/panels/topology_panel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/ticks.hpp"

namespace tailrace::viewer {

namespace {

constexpr float kLeastZoom = 0.03f, kMostZoom = 4, kMostFitZoom = 1.5f;
std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

ImVec2 TopologyPanel::screen(Point p) const {
  return {min_.x + size_.x / 2 + (p.x - centre_.x) * zoom_, min_.y + size_.y / 2 + (p.y - centre_.y) * zoom_};
}

bool TopologyPanel::visible(const Box& box, float margin) const {
  const ImVec2 a = screen({box.x0, box.y0}), b = screen({box.x1, box.y1});
  return b.x >= min_.x - margin && a.x <= min_.x + size_.x + margin && b.y >= min_.y - margin &&
         a.y <= min_.y + size_.y + margin;
}

TopologyPanel::Detail TopologyPanel::detail() const {
  if (zoom_ >= 0.58f) return Detail::card;
  return zoom_ >= 0.36f ? Detail::name : Detail::box;
}

bool TopologyPanel::free_for(ImVec2 min, ImVec2 max) {
  for (const Mark& m : marks_)
    if (min.x < m.max.x && max.x > m.min.x && min.y < m.max.y && max.y > m.min.y) return false;
  marks_.push_back({min, max});
  return true;
}

bool TopologyPanel::where(int node, ImVec2& centre) const {
  if (node < 0 || at(node) >= drawing_.node_of.size() || drawing_.node_of[at(node)] < 0) return false;
  const Box& box = drawing_.nodes[at(drawing_.node_of[at(node)])].box;
  centre = screen({(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2});
  return true;
}

bool TopologyPanel::where_edge(int edge, ImVec2& middle) const {
  if (edge < 0 || at(edge) >= drawing_.edge_of.size() || drawing_.edge_of[at(edge)] < 0) return false;
  middle = screen(drawing_.edges[at(drawing_.edge_of[at(edge)])].at(0.5f));
  return true;
}

void TopologyPanel::zoom_by(float factor) {
  zoom_ = std::clamp(zoom_ * factor, kLeastZoom, kMostZoom);
  fit_ = false;
}

void TopologyPanel::focus(int node, int steps) {
  focus_ = node, focus_steps_ = steps;
  scene_.reset();  // laid out anew
  fit_ = true;
}

void TopologyPanel::rebuild(const Look& look) {
  if (scene_ == look.scene) return;
  // Of a new run: whoever has the name now.
  if (scene_ && focus_ >= 0) focus_ = look.scene->find(scene_->nodes[at(focus_)].name);
  DrawingOptions options;
  if (focus_ >= 0 && at(focus_) < look.scene->nodes.size()) {
    options.focus = focus_, options.steps = focus_steps_;
  } else {
    focus_ = -1;
  }
  const Drawing former = std::move(drawing_);
  if (scene_ && options.focus < 0) options.former = &former, options.former_scene = scene_.get();
  drawing_ = make_drawing(*look.scene, options);
  scene_ = look.scene;
  hovered_node_ = hovered_edge_ = -1;
  found_.clear();
}

NodeFigures TopologyPanel::figures_of(const Look& look, const DrawnNode& node) const {
  if (node.members.size() == 1) return look.figures.nodes[at(node.members[0])];
  // Of a cluster: sums, and the busiest of them, because that is what one must see.
  NodeFigures sum;
  double ended = 0, failed = 0;
  for (const int m : node.members) {
    const NodeFigures& f = look.figures.nodes[at(m)];
    sum.queue += f.queue, sum.busy += f.busy, sum.in_flight += f.in_flight, sum.offered += f.offered;
    sum.goodput += f.goodput, sum.failed += f.failed, sum.rejected += f.rejected, sum.down += f.down;
    sum.replicas += f.replicas, sum.lag += f.lag;
    ended += f.goodput + f.failed, failed += f.failed;
    if (std::isnan(sum.utilisation) || f.utilisation > sum.utilisation) sum.utilisation = f.utilisation;
  }
  if (ended > 0) sum.error_share = failed / ended;
  return sum;
}

EdgeFigures TopologyPanel::figures_of(const Look& look, const DrawnEdge& edge) const {
  if (edge.members.size() == 1) return look.figures.edges[at(edge.members[0])];
  EdgeFigures sum;
  for (const int m : edge.members) {
    const EdgeFigures& f = look.figures.edges[at(m)];
    sum.calls += f.calls, sum.attempts += f.attempts, sum.retries += f.retries;
    sum.goodput += f.goodput, sum.failed += f.failed;
    sum.breaker = std::max(sum.breaker, f.breaker);
  }
  if (sum.goodput + sum.failed > 0) sum.error_share = sum.failed / (sum.goodput + sum.failed);
  if (sum.calls > 0) sum.amplification = sum.attempts / sum.calls;
  return sum;
}

Health TopologyPanel::health_of_drawn(const Look& look, const DrawnNode& node) const {
  Health worst = Health::idle;
  for (const int m : node.members) worst = std::max(worst, look.node_health[at(m)]);
  return worst;
}

int TopologyPanel::worst_of(const Look& look, const DrawnNode& node) const {
  int worst = node.members[0];
  for (const int m : node.members) {
    const auto key = [&look](int which) {
      const NodeFigures& f = look.figures.nodes[at(which)];
      return std::pair(look.node_health[at(which)], std::isnan(f.error_share) ? 0 : f.error_share);
    };
    if (key(m) > key(worst)) worst = m;
  }
  return worst;
}

// Of a cluster: how many of its members are not well, or the one that is not.
std::string TopologyPanel::trouble_of_drawn(const Look& look, const DrawnNode& node) const {
  if (node.members.size() == 1) return trouble_of(look.figures.nodes[at(node.members[0])]);
  int bad = 0;
  for (const int m : node.members) bad += look.node_health[at(m)] >= Health::failing ? 1 : 0;
  if (bad == 0) return "";
  const int worst = worst_of(look, node);
  const std::string& name = look.scene->nodes[at(worst)].name;
  return bad == 1 ? fmt::format("{}: {}", name, trouble_of(look.figures.nodes[at(worst)]))
                  : fmt::format("{} of {} fail", bad, node.members.size());
}

bool TopologyPanel::dimmed_node(const Look& look, const DrawnNode& node) const {
  if (look.lit.empty() && found_.empty()) return false;
  for (const int m : node.members) {
    if (!look.lit.empty() && look.lit[at(m)]) return false;
    if (std::find(found_.begin(), found_.end(), m) != found_.end()) return false;
  }
  return true;
}

void TopologyPanel::handle_mouse(Look& look, bool hovered, bool active) {
  const ImGuiIO& io = ImGui::GetIO();
  hovered_node_ = hovered_edge_ = -1;
  if (active && (std::abs(io.MouseDelta.x) > 0 || std::abs(io.MouseDelta.y) > 0) &&
      ImGui::IsMouseDragging(0, em() * 0.3f)) {
    centre_ = centre_ - io.MouseDelta * (1 / zoom_);
    fit_ = false, dragged_ = true;
  }
  if (!hovered && !active) return;
  const ImVec2 mouse = io.MousePos;
  const Point world{centre_.x + (mouse.x - min_.x - size_.x / 2) / zoom_,
                    centre_.y + (mouse.y - min_.y - size_.y / 2) / zoom_};
  if (hovered && io.MouseWheel != 0) {
    const float before = zoom_;
    zoom_by(std::pow(1.15f, io.MouseWheel));
    // The point under the mouse stays there.
    centre_ = {world.x - (world.x - centre_.x) * before / zoom_,
               world.y - (world.y - centre_.y) * before / zoom_};
  }
  for (std::size_t i = 0; i < drawing_.nodes.size(); ++i) {
    const Box& b = drawing_.nodes[i].box;
    if (world.x >= b.x0 && world.x <= b.x1 && world.y >= b.y0 && world.y <= b.y1)
      hovered_node_ = static_cast<int>(i);
  }
  if (hovered_node_ < 0) {
    float nearest = em() * 0.5f / zoom_;
    for (std::size_t e = 0; e < drawing_.edges.size(); ++e) {
      const DrawnEdge& edge = drawing_.edges[e];
      if (world.x < edge.bounds.x0 - nearest || world.x > edge.bounds.x1 + nearest ||
          world.y < edge.bounds.y0 - nearest || world.y > edge.bounds.y1 + nearest)
        continue;
      for (std::size_t i = 1; i < edge.points.size(); ++i) {
        const Point a = edge.points[i - 1], b = edge.points[i];
        const float dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
        const float t =
            square > 0 ? std::clamp(((world.x - a.x) * dx + (world.y - a.y) * dy) / square, 0.0f, 1.0f) : 0;
        const float distance = std::hypot(world.x - a.x - t * dx, world.y - a.y - t * dy);
        if (distance < nearest) nearest = distance, hovered_edge_ = static_cast<int>(e);
      }
    }
  }
  if (ImGui::IsMouseClicked(0) && hovered) dragged_ = false;
  if (hovered && ImGui::IsMouseDoubleClicked(0)) {
    focus(hovered_node_ >= 0 && focus_ < 0 ? worst_of(look, drawing_.nodes[at(hovered_node_)]) : -1);
    return;
  }
  if (hovered && ImGui::IsMouseReleased(0) && !dragged_) {
    if (hovered_node_ >= 0) {
      look.select_node(worst_of(look, drawing_.nodes[at(hovered_node_)]));
    } else if (hovered_edge_ >= 0) {
      look.select_edge(drawing_.edges[at(hovered_edge_)].members[0]);
    } else {
      look.select_nothing();
    }
  }
}

void TopologyPanel::search_box(Look& look, ImVec2 where, float width) {
  ImGui::SetCursorScreenPos(where);
  ImGui::SetNextItemWidth(width);
  if (want_search_) ImGui::SetKeyboardFocusHere();
  want_search_ = false;
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 1);
  const bool entered =
      ImGui::InputTextWithHint("##search", "search  (/)", search_, sizeof search_,
                               ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
  ImGui::PopStyleVar();
  found_ = search_[0] != 0 ? look.scene->search(search_) : std::vector<int>();
  if (entered && !found_.empty()) {
    look.select_node(found_[0]);
    const int drawn = drawing_.node_of[at(found_[0])];
    if (drawn >= 0) {
      const Box& box = drawing_.nodes[at(drawn)].box;
      centre_ = {(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2};
      zoom_ = std::max(zoom_, 0.8f);
      fit_ = false;
    }
  }
  if (entered) search_[0] = 0;
}

void TopologyPanel::draw_headline(ImDrawList& draw, const Look& look, ImVec2 where, float width) {
  const LoadFigures& load = look.figures.load;
  const float line = em() * 1.35f;
  ImVec2 pen = where;
  std::string title = look.label.empty() ? look.scene->name : look.label;
  if (focus_ >= 0) title += " · around " + look.scene->nodes[at(focus_)].name;
  pen.x += draw_text(draw, title_font(), 0, pen, theme().text, fitted(title_font(), 0, title, width * 0.6f)) +
           em() * 0.8f;
  const std::string when = look.brush
                               ? clock_text(look.range.t0_s, 1) + " – " + clock_text(look.range.t1_s, 1)
                               : clock_text(look.playhead_s, 1);
  draw_text(draw, title_font(), 0, pen, theme().accent, when);
  pen = {where.x, where.y + em() * 1.75f};
  if (load.offered > 0 || load.goodput > 0 || load.failed > 0) {
    // Of what is due: a drop in either is what users feel.
    const double ended = load.goodput + load.failed;
    const double failing = ended > 0 ? load.failed / ended : 0;
    Health health = failing >= 0.2 ? Health::failing : failing >= 0.01 ? Health::strained : Health::good;
    if (load.goodput < 0.5 * load.offered) health = std::max(health, Health::strained);
    if (load.goodput < 0.2 * load.offered) health = Health::failing;
    draw_health(draw, {pen.x + em() * 0.4f, pen.y + em() * 0.55f}, em() * 0.38f, health);
    float x = pen.x + em() * 1.1f;
    x += draw_text(draw, bold_font(), 0, {x, pen.y}, theme().text,
                   fmt::format("{} answered well", value_text(AxisKind::rate, load.goodput))) +
         em() * 0.5f;
    x += draw_text(draw, body_font(), 0, {x, pen.y}, theme().dim,
                   fmt::format("of {} offered", value_text(AxisKind::rate, load.offered)));
    if (failing >= 0.001)
      x += draw_text(draw, bold_font(), 0, {x + em() * 0.6f, pen.y}, theme().of(health),
                     fmt::format("· {} fail", value_text(AxisKind::share, failing))) +
           em() * 0.6f;
    if (!std::isnan(load.p99))
      draw_text(draw, body_font(), 0, {x + em() * 0.6f, pen.y}, theme().dim,
                fmt::format("· p99 {}", value_text(AxisKind::duration, load.p99)));
    pen.y += line;
  } else {
    // Nothing ends: either nobody asks, or everybody waits.
    const bool waits = load.in_flight >= 1;
    if (waits) draw_health(draw, {pen.x + em() * 0.4f, pen.y + em() * 0.55f}, em() * 0.38f, Health::failing);
    draw_text(draw, waits ? bold_font() : body_font(), 0, {pen.x + (waits ? em() * 1.1f : 0), pen.y},
              waits ? theme().failing : theme().dim,
              waits ? fmt::format("nobody is answered, {} wait",
                                  value_text(AxisKind::number, std::round(load.in_flight)))
                    : "no requests in this moment");
    pen.y += line;
  }
  if (const std::string wrong = look.wrong(); !wrong.empty()) {
    draw_text(draw, body_font(), 0, pen, theme().failing, fitted(body_font(), 0, wrong, width));
    pen.y += line;
  }
  int shown = 0;
  for (const FaultBar& bar : look.history->bars()) {
    const double end = bar.on ? look.history->frontier_s() : bar.end_s;
    if (look.range.t1_s <= bar.start_s || look.range.t0_s >= end || shown >= 3) continue;
    ++shown;
    const SceneFault& fault = look.scene->faults[at(bar.fault)];
    draw_bolt(draw, {pen.x + em() * 0.4f, pen.y + em() * 0.6f}, em() * 0.5f, theme().failing,
              theme().background);
    draw_text(draw, body_font(), 0, {pen.x + em() * 1.2f, pen.y}, theme().failing,
              fitted(body_font(), 0, fmt::format("{} since {}", fault.name, clock_text(bar.start_s)),
                     width * 0.7f));
    pen.y += line;
  }
  marks_.push_back({where, {where.x + std::min(width * 0.6f, em() * 36), pen.y}});
}

void TopologyPanel::draw_legend(ImDrawList& draw, ImVec2 where) {
  ImFont* const font = small_font();
  const float size = font->FontSize;
  float x = where.x;
  if (size_.x < size * 52) return;  // not cut: left out
  for (const Health health : {Health::good, Health::strained, Health::failing, Health::down, Health::idle}) {
    draw_health(draw, {x + size * 0.4f, where.y + size * 0.62f}, size * 0.38f, health);
    x += size * 1.1f;
    x += draw_text(draw, font, size, {x, where.y}, theme().dim, health_word(health)) + size * 1.2f;
  }
  draw.AddLine({x, where.y + size * 0.62f}, {x + size * 2, where.y + size * 0.62f},
               mixed(theme().edge, theme().good, 0.5f), size * 0.35f);
  x += size * 2.4f;
  x += draw_text(draw, font, size, {x, where.y}, theme().dim, "calls") + size;
  draw.AddLine({x, where.y + size * 0.62f}, {x + size * 2, where.y + size * 0.62f},
               with_alpha(theme().strained, 0.75f), size * 0.35f);
  x += size * 2.4f;
  x += draw_text(draw, font, size, {x, where.y}, theme().dim, "retries") + size;
  draw_dashed(draw, {x, where.y + size * 0.62f}, {x + size * 2, where.y + size * 0.62f}, 5, 4, 2,
              theme().edge);
  x += size * 2.4f;
  x += draw_text(draw, font, size, {x, where.y}, theme().dim, "messages");
}

void TopologyPanel::tooltip(const Look& look) const {
  if (hovered_node_ >= 0) {
    const DrawnNode& node = drawing_.nodes[at(hovered_node_)];
    const NodeFigures f = figures_of(look, node);
    // Beneath the card, which it would hide otherwise; above it where there is no room.
    const ImVec2 a = screen({node.box.x0, node.box.y0}), b = screen({node.box.x1, node.box.y1});
    const bool beneath = b.y + em() * 11 < ImGui::GetIO().DisplaySize.y;
    ImGui::SetNextWindowPos({std::max(a.x, min_.x), beneath ? b.y + em() * 0.5f : a.y - em() * 0.5f},
                            ImGuiCond_Always, {0, beneath ? 0.0f : 1.0f});
    ImGui::BeginTooltip();
    ImGui::PushFont(bold_font());
    ImGui::TextUnformatted(node.title.c_str());
    ImGui::PopFont();
    ImGui::TextDisabled("%s, %s", node.caption.c_str(), health_word(health_of_drawn(look, node)));
    ImGui::Text("%s arrive, %s succeed", value_text(AxisKind::rate, f.offered).c_str(),
                value_text(AxisKind::rate, f.goodput).c_str());
    if (!std::isnan(f.utilisation))
      ImGui::Text("busy %s", value_text(AxisKind::share, f.utilisation).c_str());
    if (f.queue > 0.05) ImGui::Text("%s waiting", value_text(AxisKind::number, f.queue).c_str());
    if (!std::isnan(f.latency))
      ImGui::Text("%s inside, on average", value_text(AxisKind::duration, f.latency).c_str());
    if (!std::isnan(f.error_share))
      ImGui::Text("%s fail", value_text(AxisKind::share, f.error_share).c_str());
    ImGui::EndTooltip();
  } else if (hovered_edge_ >= 0) {
    const DrawnEdge& edge = drawing_.edges[at(hovered_edge_)];
    const EdgeFigures f = figures_of(look, edge);
    ImGui::BeginTooltip();
    ImGui::PushFont(bold_font());
    ImGui::Text("%s → %s", drawing_.nodes[at(edge.from)].title.c_str(),
                drawing_.nodes[at(edge.to)].title.c_str());
    ImGui::PopFont();
    ImGui::Text("%s calls, %s attempts", value_text(AxisKind::rate, f.calls).c_str(),
                value_text(AxisKind::rate, f.attempts).c_str());
    if (!std::isnan(f.latency))
      ImGui::Text("%s on average", value_text(AxisKind::duration, f.latency).c_str());
    if (!std::isnan(f.error_share))
      ImGui::Text("%s fail", value_text(AxisKind::share, f.error_share).c_str());
    for (const std::string& policy : look.scene->edges[at(edge.members[0])].policies)
      ImGui::TextDisabled("%s", policy.c_str());
    ImGui::EndTooltip();
  }
}

void TopologyPanel::draw(Look& look, ImVec2 size) {
  min_ = ImGui::GetCursorScreenPos();
  size_ = size;
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRectFilled(min_, min_ + size, theme().background);
  ImGui::InvisibleButton("topology", size);
  ImGui::SetItemAllowOverlap();
  const bool hovered = ImGui::IsItemHovered(), active = ImGui::IsItemActive();
  if (!look.ready()) return draw_absent(look, min_, size);
  rebuild(look);
  const float top = headline ? em() * 3.9f : em(), bottom = legend ? em() * 2.0f : em();
  if (fit_) {
    const Box& b = drawing_.bounds;
    // Labels stand beside the outermost boxes where these are too small for names.
    const float room_x = size.x - em() * (drawing_.nodes.size() > 120 ? 22.0f : 3.0f),
                room_y = size.y - top - bottom - em();
    zoom_ = std::clamp(std::min(room_x / std::max(1.0f, b.width()), room_y / std::max(1.0f, b.height())),
                       kLeastZoom, kMostFitZoom);
    centre_ = {(b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2 - (top - bottom) / 2 / zoom_};
  }
  handle_mouse(look, hovered, active);
  if (scene_ != look.scene) return;  // the focus changed: laid out with the next frame
  marks_.clear();
  draw.PushClipRect(min_, min_ + size, true);
  draw_groups(draw);
  draw_edges(draw, look);
  draw_nodes(draw, look);
  if (dots && detail() != Detail::box) draw_dots(draw, look);
  const ImVec2 corner{min_.x + em() * 1.1f, min_.y + em() * 0.9f};
  if (headline) draw_headline(draw, look, corner, size.x - em() * 16);
  draw_far_labels(draw, look);
  draw_edge_labels(draw, look);
  if (legend) draw_legend(draw, {min_.x + em() * 1.1f, min_.y + size.y - em() * 1.6f});
  draw.PopClipRect();
  if (headline) search_box(look, {min_.x + size.x - em() * 12.5f, min_.y + em() * 0.8f}, em() * 11.5f);
  if (hovered) tooltip(look);
  ImGui::SetCursorScreenPos(min_ + ImVec2{0, size.y});
}

}  // namespace tailrace::viewer
