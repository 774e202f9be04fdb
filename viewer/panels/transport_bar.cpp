#include "viewer/panels/transport_bar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/report/human.hpp"
#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/ticks.hpp"

namespace tailrace::viewer {

namespace {

constexpr double kFast = std::numeric_limits<double>::infinity();
constexpr double kSpeeds[] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 60, 300, kFast};

std::string speed_text(double speed) {
  if (std::isinf(speed)) return "as fast as it goes";
  if (speed < 0.1) return fmt::format("{:.3g} ms per second", speed * 1e3);
  return fmt::format("× {:.3g}", speed);
}

void change_speed(Session& session, int by) {
  const double now = session.speed();
  int nearest = 0;
  for (int i = 0; i < static_cast<int>(std::size(kSpeeds)); ++i)
    if (kSpeeds[i] <= now * 1.0001) nearest = i;
  session.set_speed(kSpeeds[std::clamp(nearest + by, 0, static_cast<int>(std::size(kSpeeds)) - 1)]);
}

void toggle(Session& session) {
  session.playing() ? session.pause() : session.play();
}

std::string state_text(const SessionView& view, const Look& look) {
  switch (view.state) {
    case RunState::compiling:
      return "compiling …";
    case RunState::running:
      return look.history ? fmt::format("simulated to {}, {:.3g} M events/s",
                                        clock_text(look.history->frontier_s()), view.events_per_s / 1e6)
                          : "starting …";
    case RunState::complete:
      return analysis::human_count(view.events) + " events";
    default:
      return look.wrong();
  }
}

}  // namespace

bool TransportBar::where_play(ImVec2& centre) const {
  centre = play_;
  return play_.x >= 0;
}

void TransportBar::draw(Look& look, ImVec2 size, Actions& actions, const std::string& filming) {
  Session& session = *look.session;
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRectFilled(origin, origin + size, theme().panel);
  draw.AddLine({origin.x, origin.y + size.y - 1}, {origin.x + size.x, origin.y + size.y - 1}, theme().border);
  const float height = ImGui::GetFrameHeight(), y = origin.y + (size.y - height) / 2;
  ImGui::SetCursorScreenPos({origin.x + em() * 0.9f, y});
  if (sign_button("start", Sign::start, "to the start  (Home)")) session.seek(0);
  ImGui::SameLine();
  if (sign_button("back", Sign::step_back, "a step back  (←)")) session.step(-1);
  ImGui::SameLine();
  const bool playing = session.playing();
  if (sign_button("play", playing ? Sign::pause : Sign::play, playing ? "pause  (space)" : "play  (space)",
                  true))
    toggle(session);
  const ImVec2 a = ImGui::GetItemRectMin(), b = ImGui::GetItemRectMax();
  play_ = {(a.x + b.x) / 2, (a.y + b.y) / 2};
  ImGui::SameLine();
  if (sign_button("step", Sign::step, "a step on  (→)")) session.step(1);
  ImGui::SameLine(0, em());

  const ImVec2 clock = ImGui::GetCursorScreenPos();
  const std::string now = clock_text(look.playhead_s, 1), whole = " / " + clock_text(session.duration_s());
  float x = clock.x + draw_text(draw, title_font(), 0, {clock.x, y + (height - title_font()->FontSize) / 2},
                                theme().text, now);
  x += draw_text(draw, body_font(), 0, {x, y + (height - em()) / 2}, theme().dim, whole);
  ImGui::SetCursorScreenPos({std::max(x + em(), clock.x + em() * 9), y});

  ImGui::SetNextItemWidth(em() * 9.5f);
  if (ImGui::BeginCombo("##speed", speed_text(session.speed()).c_str())) {
    for (const double speed : kSpeeds)
      if (ImGui::Selectable(speed_text(speed).c_str(), speed == session.speed())) session.set_speed(speed);
    ImGui::EndCombo();
  }
  if (ImGui::IsItemHovered())
    ImGui::SetTooltip("simulated seconds per second  (↑ ↓); below × 0.5 single calls are drawn");
  ImGui::SameLine(0, em());
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("load");
  ImGui::SameLine();
  ImGui::SetNextItemWidth(em() * 5);
  ImGui::DragFloat("##load", &load_, 0.01f, 0.05f, 20, "× %.2f", ImGuiSliderFlags_AlwaysClamp);
  if (ImGui::IsItemDeactivatedAfterEdit()) actions.load = static_cast<double>(load_);
  if (ImGui::IsItemHovered())
    ImGui::SetTooltip("of what the scenario's workloads send; the run is done again");
  if (!ImGui::IsItemActive()) load_ = static_cast<float>(session.load());
  ImGui::SameLine(0, em());
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("seed");
  ImGui::SameLine();
  ImGui::SetNextItemWidth(em() * 4.5f);
  if (!seed_edited_) seed_ = session.seed();
  if (ImGui::InputScalar("##seed", ImGuiDataType_U64, &seed_, nullptr, nullptr, nullptr,
                         ImGuiInputTextFlags_EnterReturnsTrue))
    actions.seed = seed_;
  seed_edited_ = ImGui::IsItemActive();
  ImGui::SameLine();
  if (sign_button("reseed", Sign::restart, "another seed: the same scenario with other luck"))
    actions.seed = session.seed() + 1;

  // From the right.
  const float button = height * 1.15f + ImGui::GetStyle().ItemSpacing.x;
  const float right = origin.x + size.x - em() * 0.9f - button * 6 - em() * 5.2f;
  const std::string state = filming.empty() ? state_text(*look.view, look) : filming;
  const float room = right - ImGui::GetItemRectMax().x - em() * 2;
  if (room > em() * 6) {
    const std::string shown = fitted(small_font(), 0, state, room);
    draw_text(draw, small_font(), 0,
              {right - text_width(small_font(), 0, shown) - em(), y + (height - small_font()->FontSize) / 2},
              look.view->state >= RunState::ended_early || !filming.empty() ? theme().failing : theme().faint,
              shown);
  }
  ImGui::SetCursorScreenPos({right, y});
  if (ImGui::Button("lessons", {em() * 4.6f, 0})) actions.lessons = true;
  ImGui::SameLine();
  if (sign_button("undo", Sign::undo, "undo the last change  (ctrl z)")) actions.undo = true;
  ImGui::SameLine();
  if (sign_button("save", Sign::save, "save as a scenario that repeats this session  (ctrl s)"))
    actions.save = true;
  ImGui::SameLine();
  if (sign_button("picture", Sign::picture, "write a picture: of the window  (E), or of a panel  (shift E)"))
    ImGui::OpenPopup("pictures");
  if (ImGui::BeginPopup("pictures")) {
    ImGui::TextDisabled("a picture of");
    if (ImGui::Selectable("the window")) actions.picture = true;
    for (const char* panel : {"topology", "time", "side panel"})
      if (ImGui::Selectable(panel)) actions.picture = true, actions.picture_of = panel;
    ImGui::EndPopup();
  }
  ImGui::SameLine();
  if (sign_button(
          "film", Sign::film,
          filming.empty() ? "a film from here on: a picture for every 1/24 s  (V)" : "end the film  (V)",
          !filming.empty()))
    actions.film = true;
  ImGui::SameLine();
  if (sign_button("table", Sign::table, "write what is selected and brushed as CSV  (C)"))
    actions.table = true;
  ImGui::SameLine();
  if (sign_button("help", Sign::help, "keys and mouse  (H)")) actions.help = true;
}

void TransportBar::keys(Look& look, Actions& actions) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.WantTextInput) return;
  Session& session = *look.session;
  const auto pressed = [](int key) { return ImGui::IsKeyPressed(key); };
  const auto once = [](int key) { return ImGui::IsKeyPressed(key, false); };
  if (io.KeyCtrl) {
    actions.save = actions.save || once('S');
    actions.undo = actions.undo || once('Z');
    actions.quit = actions.quit || once('Q');
    return;
  }
  if (once(kKeySpace)) toggle(session);
  if (pressed(kKeyRight)) session.step(io.KeyShift ? 10 : 1);
  if (pressed(kKeyLeft)) session.step(io.KeyShift ? -10 : -1);
  if (once(kKeyHome)) session.seek(0);
  if (once(kKeyEnd)) session.seek(session.duration_s());
  if (pressed(kKeyUp)) change_speed(session, 1);
  if (pressed(kKeyDown)) change_speed(session, -1);
  if (pressed(kKeyEqual) || pressed(kKeyKeypadPlus)) actions.zoom = 1.2f;
  if (pressed(kKeyMinus) || pressed(kKeyKeypadMinus)) actions.zoom = 1 / 1.2f;
  actions.fit = actions.fit || once('F');
  actions.focus = actions.focus || once('N');
  actions.search = actions.search || once(kKeySlash);
  actions.clear = actions.clear || once(kKeyEscape);
  actions.help = actions.help || once('H') || once(kKeyF1);
  actions.theme = actions.theme || once('T');
  if (once('E')) actions.picture = true, actions.picture_of = io.KeyShift ? "mouse" : "";
  actions.film = actions.film || once('V');
  actions.table = actions.table || once('C');
  actions.lessons = actions.lessons || once('L');
  if (once('R')) actions.seed = session.seed() + 1;
  for (int i = 0; i < 4; ++i)
    if (once('1' + i)) actions.tab = i;
}

void help_overlay(ImVec2 size, bool& open) {
  struct Line {
    const char *keys, *what;
  };
  constexpr Line kLines[] = {
      {"space", "play, pause"},
      {"← →", "a step back, on; with shift ten"},
      {"↑ ↓", "faster, slower; below × 0.5 single calls are drawn"},
      {"Home, End", "to the start, to the end"},
      {"", ""},
      {"click", "select a component or a call; everything follows"},
      {"double click", "a component's surroundings alone, and back"},
      {"wheel, drag", "zoom and move the topology; zoom time"},
      {"+ −  F", "zoom, show everything"},
      {"/", "search by name"},
      {"N", "the surroundings of what is selected"},
      {"", ""},
      {"drag in a chart", "brush a range: every panel shows it"},
      {"click in a chart", "move the playhead there"},
      {"Esc", "take back brush, selection, focus"},
      {"", ""},
      {"1 2 3 4", "inspector, cascade, tail, lesson"},
      {"ctrl s, ctrl z", "save as a scenario, undo a change"},
      {"E, shift E", "a picture: of the window, of the panel under the mouse"},
      {"V", "begin and end a film: pictures in a folder"},
      {"C", "a table (CSV) of the selection"},
      {"R  T  L  H", "another seed, dark and light, lessons, this help"},
  };
  const float width = em() * 42, height = em() * 1.55f * (static_cast<float>(std::size(kLines)) + 2.6f);
  ImGui::SetNextWindowPos({(size.x - width) / 2, std::max(0.0f, (size.y - height) / 2)});
  ImGui::SetNextWindowSize({width, height});
  ImGui::SetNextWindowFocus();
  ImGui::PushStyleColor(ImGuiCol_WindowBg, theme().raised);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, em() * 0.5f);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  if (ImGui::Begin("help", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove)) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    ImVec2 pen = ImGui::GetWindowPos() + ImVec2{em() * 1.5f, em() * 1.2f};
    draw_text(draw, title_font(), 0, pen, theme().text, "keys and mouse");
    pen.y += em() * 2.3f;
    for (const Line& line : kLines) {
      draw_text(draw, bold_font(), 0, pen, theme().accent, line.keys);
      draw_text(draw, body_font(), 0, {pen.x + em() * 10, pen.y}, theme().text, line.what);
      pen.y += line.keys[0] == 0 ? em() * 0.7f : em() * 1.55f;
    }
    if (ImGui::IsMouseClicked(0) && ImGui::IsWindowHovered()) open = false;
  }
  ImGui::End();
  ImGui::PopStyleVar(2);
  ImGui::PopStyleColor();
}

}  // namespace tailrace::viewer
