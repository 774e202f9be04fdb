#include "viewer/model/clock_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace tailrace::viewer {

std::string clock_text(double seconds, int decimals) {
  const bool negative = seconds < 0;
  const double unit = std::pow(10.0, decimals);
  // Rounded first: 59.96 is 1:00.0, not 0:60.0.
  const double whole = std::round(std::abs(seconds) * unit) / unit;
  const auto minutes = static_cast<long long>(whole / 60);
  const double rest = whole - static_cast<double>(minutes) * 60;
  const int width = decimals > 0 ? 3 + decimals : 2;
  if (minutes < 60)
    return fmt::format("{}{}:{:0{}.{}f}", negative ? "-" : "", minutes, rest, width, decimals);
  return fmt::format("{}{}:{:02}:{:0{}.{}f}", negative ? "-" : "", minutes / 60, minutes % 60, rest, width,
                     decimals);
}

}  // namespace tailrace::viewer
