#pragma once
// Numbers that are computed here and read by people, to so many significant digits.
#include <fmt/format.h>

#include <charconv>
#include <string>

namespace tailrace::scenarios {

inline double rounded(double value, int digits) {
  const std::string text = fmt::format("{:.{}g}", value, digits);
  double out = value;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace tailrace::scenarios
