#pragma once
// Numbers as people read them: three digits that matter and a unit that fits (1.23 ms, 76,012, 80.0/s, 0.13
// %). For display only; files carry exact numbers. A half width is written in the unit and to the decimals of
// its estimate.
#include <cstdint>
#include <string>
#include <string_view>

#include "analysis/stats/interval.hpp"

namespace tailrace::analysis {

struct TextStyle {
  bool colour = false;
  bool unicode = false;  // else plain ASCII: us, +-, #
};

// What a threshold, or a figure of an experiment, is measured in.
enum class FigureUnit : std::uint8_t { seconds, fraction, per_second, number };

// How one estimate is written: value / scale with so many decimals, then the unit.
struct HumanScale {
  double scale = 1;
  int decimals = 0;
  std::string unit;

  std::string text(double value) const;       // "1.23 ms"
  std::string half_width(double half) const;  // "0.04", without the unit; at least one digit
};
HumanScale duration_scale(double seconds, TextStyle style);
HumanScale rate_scale(double per_s);
HumanScale fraction_scale(double fraction);
HumanScale number_scale(double value);
HumanScale scale_of(FigureUnit unit, double value, TextStyle style);

std::string human_duration(double seconds, TextStyle style);
std::string human_rate(double per_s);
std::string human_fraction(double fraction);
std::string human_number(double value);
std::string human_figure(double value, FigureUnit unit, TextStyle style);
std::string human_count(std::uint64_t count);  // 76,012
std::string human_bytes_per_s(double bytes);   // 1.2 MB/s

// "+-0.04" beside its estimate, "+0.04" or "-0.04" where that is itself a bound (none failed, or all), or ""
// where the interval is unknown.
std::string plus_minus(const Interval& i, const HumanScale& scale, TextStyle style);

// A share as a bar of `width` characters, eighths where the terminal has them.
std::string bar(double fraction, int width, TextStyle style);

// Safe for a terminal (control characters escaped) and at most `width` characters.
std::string shortened(std::string_view text, std::size_t width, TextStyle style);
// Lines of at most `width` bytes, broken at spaces (a longer word between its characters), each after
// `indent` and with its line feed.
std::string wrapped(std::string_view text, std::size_t width, std::string_view indent = {});
std::size_t display_width(std::string_view utf8);  // characters; a wide one counts as one

}  // namespace tailrace::analysis
