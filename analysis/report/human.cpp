#include "analysis/report/human.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/field/diagnostics.hpp"

namespace tailrace::analysis {

namespace {

// Decimals that leave three digits that matter, at most `most`.
int decimals_for(double scaled, int most) {
  const double a = std::fabs(scaled);
  if (a >= 99.95) return 0;
  if (a >= 9.995) return std::min(1, most);
  return std::min(2, most);
}

// A byte of UTF-8 that is not the first of its character.
bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

std::string grouped(std::string digits) {
  const std::size_t start = !digits.empty() && digits[0] == '-' ? 1 : 0;
  std::size_t end = digits.find('.');
  if (end == std::string::npos) end = digits.size();
  for (std::size_t at = end; at > start + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace

std::string HumanScale::text(double value) const {
  if (!std::isfinite(value)) return "n/a";
  return grouped(fmt::format("{:.{}f}", value / scale + 0.0, decimals)) + unit;
}

std::string HumanScale::half_width(double half) const {
  if (!std::isfinite(half)) return "n/a";
  const double scaled = half / scale;
  int digits = decimals;
  // A half width that would read 0 gets the decimals for one digit.
  while (scaled > 0 && digits < 7 && scaled < 0.5 * std::pow(10.0, -digits)) ++digits;
  return grouped(fmt::format("{:.{}f}", scaled, digits));
}

HumanScale duration_scale(double s, TextStyle style) {
  struct Unit {
    double scale;
    const char* name;
  };
  const char* micro = style.unicode ? " µs" : " us";
  const Unit units[] = {{1e-9, " ns"}, {1e-6, micro}, {1e-3, " ms"}, {1, " s"}, {60, " min"}, {3600, " h"}};
  const double limits[] = {0.9995e-6, 0.9995e-3, 0.9995, 120, 7200};
  const double a = std::fabs(s);
  if (!(a > 0)) return {1, 0, " s"};
  std::size_t k = 0;
  while (k < 5 && a >= limits[k]) ++k;
  return {units[k].scale, k == 0 ? 0 : decimals_for(a / units[k].scale, 2), units[k].name};
}

HumanScale rate_scale(double per_s) {
  const double a = std::fabs(per_s);
  if (a > 0 && a < 0.1) {
    if (a * 60 >= 0.1) return {1.0 / 60, decimals_for(a * 60, 2), "/min"};
    return {1.0 / 3600, decimals_for(a * 3600, 2), "/h"};
  }
  return {1, a == 0 ? 0 : decimals_for(a, 2), "/s"};
}

HumanScale fraction_scale(double fraction) {
  const double percent = std::fabs(fraction) * 100;
  if (percent == 0) return {0.01, 0, " %"};
  if (percent < 0.0095) return {0.01, 4, " %"};
  if (percent < 0.95) return {0.01, percent < 0.095 ? 3 : 2, " %"};
  if (!(percent >= 99.95 && percent < 100)) return {0.01, 1, " %"};
  return {0.01, percent < 99.995 ? 2 : percent < 99.9995 ? 3 : 4, " %"};  // nearly all does not read as all
}

HumanScale number_scale(double value) {
  const double a = std::fabs(value);
  if (a == 0) return {1, 0, ""};
  if (a < 0.01) return {1, 4, ""};
  return {1, decimals_for(a, 2), ""};
}

HumanScale scale_of(FigureUnit unit, double value, TextStyle style) {
  switch (unit) {
    case FigureUnit::seconds:
      return duration_scale(value, style);
    case FigureUnit::fraction:
      return fraction_scale(value);
    case FigureUnit::per_second:
      return rate_scale(value);
    case FigureUnit::number:
      break;
  }
  return number_scale(value);
}

std::string human_duration(double seconds, TextStyle style) {
  return duration_scale(seconds, style).text(seconds);
}
std::string human_rate(double per_s) {
  return rate_scale(per_s).text(per_s);
}
std::string human_fraction(double fraction) {
  return fraction_scale(fraction).text(fraction);
}
std::string human_number(double value) {
  return number_scale(value).text(value);
}
std::string human_figure(double value, FigureUnit unit, TextStyle style) {
  return scale_of(unit, value, style).text(value);
}
std::string human_count(std::uint64_t count) {
  return grouped(std::to_string(count));
}

std::string human_bytes_per_s(double bytes) {
  const char* units[] = {" B/s", " kB/s", " MB/s", " GB/s", " TB/s"};
  std::size_t k = 0;
  while (k < 4 && bytes >= 999.5) {
    bytes /= 1000;
    ++k;
  }
  return fmt::format("{:.{}f}{}", bytes, k == 0 ? 0 : decimals_for(bytes, 2), units[k]);
}

std::string plus_minus(const Interval& i, const HumanScale& scale, TextStyle style) {
  if (!i.known) return "";
  const bool only_more = i.low == i.estimate && i.low < i.high;
  const bool only_less = i.high == i.estimate && i.low < i.high;
  if (only_more || only_less) return (only_more ? "+" : "-") + scale.half_width(i.high - i.low);
  return (style.unicode ? "±" : "+-") + scale.half_width(i.half_width());
}

std::string bar(double fraction, int width, TextStyle style) {
  static const char* const kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double held = std::clamp(std::isfinite(fraction) ? fraction : 0.0, 0.0, 1.0);
  std::string out;
  int used = 0;
  if (style.unicode) {
    const int eighths = static_cast<int>(held * width * 8 + 0.5);
    for (; used < eighths / 8; ++used) out += "█";
    if (eighths % 8 != 0) {
      out += kEighths[eighths % 8];
      ++used;
    }
    for (; used < width; ++used) out += "░";
  } else {
    const int full = static_cast<int>(held * width + 0.5);
    out.append(static_cast<std::size_t>(full), '#');
    out.append(static_cast<std::size_t>(width - full), '.');
  }
  return out;
}

std::size_t display_width(std::string_view utf8) {
  std::size_t n = 0;
  for (const char c : utf8) n += !continues(c);
  return n;
}

std::string shortened(std::string_view text, std::size_t width, TextStyle style) {
  std::string safe = models::escaped(text);
  if (display_width(safe) <= width) return safe;
  const std::string_view dots = style.unicode ? "…" : "..";
  const std::size_t keep = width - display_width(dots);
  std::size_t end = 0;
  for (std::size_t n = 0; end < safe.size(); ++end) {
    if (!continues(safe[end]) && n++ == keep) break;
  }
  return safe.substr(0, end) + std::string(dots);
}

std::string wrapped(std::string_view text, std::size_t width, std::string_view indent) {
  std::string out;
  const auto line = [&](std::string_view part) { out.append(indent).append(part) += '\n'; };
  while (text.size() > width) {
    const std::size_t space = text.rfind(' ', width);
    const bool broken = space == std::string_view::npos || space == 0;  // one long word
    std::size_t end = broken ? width : space;
    while (broken && end > 1 && continues(text[end])) --end;
    line(text.substr(0, end));
    text.remove_prefix(broken ? end : end + 1);
  }
  line(text);
  return out;
}

}  // namespace tailrace::analysis
