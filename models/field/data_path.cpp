#include "models/field/data_path.hpp"

#include <filesystem>
#include <system_error>

namespace tailrace::models {

ResolvedPath resolve_data_path(const std::string& written, const std::string& directory) {
  namespace fs = std::filesystem;
  ResolvedPath result;
  const fs::path asked(written);
  if (written.empty()) {
    result.error = "the file name is empty";
    return result;
  }
  std::error_code ec;
  const fs::path base = fs::weakly_canonical(directory.empty() ? fs::path(".") : fs::path(directory), ec);
  const fs::path full = fs::weakly_canonical(base / asked, ec);
  const fs::path below = full.lexically_relative(base);
  if (asked.is_absolute() || below.empty() || *below.begin() == "..") {
    result.error = "the file leaves the scenario's folder";
    result.hint = "copy it beside the scenario";
    return result;
  }
  if (!fs::exists(full, ec)) {
    result.error = "there is no such file";
    return result;
  }
  if (!fs::is_regular_file(full, ec)) {
    result.error = "this is not a regular file";
    return result;
  }
  result.path = full.string();
  return result;
}

}  // namespace tailrace::models
