// tailrace-view: reads the command line, opens a window or makes pictures. `tailrace view` starts it.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "models/field/units.hpp"
#include "viewer/app.hpp"
#include "viewer/model/clock_text.hpp"

namespace {

using namespace tailrace;
using namespace tailrace::viewer;

// As the program's other commands end (cli/exit_code.hpp).
constexpr int kGood = 0, kUsage = 2, kWrongScenario = 3, kLimit = 4, kInputOutput = 5, kInternal = 70;
constexpr double kPictureSeconds = 600;  // longest that a picture waits for its run

struct Arguments {
  AppOptions app;
  std::string screenshot, at, range, select, panel = "all", side, theme = "dark", size = "1600x900", every,
                                             seed, lesson;
  float scale = 0, points = 14;
  int frames = 1;
};

int complain(const std::string& text, int code) {
  fmt::print(stderr, "tailrace-view: {}\n", text);
  return code;
}

bool read_time(const std::string& text, double& seconds) {
  const models::Quantity q = models::parse_duration_ns(text);
  if (q.value) seconds = *q.value * 1e-9;
  return q.value.has_value();
}

std::string time_fault(const std::string& text) {
  double ignored = 0;
  return read_time(text, ignored) ? "" : "expected a time such as 3min15s";
}

// The rest is told by the scenario that it is set in.
std::string seed_fault(const std::string& text) {
  const bool digits =
      !text.empty() && text.size() < 20 && text.find_first_not_of("0123456789") == std::string::npos;
  return digits ? "" : "a seed is a whole number, 0 or more";
}

std::string size_fault(const std::string& text) {
  int width = 0, height = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%dx%d%c", &width, &height, &rest) != 2)
    return "a size is WIDTHxHEIGHT, as in 1600x900";
  return width >= 200 && height >= 120 && width <= 8192 && height <= 8192
             ? ""
             : "a size lies between 200x120 and 8192x8192";
}

void declare(CLI::App& command, Arguments& a) {
  command.add_option("paths", a.app.paths, "a scenario or a folder that 'run --out' wrote; two are compared")
      ->type_name("SCENARIO|RESULT")
      ->expected(0, 2);
  command.add_option("--variant", a.app.session.variant, "one of the scenario's variants")->type_name("NAME");
  command.add_option("--set", a.app.session.overrides, "change the scenario (repeatable)")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false)
      ->take_all();
  command.add_option("--seed", a.seed, "seed of every random stream")
      ->type_name("N")
      ->check(CLI::Validator([](std::string& text) { return seed_fault(text); }, ""));
  command.add_flag("--allow-outside-includes", a.app.session.allow_outside_includes,
                   "let includes leave the scenario's folder");
  command.add_option("--lesson", a.lesson, "begin with this lesson: a name or a file")->type_name("LESSON");
  command.add_option("--panel", a.panel, "what is shown")
      ->type_name("all|topology|time|cascade|tail|inspector|lesson")
      ->check(CLI::IsMember({"all", "topology", "time", "cascade", "tail", "inspector", "lesson"}));
  command.add_option("--side", a.side, "the panel at the side")
      ->type_name("inspector|cascade|tail|lesson")
      ->check(CLI::IsMember({"inspector", "cascade", "tail", "lesson"}));
  command.add_option("--at", a.at, "where the playhead stands")
      ->type_name("TIME")
      ->check(CLI::Validator([](std::string& text) { return time_fault(text); }, ""));
  command.add_option("--range", a.range, "what is brushed")->type_name("TIME..TIME");
  command.add_option("--select", a.select, "a component, or 'a -> b'")->type_name("NAME");
  command.add_option("--theme", a.theme, "colours")
      ->type_name("dark|light")
      ->check(CLI::IsMember({"dark", "light"}));
  command.add_option("--size", a.size, "of the window or picture")
      ->type_name("WxH")
      ->check(CLI::Validator([](std::string& text) { return size_fault(text); }, ""));
  command.add_option("--scale", a.scale, "pixels per point; default: the display's")
      ->check(CLI::Range(0.5f, 4.0f));
  command.add_option("--points", a.points, "height of text")->check(CLI::Range(8.0f, 32.0f));
  command.add_option("--screenshot", a.screenshot, "write a picture and end; needs no display")
      ->type_name("FILE.png");
  command.add_option("--frames", a.frames, "pictures, of an animation: FILE-0001.png, ...")
      ->check(CLI::Range(1, 100000));
  command.add_option("--every", a.every, "simulated time between the pictures of an animation")
      ->type_name("TIME")
      ->check(CLI::Validator([](std::string& text) { return time_fault(text); }, ""));
}

// Beside the program (an installed or a build tree's), or in the working folder.
std::string lessons_folder(const char* program) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::path self = fs::read_symlink("/proc/self/exe", ignored);
  if (self.empty()) self = program;
  for (const fs::path& base :
       {self.parent_path() / "..", self.parent_path() / "../share/tailrace", fs::path(".")})
    if (fs::is_directory(base / "viewer/lessons", ignored))
      return (base / "viewer/lessons").lexically_normal().string();
  return "";
}

std::string names_of(const std::vector<std::string>& paths) {
  std::string names;
  for (const std::string& path : paths)
    names += (names.empty() ? "" : ", ") + std::filesystem::path(path).stem().string();
  return names;
}

std::string nobody(const std::string& name) {
  return fmt::format("there is no component or call '{}'", name);
}

int take_pictures(App& app, Surface& surface, const Arguments& a, double at_s) {
  if (!app.settle(at_s, kPictureSeconds))
    return complain("the run did not come to its end in ten minutes", kInternal);
  for (std::size_t s = 0; s < app.sessions(); ++s)
    if (const auto view = app.session(s).view(); view->state == RunState::broken)
      return complain(view->message, view->finished ? kInternal : kLimit);
  double every_s = 0;
  if (!a.every.empty()) read_time(a.every, every_s);
  if (!a.select.empty() && !app.select(a.select)) return complain(nobody(a.select), kUsage);
  for (int i = 0; i < a.frames; ++i) {
    // The animation ends with the run: that end is one picture.
    if (i > 0 && app.session().playhead_s() >= app.session().end_s()) break;
    app.settle(at_s + i * every_s, kPictureSeconds);
    // Dots and queues of the very instant: small topologies, whose runs are short enough to be done again.
    for (std::size_t s = 0; s < app.sessions(); ++s) {
      app.look(s).refresh();
      if (app.look(s).ready() && app.look(s).scene->nodes.size() <= 100)
        app.session(s).wait_moment(app.session(s).playhead_s(), 0);
    }
    // Layouts, scroll areas and labels settle within three frames; where requests are followed for what is
    // shown, three more show them, and three more a single one.
    for (int frame = 0; frame < 9; ++frame) {
      if (frame > 0 && frame % 3 == 0 && !app.wait_traces(kPictureSeconds)) break;
      surface.begin_frame(0);
      app.draw(0);
      surface.end_frame();
    }
    std::string path = a.screenshot;
    if (a.frames > 1) {
      const std::filesystem::path p(a.screenshot);
      path = (p.parent_path() / fmt::format("{}-{:04}{}", p.stem().string(), i + 1, p.extension().string()))
                 .string();
    }
    const std::string error = write_png(path, surface.read());
    if (!error.empty()) return complain(error, kInputOutput);
  }
  return kGood;
}

int show_window(App& app, Surface& surface, double at_s) {
  if (at_s >= 0) {
    app.session().seek(at_s);
  } else {
    app.session().set_speed(10);
    app.session().play();
  }
  constexpr double kSleep = 0.25;
  int awake = 0;  // frames after an event: what it changed may be seen in the second or third only
  auto last = std::chrono::steady_clock::now();
  for (;;) {
    const bool sleeps = !app.busy() && awake == 0;
    const auto before = std::chrono::steady_clock::now();
    if (!surface.begin_frame(sleeps ? kSleep : 0)) return kGood;
    const auto now = std::chrono::steady_clock::now();
    awake = std::max(0, awake - 1);
    if (sleeps && std::chrono::duration<double>(now - before).count() < kSleep) awake = 3;
    // A window that was away (suspended, dragged) does not leap.
    const double seconds = std::min(0.25, std::chrono::duration<double>(now - last).count());
    last = now;
    const bool stay = app.draw(seconds);
    surface.end_frame();
    app.after_frame(surface);
    if (!stay) return kGood;
  }
}

int run(int argc, char** argv) {
  Arguments a;
  CLI::App command("tailrace view: look at a run while it happens, or at one that was stored",
                   "tailrace view");
  declare(command, a);
  try {
    command.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", command.help());
    return kGood;
  } catch (const CLI::ParseError& error) {
    return complain(std::string(error.what()) + "\n'tailrace view --help' lists the options", kUsage);
  }
  a.app.panel = static_cast<PanelName>(panel_from(a.panel));
  if (!a.side.empty()) a.app.side = static_cast<PanelName>(panel_from(a.side));
  a.app.theme = a.theme == "light" ? ThemeName::light : ThemeName::dark;
  a.app.points = a.points;
  if (!a.seed.empty()) a.app.session.seed = std::stoull(a.seed);
  const std::string folder = lessons_folder(argv[0]);
  if (!folder.empty()) a.app.lessons = list_lessons(folder);
  if (!a.lesson.empty()) {
    const bool file = a.lesson.find('/') != std::string::npos || a.lesson.ends_with(".yaml");
    if (!file && folder.empty())
      return complain("no lessons were found beside the program; name the lesson's file", kInputOutput);
    const auto named = std::find_if(a.app.lessons.begin(), a.app.lessons.end(), [&](const std::string& path) {
      return std::filesystem::path(path).stem() == a.lesson;
    });
    if (!file && named == a.app.lessons.end())
      return complain(fmt::format("there is no lesson '{}'; there are {}", a.lesson, names_of(a.app.lessons)),
                      kUsage);
    a.app.lesson = file ? a.lesson : *named;
  }
  if (a.app.paths.empty() && a.app.lesson.empty())
    return complain(
        "which scenario? 'tailrace view scenarios/library/online-boutique.yaml', or --lesson NAME", kUsage);
  if (a.frames > 1 && a.every.empty())
    return complain("--frames makes pictures of moments: how far apart? --every 500ms", kUsage);
  double at_s = -1;
  if (!a.at.empty()) read_time(a.at, at_s);
  std::optional<TimeRange> brush;
  if (!a.range.empty()) {
    const std::size_t dots = a.range.find("..");
    TimeRange range;
    if (dots == std::string::npos || !read_time(a.range.substr(0, dots), range.t0_s) ||
        !read_time(a.range.substr(dots + 2), range.t1_s) || range.length() <= 0)
      return complain("a range is two times, as in 2min..3min", kUsage);
    brush = range;
  }

  std::string error;
  bool unreadable = false;
  const auto app = App::open(a.app, error, unreadable);
  if (!app) {
    fmt::print(stderr, "{}", error);
    return unreadable ? kInputOutput : kWrongScenario;
  }
  const double end_s = app->session().duration_s();
  if (at_s > end_s || (brush && brush->t0_s >= end_s))
    return complain(
        fmt::format("{}: the run ends at {}", at_s > end_s ? "--at" : "--range", clock_text(end_s)), kUsage);
  SurfaceOptions options;
  std::sscanf(a.size.c_str(), "%dx%d", &options.width, &options.height);
  options.scale = a.scale;
  options.title = "tailrace: " + (a.app.paths.empty() ? a.lesson : a.app.paths[0]);
  const auto surface = a.screenshot.empty() ? open_window(options, error) : open_picture(options, error);
  if (!surface)
    return complain(
        error + (a.screenshot.empty() ? "\nwithout a display, --screenshot FILE.png makes a picture" : ""),
        kInputOutput);
  app->attach(*surface);
  for (std::size_t i = 0; i < app->sessions(); ++i) app->look(i).brush = brush;
  if (!a.screenshot.empty())
    return take_pictures(*app, *surface, a, at_s >= 0 ? at_s : app->session().duration_s() / 2);
  if (!a.select.empty()) {
    for (std::size_t i = 0; i < app->sessions(); ++i) app->session(i).wait_frontier(0, kPictureSeconds);
    if (!app->select(a.select)) return complain(nobody(a.select), kUsage);
  }
  return show_window(*app, *surface, at_s);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& fault) {
    return complain(fmt::format("internal error: {}; please report this with the scenario", fault.what()),
                    kInternal);
  }
}
