#include "models/field/name_pair.hpp"

namespace tailrace::models {

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::optional<NamePair> name_pair(std::string_view text) {
  const auto arrow = text.find("->");
  if (arrow == std::string_view::npos) return {};
  NamePair pair{trimmed(text.substr(0, arrow)), trimmed(text.substr(arrow + 2))};
  if (pair.from.empty() || pair.to.empty()) return {};
  return pair;
}

}  // namespace tailrace::models
