#pragma once
// UTF-8, one character at a time: enough to refuse what is not text and to show the rest safely. Overlong
// forms, surrogates and values past U+10FFFF are invalid, as RFC 3629 says.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tailrace::models {

struct Utf8 {
  std::uint32_t code = 0;
  std::size_t length = 0;  // bytes; 0: invalid at this place
};

inline Utf8 next_utf8(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first >= 0xC2 && first <= 0xDF && tail(1)) return {(first & 0x1Fu) << 6 | (byte(1) & 0x3Fu), 2};
  if ((first & 0xF0u) == 0xE0 && tail(1) && tail(2)) {
    const std::uint32_t code = (first & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    if (code >= 0x800 && (code < 0xD800 || code > 0xDFFF)) return {code, 3};
  }
  if (first >= 0xF0 && first <= 0xF4 && tail(1) && tail(2) && tail(3)) {
    const std::uint32_t code =
        (first & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu);
    if (code >= 0x10000 && code <= 0x10FFFF) return {code, 4};
  }
  return {};
}

// C0, DEL and C1: what can drive a terminal.
inline bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

// Line separators and the marks that turn the order of writing: a text with them can look like another text.
inline bool is_invisible_order(std::uint32_t code) {
  return code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

}  // namespace tailrace::models
