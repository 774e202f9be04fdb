#pragma once
// Where an axis is labelled: round numbers, as many as fit. Times go by 1, 2, 5, 10, 15, 30 seconds and
// minutes; logarithmic axes by decades, with 2 and 5 between them when there are few.
#include <string>
#include <vector>

#include "viewer/model/clock_text.hpp"

namespace tailrace::viewer {

enum class AxisKind : unsigned char { number, clock, duration, rate, share };

struct Axis {
  double min = 0, max = 1;
  AxisKind kind = AxisKind::number;
  bool logarithmic = false;  // min and max must be positive then

  double fraction(double value) const;  // 0 at min, 1 at max; not clamped
  double value(double fraction) const;
};

struct Tick {
  double at = 0;
  std::string label;  // empty: a line without words
};
std::vector<Tick> ticks(const Axis& axis, int most);

std::string axis_text(AxisKind kind, double value);   // as short as it can be told
std::string value_text(AxisKind kind, double value);  // for reading: three digits and a unit
double rounded_up(double value);                      // the next of a few round numbers times a power of ten

}  // namespace tailrace::viewer
