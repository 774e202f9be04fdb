#pragma once
// What XML and HTML cannot hold as it is. Each format says for itself what becomes of control characters and
// quotation.
#include <string_view>

namespace tailrace::analysis {

// The entity for & < > and ", empty for any other character.
constexpr std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return {};
  }
}

}  // namespace tailrace::analysis
