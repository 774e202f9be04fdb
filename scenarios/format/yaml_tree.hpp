#pragma once
// YAML text to a tree of Nodes: the one place that knows yaml-cpp. It listens to the parser's events and
// writes them down flat, checking as it goes (duplicate keys, tags, depth, what aliases would expand to); the
// tree is built afterwards, so an alias bomb is refused before it costs memory. yaml-cpp's node graph is not
// used: it is slower, keeps duplicate keys, loads cyclic aliases as cycles and accepts quotes that never
// close.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "models/field/diagnostics.hpp"
#include "models/field/document.hpp"

namespace tailrace::scenarios {

// Where the text stands in its file. An override's value begins in the middle of a line.
struct TextPlace {
  std::uint32_t file = 0;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::string path;             // of the value in the scenario, for diagnostics
  bool one_line_value = false;  // an override: block style is refused
};

struct TreeLimits {
  int max_depth = 64;
  std::size_t max_alias_nodes = 1'000'000;
  std::size_t max_nodes = 2'000'000;
  std::size_t nodes = 0;        // counted over all texts read with these limits
  std::size_t alias_nodes = 0;  // likewise
};

// The text must be clean (source.hpp). False after at least one error was reported; a text without content
// gives a null node and true.
bool parse_tree(std::string_view text, const TextPlace& place, TreeLimits& limits, models::Node& root,
                models::Diagnostics& diagnostics);

}  // namespace tailrace::scenarios
