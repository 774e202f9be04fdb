#pragma once
// Plots over time as SVG text: axes with round ticks, lines, bands. Coordinates have one decimal, colours are
// classes of the page's style sheet (style.hpp), so a drawing follows the reader's light or dark mode. Every
// text that is passed in must be escaped already. Cost: bytes linear in the points.
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::analysis::html {

// Round numbers (1, 2, 5 times a power of ten) from `low` to at or over `high`, about `wanted` of them.
std::vector<double> nice_ticks(double low, double high, int wanted);
// Powers of ten that enclose what lies between two positive numbers.
std::vector<double> decade_ticks(double low, double high);
// From 0, in steps that clocks have: seconds, minutes, hours.
std::vector<double> time_ticks(double end, int wanted);
std::string short_tick(std::string text);  // "50.0 ms" is "50 ms" at an axis

std::string coordinate(double v);  // "12.5", "3"
std::string svg_text(double x, double y, std::string_view classes, std::string_view escaped_text);

struct Line {
  std::string style;  // class: "arrivals"
  std::string label;
  std::vector<double> x, y;  // a NaN interrupts it
};

struct Band {
  double from = 0, to = 0;
  double strength = 1;  // share of the replications
  std::string style;    // class: "fault", "warmup"
  std::string title;
};

struct Plot {
  std::string label;  // of the whole, for those who cannot see it
  double x_end = 1;   // seconds, from 0
  bool logarithmic = false;
  std::vector<Line> lines;
  std::vector<Band> bands;
  std::string (*x_text)(double) = nullptr;
  std::string (*y_text)(double) = nullptr;
};
std::string plot_svg(const Plot& plot);

}  // namespace tailrace::analysis::html
