#include "viewer/app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "viewer/model/selection.hpp"
#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/ticks.hpp"

namespace tailrace::viewer {

namespace {

constexpr const char* kPanelNames[] = {"all", "topology", "time", "cascade", "tail", "inspector", "lesson"};
constexpr double kMessageSeconds = 6;

std::string stem(const std::string& path) {
  const std::filesystem::path p(path);
  const std::string name = p.stem().string();
  return name.empty() ? p.parent_path().filename().string() : name;
}

// A name that is not taken yet.
std::string fresh_name(const std::string& start, const std::string& end) {
  std::error_code ignored;
  std::string name = start + end;
  for (int i = 2; std::filesystem::exists(name, ignored) && i < 1000; ++i)
    name = fmt::format("{}-{}{}", start, i, end);
  return name;
}

std::string file_time(double t_s) {
  const auto whole = static_cast<long long>(t_s);
  return whole >= 60 ? fmt::format("{}min{}s", whole / 60, whole % 60) : fmt::format("{}s", whole);
}

// What files of a scenario are called: its name may be long, and have what paths do not.
std::string file_name(const std::string& scenario) {
  constexpr std::size_t kLongest = 80;  // bytes
  std::string name;
  for (const char c : scenario) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || byte >= 0x80u || c == '_' || c == '.';
    if (plain) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  std::size_t end = std::min(name.size(), kLongest);
  while (end < name.size() && end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0u) == 0x80u)
    --end;  // not inside a character
  name.resize(end);
  name.erase(0, std::min(name.find_first_not_of(".-"), name.size()));  // nor hidden, nor an option
  return name.empty() ? "run" : name;
}

std::unique_ptr<Session> open_session(const std::string& path, const SessionOptions& options,
                                      std::string& error, bool& unreadable) {
  models::Diagnostics diagnostics;
  std::vector<models::SourceFile> files;
  std::string reason;
  auto session = Session::open(path, options, diagnostics, files, reason);
  if (session) return session;
  std::error_code ignored;
  unreadable = diagnostics.ok() || !std::filesystem::exists(path, ignored);
  error = diagnostics.ok() ? "error: " + reason + "\n" : models::format_diagnostics(diagnostics, files);
  return nullptr;
}

}  // namespace

int panel_from(const std::string& name) {
  for (std::size_t i = 0; i < std::size(kPanelNames); ++i)
    if (name == kPanelNames[i]) return static_cast<int>(i);
  return -1;
}

std::unique_ptr<App> App::open(const AppOptions& options, std::string& error, bool& unreadable) {
  AppOptions used = options;
  SessionOptions first = options.session;  // what a lesson's first step sets is not of its other steps
  if (!used.lesson.empty()) {
    models::Diagnostics diagnostics;
    std::vector<models::SourceFile> files;
    const auto lesson = read_lesson(used.lesson, diagnostics, files);
    if (!lesson) {
      unreadable = files.empty();
      error = models::format_diagnostics(diagnostics, files);
      return nullptr;
    }
    if (used.paths.empty()) used.paths = {lesson->scenario};
    std::string variant;
    std::vector<std::string> set;
    state_at(*lesson, 0, variant, set);
    if (first.variant.empty()) first.variant = variant;
    first.overrides.insert(first.overrides.end(), set.begin(), set.end());
    used.side = PanelName::lesson;
  }
  std::vector<std::unique_ptr<Session>> sessions;
  for (std::string& path : used.paths) {
    // "file.yaml@variant", so that two variants of a file can be compared.
    SessionOptions own = first;
    const std::size_t sign = path.rfind('@');
    std::error_code ignored;
    if (sign != std::string::npos && !std::filesystem::exists(path, ignored))
      own.variant = path.substr(sign + 1), path.resize(sign);
    auto session = open_session(path, own, error, unreadable);
    if (!session) return nullptr;
    sessions.push_back(std::move(session));
    if (!own.variant.empty() && used.paths.size() > 1) path = stem(path) + " " + own.variant;
  }
  auto app = std::make_unique<App>(std::move(sessions), used);
  if (!used.lesson.empty()) {
    app->lessons_.choose(used.lesson);
    app->lessons_.take_wish();  // its scenario is open already
  }
  return app;
}

App::App(std::vector<std::unique_ptr<Session>> sessions, const AppOptions& options)
    : options_(options),
      sessions_(std::move(sessions)),
      lessons_(options.lessons),
      side_(options.side == PanelName::all ? PanelName::inspector : options.side),
      side_chosen_(options.side != PanelName::all),
      theme_(options.theme) {
  looks_.resize(sessions_.size());
  topologies_.resize(sessions_.size());
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    looks_[i].session = sessions_[i].get();
    sessions_[i]->follow(true);
    if (sessions_.size() < 2) continue;
    const std::string own = i < options.paths.size() ? stem(options.paths[i]) : std::string();
    looks_[i].label = fmt::format("{}  {}", i == 0 ? "A" : "B", own);
  }
}

void App::attach(Surface& surface) {
  const std::string warning = apply_theme(theme_, surface, options_.points);
  if (!warning.empty()) say(warning, true);
}

void App::say(std::string text, bool bad) {
  message_ = std::move(text), bad_message_ = bad, message_s_ = kMessageSeconds;
}

bool App::busy() const {
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    const Session& session = *sessions_[i];
    if (session.playing() || session.view()->state <= RunState::running || session.pending_s() >= 0)
      return true;
    if (session.view() != looks_[i].view || session.playhead_s() != looks_[i].playhead_s)
      return true;  // not drawn yet
  }
  return tracing() || message_s_ > 0 || !picture_.empty() || film_.running();
}

bool App::tracing() const {
  for (const auto& session : sessions_)
    if (session->tracing()) return true;
  return tail_.following();
}

bool App::wait_traces(double seconds) const {
  return tail_.wait(seconds) &&
         std::all_of(sessions_.begin(), sessions_.end(), [seconds](const auto& session) {
           return session->wait_traces(seconds) && session->wait_stored(seconds);
         });
}

const App::Place* App::place_of(const std::string& panel) const {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  for (const Place& p : places_) {
    const bool under =
        mouse.x >= p.at.x && mouse.y >= p.at.y && mouse.x < p.at.x + p.size.x && mouse.y < p.at.y + p.size.y;
    if (panel == "mouse" ? under : p.name == panel) return &p;
  }
  return nullptr;
}

void App::export_picture(const std::string& path, const std::string& panel) {
  const Place* const place = panel.empty() ? nullptr : place_of(panel);
  picture_ = path;
  picture_place_ = place != nullptr ? *place : Place{};
  picture_frames_ = 2;  // menus and messages are gone by then
  message_s_ = 0;
}

bool App::select(const std::string& name) {
  const std::size_t arrow = name.find(" -> ");
  for (std::size_t i = 0; i < looks_.size(); ++i) {
    Look& look = looks_[i];
    look.refresh();
    if (!look.ready()) continue;
    const int from = look.scene->find(name.substr(0, arrow));
    const int edge = arrow == std::string::npos
                         ? -1
                         : look.scene->find_edge(from, look.scene->find(name.substr(arrow + 4)));
    if (arrow == std::string::npos ? from < 0 : edge < 0) continue;
    edge < 0 ? look.select_node(from) : look.select_edge(edge);
    focused_ = i;
    return true;
  }
  return false;
}

bool App::settle(double t_s, double seconds) {
  for (const auto& session : sessions_) {
    if (!session->wait_complete(seconds)) return false;
    session->pause();
    session->seek(std::min(t_s, session->duration_s()));
    session->advance(0);
  }
  return true;
}

void App::topologies(ImVec2 where, ImVec2 size) {
  const float gap = em() * 0.25f;
  const float wide =
      (size.x - gap * static_cast<float>(sessions_.size() - 1)) / static_cast<float>(sessions_.size());
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    ImGui::PushID(static_cast<int>(i));
    const ImVec2 corner{where.x + static_cast<float>(i) * (wide + gap), where.y};
    ImGui::SetCursorScreenPos(corner);
    const int node = looks_[i].node, edge = looks_[i].edge;
    topologies_[i].draw(looks_[i], {wide, size.y});
    const bool touched = ImGui::IsMouseClicked(0) &&
                         ImGui::IsMouseHoveringRect(corner, corner + ImVec2{wide, size.y}) &&
                         ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem);
    if (touched || looks_[i].node != node || looks_[i].edge != edge) focused_ = i;
    if (sessions_.size() > 1 && i == focused_)
      ImGui::GetWindowDrawList()->AddRect(corner, corner + ImVec2{wide, size.y},
                                          with_alpha(theme().accent, 0.6f), 0, 0, 1.5f);
    ImGui::PopID();
  }
}

void App::panel_body(PanelName which, ImVec2 where, ImVec2 size) {
  ImGui::SetCursorScreenPos(where);
  Look& look = looks_[focused_];
  switch (which) {
    case PanelName::topology:
      topologies(where, size);
      break;
    case PanelName::time:
      time_.draw(look, other(), size);
      break;
    case PanelName::cascade:
      cascade_.draw(look, size);
      break;
    case PanelName::tail:
      tail_.draw(look, other(), size);
      break;
    case PanelName::lesson:
      lessons_.draw(look, size);
      break;
    default:
      inspector_.draw(look, size);
  }
}

void App::side_panel(ImVec2 where, ImVec2 size) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float height = em() * 2.3f;
  draw.AddRectFilled(where, where + ImVec2{size.x, height}, theme().panel);
  constexpr PanelName kTabs[] = {PanelName::inspector, PanelName::cascade, PanelName::tail,
                                 PanelName::lesson};
  constexpr const char* kNames[] = {"inspector", "cascade", "tail", "lesson"};
  float x = where.x + em() * 0.5f;
  for (std::size_t i = 0; i < std::size(kTabs); ++i) {
    const float wide = text_width(body_font(), 0, kNames[i]) + em() * 1.4f;
    ImGui::SetCursorScreenPos({x, where.y});
    if (ImGui::InvisibleButton(kNames[i], {wide, height})) show(kTabs[i]);
    const bool open = side_ == kTabs[i];
    draw_text(draw, body_font(), 0, {x + em() * 0.7f, where.y + (height - em()) / 2 - em() * 0.1f},
              open                     ? theme().text
              : ImGui::IsItemHovered() ? theme().accent
                                       : theme().dim,
              kNames[i]);
    if (open)
      draw.AddRectFilled({x + em() * 0.4f, where.y + height - em() * 0.2f},
                         {x + wide - em() * 0.4f, where.y + height}, theme().accent);
    x += wide;
  }
  draw.AddLine({where.x, where.y + height}, {where.x + size.x, where.y + height}, theme().border);
  panel_body(side_, {where.x, where.y + height + 1}, {size.x, size.y - height - 1});
}

void App::everything(ImVec2 size) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float bar = em() * 2.9f, gap = em() * 0.3f;
  Actions actions;
  ImGui::SetCursorScreenPos({0, 0});
  const std::string filming = film_.running()
                                  ? fmt::format("filming: {} pictures in {}", film_.frames(), film_.folder())
                                  : std::string();
  transport_.draw(looks_[0], {size.x, bar}, actions, filming);
  // In a window that is too small for the least of it, a share of it.
  const auto within = [](float v, float least, float most) { return std::min(std::max(v, least), most); };
  const float side =
      within(side_width_ > 0 ? side_width_ : std::max(em() * 27, size.x * 0.26f), em() * 14, size.x * 0.7f);
  const float below = within(time_height_ > 0 ? time_height_ : size.y * 0.35f, em() * 10, size.y * 0.75f);
  const float left = size.x - side - gap, top = size.y - bar - below - gap;
  places_ = {{"topology", {0, bar}, {left, top}},
             {"time", {0, bar + top + gap}, {left, below}},
             {"side panel", {left + gap, bar}, {side, size.y - bar}}};
  panel_body(PanelName::topology, {0, bar}, {left, top});
  panel_body(PanelName::time, {0, bar + top + gap}, {left, below});
  side_panel({left + gap, bar}, {side, size.y - bar});

  // What lies between the panels can be drawn.
  ImGui::SetCursorScreenPos({left, bar});
  ImGui::InvisibleButton("between sides", {gap, size.y - bar});
  if (ImGui::IsItemHovered() || ImGui::IsItemActive()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  if (ImGui::IsItemActive()) side_width_ = side - ImGui::GetIO().MouseDelta.x;
  ImGui::SetCursorScreenPos({0, bar + top});
  ImGui::InvisibleButton("between rows", {left, gap});
  if (ImGui::IsItemHovered() || ImGui::IsItemActive()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeNS);
  if (ImGui::IsItemActive()) time_height_ = below - ImGui::GetIO().MouseDelta.y;
  draw.AddRectFilled({left, bar}, {left + gap, size.y}, theme().border);
  draw.AddRectFilled({0, bar + top}, {left, bar + top + gap}, theme().border);
  TransportBar::keys(looks_[0], actions);
  carry_out(actions);
}

void App::single(ImVec2 size) {
  Actions actions;
  float top = 0;
  if (options_.panel != PanelName::topology) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    top = em() * 2.6f;
    draw.AddRectFilled({0, 0}, {size.x, top}, theme().panel);
    const Look& look = looks_[focused_];
    const float y = (top - title_font()->FontSize) / 2;
    if (look.ready()) {
      const float x = em() * 0.9f + draw_text(draw, title_font(), 0, {em() * 0.9f, y}, theme().text,
                                              fitted(title_font(), 0, look.scene->name, size.x * 0.6f));
      const std::string when = look.brush
                                   ? clock_text(look.range.t0_s, 1) + " – " + clock_text(look.range.t1_s, 1)
                                   : clock_text(look.playhead_s, 1);
      draw_text(draw, title_font(), 0, {x + em(), y}, theme().accent, when);
    }
    draw.AddLine({0, top - 1}, {size.x, top - 1}, theme().border);
  }
  panel_body(options_.panel, {0, top}, {size.x, size.y - top});
  TransportBar::keys(looks_[0], actions);
  carry_out(actions);
}

const Look* App::other() const {
  if (sessions_.size() < 2) return nullptr;
  const Look& it = looks_[1 - focused_];
  // A workload that the other run does not have is not compared with all of its workloads.
  return it.ready() && (it.workload() < 0) == (looks_[focused_].workload() < 0) ? &it : nullptr;
}

// What the bar changed in both runs at once is undone in both.
void App::undo() {
  Session& session = *looks_[focused_].session;
  const std::vector<Edit> edits = session.edits();
  const EditResult result = session.undo();
  say(result.message, !result.ok);
  if (!result.ok) return;
  for (const auto& another : sessions_)
    if (another.get() != &session && !another->edits().empty() && another->edits().back() == edits.back())
      another->undo();
}

void App::carry_out(const Actions& a) {
  Look& look = looks_[focused_];
  if (a.help) help_ = !help_;
  if (a.theme) theme_ = theme_ == ThemeName::dark ? ThemeName::light : ThemeName::dark, theme_changed_ = true;
  if (a.clear) {
    help_ = false;
    for (std::size_t i = 0; i < looks_.size(); ++i) {
      looks_[i].brush.reset();
      looks_[i].select_nothing();
      if (topologies_[i].focused() >= 0) topologies_[i].focus(-1);
    }
  }
  if (a.fit) topologies_[focused_].fit();
  if (a.zoom != 1) topologies_[focused_].zoom_by(a.zoom);
  if (a.focus) topologies_[focused_].focus(topologies_[focused_].focused() >= 0 ? -1 : look.node);
  if (a.search) topologies_[focused_].begin_search();
  if (a.tab == 0) show(PanelName::inspector);
  if (a.tab == 1) show(PanelName::cascade);
  if (a.tab == 2) show(PanelName::tail);
  if (a.tab == 3 || a.lessons) show(PanelName::lesson);
  if (a.undo) undo();
  for (const auto& session : sessions_) {
    if (a.load)
      if (const EditResult result = session->set_load(*a.load); !result.ok) say(result.message, true);
    if (a.seed)
      if (const EditResult result = session->set_seed(*a.seed); !result.ok) say(result.message, true);
  }
  const std::string name = look.scene ? file_name(look.scene->name) : "run";
  if (a.save) {
    const std::string path = fresh_name(name + "-session", ".yaml");
    const EditResult result = look.session->save(path);
    say(result.ok ? fmt::format("written: {}; 'tailrace run {}' repeats this run", path, path)
                  : result.message,
        !result.ok);
  }
  if (a.picture) {
    const Place* const place = a.picture_of.empty() ? nullptr : place_of(a.picture_of);
    std::string what = place == nullptr ? std::string() : "-" + place->name;
    if (what == "-side panel") what = fmt::format("-{}", kPanelNames[static_cast<std::size_t>(side_)]);
    export_picture(fresh_name(fmt::format("{}-{}{}", name, file_time(look.playhead_s), what), ".png"),
                   place == nullptr ? "" : place->name);
  }
  if (a.film && film_.running()) {
    end_film();
  } else if (a.film) {
    begin_film(fresh_name(name + "-film", ""));
  }
  if (a.table) export_csv(fresh_name(fmt::format("{}-{}", name, file_time(look.range.t0_s)), ".csv"));
  if (a.quit) leave_ = true;
}

void App::export_csv(const std::string& path) {
  const Look& look = looks_[focused_];
  if (!look.ready()) return say("there is nothing to write yet", true);
  std::vector<int> nodes;
  if (look.node >= 0) nodes.push_back(look.node);
  // A range that was brushed; without, all of the run.
  const TimeRange range = look.brush ? *look.brush : TimeRange{0, look.history->frontier_s()};
  std::ofstream out(path, std::ios::binary);
  out << (look.edge >= 0 ? call_csv(*look.history, range, look.edge)
                         : selection_csv(*look.history, range, nodes));
  out.close();
  say(out ? "written: " + path : "cannot write '" + path + "'", !out);
}

void App::grant(const LessonPanel::Wish& wish) {
  if (!wish.panel.empty()) {
    const int which = panel_from(wish.panel);
    // The topology and the timeline are always there; the lesson stays open beside them.
    if (which >= static_cast<int>(PanelName::cascade)) show(PanelName::lesson);
  }
  if (wish.scenario.empty()) return;
  SessionOptions session = options_.session;
  session.variant = wish.variant;
  session.overrides.insert(session.overrides.end(), wish.set.begin(), wish.set.end());
  std::string error;
  bool unreadable = false;
  auto opened = open_session(wish.scenario, session, error, unreadable);
  if (!opened) return say(error, true);
  opened->follow(true);
  sessions_.resize(1), looks_.resize(1), topologies_.resize(1);
  focused_ = 0;
  sessions_[0] = std::move(opened);
  looks_[0] = {};
  looks_[0].session = sessions_[0].get();
  topologies_[0] = {};
}

void App::toast(ImVec2 size) {
  if (message_s_ <= 0 || message_.empty() || film_.running()) return;
  ImDrawList& draw = *ImGui::GetForegroundDrawList();
  const float room = size.x * 0.8f;
  const ImVec2 extent = wrapped_size(body_font(), 0, message_, room);
  const float wide = extent.x + em() * 2, tall = extent.y + em() * 1.1f;
  const ImVec2 a{(size.x - wide) / 2, size.y - tall - em() * 1.5f}, b = a + ImVec2{wide, tall};
  draw.AddRectFilled(a, b, theme().raised, em() * 0.4f);
  draw.AddRect(a, b, bad_message_ ? theme().failing : theme().accent, em() * 0.4f, 0, 1.5f);
  draw_wrapped(draw, body_font(), 0, a + ImVec2{em(), em() * 0.55f}, theme().text, message_, room);
}

bool App::draw(double seconds) {
  // Time moves from picture to picture, not by the clock, so that a film runs evenly.
  if (film_.running()) seconds = film_moves_ ? 1.0 / kFilmRate : 0;
  film_moves_ = false;
  if (!sessions_.empty()) sessions_[0]->advance(seconds);
  for (std::size_t i = 1; i < sessions_.size(); ++i) {
    sessions_[i]->pause();
    if (sessions_[i]->playhead_s() != sessions_[0]->playhead_s())
      sessions_[i]->seek(sessions_[0]->playhead_s());
    sessions_[i]->advance(0);
  }
  for (Look& look : looks_) {
    look.brush = looks_[focused_].brush;
    look.refresh();
  }
  for (Look& look : looks_)
    if (const Look& touched = looks_[focused_]; &look != &touched && touched.scene)
      look.select_as(*touched.scene, touched.node, touched.edge);
  message_s_ = std::max(0.0, message_s_ - seconds);
  for (const auto& session : sessions_) {
    const std::optional<StoredRun>& stored = session->stored();
    if (!told_of_other_ && stored && stored->check == StoredRun::Check::different)
      say(stored->note, true), told_of_other_ = true;
  }
  // Who fell first and why is what one wants to know first; then what one points at.
  const Look& front = looks_[focused_];
  if (!side_chosen_ && front.cascade && front.cascade->happened) side_ = PanelName::cascade;
  if (!side_chosen_ && (front.node >= 0 || front.edge >= 0)) show(PanelName::inspector);

  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2{0, 0});
  ImGui::Begin("tailrace", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoScrollWithMouse);
  ImGui::PopStyleVar();
  if (options_.panel == PanelName::all) {
    everything(size);
  } else {
    single(size);
  }
  ImGui::End();
  if (help_) help_overlay(size, help_);
  toast(size);
  grant(lessons_.take_wish());
  return !leave_;
}

Pixels App::cut(const Pixels& pixels, const Place& place) const {
  const ImVec2 whole = ImGui::GetIO().DisplaySize;
  const auto scaled = [&](float v) {
    return static_cast<int>(std::lround(v * static_cast<float>(pixels.width) / whole.x));
  };
  return cropped(pixels, scaled(place.at.x), scaled(place.at.y), scaled(place.size.x), scaled(place.size.y));
}

bool App::begin_film(const std::string& folder) {
  Session& session = *sessions_[0];
  if (std::isinf(session.speed())) {
    say("a film needs a speed: choose one that is not 'as fast as it goes'", true);
    return false;
  }
  const std::string error = film_.begin(folder);
  if (!error.empty()) {
    say(error, true);
    return false;
  }
  help_ = false;
  film_moves_ = false;
  session.play();
  return true;
}

void App::end_film() {
  film_.end();
  for (const auto& session : sessions_) session->pause();
  say(fmt::format("written: {} pictures; ffmpeg -framerate {} -i {}/frame-%04d.png -pix_fmt yuv420p film.mp4",
                  film_.frames(), kFilmRate, film_.folder()));
}

// Of all panels; the bar with the buttons is no part of it. Even sides, which films must have.
void App::film_frame(Surface& surface) {
  const bool over = sessions_[0]->playhead_s() >= sessions_[0]->end_s();
  if (!sessions_[0]->playing() && !over) return;  // paused: nothing is added
  for (const auto& session : sessions_)           // not simulated yet: the film stands until it is
    if (session->playhead_s() < std::min(session->wanted_s(), session->end_s())) return;
  const Pixels pixels = surface.read();
  if (pixels.empty()) return;  // a window has it with the next frame
  Place all{"", {0, 0}, ImGui::GetIO().DisplaySize};
  if (options_.panel == PanelName::all && !places_.empty()) {
    all.at.y = places_.front().at.y;
    all.size.y -= all.at.y;
  }
  Pixels picture = cut(pixels, all);
  picture = cropped(picture, 0, 0, picture.width & ~1, picture.height & ~1);
  const std::string error = film_.add(picture);
  if (!error.empty()) {
    film_.end();
    return say(error, true);
  }
  film_moves_ = true;
  if (over) end_film();
}

void App::after_frame(Surface& surface) {
  if (theme_changed_) {
    apply_theme(theme_, surface, options_.points);
    theme_changed_ = false;
  }
  if (film_.running()) film_frame(surface);
  if (picture_.empty() || --picture_frames_ > 0) return;
  Pixels pixels = surface.read();
  if (pixels.empty()) return;  // a window has it with the next frame
  if (picture_place_.size.x > 0) pixels = cut(pixels, picture_place_);
  const std::string error = write_png(picture_, pixels);
  say(error.empty() ? "written: " + picture_ : error, !error.empty());
  picture_.clear();
}

}  // namespace tailrace::viewer
