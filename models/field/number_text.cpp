#include "models/field/number_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

#include "models/field/diagnostics.hpp"

namespace tailrace::models {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::size_t digits_end(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

NumberText refused(std::string error, std::string hint) {
  return {1, 0, std::move(error), std::move(hint)};
}

// from_chars says "out of range" for 1e400 and for 1e-400. Which of the two it was follows from the decimal
// exponent of the first digit that is not zero.
bool is_too_large(std::string_view digits) {
  const std::size_t e = digits.find_first_of("eE");
  const std::string_view mantissa = digits.substr(0, e);
  if (e != std::string_view::npos) {
    const std::string_view exponent = digits.substr(e + 1);
    if (exponent.size() > 9) return exponent[0] != '-';  // beyond any digits that fit a line
  }
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::size_t first = mantissa.find_first_of("123456789");
  std::int64_t exponent = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  if (e != std::string_view::npos) {
    std::string_view text = digits.substr(e + 1);
    if (!text.empty() && text[0] == '+') text.remove_prefix(1);
    int written = 0;
    std::from_chars(text.data(), text.data() + text.size(), written);
    exponent += written;
  }
  return exponent > 0;
}

// "Infinity", ".inf", "nan" and their kin at the start of a text that should be a number.
bool is_not_finite(std::string_view text) {
  std::string word = lower(text.substr(0, 12));
  if (!word.empty() && (word[0] == '-' || word[0] == '+')) word.erase(0, 1);
  if (!word.empty() && word[0] == '.') word.erase(0, 1);
  std::size_t end = 0;
  while (end < word.size() && is_letter(word[end])) ++end;
  word.resize(end);
  return word == "inf" || word == "infinity" || word == "nan";
}

// The spellings that stand for something else elsewhere. `end` is where the plain digits stopped.
NumberText trap(std::string_view text, std::size_t start, std::size_t end) {
  const std::string_view head = text.substr(start, end - start);
  const char next = end < text.size() ? text[end] : '\0';
  const char after = end + 1 < text.size() ? text[end + 1] : '\0';
  const std::string sign = start > 0 && text[0] == '-' ? "-" : "";
  if (head == "0" && (next == 'x' || next == 'X' || next == 'o' || next == 'b') &&
      (is_digit(after) || (next != 'b' && is_letter(after)))) {  // "0bit/s" is no binary number
    const int base = next == 'o' ? 8 : next == 'b' ? 2 : 16;
    std::uint64_t value = 0;
    const char* first = text.data() + end + 1;
    const auto [stop, code] = std::from_chars(first, text.data() + text.size(), value, base);
    const bool whole = code == std::errc() && stop == text.data() + text.size();
    return refused("numbers are written in decimal, found " + shown(text),
                   whole ? fmt::format("write {}{}", sign, value) : "");
  }
  if (next == '_' && is_digit(after)) {
    std::string plain;
    for (char c : text.substr(0, 40)) {
      if (c != '_') plain += c;
    }
    return refused("digits are not grouped with \"_\", found " + shown(text), "write " + escaped(plain));
  }
  if (next == ',' && is_digit(after)) {
    std::string point(text.substr(0, 40));
    point[end] = '.';
    return refused("the decimal sign is a point, found " + shown(text), "write " + escaped(point));
  }
  if (next == ':' && is_digit(after)) {
    return refused("numbers are not written with \":\", found " + shown(text), "");
  }
  if (head.size() > 1 && head[0] == '0' && head.find('.') == std::string_view::npos) {
    const std::size_t zeros = std::min(head.find_first_not_of('0'), head.size() - 1);
    return refused("a leading 0 can mean octal, found " + shown(text),
                   fmt::format("write {}{}", sign, escaped(text.substr(start + zeros, 40))));
  }
  return {};
}

}  // namespace

NumberText read_number(std::string_view text) {
  std::size_t start = 0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) start = 1;
  const std::size_t whole_end = digits_end(text, start);
  std::size_t end = whole_end;
  bool any = whole_end > start;
  if (end < text.size() && text[end] == '.') {
    const std::size_t fraction_end = digits_end(text, end + 1);
    if (any || fraction_end > end + 1) end = fraction_end;
    any = any || fraction_end > whole_end + 1;
  }
  if (!any) {
    if (is_not_finite(text)) return refused("the number must be finite, found " + shown(text), "");
    return {};
  }
  if (NumberText t = trap(text, start, whole_end); !t.error.empty()) return t;
  // An "e" is an exponent only when digits follow: "5e" is 5 with an odd unit, and no unit starts with e and
  // a digit.
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    std::size_t exponent = end + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    const std::size_t exponent_end = digits_end(text, exponent);
    if (exponent_end > exponent) end = exponent_end;
  }
  const std::size_t from = text[0] == '+' ? 1 : 0;  // from_chars takes a minus but no plus
  double value = 0;
  const auto [stop, code] = std::from_chars(text.data() + from, text.data() + end, value);
  static_cast<void>(stop);
  if (code == std::errc::result_out_of_range) {
    const bool large = is_too_large(text.substr(start, end - start));
    return refused(
        fmt::format("{} is too {} for a number", shown(text.substr(0, end)), large ? "large" : "close to 0"),
        large ? "numbers reach 1.8e308" : "write 0, or a number of at least 1e-300");
  }
  return {end, value == 0 ? 0.0 : value, {}, {}};  // -0 is 0
}

bool has_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_digit);
}

std::string shown(std::string_view text) {
  bool plain = !text.empty() && text.size() <= 40;
  for (char c : text) {
    plain = plain && (is_digit(c) || is_letter(c) || c == '.' || c == '%' || c == '/' || c == '-' ||
                      c == '+' || c == '_');
  }
  if (plain) return std::string(text);
  if (text.size() <= 40) return "\"" + escaped(text) + "\"";
  std::size_t cut = 40;
  while (cut > 36 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;  // not inside a character
  return "\"" + escaped(text.substr(0, cut)) + "...\"";
}

std::string spelled(double value) {
  if (std::fabs(value) < 1e15 && value == std::floor(value)) return fmt::format("{:.0f}", value);
  return fmt::format("{}", value);
}

}  // namespace tailrace::models
