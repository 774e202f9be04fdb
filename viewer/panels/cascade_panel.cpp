#include "viewer/panels/cascade_panel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/icons.hpp"
#include "viewer/widgets/plot.hpp"

namespace tailrace::viewer {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

Health verdict_health(const std::string& verdict) {
  if (verdict == "metastable" || verdict == "degraded") return Health::failing;
  if (verdict == "recovered") return Health::strained;
  return Health::good;
}

// Texts for terminals have arrows of two characters.
std::string with_arrows(std::string text) {
  for (std::size_t i = text.find("->"); i != std::string::npos; i = text.find("->", i))
    text.replace(i, 2, "→");
  return text;
}

// Figures large, what they are beneath.
float big_figure(ImDrawList& draw, ImVec2 where, const std::string& figure, const std::string& of,
                 ImU32 colour) {
  const float wide = draw_text(draw, title_font(), 0, where, colour, figure);
  const float words = draw_text(draw, small_font(), 0, {where.x, where.y + em() * 1.6f}, theme().dim, of);
  return std::max(wide, words) + em() * 1.8f;
}

}  // namespace

float CascadePanel::summary(const Look& look, ImVec2 where, float width) const {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const CascadeScene& c = *look.cascade;
  const Health health = verdict_health(c.verdict);
  draw_health(draw, {where.x + em() * 0.55f, where.y + em() * 0.75f}, em() * 0.5f, health);
  float x = where.x + em() * 1.5f;
  std::string verdict = c.verdict;
  if (!verdict.empty()) verdict[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(verdict[0])));
  draw_text(draw, title_font(), 0, {x, where.y}, theme().of(health), verdict);
  float y = where.y + em() * 1.8f;
  // The summary of a run has medians over the replications.
  const std::string which = look.which();
  const std::string meaning = c.verdict_text + (which.empty() ? "" : " This is " + which + ".");
  y += draw_wrapped(draw, body_font(), 0, {where.x, y}, theme().dim, meaning, width) + em() * 0.4f;
  // What one asks first: who, and because of what.
  for (const CascadeStep& step : c.steps) {
    if (step.node < 0 || !look.scene->nodes[at(step.node)].workloads.empty()) continue;
    y += draw_wrapped(draw, bold_font(), 0, {where.x, y}, theme().text, with_arrows("First: " + step.text),
                      width) +
         em() * 0.4f;
    break;
  }
  y += em() * 0.2f;
  x = where.x;
  if (c.happened) {
    const float row = em() * 3.2f;
    const auto place = [&](const std::string& figure, const std::string& of, ImU32 colour) {
      const float needed = std::max(text_width(title_font(), 0, figure), text_width(small_font(), 0, of));
      if (x + needed > where.x + width && x > where.x) x = where.x, y += row;
      x += big_figure(draw, {x, y}, figure, of, colour);
    };
    place(fmt::format("{} of {}", c.nodes_hit, c.nodes), "components hit", theme().text);
    if (c.user_onset_s >= 0) {
      place(value_text(AxisKind::share, c.lost_share), "of requests lost since", theme().of(health));
      place(clock_text(c.user_onset_s), "users feel it", theme().text);
      place(c.recovery_s < 0     ? "never"
            : c.recovery_s < 0.5 ? "at once"
                                 : value_text(AxisKind::duration, c.recovery_s),
            c.recovery_s >= 0 ? "after the last trigger: well again" : "well again in this run",
            theme().of(c.recovery_s >= 0 ? Health::good : health));
    } else {
      place("never", "users felt it", theme().of(Health::good));
    }
    y += row;
  }
  return y - where.y;
}

void CascadePanel::chart(Look& look, ImVec2 where, ImVec2 size) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const CascadeScene& c = *look.cascade;
  const std::size_t rows = c.triggers.size() + c.steps.size();
  ImFont* const font = body_font();
  const float small = small_font()->FontSize;
  float names = em() * 6;
  for (const CascadeStep& step : c.steps)
    if (step.node >= 0)
      names = std::max(names, text_width(font, 0, look.scene->nodes[at(step.node)].name) + em() * 2.6f);
  for (const CascadeTrigger& t : c.triggers)
    names = std::max(names, text_width(bold_font(), 0, t.text) + em() * 2.6f);
  names = std::min(names, size.x * 0.36f);
  const float x0 = where.x + names, x1 = where.x + size.x - em() * 1.2f;
  // Rows take what they need; what is left shows what users got meanwhile.
  const float room = size.y - em() * 1.6f;
  const float wanted = static_cast<float>(std::max<std::size_t>(1, rows)) * em() * 2.6f;
  const bool with_users = room - wanted > em() * 7;
  const float users_height = with_users ? std::min(room - wanted, em() * 22) : 0;
  // More rows than are legible there: a stretch of them, which the wheel moves.
  const float least = em() * 1.5f;
  const float shown = std::min(room - users_height, wanted);
  const float fits = std::max(1.0f, std::floor(shown / least));
  const bool scrolls = static_cast<float>(rows) > fits;
  const float axis_y = where.y + (scrolls ? fits * least : shown);
  const float line = scrolls ? least : shown / static_cast<float>(std::max<std::size_t>(1, rows));
  first_row_ = scrolls ? std::clamp(first_row_, 0.0f, static_cast<float>(rows) - fits) : 0;
  // From a little before the first thing that happened, so that rows do not begin at the edge.
  double first = look.scene->duration_s, last = look.history->frontier_s();
  for (const CascadeTrigger& t : c.triggers) first = std::min(first, t.start_s);
  for (const CascadeStep& s : c.steps) first = std::min(first, s.onset_s);
  first = std::max(0.0, first - 0.08 * (last - first));
  const Axis axis{first, std::max(last, first + 1e-6), AxisKind::clock, false};
  const auto px = [&](double t) { return x0 + static_cast<float>(axis.fraction(t)) * (x1 - x0); };
  for (const Tick& tick : ticks(axis, static_cast<int>((x1 - x0) / (em() * 5)))) {
    const float x = std::round(px(tick.at));
    draw.AddLine({x, where.y}, {x, axis_y}, theme().grid, 1);
    const float wide = text_width(small_font(), small, tick.label);
    const bool under_badge = std::abs(x - px(look.playhead_s)) < em() * 3;
    if (x + wide / 2 <= x1 + em() && !under_badge)
      draw_text(draw, small_font(), small, {x - wide / 2, axis_y + em() * 0.3f}, theme().dim, tick.label);
  }
  if (c.user_onset_s >= 0) {  // while users suffer
    const float a = px(c.user_onset_s), b = px(c.user_end_s >= 0 ? c.user_end_s : last);
    draw.AddRectFilled({a, where.y}, {b, axis_y}, with_alpha(theme().failing, 0.07f));
  }

  if (with_users) users(look, {x0, axis_y + em() * 3.8f}, {x1, axis_y + users_height}, axis.min, axis.max);

  ImGui::SetCursorScreenPos(where);
  ImGui::InvisibleButton("cascade", size);
  const bool hovered = ImGui::IsItemHovered();
  const ImVec2 mouse = ImGui::GetMousePos();
  const bool pressed = hovered && ImGui::IsMouseReleased(0);
  if (ImGui::IsItemActive() && mouse.x >= x0)
    look.session->seek(
        std::clamp(axis.value(static_cast<double>((mouse.x - x0) / (x1 - x0))), 0.0, look.scene->duration_s));

  if (scrolls && hovered)
    first_row_ = std::clamp(first_row_ - std::round(ImGui::GetIO().MouseWheel * 3), 0.0f,
                            static_cast<float>(rows) - fits);
  const auto row_y = [&](std::size_t row) {
    return where.y + (static_cast<float>(row) - first_row_ + 0.5f) * line;
  };
  const auto in_view = [&](float y) { return y > where.y && y < axis_y; };
  draw.PushClipRect(where, {where.x + size.x, axis_y}, true);
  const float half = std::min(line * 0.34f, em() * 0.62f);
  for (std::size_t i = 0; i < c.triggers.size(); ++i) {
    const CascadeTrigger& t = c.triggers[i];
    const float y = row_y(i), alpha = t.start_s <= look.playhead_s ? 1.0f : 0.28f;
    if (!in_view(y)) continue;
    draw_bolt(draw, {where.x + em() * 0.7f, y}, std::min(em() * 0.55f, line * 0.45f),
              with_alpha(theme().failing, alpha), theme().panel);
    draw_text(draw, bold_font(), 0, {where.x + em() * 1.6f, y - em() * 0.6f},
              with_alpha(theme().failing, alpha), fitted(bold_font(), 0, t.text, names - em() * 2));
    const float a = px(t.start_s), b = std::max(px(t.end_s), a + 3);
    draw.AddRectFilled({a, y - half}, {b, y + half}, with_alpha(theme().failing, 0.8f * alpha), 2);
    draw_hatched(draw, {a, y - half}, {b, y + half}, 7, 1.5f, with_alpha(theme().panel, 0.5f));
  }
  // Arrows beneath the bars.
  std::vector<int> row_of(look.scene->nodes.size(), -1);
  for (std::size_t i = 0; i < c.steps.size(); ++i)
    if (c.steps[i].node >= 0 && row_of[at(c.steps[i].node)] < 0)
      row_of[at(c.steps[i].node)] = static_cast<int>(i);
  for (std::size_t i = 0; i < c.steps.size(); ++i) {
    const CascadeStep& s = c.steps[i];
    float from_y = 0;
    if (s.trigger >= 0) {
      from_y = row_y(at(s.trigger));
    } else if (s.cause_node >= 0 && row_of[at(s.cause_node)] >= 0) {
      from_y = row_y(c.triggers.size() + at(row_of[at(s.cause_node)]));
    } else {
      continue;
    }
    const float alpha = s.onset_s <= look.playhead_s ? 0.9f : 0.22f;
    const float x = px(s.onset_s), y = row_y(c.triggers.size() + i);
    if (!in_view(y) && !in_view(from_y)) continue;
    const float bend = em() * (0.8f + 0.35f * static_cast<float>(i % 4));
    const float side = y > from_y ? -half : half;
    draw.AddBezierCubic({x, from_y}, {x - bend, from_y}, {x - bend, y}, {x - 3, y},
                        with_alpha(theme().dim, alpha), 1.6f, 16);
    draw_arrow_head(draw, {x - 1, y}, {1, 0.02f * side}, em() * 0.5f, with_alpha(theme().dim, alpha));
  }
  int tip = -1;
  for (std::size_t i = 0; i < c.steps.size(); ++i) {
    const CascadeStep& s = c.steps[i];
    const float y = row_y(c.triggers.size() + i);
    if (!in_view(y)) continue;
    places_[i] = {where.x + names / 2, y};
    const bool begun = s.onset_s <= look.playhead_s,
               lasting = begun && (!s.over || s.end_s > look.playhead_s);
    const float alpha = begun ? 1.0f : 0.28f;
    const bool over = hovered && mouse.y >= y - line / 2 && mouse.y < y + line / 2 && mouse.y < axis_y;
    if (over) {
      tip = static_cast<int>(i);
      draw.AddRectFilled({where.x, y - line / 2}, {where.x + size.x, y + line / 2},
                         with_alpha(theme().accent, 0.08f));
      if (pressed && s.node >= 0 && mouse.x < x0) {
        look.select_node(s.node);
        if (!begun) look.session->seek(s.onset_s);  // before that there is nothing to be seen of it
      }
    }
    if (s.node >= 0) {
      const SceneNode& node = look.scene->nodes[at(s.node)];
      const bool chosen = s.node == look.node;
      draw_icon(draw, {where.x + em() * 0.7f, y}, std::min(em() * 0.5f, line * 0.4f), node.icon,
                with_alpha(chosen ? theme().accent : theme().dim, alpha));
      draw_text(draw, font, 0, {where.x + em() * 1.6f, y - em() * 0.6f},
                with_alpha(chosen ? theme().accent : theme().text, alpha),
                fitted(font, 0, node.name, names - em() * 2));
    }
    const bool errors = s.symptom == "failed" || s.symptom == "errors" || s.symptom == "refused";
    const Health health = errors ? Health::failing : Health::strained;
    const float a = px(s.onset_s), b = std::max(px(s.over ? s.end_s : last), a + 4);
    const ImU32 colour = with_alpha(theme().of(health), (lasting || !begun ? 0.9f : 0.5f) * alpha);
    draw.AddRectFilled({a, y - half}, {b, y + half}, colour, 2);
    if (!s.over) draw.AddTriangleFilled({b, y - half}, {b + half * 0.8f, y}, {b, y + half}, colour);
    // What is wrong with it, on the bar or beside it.
    const std::string words = s.amount.empty() ? s.seen_as : s.seen_as + " " + with_arrows(s.amount);
    const float wide = text_width(small_font(), small, words);
    if (line >= em() * 1.1f) {
      if (b - a > wide + em() * 0.8f) {
        draw_text(draw, small_font(), small, {a + em() * 0.4f, y - small * 0.6f},
                  with_alpha(theme().background, alpha), words);
      } else if (b + wide + em() * 0.8f < x1) {
        draw_text(draw, small_font(), small, {b + em() * 0.7f, y - small * 0.6f},
                  with_alpha(theme().dim, alpha), words);
      } else if (a - wide - em() * 2.6f > x0) {
        draw_text(draw, small_font(), small, {a - wide - em() * 2.4f, y - small * 0.6f},
                  with_alpha(theme().dim, alpha), words);
      }
    }
  }
  draw.PopClipRect();
  if (scrolls) {
    const float height = axis_y - where.y, all = static_cast<float>(rows);
    const float top = where.y + height * first_row_ / all;
    draw.AddRectFilled({where.x + size.x - em() * 0.25f, top},
                       {where.x + size.x, top + std::max(em(), height * fits / all)}, theme().border,
                       em() * 0.1f);
    draw_text(draw, small_font(), small, {where.x, axis_y + em() * 0.3f}, theme().dim,
              fmt::format("{:.0f}–{:.0f} of {}", first_row_ + 1, first_row_ + fits, rows));
  }
  const float head = px(look.playhead_s);
  if (look.playhead_s >= axis.min) {
    draw.AddLine({head, where.y}, {head, axis_y}, theme().text, 1.5f);
    draw_badge(draw, {std::clamp(head - em() * 1.4f, x0, x1 - em() * 3), axis_y + em() * 0.8f}, small,
               theme().text, theme().background, clock_text(look.playhead_s));
  }
  if (tip >= 0 && hovered) ImGui::SetTooltip("%s", with_arrows(c.steps[at(tip)].text).c_str());
}

bool CascadePanel::where(std::size_t step, ImVec2& centre) const {
  const auto found = places_.find(step);
  if (found == places_.end()) return false;
  centre = found->second;
  return true;
}

// Goodput and failures beneath the rows, on the same axis.
void CascadePanel::users(const Look& look, ImVec2 min, ImVec2 max, double t0_s, double t1_s) const {
  const auto points = static_cast<std::size_t>(std::max(40.0f, (max.x - min.x) / 4.5f));
  const TimeRange range{t0_s, t1_s};
  const std::vector<SeriesPoint> good = look.history->series(Series::goodput, -1, range, points);
  const std::vector<SeriesPoint> bad = look.history->series(Series::failed, -1, range, points);
  PlotFrame plot;
  plot.draw = ImGui::GetWindowDrawList();
  plot.min = min, plot.max = max;
  plot.x = {t0_s, t1_s, AxisKind::clock, false};
  plot.y = {0, rounded_up(std::max(highest(good), highest(bad)) * 1.05), AxisKind::rate, false};
  draw_text(*plot.draw, small_font(), 0, {min.x, min.y - em() * 1.3f}, theme().dim,
            "what users get: answered well, and failed");
  plot.draw->AddLine({min.x, max.y}, max, theme().border);
  plot.draw->AddLine(min, {max.x, min.y}, theme().grid);
  const std::string top = axis_text(AxisKind::rate, plot.y.max) + "/s";
  draw_text(*plot.draw, small_font(), 0,
            {min.x - text_width(small_font(), 0, top) - em() * 0.4f, min.y - em() * 0.5f}, theme().dim, top);
  plot.draw->PushClipRect(min, max, true);
  draw_curve(plot, good, {theme().series[0], 2.0f, true, false, false});
  draw_curve(plot, bad, {theme().failing, 1.8f, true, false, false});
  draw_marker(plot, look.playhead_s, theme().text, "", 1.5f);
  plot.draw->PopClipRect();
}

void CascadePanel::sentences(Look& look, ImVec2 size) const {
  const CascadeScene& c = *look.cascade;
  ImGui::BeginChild("story", size);
  ImGui::PushTextWrapPos(ImGui::GetContentRegionMax().x + em() * 0.2f);  // words longer than a line
  if (!c.story.empty()) {
    ImGui::TextUnformatted(
        broken(body_font(), 0, with_arrows(c.story), ImGui::GetContentRegionAvail().x).c_str());
    ImGui::Spacing();
  }
  const float line = em();
  for (std::size_t i = 0; i < c.steps.size(); ++i) {
    const CascadeStep& s = c.steps[i];
    if (s.onset_s > look.playhead_s) continue;
    ImGui::PushID(static_cast<int>(i));
    const ImVec2 pos = ImGui::GetCursorScreenPos();
    const bool errors = s.symptom == "failed" || s.symptom == "errors" || s.symptom == "refused";
    const bool lasts = !s.over || s.end_s > look.playhead_s;
    draw_health(*ImGui::GetWindowDrawList(), {pos.x + line * 0.5f, pos.y + line * 0.6f}, line * 0.34f,
                !lasts   ? Health::good
                : errors ? Health::failing
                         : Health::strained);
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() + line * 1.3f);
    ImGui::PushStyleColor(ImGuiCol_Text, lasts ? theme().text : theme().dim);
    ImGui::TextUnformatted(
        broken(body_font(), 0, with_arrows(s.text), ImGui::GetContentRegionAvail().x).c_str());
    ImGui::PopStyleColor();
    if (ImGui::IsItemClicked() && s.node >= 0) look.select_node(s.node);
    ImGui::PopID();
  }
  ImGui::PopTextWrapPos();
  ImGui::EndChild();
}

void CascadePanel::draw(Look& look, ImVec2 size) {
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRectFilled(origin, origin + size, theme().panel);
  const float pad = em() * 0.9f;
  places_.clear();
  ImGui::PushClipRect(origin, origin + size, true);
  if (!look.cascade) {
    const std::string wrong = look.wrong();
    draw_wrapped(draw, body_font(), 0, origin + ImVec2{pad, pad},
                 wrong.empty() ? theme().dim : theme().failing,
                 wrong.empty() ? "the story is told when the run has been simulated to its end …" : wrong,
                 size.x - 2 * pad);
  } else {
    const bool wide = size.x > em() * 62;
    const float words = wide ? std::min(size.x * 0.36f, em() * 34) : size.x;
    float y = origin.y + pad;
    y += summary(look, {origin.x + pad, y}, words - 2 * pad) + em() * 0.3f;
    if (look.cascade->steps.empty() && look.cascade->triggers.empty()) {
      draw_wrapped(draw, body_font(), 0, {origin.x + pad, y}, theme().text, look.cascade->story,
                   words - 2 * pad);
    } else if (wide) {
      ImGui::SetCursorScreenPos({origin.x + pad, y});
      sentences(look, {words - 2 * pad, origin.y + size.y - y - pad});
      draw.AddLine({origin.x + words, origin.y + pad}, {origin.x + words, origin.y + size.y - pad},
                   theme().border);
      draw_text(draw, bold_font(), 0, {origin.x + words + pad, origin.y + pad}, theme().text,
                "who fell, in order");
      chart(look, {origin.x + words + pad, origin.y + pad + em() * 1.8f},
            {size.x - words - 2 * pad, size.y - 2 * pad - em() * 1.8f});
    } else {
      const float rows = static_cast<float>(look.cascade->steps.size() + look.cascade->triggers.size());
      const float room = origin.y + size.y - y - pad;
      const float chart_height = std::min(rows * em() * 2.2f + em() * 1.8f, room * 0.55f);
      chart(look, {origin.x + pad, y}, {size.x - 2 * pad, chart_height});
      ImGui::SetCursorScreenPos({origin.x + pad, y + chart_height + em() * 0.6f});
      sentences(look, {size.x - 2 * pad, room - chart_height - em() * 0.6f});
    }
  }
  ImGui::PopClipRect();
  ImGui::SetCursorScreenPos(origin + ImVec2{0, size.y});
}

}  // namespace tailrace::viewer
