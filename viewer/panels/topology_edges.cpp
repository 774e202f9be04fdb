// Flows: as wide as they are strong. What calls need beyond their first attempt is an amber rim around the
// flow, so a retry storm is seen as edges that swell; failing edges turn vermillion and carry their share in
// words.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viewer/panels/topology_panel.hpp"
#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/ticks.hpp"

namespace tailrace::viewer {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}
constexpr std::size_t kMostEdgeLabels = 14;

}  // namespace

void TopologyPanel::draw_groups(ImDrawList& draw) const {
  for (std::size_t g = 0; g < drawing_.groups.size(); ++g) {
    const Box& box = drawing_.groups[g];
    if (box.width() <= 0 || !visible(box, 0)) continue;
    const ImVec2 a = screen({box.x0, box.y0}), b = screen({box.x1, box.y1});
    draw.AddRectFilled(a, b, with_alpha(theme().raised, 0.45f), em() * 0.5f);
    draw.AddRect(a, b, with_alpha(theme().border, 0.7f), em() * 0.5f);
    draw_text(draw, small_font(), 0, {a.x + em() * 0.5f, a.y + em() * 0.2f}, theme().dim,
              drawing_.group_names[g]);
  }
}

void TopologyPanel::draw_edges(ImDrawList& draw, const Look& look) {
  flow_.assign(drawing_.edges.size(), 0);
  most_flow_ = 0;
  for (std::size_t e = 0; e < drawing_.edges.size(); ++e) {
    for (const int m : drawing_.edges[e].members)
      flow_[e] += static_cast<float>(look.figures.edges[at(m)].attempts);
    most_flow_ = std::max(most_flow_, flow_[e]);
  }
  const float scale = em() / 14 * std::clamp(zoom_, 0.28f, 1.3f);
  std::vector<ImVec2> line;
  const int selected_node = look.node >= 0 ? drawing_.node_of[at(look.node)] : -1;
  const int selected_edge = look.edge >= 0 ? drawing_.edge_of[at(look.edge)] : -1;
  const bool crowded = drawing_.edges.size() > 300;
  for (std::size_t e = 0; e < drawing_.edges.size(); ++e) {
    const DrawnEdge& edge = drawing_.edges[e];
    if (edge.points.size() < 2 || !visible(edge.bounds, 20)) continue;
    const EdgeFigures f = figures_of(look, edge);
    const Health health = health_of(f);
    const bool chosen = static_cast<int>(e) == selected_edge || static_cast<int>(e) == hovered_edge_;
    const bool beside = selected_node >= 0 && (edge.from == selected_node || edge.to == selected_node);
    const bool lit = !look.lit_edges.empty() && look.lit_edges[at(edge.members[0])];
    const float share = most_flow_ > 0 ? std::sqrt(flow_[e] / most_flow_) : 0;
    const float width = (1.3f + 6.5f * share) * scale;
    float strength = flow_[e] > 0 ? 0.55f + 0.35f * share : 0.5f;
    if (crowded && health <= Health::good) strength *= 0.45f;
    if (selected_node >= 0 && !beside && !chosen) strength *= 0.4f;
    if (!lit && dimmed_node(look, drawing_.nodes[at(edge.from)]) &&
        dimmed_node(look, drawing_.nodes[at(edge.to)]))
      strength *= 0.3f;
    ImU32 colour = flow_[e] > 0 ? mixed(theme().edge, theme().good, 0.45f) : theme().edge;
    if (health == Health::failing) colour = theme().failing, strength = std::max(strength, 0.85f);
    // Some failures tint the flow; half of them are all of the colour.
    if (health == Health::strained && !std::isnan(f.error_share))
      colour = mixed(colour, theme().failing, static_cast<float>(std::min(1.0, f.error_share * 3)));
    if (chosen || lit)
      colour = mixed(colour, theme().accent, health == Health::failing ? 0.0f : 0.75f), strength = 1;

    line.clear();
    for (const Point& p : edge.points) line.push_back(screen(p));
    const int count = static_cast<int>(line.size());
    const double amplification = std::isnan(f.amplification) ? 1 : f.amplification;
    if (amplification > 1.02) {
      const float rim = width * static_cast<float>(std::min(amplification, 4.0));
      draw.AddPolyline(line.data(), count,
                       with_alpha(theme().strained, 0.42f * std::min(1.0f, strength + 0.2f)), 0,
                       std::max(rim, width + 2 * scale));
    }
    if (edge.asynchronous) {
      // Dashes of one length on the screen, wherever the points lie.
      const float dash = std::max(5.0f, 8 * scale), whole = edge.length.back() * zoom_;
      for (float from = 0; from < whole; from += dash * 1.8f)
        draw.AddLine(screen(edge.at(from / whole)), screen(edge.at(std::min(1.0f, (from + dash) / whole))),
                     with_alpha(colour, strength), width);
    } else {
      draw.AddPolyline(line.data(), count, with_alpha(colour, strength), 0, width);
    }
    if (zoom_ > 0.2f && !crowded) {
      const ImVec2 tip = line.back();
      ImVec2 way = tip - line[line.size() - 2];
      draw_arrow_head(draw, tip, way, (5 + 4 * share) * std::max(scale, 0.6f),
                      with_alpha(colour, std::min(1.0f, strength + 0.2f)));
    }
  }
}

void TopologyPanel::draw_edge_labels(ImDrawList& draw, const Look& look) {
  const int selected_edge = look.edge >= 0 ? drawing_.edge_of[at(look.edge)] : -1;
  const int selected_node = look.node >= 0 ? drawing_.node_of[at(look.node)] : -1;
  struct Candidate {
    std::size_t edge;
    double weight;
    std::string text;
    Health health;
  };
  std::vector<Candidate> candidates;
  const bool crowded = drawing_.edges.size() > 300;
  for (std::size_t e = 0; e < drawing_.edges.size(); ++e) {
    const DrawnEdge& edge = drawing_.edges[e];
    if (edge.points.size() < 2 || !visible(edge.bounds, 0)) continue;
    const EdgeFigures f = figures_of(look, edge);
    const bool chosen = static_cast<int>(e) == selected_edge || static_cast<int>(e) == hovered_edge_;
    const bool beside =
        selected_node >= 0 && !crowded && (edge.from == selected_node || edge.to == selected_node);
    const double errors = std::isnan(f.error_share) ? 0 : f.error_share;
    const double amplification = std::isnan(f.amplification) ? 1 : f.amplification;
    std::string text;
    if (f.breaker == 2) text = "breaker open";
    if (f.breaker == 1) text = "breaker half open";
    if (amplification >= 1.1)
      text += fmt::format("{}×{:.2g} retries", text.empty() ? "" : ", ", amplification);
    if (errors >= 0.05)
      text += fmt::format("{}{} fail", text.empty() ? "" : ", ", value_text(AxisKind::share, errors));
    if (chosen || beside)
      text = value_text(AxisKind::rate, f.attempts) +
             (!(f.latency > 0) ? "" : " · " + value_text(AxisKind::duration, f.latency)) +
             (text.empty() ? "" : " · " + text);
    if (text.empty() || (f.attempts <= 0 && f.breaker <= 0)) continue;
    double weight = errors + (amplification - 1) + (f.breaker > 0 ? 1 : 0) +
                    0.2 * static_cast<double>(flow_[e] / std::max(1e-9f, most_flow_));
    if (chosen) weight += 100;
    if (beside) weight += 10;
    candidates.push_back({e, weight, std::move(text), health_of(f)});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.edge < b.edge;
  });
  ImFont* const font = small_font();
  const float size = font->FontSize;
  std::size_t shown = 0;
  // Wherever along the edge there is room, the middle first, above the flow, so that its width and rim are
  // seen.
  const auto place = [&](const Candidate& c, const std::string& text) {
    const float width = text_width(font, size, text) + size * 1.9f, half = size * 0.75f;
    for (const float share : {0.5f, 0.62f, 0.38f, 0.74f, 0.26f}) {
      ImVec2 middle = screen(drawing_.edges[c.edge].at(share));
      if (!crowded) middle.y -= half + em() * 0.75f;
      const ImVec2 a{middle.x - width / 2, middle.y - half}, b{middle.x + width / 2, middle.y + half};
      if (a.x < min_.x || b.x > min_.x + size_.x || a.y < min_.y || b.y > min_.y + size_.y) continue;
      if (!free_for(a - ImVec2{3, 2}, b + ImVec2{3, 2})) continue;
      draw.AddRectFilled(a, b, with_alpha(theme().panel, 0.94f), size * 0.4f);
      draw.AddRect(a, b, with_alpha(theme().of(c.health), 0.8f), size * 0.4f);
      draw_health(draw, {a.x + size * 0.75f, middle.y}, size * 0.32f, c.health);
      draw_text(draw, font, size, {a.x + size * 1.4f, middle.y - size * 0.6f}, theme().text, text);
      return true;
    }
    return false;
  };
  for (const Candidate& c : candidates) {
    if (shown >= (crowded ? 6 : kMostEdgeLabels)) break;
    // Where all of it has no room, its beginning, which weighs most.
    if (place(c, c.text) || place(c, c.text.substr(0, c.text.find(", ")))) ++shown;
  }
}

void TopologyPanel::draw_dots(ImDrawList& draw, const Look& look) const {
  const auto moment = look.session->moment();
  if (!moment || moment->run != look.view->run || look.brush) return;
  const double now = look.playhead_s * 1e9;
  if (look.playhead_s < moment->from_s - 1e-9 || look.playhead_s > moment->until_s + 1e-9) return;
  const float radius = std::clamp(em() * 0.26f * zoom_, 1.8f, 6.0f);
  for (const Dot& dot : moment->dots) {
    if (dot.edge < 0 || static_cast<double>(dot.sent_ns) > now) continue;
    const double end = dot.ended_ns >= 0 ? static_cast<double>(dot.ended_ns) : moment->until_s * 1e9 * 1.0001;
    if (now > end) continue;
    const int drawn = drawing_.edge_of[at(dot.edge)];
    if (drawn < 0) continue;
    // Where calls take no time on the wire a tenth of their life stands for the way there, and a tenth for
    // the way back: otherwise nothing would be seen to move.
    const double sent = static_cast<double>(dot.sent_ns), life = std::max(1.0, end - sent);
    const double real = dot.arrived_ns >= 0 ? static_cast<double>(dot.arrived_ns) - sent : life;
    const double there = std::clamp(real, life * 0.1, life * 0.5),
                 back = std::clamp(real, life * 0.1, life * 0.4);
    const double age = now - sent;
    float share = 1;
    bool returning = false;
    if (age < there) {
      share = static_cast<float>(age / there);
    } else if (dot.ended_ns >= 0 && age > life - back) {
      share = static_cast<float>((life - age) / back), returning = true;
    }
    const bool failed = dot.ended_ns >= 0 && returning && dot.outcome != models::Outcome::success;
    const ImVec2 p = screen(drawing_.edges[at(drawn)].at(share));
    const float aside = returning ? radius * 1.3f : -radius * 1.3f;
    const ImU32 colour = failed ? theme().failing : dot.retry ? theme().strained : theme().text;
    if (failed) {
      draw.AddQuadFilled({p.x, p.y + aside - radius * 1.3f}, {p.x + radius * 1.3f, p.y + aside},
                         {p.x, p.y + aside + radius * 1.3f}, {p.x - radius * 1.3f, p.y + aside}, colour);
    } else {
      draw.AddCircleFilled({p.x, p.y + aside}, radius, with_alpha(colour, returning ? 0.65f : 1.0f), 12);
    }
  }
}

}  // namespace tailrace::viewer
