// Pictures that are drawn without a display, against references that somebody has looked at. Fonts and
// rasterisers differ by a few pixels from machine to machine: the tolerance lets these through, and nothing
// that one would see. TAILRACE_WRITE_REFERENCES=1 writes the references anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>

#include "tests/support/temporary_folder.hpp"
#include "tests/viewer_gui/driver.hpp"

namespace tailrace::viewer {
namespace {

struct Difference {
  double mean = 255;  // of the channels, 0 to 255
  double unlike = 1;  // share of the pixels of which a channel differs by more than 40
};

Difference difference(const Pixels& a, const Pixels& b) {
  Difference d;
  if (a.width != b.width || a.height != b.height || a.empty()) return d;
  double sum = 0;
  std::size_t unlike = 0;
  for (std::size_t i = 0; i < a.rgba.size(); i += 4) {
    int most = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      const int apart = std::abs(static_cast<int>(a.rgba[i + c]) - static_cast<int>(b.rgba[i + c]));
      sum += apart, most = std::max(most, apart);
    }
    unlike += most > 40 ? 1 : 0;
  }
  const double pixels = static_cast<double>(a.rgba.size()) / 4;
  return {sum / pixels / 3, static_cast<double>(unlike) / pixels};
}
constexpr double kMostMean = 2, kMostUnlike = 0.02;

Pixels picture(PanelName panel, ThemeName theme, std::string& error) {
  SurfaceOptions options;
  options.width = 640, options.height = 360;
  const auto surface = open_picture(options, error);
  if (!surface) return {};
  AppOptions app_options;
  app_options.panel = panel, app_options.theme = theme, app_options.points = 12;
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(open_text(kShop));
  App app(std::move(sessions), app_options);
  app.attach(*surface);
  if (!app.message().empty()) error = app.message();  // another font: other pixels
  if (!app.settle(23, kLong)) error = "the run did not end";
  app.session().follow(false);
  app.topology().dots = false;
  for (int i = 0; i < 3; ++i) {
    surface->begin_frame(0);
    app.draw(0);
    surface->end_frame();
  }
  return error.empty() ? surface->read() : Pixels();
}

void compare(const char* name, PanelName panel, ThemeName theme) {
  const std::string path = std::string(TAILRACE_SOURCE_DIR) + "/tests/viewer_gui/references/" + name;
  std::string error;
  const Pixels drawn = picture(panel, theme, error);
  if (drawn.empty()) GTEST_SKIP() << "no picture can be made here: " << error;
  if (std::getenv("TAILRACE_WRITE_REFERENCES") != nullptr) {
    ASSERT_EQ(write_png(path, drawn), "");
    return;
  }
  const Pixels reference = read_png(path, error);
  ASSERT_FALSE(reference.empty()) << error;
  const Difference d = difference(drawn, reference);
  if (d.mean > kMostMean || d.unlike > kMostUnlike) write_png(testing::TempDir() + name, drawn);
  EXPECT_LE(d.mean, kMostMean) << "drawn: " << testing::TempDir() << name;
  EXPECT_LE(d.unlike, kMostUnlike) << "drawn: " << testing::TempDir() << name;
}

TEST(Picture, OfTheTopologyIsAsItWas) {
  compare("topology.png", PanelName::topology, ThemeName::dark);
}
TEST(Picture, OfTheCascadeIsAsItWas) {
  compare("cascade.png", PanelName::cascade, ThemeName::light);
}

TEST(Picture, ThatIsAnotherIsFoundToBeAnother) {
  std::string error;
  const Pixels a = picture(PanelName::topology, ThemeName::dark, error);
  if (a.empty()) GTEST_SKIP() << "no picture can be made here: " << error;
  const Pixels b = picture(PanelName::time, ThemeName::dark, error);
  const Difference other = difference(a, b), same = difference(a, a);
  EXPECT_GT(other.mean, kMostMean);
  EXPECT_GT(other.unlike, kMostUnlike);
  EXPECT_EQ(same.mean, 0);
}

// A window with the shop, ready at a moment; has no surface where no picture can be made, which `error` says.
struct ShopWindow {
  ShopWindow(int width, int height, double at_s, const SessionOptions& session = {}) {
    SurfaceOptions options;
    options.width = width, options.height = height;
    surface = open_picture(options, error);
    if (!surface) return;
    std::vector<std::unique_ptr<Session>> sessions;
    sessions.push_back(open_text(kShop, session));
    app.emplace(std::move(sessions), AppOptions{});
    app->attach(*surface);
    ready = app->settle(at_s, kLong);
  }
  // Each takes `seconds` to draw.
  void frames(int count, double seconds = 0) {
    for (int i = 0; i < count; ++i) {
      surface->begin_frame(0);
      app->draw(seconds);
      surface->end_frame();
      app->after_frame(*surface);
    }
  }
  std::string error;
  std::unique_ptr<Surface> surface;
  std::optional<App> app;
  bool ready = false;
};

// What the window's own export writes: all of it, or one panel as it lies in it.
TEST(Picture, OfOnePanelIsThatPartOfTheWindow) {
  ShopWindow window(900, 500, 23);
  if (!window.surface) GTEST_SKIP() << "no picture can be made here: " << window.error;
  ASSERT_TRUE(window.ready);
  App& app = *window.app;
  app.session().follow(false);
  app.topology().dots = false;
  window.frames(3);
  const tests::TemporaryFolder folder;
  const std::string path = folder.file("panel.png");
  const auto written = [&](const std::string& panel) {
    std::filesystem::remove(path);
    app.export_picture(path, panel);
    window.frames(3);
    return read_png(path, window.error);
  };
  const Pixels whole = written(""), time = written("time"), topology = written("topology"),
               side = written("side panel");
  EXPECT_EQ(whole.width, 900);
  EXPECT_EQ(whole.height, 500);
  EXPECT_EQ(time.width, topology.width) << "one below the other";
  EXPECT_NEAR(time.width + side.width, 900, 10) << "beside them, with a gap";
  EXPECT_LT(time.height + topology.height, 500) << "the bar at the top belongs to neither";
  const Difference same = difference(time, cropped(whole, 0, 500 - time.height, time.width, time.height));
  EXPECT_LT(same.mean, 0.5) << "the lower left of the window";
}

// A film moves by the same time from picture to picture, and ends where it is told or where the run does.
TEST(Film, IsAPictureForEachTwentyFourthOfASecond) {
  ShopWindow window(641, 403, 20);
  if (!window.surface) GTEST_SKIP() << "no picture can be made here: " << window.error;
  ASSERT_TRUE(window.ready);
  App& app = *window.app;
  const auto frames = [&](int count) { window.frames(count, 0.4); };  // slow drawing: the film does not leap
  frames(2);
  const tests::TemporaryFolder folder;
  const std::string film = folder.file("film");
  app.session().set_speed(12);
  ASSERT_TRUE(app.begin_film(film));
  frames(5);
  EXPECT_EQ(app.film().frames(), 5);
  EXPECT_NEAR(app.session().playhead_s(), 20 + 4 * 12 / 24.0, 1e-9)
      << "five pictures, four steps of half a second";
  app.session().pause();
  frames(3);
  EXPECT_EQ(app.film().frames(), 5) << "nothing is added while time stands";
  app.end_film();
  EXPECT_FALSE(app.film().running());
  const Pixels first = read_png(film + "/frame-0001.png", window.error);
  const Pixels last = read_png(film + "/frame-0005.png", window.error);
  EXPECT_FALSE(std::filesystem::exists(film + "/frame-0006.png"));
  EXPECT_EQ(first.width, 640) << "even, as films must be";
  EXPECT_EQ(first.height % 2, 0);
  EXPECT_LT(first.height, 402) << "the bar is no part of it";
  EXPECT_GT(difference(first, last).mean, 0) << "time has moved";

  // To the end of the run, and no further.
  app.session().seek(app.session().duration_s() - 1.2);
  ASSERT_TRUE(app.begin_film(film));
  frames(12);
  EXPECT_FALSE(app.film().running());
  EXPECT_EQ(app.film().frames(), 4) << "1.2 s in steps of half a second: three, and where it began";
}

TEST(Film, EndsWhereTheRunEndedEarly) {
  SessionOptions few;
  few.overrides = {"run.max_events=10000"};
  ShopWindow window(641, 403, 0, few);
  if (!window.surface) GTEST_SKIP() << "no picture can be made here: " << window.error;
  ASSERT_TRUE(window.ready);
  Session& session = window.app->session();
  ASSERT_LT(session.end_s(), 60);
  const tests::TemporaryFolder folder;
  session.seek(session.end_s() - 1.2);
  session.set_speed(12);
  ASSERT_TRUE(window.app->begin_film(folder.file("film")));
  window.frames(12);
  EXPECT_FALSE(window.app->film().running());
  EXPECT_EQ(window.app->film().frames(), 4) << "1.2 s in steps of half a second: three, and where it began";
}

TEST(Film, IsNotBegunWhereItCannotBe) {
  Driver d;
  d.session().set_speed(std::numeric_limits<double>::infinity());
  const tests::TemporaryFolder folder;
  EXPECT_FALSE(d.app().begin_film(folder.file("never")));
  EXPECT_NE(d.app().message().find("a film needs a speed"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder.file("never")));
  d.session().set_speed(10);
  EXPECT_FALSE(d.app().begin_film("/dev/null/film"));
  EXPECT_NE(d.app().message().find("cannot make the folder"), std::string::npos);
  EXPECT_FALSE(d.app().film().running());
}

}  // namespace
}  // namespace tailrace::viewer
