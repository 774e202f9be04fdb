// Axes, texts and colours, without any run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

#include "tests/support/temporary_folder.hpp"
#include "viewer/surface/surface.hpp"
#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/plot.hpp"
#include "viewer/widgets/theme.hpp"
#include "viewer/widgets/ticks.hpp"

namespace tailrace::viewer {
namespace {

std::vector<std::string> labels(const Axis& axis, int most) {
  std::vector<std::string> list;
  for (const Tick& tick : ticks(axis, most))
    if (!tick.label.empty()) list.push_back(tick.label);
  return list;
}

TEST(Ticks, OfTimesAreRoundMinutesAndSeconds) {
  EXPECT_THAT(labels({0, 600, AxisKind::clock, false}, 6),
              testing::ElementsAre("0:00", "2:00", "4:00", "6:00", "8:00", "10:00"));
  EXPECT_THAT(labels({0, 60, AxisKind::clock, false}, 4),
              testing::ElementsAre("0:00", "0:15", "0:30", "0:45", "1:00"));
}

TEST(Ticks, OfALogarithmicAxisAreDecadesAndWhatLiesBetweenWhereThereIsRoom) {
  EXPECT_THAT(labels({0.001, 1, AxisKind::duration, true}, 4),
              testing::ElementsAre("1 ms", "10 ms", "100 ms", "1 s"));
  EXPECT_THAT(labels({0.001, 0.01, AxisKind::duration, true}, 6),
              testing::ElementsAre("1 ms", "2 ms", "5 ms", "10 ms"));
}

TEST(Ticks, AreNeverMoreThanAxesCanBear) {
  for (const double span : {1e-9, 1e-3, 1.0, 7.0, 1e4, 1e12})
    for (int most = 1; most < 20; ++most)
      EXPECT_LE(static_cast<int>(ticks({0, span, AxisKind::number, false}, most).size()), most + 2) << span;
  EXPECT_TRUE(ticks({1, 1, AxisKind::number, false}, 5).empty());
}

TEST(Clock, RoundsBeforeItSplits) {
  EXPECT_EQ(clock_text(59.97, 1), "1:00.0");
  EXPECT_EQ(clock_text(195), "3:15");
  EXPECT_EQ(clock_text(3723), "1:02:03");
}

TEST(Clock, OfAnAxisHasTheDecimalsThatItsTicksNeed) {
  EXPECT_EQ(axis_text(AxisKind::clock, 90), "1:30");
  EXPECT_EQ(axis_text(AxisKind::clock, 0.1), "0:00.1");
  EXPECT_EQ(axis_text(AxisKind::clock, 0.05), "0:00.05");
  EXPECT_EQ(axis_text(AxisKind::clock, 3 * 0.05), "0:00.15");
  EXPECT_EQ(axis_text(AxisKind::clock, 0.002), "0:00.002");
}

TEST(Values, HaveThreeDigitsAndAUnit) {
  EXPECT_EQ(value_text(AxisKind::number, 0.007285), "0");
  EXPECT_EQ(value_text(AxisKind::number, 15812), "15.8k");
  EXPECT_EQ(value_text(AxisKind::share, 0.005), "0.5%");
  EXPECT_EQ(value_text(AxisKind::share, 0.53), "53%");
  EXPECT_EQ(value_text(AxisKind::duration, kNothing), "–");
}

TEST(Axis, GoesToPixelsAndBack) {
  for (const Axis& axis : {Axis{2, 50, AxisKind::number, false}, Axis{1e-3, 10, AxisKind::duration, true}})
    for (const double v : {2.5, 7.0, 9.9}) EXPECT_NEAR(axis.value(axis.fraction(v)), v, v * 1e-12);
}

TEST(Curves, AreReadAtATime) {
  const std::vector<SeriesPoint> points = {
      {0, 1, 5, 5, 5}, {1, 2, kNothing, kNothing, kNothing}, {2, 3, 7, 8, 9}};
  EXPECT_EQ(value_at(points, 0.5), 5);
  EXPECT_TRUE(std::isnan(value_at(points, 1.5)));
  EXPECT_EQ(value_at(points, 2.5), 8);
  EXPECT_TRUE(std::isnan(value_at(points, 9)));
  EXPECT_EQ(highest(points), 9);
}

TEST(Texts, AreCutBetweenCharactersNotInsideThem) {
  SurfaceOptions options;
  const auto surface = open_null(options);
  apply_theme(ThemeName::dark, *surface);
  const std::string text = "größenordnung µs";
  const std::string cut = fitted(body_font(), 0, text, text_width(body_font(), 0, text) * 0.5f);
  EXPECT_LE(text_width(body_font(), 0, cut), text_width(body_font(), 0, text) * 0.5f);
  EXPECT_THAT(cut, testing::EndsWith("…"));
  EXPECT_EQ(text.substr(0, cut.size() - 3), cut.substr(0, cut.size() - 3));
  EXPECT_EQ(fitted(body_font(), 0, text, 1e4f), text);
}

// A list of values is one line of the inspector, in every frame.
TEST(Texts, AreCutWhereTheRoomEndsHoweverLongTheyAre) {
  SurfaceOptions options;
  const auto surface = open_null(options);
  apply_theme(ThemeName::dark, *surface);
  std::string text;
  for (int i = 0; text.size() < 300'000; ++i) text += std::to_string(i) + "ms, ";
  const auto start = std::chrono::steady_clock::now();
  for (const float width : {40.0f, 111.0f, 300.0f}) {
    const std::string cut = fitted(body_font(), 0, text, width);
    EXPECT_LE(text_width(body_font(), 0, cut), width + 0.01f);
    const std::string more = text.substr(0, cut.size() - 3 + 1) + "…";
    EXPECT_GT(text_width(body_font(), 0, more), width) << "one more character has no room";
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5))
      << "character by character from the end it was minutes";
}

TEST(Texts, AreBrokenBetweenWordsAndNeverInsideANumber) {
  SurfaceOptions options;
  const auto surface = open_null(options);
  apply_theme(ThemeName::dark, *surface);
  const std::string text = "its time grew from 76.6 ms to 43.6 s: 100.0 % of the calls, at 2:00.5, failed";
  for (const float width : {20.0f, 60.0f, 90.0f, 140.0f, 300.0f, 2000.0f}) {
    std::string lines = broken(body_font(), 0, text, width);
    EXPECT_EQ(lines.find("\n%"), std::string::npos) << lines;
    if (width >= 140) {
      EXPECT_LE(text_width(body_font(), 0, lines), width + 1) << "of the widest line";
    }
    std::replace(lines.begin(), lines.end(), '\n', ' ');
    EXPECT_EQ(lines, text) << "nothing is lost, and nothing but spaces is broken";
  }
  EXPECT_EQ(broken(body_font(), 0, text, 2000), text);
}

// Contrast after WCAG 2: light over dark, each plus 0.05.
double luminance(ImU32 colour) {
  double sum = 0;
  const double weights[] = {0.2126, 0.7152, 0.0722};
  for (int i = 0; i < 3; ++i) {
    const double c = ((colour >> (8 * i)) & 255u) / 255.0;
    sum += weights[i] * (c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4));
  }
  return sum;
}
double contrast(ImU32 a, ImU32 b) {
  const double x = luminance(a) + 0.05, y = luminance(b) + 0.05;
  return std::max(x, y) / std::min(x, y);
}

TEST(Themes, CanBeReadInDarkAndLight) {
  SurfaceOptions options;
  const auto surface = open_null(options);
  for (const ThemeName name : {ThemeName::dark, ThemeName::light}) {
    apply_theme(name, *surface);
    for (const ImU32 behind : {theme().background, theme().panel}) {
      EXPECT_GE(contrast(theme().text, behind), 7);
      EXPECT_GE(contrast(theme().dim, behind), 4.5);
      EXPECT_GE(contrast(ImGui::GetColorU32(ImGuiCol_TextDisabled), behind), 4.5) << "captions are read too";
      for (const Health h : {Health::good, Health::strained, Health::failing})
        EXPECT_GE(contrast(theme().of(h), behind), 3) << health_word(h);
    }
  }
}

TEST(Pictures, AreReadAsTheyWereWritten) {
  Pixels pixels{3, 2, {}};
  for (int i = 0; i < 6; ++i)
    for (const int c : {40 * i, 255 - 40 * i, 7 * i, 255})
      pixels.rgba.push_back(static_cast<std::uint8_t>(c));
  const tests::TemporaryFolder folder;
  const std::string path = folder.file("pixels.png");
  ASSERT_EQ(write_png(path, pixels), "");
  std::string error;
  const Pixels back = read_png(path, error);
  EXPECT_EQ(back.width, 3);
  EXPECT_EQ(back.rgba, pixels.rgba) << error;
  const Pixels part = cropped(pixels, 1, 1, 9, 9);
  EXPECT_EQ(part.width, 2);
  EXPECT_EQ(part.height, 1);
  EXPECT_EQ(part.rgba[0], pixels.rgba[16]);
  EXPECT_NE(write_png("/nowhere/at/all.png", pixels), "");
}

}  // namespace
}  // namespace tailrace::viewer
