#include "scenarios/format/data_files.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

#include "models/field/data_path.hpp"

namespace tailrace::scenarios {
namespace {

using models::MapEntry;
using models::Node;

constexpr std::size_t kLongestName = 1000;
constexpr std::string_view kBrackets = "(),\"'{}[]", kBlanks = " =:";

template <class Seen>
void for_each_piece(std::string_view text, std::string_view between, const Seen& seen) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(between), text.size());
    std::string_view piece = text.substr(0, end);
    while (!piece.empty() && piece.front() == ' ') piece.remove_prefix(1);
    while (!piece.empty() && piece.back() == ' ') piece.remove_suffix(1);
    seen(piece);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void collect(const Node& node, const models::ScenarioDoc& doc, std::set<DataFile>& out) {
  if (node.is_scalar() && node.mark.file < doc.files.size()) {
    for (DataFile& file : files_named(node.text, doc.files[node.mark.file].directory))
      out.insert(std::move(file));
  }
  for (const MapEntry& e : node.entries) collect(e.value, doc, out);
  for (const Node& item : node.items) collect(item, doc, out);
}

}  // namespace

std::vector<DataFile> files_named(const std::string& text, const std::string& directory) {
  std::vector<DataFile> out;
  const std::filesystem::path folder(directory.empty() ? "." : directory);
  const auto look = [&](std::string_view name) {
    if (name.find_first_of("./") == std::string_view::npos || name.size() > kLongestName) return;
    std::error_code ignored;
    if (!std::filesystem::exists(folder / name, ignored))
      return;  // times and rates have dots and slashes too
    const models::ResolvedPath found = models::resolve_data_path(std::string(name), directory);
    if (found.path) out.emplace_back(name, *found.path);
  };
  // A name may have blanks in it, and more where it is all of the text.
  if (text.find_first_of(kBrackets) != std::string::npos) look(text);
  for_each_piece(text, kBrackets, [&](std::string_view piece) {
    look(piece);
    if (piece.find_first_of(kBlanks) != std::string_view::npos) for_each_piece(piece, kBlanks, look);
  });
  return out;
}

std::vector<DataFile> data_files(const models::ScenarioDoc& doc) {
  std::set<DataFile> found;
  collect(doc.root, doc, found);
  return {found.begin(), found.end()};
}

}  // namespace tailrace::scenarios
