#include "tests/house/files.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace tailrace::house {

namespace fs = std::filesystem;

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.rfind(prefix, 0) == 0;
}
bool ends_with(const std::string& text, const std::string& suffix) {
  return text.size() >= suffix.size() &&
         text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

std::string read_text(const std::string& path) {
  std::ifstream in(fs::path(TAILRACE_SOURCE_DIR) / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

SourceText read_file(const std::string& path) {
  SourceText file{path, {}};
  std::istringstream in(read_text(path));
  for (std::string line; std::getline(in, line);) file.lines.push_back(line);
  return file;
}

std::vector<SourceText> read_files(const std::string& folder, const std::vector<std::string>& suffixes) {
  const fs::path root(TAILRACE_SOURCE_DIR);
  std::vector<SourceText> files;
  if (!fs::is_directory(root / folder)) return files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
    const std::string path = entry.path().lexically_relative(root).generic_string();
    const bool wanted = std::any_of(suffixes.begin(), suffixes.end(),
                                    [&](const std::string& suffix) { return ends_with(path, suffix); });
    if (wanted && entry.is_regular_file()) files.push_back(read_file(path));
  }
  std::sort(files.begin(), files.end(),
            [](const SourceText& a, const SourceText& b) { return a.path < b.path; });
  return files;
}

std::string listed(const std::vector<std::string>& findings) {
  constexpr std::size_t kMost = 50;
  std::string text = "\n";
  for (std::size_t i = 0; i < findings.size() && i < kMost; ++i) text += "  " + findings[i] + "\n";
  if (findings.size() > kMost) text += "  and " + std::to_string(findings.size() - kMost) + " more\n";
  return text;
}

}  // namespace tailrace::house
