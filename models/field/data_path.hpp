#pragma once
// Where a data file that a scenario names lies. Data files stay below the scenario's own folder: absolute
// paths, ".." that leaves it and symlinks out are refused, so that a scenario from a stranger reads nothing
// else.
#include <optional>
#include <string>

namespace tailrace::models {

struct ResolvedPath {
  std::optional<std::string> path;
  std::string error;
  std::string hint;
};
ResolvedPath resolve_data_path(const std::string& written, const std::string& directory);

}  // namespace tailrace::models
