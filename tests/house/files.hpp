#pragma once
// The project's own files, as text, for the tests that read them. Paths are relative to the root, sorted;
// what a build leaves behind is not among them.
#include <string>
#include <vector>

namespace tailrace::house {

struct SourceText {
  std::string path;  // "sim/base/time.hpp"
  std::vector<std::string> lines;
};

// All files below the folder whose names end in one of the suffixes. The folder may be missing.
std::vector<SourceText> read_files(const std::string& folder, const std::vector<std::string>& suffixes);

SourceText read_file(const std::string& path);
std::string read_text(const std::string& path);
bool starts_with(const std::string& text, const std::string& prefix);
bool ends_with(const std::string& text, const std::string& suffix);

// Findings as one text, for a failure message.
std::string listed(const std::vector<std::string>& findings);

}  // namespace tailrace::house
