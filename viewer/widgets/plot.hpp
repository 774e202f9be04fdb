#pragma once
// A chart: axes with round ticks, linear or logarithmic, a title with a legend, and a rectangle in which data
// is drawn by value. begin_plot() draws what lies behind the data and says where the mouse is; what is drawn
// afterwards is clipped by end_plot()'s caller through PlotFrame's own clip.
//
//   PlotFrame plot = begin_plot("load", size, {.title = "load", .x = time, .y = rate, .legend = {...}});
//   draw_curve(plot, points, colour);
//   end_plot(plot);
//
// A curve's points stand for stretches (SeriesPoint): where one holds several slices, a band from least to
// most is drawn behind the mean, so that no peak is lost by a narrow window.
#include <imgui.h>

#include <string>
#include <vector>

#include "viewer/model/timeline.hpp"
#include "viewer/widgets/theme.hpp"
#include "viewer/widgets/ticks.hpp"

namespace tailrace::viewer {

struct LegendEntry {
  std::string name;
  ImU32 colour = 0;
  std::string value;  // at the playhead or under the mouse
  bool dashed = false;
};

struct PlotOptions {
  std::string title;
  Axis x, y;
  bool x_labels = true;
  std::vector<LegendEntry> legend;
  float left = 0;   // room for labels of y; 0: 4 em
  float right = 0;  // room after the data; 0: 1 em
};

struct PlotFrame {
  ImDrawList* draw = nullptr;
  ImVec2 min, max;  // of the data, pixels
  Axis x, y;
  bool hovered = false;  // the mouse is over the chart, with its title and labels
  bool active = false;   // it was pressed there
  ImVec2 mouse;

  float at_x(double value) const { return min.x + static_cast<float>(x.fraction(value)) * (max.x - min.x); }
  float at_y(double value) const { return max.y - static_cast<float>(y.fraction(value)) * (max.y - min.y); }
  double x_of(float pixel) const { return x.value(static_cast<double>((pixel - min.x) / (max.x - min.x))); }
};

PlotFrame begin_plot(const char* id, ImVec2 size, const PlotOptions& options);
void end_plot(PlotFrame& plot);

struct CurveStyle {
  ImU32 colour = 0;
  float width = 1.8f;
  bool area = false;  // filled down to the axis
  bool dashed = false;
  bool band = true;
};
void draw_curve(PlotFrame& plot, const std::vector<SeriesPoint>& points, const CurveStyle& style);
// The value of the point at x; kNothing where there is none.
double value_at(const std::vector<SeriesPoint>& points, double x);
// Highest value that is drawn from a time on; 0 when there is none.
double highest(const std::vector<SeriesPoint>& points, double from_s = 0);

// An upright line with a label in a badge at the top.
void draw_marker(PlotFrame& plot, double x, ImU32 colour, const std::string& label, float width = 1.5f);

// A line in a small box, without axes: for tables.
void sparkline(ImDrawList& draw, ImVec2 min, ImVec2 max, const std::vector<SeriesPoint>& points, double top,
               ImU32 colour, double playhead_s);

}  // namespace tailrace::viewer
