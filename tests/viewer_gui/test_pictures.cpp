// Pictures that are drawn without a display, against references that somebody has looked at. Fonts and
// rasterisers differ by a few pixels from machine to machine: the tolerance lets these through, and nothing
// that one would see. TAILRACE_WRITE_REFERENCES=1 writes the references anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

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
  if (!app.settle(23, 120)) error = "the run did not end";
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

}  // namespace
}  // namespace tailrace::viewer
