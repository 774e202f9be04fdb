// Cards. Healthy ones are quiet; what is not well has a thick rim in its colour, a sign, and says in words
// what is wrong.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viewer/panels/topology_panel.hpp"
#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/icons.hpp"
#include "viewer/widgets/ticks.hpp"

namespace tailrace::viewer {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}
constexpr double kBusy = 0.7, kTooBusy = 0.9;
constexpr float kFullCard = 0.9f;  // below this zoom three lines would be too small to be read
constexpr std::size_t kMostFarLabels = 22;

// The faults that are on at these nodes.
const SceneFault* fault_on(const Look& look, const std::vector<int>& members) {
  for (const FaultBar& bar : look.history->bars()) {
    const double end = bar.on ? look.history->frontier_s() : bar.end_s;
    if (look.range.t1_s <= bar.start_s || look.range.t0_s >= end) continue;
    const SceneFault& fault = look.scene->faults[at(bar.fault)];
    for (const int m : members)
      if (std::find(fault.nodes.begin(), fault.nodes.end(), m) != fault.nodes.end()) return &fault;
  }
  return nullptr;
}

// Waiting requests as upright strokes: one each up to ten, then each stands for more.
float draw_queue(ImDrawList& draw, ImVec2 where, float size, double queue, ImU32 colour) {
  const int strokes = queue <= 10 ? static_cast<int>(std::ceil(queue))
                                  : 10 + static_cast<int>(std::min(8.0, std::log2(queue / 10) * 1.5));
  float x = where.x;
  for (int i = 0; i < strokes; ++i) {
    draw.AddRectFilled({x, where.y + size * 0.15f}, {x + size * 0.16f, where.y + size * 0.95f}, colour);
    x += size * 0.3f;
  }
  return x - where.x;
}

// What both sizes of a card tell.
struct Card {
  const DrawnNode& node;
  const SceneNode& first;  // of its members
  NodeFigures figures;
  Health health = Health::good;
  std::string trouble;
  ImVec2 a, b;  // corners
  float unit = 1, fade = 1;

  bool sends() const { return !first.workloads.empty(); }
  double waiting() const { return std::max(figures.lag, figures.queue); }  // messages, or requests
  ImU32 ink(ImU32 colour) const { return with_alpha(colour, fade); }
};

void draw_card(ImDrawList& draw, const Card& c) {
  const float small = std::max(c.unit * 0.86f, em() * 0.68f);
  ImFont* const small_text = font_for(small);

  draw_icon(draw, {c.a.x + c.unit * 1.25f, c.a.y + c.unit * 1.2f}, c.unit * 0.66f, c.first.icon,
            c.ink(c.health >= Health::strained ? theme().of(c.health) : theme().dim));
  ImFont* const name_font = std::abs(c.unit - bold_font()->FontSize) < bold_font()->FontSize * 0.45f
                                ? bold_font()
                                : font_for(c.unit);
  const float name_left = c.a.x + c.unit * 2.35f, sign_x = c.b.x - c.unit * 0.95f;
  draw_text(draw, name_font, c.unit, {name_left, c.a.y + c.unit * 0.55f}, c.ink(theme().text),
            fitted(name_font, c.unit, c.node.title, sign_x - c.unit * 0.6f - name_left));
  if (c.health != Health::good) draw_health(draw, {sign_x, c.a.y + c.unit * 1.15f}, c.unit * 0.42f, c.health);

  // Second line: how busy, or what it sends.
  const float left = c.a.x + c.unit * 0.65f, right = c.b.x - c.unit * 0.65f, second = c.a.y + c.unit * 2.05f;
  if (!c.sends() && !std::isnan(c.figures.utilisation)) {
    const std::string share = value_text(AxisKind::share, c.figures.utilisation);
    const float room = text_width(small_text, small, "100%") + c.unit * 0.45f;
    draw_meter(draw, {left, second + c.unit * 0.28f}, {right - room, second + c.unit * 0.78f},
               c.figures.utilisation, kBusy, kTooBusy);
    draw_text(draw, small_text, small, {right - text_width(small_text, small, share), second},
              c.ink(theme().dim), share);
  } else {
    std::string text = c.sends() ? value_text(AxisKind::rate, c.figures.offered) + " sent"
                                 : value_text(AxisKind::number, c.figures.busy) + " under way";
    draw_text(draw, small_text, small, {left, second}, c.ink(theme().dim),
              fitted(small_text, small, text, right - left));
  }

  // Third line: what is wrong, what waits; otherwise what it is.
  const float third = c.a.y + c.unit * 3.2f;
  float x = left;
  if (!c.trouble.empty()) {
    const ImU32 colour = theme().of(std::max(c.health, Health::strained));
    x += draw_text(draw, small_text, small, {x, third}, c.ink(colour),
                   fitted(small_text, small, c.trouble, right - x)) +
         c.unit * 0.6f;
  }
  if (c.waiting() >= 0.5) {
    const std::string text =
        value_text(AxisKind::number, std::round(c.waiting())) + (c.trouble.empty() ? " waiting" : "");
    const float needed = text_width(small_text, small, text) + c.unit * 0.35f;
    const ImU32 colour = c.waiting() > 10 ? theme().strained : theme().dim;
    if (right - x > needed + c.unit * 1.2f) {
      draw.PushClipRect({x, c.a.y}, {right - needed, c.b.y}, true);
      x += std::min(draw_queue(draw, {x, third}, small, c.waiting(), c.ink(colour)), right - needed - x) +
           c.unit * 0.3f;
      draw.PopClipRect();
    }
    if (right - x >= needed - c.unit * 0.35f)
      draw_text(draw, small_text, small, {x, third}, c.ink(colour), text);
  } else if (c.trouble.empty()) {
    draw_text(draw, small_text, small, {x, third}, c.ink(theme().faint),
              fitted(small_text, small, c.node.caption, right - x));
  }
}

// Two lines instead of three, in letters as large as that leaves room for: who it is; what is wrong and what
// waits, otherwise what it does. How busy it is lies beneath as a bar.
void draw_small_card(ImDrawList& draw, const Card& c) {
  const float left = c.a.x + c.unit * 0.6f, right = c.b.x - c.unit * 0.6f;
  const float line = std::min(em(), c.unit * 1.5f), small = crisp(line * 0.9f);

  draw_icon(draw, {left + line * 0.5f, c.a.y + c.unit * 1.15f}, line * 0.5f, c.first.icon,
            c.ink(c.health >= Health::strained ? theme().of(c.health) : theme().dim));
  const bool sign = c.health != Health::good;
  if (sign) draw_health(draw, {right - line * 0.4f, c.a.y + c.unit * 1.15f}, line * 0.38f, c.health);
  // Long names are written smaller before they are cut.
  const float name_left = left + line * 1.35f, room = right - (sign ? line * 1.1f : 0) - name_left;
  const float needs = text_width(bold_font(), line, c.node.title);
  const float size =
      std::clamp(line * 0.98f * room / std::max(1.0f, needs), std::min(line, em() * 0.72f), line);
  ImFont* const bold = bold_font();
  draw_text(draw, bold, size, {name_left, c.a.y + c.unit * 1.15f - size * 0.6f}, c.ink(theme().text),
            fitted(bold, size, c.node.title, room));

  ImFont* const font = font_for(small);
  const float second = c.a.y + c.unit * 2.15f;
  const bool meter = !c.sends() && !std::isnan(c.figures.utilisation);
  float end = right;
  if (c.waiting() >= 0.5) {
    const std::string text = value_text(AxisKind::number, std::round(c.waiting()));
    const ImU32 colour = c.ink(c.waiting() > 10 ? theme().strained : theme().dim);
    end -= text_width(font, small, text);
    draw_text(draw, font, small, {end, second}, colour, text);
    const float strokes = std::min(c.unit * 3, (right - left) * 0.25f);
    draw.PushClipRect({end - strokes - small * 0.3f, c.a.y}, {end - small * 0.3f, c.b.y}, true);
    draw_queue(draw, {end - strokes - small * 0.3f, second}, small, c.waiting(), colour);
    draw.PopClipRect();
    end -= strokes + small * 0.6f;
  }
  const std::string words = !c.trouble.empty() ? c.trouble
                            : c.sends()        ? value_text(AxisKind::rate, c.figures.offered) + " sent"
                            : meter            ? value_text(AxisKind::share, c.figures.utilisation) + " busy"
                                               : value_text(AxisKind::number, c.figures.busy) + " under way";
  draw_text(draw, font, small, {left, second},
            c.ink(c.trouble.empty() ? theme().dim : theme().of(std::max(c.health, Health::strained))),
            fitted(font, small, words, end - left));
  if (meter)
    draw_meter(draw, {left, c.b.y - c.unit * 0.62f}, {right, c.b.y - c.unit * 0.3f}, c.figures.utilisation,
               kBusy, kTooBusy);
}

}  // namespace

void TopologyPanel::draw_nodes(ImDrawList& draw, const Look& look) {
  const Detail level = detail();
  const int selected = look.node >= 0 ? drawing_.node_of[at(look.node)] : -1;
  for (std::size_t i = 0; i < drawing_.nodes.size(); ++i) {
    const DrawnNode& node = drawing_.nodes[i];
    if (!visible(node.box, em() * 2)) continue;
    const ImVec2 a = screen({node.box.x0, node.box.y0}), b = screen({node.box.x1, node.box.y1});
    marks_.push_back({a, b});
    const Health health = health_of_drawn(look, node);
    const bool chosen = static_cast<int>(i) == selected, over = static_cast<int>(i) == hovered_node_;
    const float fade = dimmed_node(look, node) ? 0.3f : 1.0f;
    const float round = std::min(em() * 0.5f, (b.y - a.y) * 0.2f) * std::clamp(zoom_, 0.2f, 1.2f);
    const bool bad = health >= Health::strained;
    ImU32 fill = bad ? mixed(theme().panel, theme().of(health), health == Health::strained ? 0.10f : 0.2f)
                     : theme().panel;
    if (level == Detail::box)
      fill = health == Health::idle ? theme().border
                                    : mixed(theme().panel, theme().of(health), bad ? 1.0f : 0.55f);
    if (over) fill = mixed(fill, theme().accent, 0.12f);
    if (level != Detail::box) {
      // Replicas as cards behind the card.
      int behind = 0;
      for (const int m : node.members)
        behind = std::max(behind,
                          static_cast<int>(std::min<std::int64_t>(look.scene->nodes[at(m)].replicas, 3)) - 1);
      for (int n = behind; n > 0; --n) {
        const float off = em() * 0.28f * zoom_ * static_cast<float>(n);
        draw.AddRectFilled(a + ImVec2{off, -off}, b + ImVec2{off, -off}, with_alpha(theme().panel, fade),
                           round);
        draw.AddRect(a + ImVec2{off, -off}, b + ImVec2{off, -off}, with_alpha(theme().border, fade), round);
      }
    }
    if (bad && level == Detail::card && fade == 1.0f)
      for (int n = 3; n > 0; --n) {  // a glow that draws the eye
        const float off = static_cast<float>(n) * em() * 0.22f;
        draw.AddRect(a - ImVec2{off, off}, b + ImVec2{off, off}, with_alpha(theme().of(health), 0.13f),
                     round + off, 0, em() * 0.25f);
      }
    draw.AddRectFilled(a, b, with_alpha(fill, fade), round);
    const ImU32 rim = chosen ? theme().accent : bad ? theme().of(health) : theme().border;
    const float width = chosen ? 2.5f : bad ? 2.0f : 1.0f;
    if (level != Detail::box || chosen || over)
      draw.AddRect(a, b, with_alpha(rim, fade), round, 0, width * em() / 14);
    if (chosen)
      draw.AddRect(a - ImVec2{4, 4}, b + ImVec2{4, 4}, with_alpha(theme().accent, 0.5f), round + 4, 0, 1.5f);
    if (level == Detail::card) {
      const SceneNode& first = look.scene->nodes[at(node.members[0])];
      const NodeFigures f = figures_of(look, node);
      const Card card{node, first, f, health, trouble_of_drawn(look, node), a, b, em() * zoom_, fade};
      zoom_ < kFullCard ? draw_small_card(draw, card) : draw_card(draw, card);
    } else if (level == Detail::name) {
      // Long names are written smaller before they are cut.
      float size = std::min(em(), (b.y - a.y) * 0.42f);
      const float needs = text_width(body_font(), size, node.title) + size * 3.4f;
      size = std::max(std::min(size, em() * 0.72f), size * std::min(1.0f, (b.x - a.x) / needs));
      size = crisp(size);
      ImFont* const font = font_for(size);
      const NodeKind icon = look.scene->nodes[at(node.members[0])].icon;
      const float end = bad ? b.x - size * 1.4f : b.x - size * 0.3f;
      // A whole name says more than an icon beside its beginning.
      const bool fits = text_width(font, size, node.title) <= end - (a.x + size * 1.9f);
      const float left = a.x + size * (fits ? 1.9f : 0.4f);
      if (fits)
        draw_icon(draw, {a.x + size, (a.y + b.y) / 2}, size * 0.5f, icon, with_alpha(theme().dim, fade));
      draw_text(draw, font, size, {left, (a.y + b.y) / 2 - size * 0.58f}, with_alpha(theme().text, fade),
                fitted(font, size, node.title, end - left));
      if (bad) draw_health(draw, {b.x - size * 0.8f, (a.y + b.y) / 2}, size * 0.36f, health);
    } else if (bad && b.y - a.y > 7) {
      draw_health(draw, {(a.x + b.x) / 2, (a.y + b.y) / 2}, (b.y - a.y) * 0.3f, health);
    }
    if (const SceneFault* const fault = fault_on(look, node.members)) {
      const float r = std::clamp(em() * 0.8f * zoom_, 5.0f, em());
      draw_bolt(draw, {a.x, a.y}, r + 2, theme().background, theme().background);
      draw_bolt(draw, {a.x, a.y}, r, theme().failing, theme().background);
      if (level == Detail::card) {
        const std::string text =
            fault->type == fault->name.substr(0, fault->type.size()) ? fault->type : fault->name;
        const float size = small_font()->FontSize;
        draw_text(draw, small_font(), size, {a.x + r * 1.5f, a.y - size * 1.35f}, theme().failing,
                  fitted(small_font(), size, text, b.x - a.x));
      }
    }
  }
}

void TopologyPanel::draw_far_labels(ImDrawList& draw, const Look& look) {
  if (detail() != Detail::box) return;
  struct Candidate {
    std::size_t node;
    double weight;
  };
  std::vector<Candidate> candidates;
  const int selected = look.node >= 0 ? drawing_.node_of[at(look.node)] : -1;
  for (std::size_t i = 0; i < drawing_.nodes.size(); ++i) {
    const DrawnNode& node = drawing_.nodes[i];
    if (!visible(node.box, 0)) continue;
    const Health health = health_of_drawn(look, node);
    const bool wanted = static_cast<int>(i) == selected || static_cast<int>(i) == hovered_node_;
    const bool lit = (!look.lit.empty() || !found_.empty()) && !dimmed_node(look, node);
    const NodeFigures f = figures_of(look, node);
    const bool fault = fault_on(look, node.members) != nullptr;
    const bool sends = !look.scene->nodes[at(node.members[0])].workloads.empty();
    if (health < Health::strained && !wanted && !lit && !fault && !sends) continue;
    double weight = static_cast<double>(health) * 10 + (wanted ? 1000 : 0) + (lit ? 100 : 0) +
                    (fault ? 60 : 0) + (sends ? 25 : 0);
    weight += f.offered / (f.offered + 100);
    candidates.push_back({i, weight});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& x, const Candidate& y) {
    return x.weight != y.weight ? x.weight > y.weight : x.node < y.node;
  });
  ImFont* const font = small_font();
  const float size = font->FontSize;
  // Labels may cover other boxes, never each other.
  std::vector<Mark> placed;
  std::size_t shown = 0;
  for (const Candidate& c : candidates) {
    if (shown >= kMostFarLabels) break;
    const DrawnNode& node = drawing_.nodes[c.node];
    const Health health = health_of_drawn(look, node);
    std::string text = fitted(font, size, node.title, em() * 18);
    if (const std::string trouble = trouble_of_drawn(look, node); !trouble.empty()) text += " · " + trouble;
    const ImVec2 a = screen({node.box.x0, node.box.y0}), b = screen({node.box.x1, node.box.y1});
    const float width = text_width(font, size, text) + size * 2.0f, height = size * 1.5f;
    const ImVec2 beside{b.x + 3, (a.y + b.y - height) / 2}, before{a.x - 3 - width, (a.y + b.y - height) / 2};
    // Of who is called by nobody there is room on the left.
    const bool first = look.scene->nodes[at(node.members[0])].in.empty();
    const ImVec2 spots[] = {first ? before : beside,
                            first ? beside : before,
                            {(a.x + b.x - width) / 2, b.y + 3},
                            {(a.x + b.x - width) / 2, a.y - 3 - height}};
    for (const ImVec2& p : spots) {
      const ImVec2 q{p.x + width, p.y + height};
      if (p.x < min_.x || q.x > min_.x + size_.x || p.y < min_.y + em() * 5.5f ||
          q.y > min_.y + size_.y - em() * 2)
        continue;
      const bool free = std::none_of(placed.begin(), placed.end(), [&](const Mark& m) {
        return p.x < m.max.x + 2 && q.x > m.min.x - 2 && p.y < m.max.y + 1 && q.y > m.min.y - 1;
      });
      if (!free) continue;
      placed.push_back({p, q});
      marks_.push_back({p, q});
      draw.AddRectFilled(p, q, with_alpha(theme().panel, 0.92f), size * 0.3f);
      draw.AddRect(p, q, with_alpha(theme().of(health), 0.9f), size * 0.3f);
      draw_health(draw, {p.x + size * 0.75f, p.y + height / 2}, size * 0.34f, health);
      draw_text(draw, font, size, {p.x + size * 1.45f, p.y + size * 0.15f}, theme().text, text);
      ++shown;
      break;
    }
  }
}

}  // namespace tailrace::viewer
