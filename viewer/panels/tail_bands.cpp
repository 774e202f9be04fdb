// The lower half of the tail panel: the two bands, where their time went, and single requests of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/report/human.hpp"
#include "viewer/panels/tail_panel.hpp"
#include "viewer/panels/waterfall_view.hpp"
#include "viewer/widgets/draw.hpp"

namespace tailrace::viewer {

namespace {

constexpr int kMostStored = 12;

std::string duration(double seconds) {
  return value_text(AxisKind::duration, seconds);
}

std::string signed_duration(double seconds) {
  return (seconds < 0 ? "− " : "+ ") + duration(std::abs(seconds));
}

std::string name_of(const BandView& view) {
  if (!view.band.name.empty()) return view.band.name;
  return duration(view.low_s) + " – " + duration(view.high_s);
}

std::string share_text(const analysis::Interval& share) {
  if (!share.known) return fmt::format("{:.0f} %", share.estimate * 100);
  return fmt::format("{:.0f} % ±{:.1f}", share.estimate * 100, share.half_width() * 100);
}

}  // namespace

bool TailPanel::chip(const std::string& id, const std::string& text, bool lit, ImU32 colour, ImVec2 where,
                     float& width) {
  width = text_width(small_font(), 0, text) + em() * 1.1f;
  const float height = em() * 1.5f;
  ImGui::SetCursorScreenPos(where);
  const bool pressed = ImGui::InvisibleButton(id.c_str(), {width, height});
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const bool hot = ImGui::IsItemHovered();
  draw.AddRectFilled(where, where + ImVec2{width, height},
                     lit   ? with_alpha(colour, 0.3f)
                     : hot ? mixed(theme().raised, theme().accent, 0.2f)
                           : theme().raised,
                     em() * 0.3f);
  if (lit) draw.AddRect(where, where + ImVec2{width, height}, colour, em() * 0.3f, 0, 1.2f);
  draw_text(draw, small_font(), 0, {where.x + em() * 0.55f, where.y + (height - small_font()->FontSize) / 2},
            lit ? theme().text : theme().dim, text);
  places_[id] = where + ImVec2{width / 2, height / 2};
  return pressed;
}

float TailPanel::choices(ImVec2 where, float width) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float lead = text_width(small_font(), 0, "compared with") + em() * 0.7f;
  float y = where.y;
  for (const bool slow : {true, false}) {
    float x = where.x + lead, wide = 0;
    draw_text(draw, small_font(), 0, {where.x, y + em() * 0.3f}, theme().dim,
              slow ? "requests of" : "compared with");
    const auto step = [&] { x += wide + em() * 0.35f; };
    const auto place = [&] {
      if (x > where.x + width - em() * 5) x = where.x + lead, y += em() * 1.7f;
      return ImVec2{x, y};
    };
    const std::optional<BandView>& shown = slow ? slow_view_ : base_view_;
    for (const LatencyBand& band : view_->bands()) {
      if (!slow && slow_view_ && slow_view_->band == band) continue;
      if (chip((slow ? "band " : "against ") + band.name, band.name, shown && shown->band.name == band.name,
               slow ? theme().accent : theme().dim, place(), wide)) {
        (slow ? slow_ : base_) = {Choice::Kind::band, band};
        if (slow) open_example(-1);
      }
      step();
    }
    if (shown && view_->find(shown->band.name) == nullptr) {
      chip(slow ? "band own" : "against own", name_of(*shown), true, slow ? theme().accent : theme().dim,
           place(), wide);
      step();
    }
    if (!slow) {
      if (chip("against nothing", "nothing", !base_view_, theme().dim, place(), wide))
        base_ = {Choice::Kind::none, {}};
    }
    y += em() * 1.8f;
  }
  return y - where.y;
}

float TailPanel::headline(ImVec2 where, float width) const {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const BandView& slow = *slow_view_;
  std::string first, rest;
  if (slow.count == 0) {
    first = "no request that was followed is in this band";
  } else if (base_view_) {
    const double more = slow.mean_s - base_view_->mean_s;
    const bool same = std::abs(more) < 0.005 * slow.mean_s;
    first = same ? fmt::format("{} takes as long as {}", name_of(slow), name_of(*base_view_))
                 : fmt::format("{} takes {} {} than {}", name_of(slow), duration(std::abs(more)),
                               more < 0 ? "less" : "longer", name_of(*base_view_));
    if (!same && !changes_.empty() && std::abs(changes_[0].more_s()) > 0.2 * std::abs(more))
      first += fmt::format(", most of it {} at {}", models::reason_name(changes_[0].reason),
                           changes_[0].place.name);
    rest = fmt::format("{}: {} requests, {} on average; {}: {}, {}", name_of(slow),
                       analysis::human_count(slow.count), duration(slow.mean_s), name_of(*base_view_),
                       analysis::human_count(base_view_->count), duration(base_view_->mean_s));
  } else {
    first = fmt::format("{}: {} on average", name_of(slow), duration(slow.mean_s));
    if (!slow.parts.empty())
      first += fmt::format(", most of it {} at {}", models::reason_name(slow.parts[0].reason),
                           slow.parts[0].place.name);
    rest = fmt::format("{} requests, {} to {}", analysis::human_count(slow.count), duration(slow.low_s),
                       duration(slow.high_s));
  }
  if (view_->every() > 1) rest += fmt::format("; 1 request in {} was followed", view_->every());
  float y = draw_wrapped(draw, bold_font(), 0, where, theme().text, first, width) + em() * 0.2f;
  y += draw_wrapped(draw, small_font(), 0, where + ImVec2{0, y}, theme().dim, rest, width);
  return y + em() * 0.6f;
}

// A row per place and reason: the band's time over the other's, and by how much they differ.
void TailPanel::shares(Look& look, ImVec2 where, ImVec2 size) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float line = em() * 2.7f;
  double most = 0, rest = 0;
  for (const TailChange& c : changes_) most = std::max({most, c.a_s, c.b_s});
  if (most <= 0) return;
  auto room = static_cast<std::size_t>(std::max(0.0f, size.y / line));
  if (room < changes_.size() && room > 0) --room;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const TailChange& c = changes_[i];
    if (i >= room) {
      rest += base_view_ ? c.more_s() : c.b_s;
      continue;
    }
    const float y = where.y + line * static_cast<float>(i);
    ImGui::SetCursorScreenPos({where.x, y});
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::InvisibleButton("share", {size.x, line - em() * 0.2f})) {
      if (c.place.node >= 0) look.select_node(c.place.node);
      if (c.place.edge >= 0) look.select_edge(c.place.edge);
    }
    const bool hot = ImGui::IsItemHovered();
    places_[fmt::format("share {}", i)] = {where.x + size.x / 2, y + line / 2};
    ImGui::PopID();
    const bool chosen =
        (c.place.node >= 0 && c.place.node == look.node) || (c.place.edge >= 0 && c.place.edge == look.edge);
    const ImU32 colour = time_colour(time_kind(c.reason));
    const std::string right = base_view_ ? signed_duration(c.more_s()) : duration(c.b_s);
    const float wide = text_width(bold_font(), 0, right);
    const std::string name = fitted(body_font(), 0, c.place.name, size.x - wide - em() * 8.5f);
    draw.AddRectFilled({where.x, y + em() * 0.25f}, {where.x + em() * 0.6f, y + em() * 0.85f}, colour, 2);
    const float x = where.x + em() +
                    draw_text(draw, body_font(), 0, {where.x + em(), y},
                              chosen || hot ? theme().accent : theme().text, name);
    draw_text(draw, small_font(), 0, {x + em() * 0.6f, y + em() * 0.12f}, theme().dim,
              models::reason_name(c.reason));
    draw_text(draw, bold_font(), 0, {where.x + size.x - wide, y}, theme().text, right);
    const TailShare* mine = nullptr;
    for (const TailShare& part : slow_view_->parts)
      if (part.reason == c.reason && part.place.name == c.place.name) mine = &part;
    std::string text = duration(c.b_s);
    if (base_view_) text = duration(c.a_s) + " → " + text;
    if (mine != nullptr) text += "  ·  " + share_text(mine->share);
    const float words = std::min(size.x * 0.55f, em() * 13.5f), bars = size.x - words - em() * 1.4f;
    const auto bar = [&](double s, float top, float bottom, ImU32 fill) {
      const float end = where.x + em() + bars * static_cast<float>(s / most);
      if (s > 0)
        draw.AddRectFilled({where.x + em(), y + top}, {std::max(end, where.x + em() + 2), y + bottom}, fill,
                           2);
    };
    bar(c.b_s, em() * 1.35f, em() * 1.85f, colour);
    if (base_view_) bar(c.a_s, em() * 1.95f, em() * 2.2f, theme().dim);
    draw_text(draw, small_font(), 0, {where.x + size.x - text_width(small_font(), 0, text), y + em() * 1.35f},
              theme().dim, text);
    if (hot && mine != nullptr)
      ImGui::SetTooltip(
          "%s of the time of %s, in %llu of its %llu requests;\n±: 95 %% interval over twenty "
          "stretches of the run",
          share_text(mine->share).c_str(), name_of(*slow_view_).c_str(),
          static_cast<unsigned long long>(mine->requests),
          static_cast<unsigned long long>(slow_view_->count));
  }
  if (room < changes_.size() && room > 0)
    draw_text(draw, small_font(), 0, {where.x + em(), where.y + line * static_cast<float>(room)},
              theme().faint,
              fmt::format("{} more: {}", changes_.size() - room,
                          base_view_ ? signed_duration(rest) : duration(rest)));
}

float TailPanel::requests(ImVec2 where, float width) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float lead = text_width(small_font(), 0, "single requests") + em() * 0.7f;
  draw_text(draw, small_font(), 0, {where.x, where.y + em() * 0.3f}, theme().dim, "single requests");
  float x = where.x + lead, y = where.y, wide = 0;
  for (std::size_t i = 0; i < slow_view_->examples.size(); ++i) {
    const models::TracedRequest& r = slow_view_->examples[i];
    const std::string text = duration(static_cast<double>(r.latency_ns) * 1e-9);
    const float next = text_width(small_font(), 0, text) + em() * 1.1f;
    if (x + next > where.x + width && x > where.x + lead) x = where.x + lead, y += em() * 1.7f;
    const bool open = example_made_ == static_cast<int>(i);
    if (chip(fmt::format("request {}", i), text, open, theme().accent, {x, y}, wide))
      open_example(open && !wide_ ? -1 : static_cast<int>(i));
    if (ImGui::IsItemHovered())
      ImGui::SetTooltip("began at %s; where its time went",
                        clock_text(static_cast<double>(r.start_ns) * 1e-9, 2).c_str());
    x += wide + em() * 0.35f;
  }
  return y + em() * 1.9f - where.y;
}

// What the stored run kept, of all its replications.
float TailPanel::stored_requests(ImVec2 where, float width) {
  if (stored_ == nullptr) return 0;
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float lead = text_width(small_font(), 0, "single requests") + em() * 0.7f;
  draw_text(draw, small_font(), 0, {where.x, where.y + em() * 0.3f}, theme().dim, "stored");
  float x = where.x + lead, y = where.y, wide = 0;
  int shown = 0;
  for (std::size_t i = 0; i < stored_->requests.size() && shown < kMostStored; ++i) {
    const StoredRequest& request = stored_->requests[i];
    if (!fits(request)) continue;
    ++shown;
    const models::TracedRequest& r = request.trace.request;
    const std::string text =
        fmt::format("{} · #{}", duration(static_cast<double>(r.latency_ns) * 1e-9), request.replication);
    const float next = text_width(small_font(), 0, text) + em() * 1.1f;
    if (x + next > where.x + width && x > where.x + lead) x = where.x + lead, y += em() * 1.7f;
    const bool open = stored_made_ == static_cast<int>(i);
    if (chip(fmt::format("stored {}", i), text, open, theme().accent, {x, y}, wide))
      open_stored(open ? -1 : static_cast<int>(i));
    if (ImGui::IsItemHovered())
      ImGui::SetTooltip("request %llu of replication %u, began at %s; as traces.json has it",
                        static_cast<unsigned long long>(r.number), request.replication,
                        clock_text(static_cast<double>(r.start_ns) * 1e-9, 2).c_str());
    x += wide + em() * 0.35f;
  }
  if (!stored_->note.empty()) {
    const float beside = shown > 0 ? em() * 1.8f : em() * 0.2f;
    y += beside +
         draw_wrapped(draw, small_font(), 0, {where.x + lead, y + beside}, theme().strained, stored_->note,
                      width - lead) -
         em() * 1.3f;
  } else if (shown == 0) {
    draw_text(draw, small_font(), 0, {where.x + lead, y + em() * 0.3f}, theme().faint, "none of this band");
  }
  return y + em() * 1.9f - where.y;
}

void TailPanel::bands(Look& look, ImVec2 where, ImVec2 size) {
  if (view_->bands().empty()) {
    draw_text(*ImGui::GetWindowDrawList(), body_font(), 0, where, theme().dim,
              "no request of this stretch was followed");
    return;
  }
  const float left = wide_ ? size.x * 0.42f : size.x;
  float y = where.y + choices(where, left);
  if (!slow_view_) return;
  y += requests({where.x, y}, left);
  y += stored_requests({where.x, y}, left);
  const float bottom = where.y + size.y;
  const char* const wait = following() ? "following this request …" : "this request could not be followed";
  if (!wide_ && (example_made_ >= 0 || stored_made_ >= 0)) {
    if (waterfall_) {
      draw_waterfall(look, *waterfall_, {where.x, y}, {size.x, bottom - y}, places_);
    } else {
      draw_text(*ImGui::GetWindowDrawList(), body_font(), 0, {where.x, y}, theme().dim, wait);
    }
    return;
  }
  y += headline({where.x, y}, left);
  shares(look, {where.x, y}, {left, bottom - y});
  if (wide_ && waterfall_)
    draw_waterfall(look, *waterfall_, {where.x + left + em() * 2, where.y},
                   {size.x - left - em() * 2, size.y}, places_);
  if (wide_ && !waterfall_ && example_made_ >= 0)
    draw_text(*ImGui::GetWindowDrawList(), body_font(), 0, {where.x + left + em() * 2, where.y}, theme().dim,
              wait);
}

}  // namespace tailrace::viewer
