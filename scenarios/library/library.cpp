#include "scenarios/library/library.hpp"

#include <algorithm>

#include "models/field/diagnostics.hpp"

namespace tailrace::scenarios {

const LibraryScenario* find_in_library(std::string_view name) {
  const std::vector<LibraryScenario>& all = library();
  const auto found = std::lower_bound(
      all.begin(), all.end(), name, [](const LibraryScenario& s, std::string_view n) { return s.name < n; });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

std::string nearest_in_library(std::string_view name) {
  std::vector<std::string_view> names;
  for (const LibraryScenario& s : library()) names.push_back(s.name);
  return models::nearest_word(name, names);
}

}  // namespace tailrace::scenarios
