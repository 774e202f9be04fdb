#pragma once
// The strict reader of scenario files: YAML text in, a ScenarioDoc out, every fault a diagnostic with its
// place. Stricter than YAML, so that a slip cannot become a different system: one document, a mapping at the
// root, no duplicate keys, no tags, no merge keys, no tabs as indentation, aliases and nesting bounded. One
// liberty: inside { } and [ ] the commas of an open parenthesis belong to the text, so `[compute:
// lognormal(mean=3ms, p99=12ms)]` reads as it looks. Plain scalars stay text; numbers and units are the
// business of models/field. Cost: linear in the size of the files.
//
// `include: part.yaml` (or a list) at the root merges other files key by key; the same scalar or list in two
// files is an error. Files are found below the including file's own folder. `variants:` maps names to
// overrides of paths; it is taken out of the tree, and the one that is asked for is applied. Overrides
// ("services.cart.replicas=4") come last.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "models/field/diagnostics.hpp"
#include "models/field/document.hpp"

namespace tailrace::scenarios {

struct ReadOptions {
  bool allow_outside_includes = false;      // absolute paths, "..", symlinks that leave the folder
  std::size_t max_file_bytes = 16u << 20u;  // of each file
  std::size_t max_nodes = 2'000'000;        // scalars, maps and lists of all files together, aliases expanded
  std::size_t max_alias_nodes = 1'000'000;  // of these, what aliases may add
  int max_depth = 64;                       // maps and lists inside each other; at most kDeepest
  std::string variant;                      // of those that the file describes; empty: the file as it is
  std::vector<std::string> overrides;       // PATH=VALUE, applied in order
};

constexpr int kDeepest = 256;  // code that walks a tree recurses
constexpr int kDeepestInclude = 16;
constexpr int kMostIncludedFiles = 256;

enum class ReadStatus { ok, invalid, unreadable };

// doc.files has the lines of whatever could be read even when the status is not ok, for diagnostics to quote;
// doc.root is then incomplete.
struct ReadResult {
  models::ScenarioDoc doc;
  std::vector<std::string> variants;  // names, in the order of the file
  ReadStatus status = ReadStatus::invalid;
};

// A bare word that is no file is looked up in the library (scenarios/library).
ReadResult read_scenario(const std::string& path, const ReadOptions& options,
                         models::Diagnostics& diagnostics);

// A text that is not in a file; `name` stands for it in diagnostics. It has no folder, so it cannot include.
ReadResult read_scenario_text(std::string_view text, std::string name, const ReadOptions& options,
                              models::Diagnostics& diagnostics);

// More overrides on a tree that has been read; `origin` is the pseudo file that diagnostics name.
void override_scenario(models::ScenarioDoc& doc, const std::vector<std::string>& overrides,
                       const std::string& origin, models::Diagnostics& diagnostics);

}  // namespace tailrace::scenarios
