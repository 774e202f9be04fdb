#pragma once
// A scenario as text with positions: what scenarios/format produces from YAML and what every kind parses
// from. A Node is a scalar, a map or a list and knows where it stands; it knows nothing of YAML, units or
// services. Maps keep the order of the file and have been checked for duplicate keys. Trees are bounded in
// depth and size by the reader, so code that walks them may recurse.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::models {

// A place in a source file. Lines and columns count from 1, columns in bytes; file indexes SourceFiles; line
// 0 is "no place". A value given by --set stands in a pseudo file named "--set" whose lines are the
// overrides.
struct Mark {
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct MapEntry;

struct Node {
  enum class Kind : std::uint8_t { null, scalar, map, list };

  Kind kind = Kind::null;
  bool quoted = false;  // a quoted scalar is always text, never a number or a bool
  Mark mark;
  std::string text;               // scalar only
  std::vector<MapEntry> entries;  // map only, in file order
  std::vector<Node> items;        // list only

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_map() const { return kind == Kind::map; }
  bool is_list() const { return kind == Kind::list; }
  const Node* find(std::string_view key) const;  // map only; null when absent
};

struct MapEntry {
  std::string key;
  Mark key_mark;
  Node value;
};

inline const Node* Node::find(std::string_view key) const {
  for (const MapEntry& e : entries) {
    if (e.key == key) return &e.value;
  }
  return nullptr;
}

// The files that a scenario was read from, with their lines, for diagnostics that quote the source.
struct SourceFile {
  std::string name;       // as the user wrote it
  std::string directory;  // absolute; relative data files (traces, CSVs) are found from here
  std::vector<std::string> lines;
};

struct ScenarioDoc {
  Node root;
  std::vector<SourceFile> files;  // files[0] is the scenario itself
};

// Paths as diagnostics print them and as --set reads them: services.cart.requests[2].weight. A key with a
// dot, a space or another sign of the path's own is quoted: thresholds."shoppers.request_duration".
std::string child_path(std::string_view parent, std::string_view key);
std::string item_path(std::string_view parent, std::size_t index);

}  // namespace tailrace::models
