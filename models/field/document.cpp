#include "models/field/document.hpp"

namespace tailrace::models {

std::string child_path(std::string_view parent, std::string_view key) {
  constexpr std::string_view kOwnSigns = ".[]=\"\\ ";
  std::string out(parent);
  if (!out.empty()) out += '.';
  if (!key.empty() && key.find_first_of(kOwnSigns) == std::string_view::npos) {
    out += key;
    return out;
  }
  out += '"';
  for (char c : key) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
  return out;
}

std::string item_path(std::string_view parent, std::size_t index) {
  return std::string(parent) + "[" + std::to_string(index) + "]";
}

}  // namespace tailrace::models
