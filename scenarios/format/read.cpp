#include "scenarios/format/read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <unordered_map>

#include "models/field/number_text.hpp"
#include "scenarios/format/override.hpp"
#include "scenarios/format/source.hpp"
#include "scenarios/format/yaml_tree.hpp"
#include "scenarios/library/library.hpp"

namespace tailrace::scenarios {
namespace {

namespace fs = std::filesystem;
using models::Mark;
using models::Node;

void override_tree(models::ScenarioDoc& doc, const std::vector<std::string>& overrides,
                   const std::string& origin, TreeLimits& limits, models::Diagnostics& diagnostics) {
  if (overrides.empty()) return;
  const auto file = static_cast<std::uint32_t>(doc.files.size());
  doc.files.push_back({origin, doc.files[0].directory, {}});
  std::uint32_t line = 0;
  for (const std::string& text : overrides) {
    ++line;
    std::string clean = text;
    std::vector<std::string> lines;
    models::Diagnostics found;
    const bool good = clean_text(clean, file, lines, found);
    doc.files[file].lines.push_back(clean);
    if (!good || clean.find('\n') != std::string::npos) {
      diagnostics.error({file, line, 0}, "", good ? "an override is one line" : found.all()[0].message);
      continue;
    }
    apply_override(clean, file, line, limits, doc.root, diagnostics);
  }
}

// What can only be the name of a scenario of the library once there is no such file.
bool is_bare_word(std::string_view path) {
  return !path.empty() && path.find_first_of("/.") == std::string_view::npos;
}

class Reader {
 public:
  Reader(const ReadOptions& options, models::Diagnostics& diagnostics)
      : options_(options), diagnostics_(diagnostics), errors_before_(diagnostics.errors()) {
    limits_.max_depth = std::clamp(options.max_depth, 1, kDeepest);
    limits_.max_nodes = options.max_nodes;
    limits_.max_alias_nodes = options.max_alias_nodes;
  }

  ReadResult read_file(const std::string& path) {
    FileBytes file = read_bytes(path, options_.max_file_bytes, false);
    if (file.missing && is_bare_word(path)) {
      if (const LibraryScenario* known = find_in_library(path)) return read_text(known->text, path);
    }
    std::error_code code;
    const fs::path real = fs::canonical(path, code);
    result_.doc.files.push_back({path, code ? std::string() : real.parent_path().string(), {}});
    if (!file.error.empty()) {
      std::string hint;
      if (file.missing && is_bare_word(path)) {
        const std::string near = nearest_in_library(path);
        hint = near.empty() ? "give a file, or a scenario of `tailrace list`"
                            : fmt::format("did you mean {} of the library?", near);
      }
      diagnostics_.error({0, 0, 0}, "", std::move(file.error), std::move(hint));
      result_.status = file.too_large ? ReadStatus::invalid : ReadStatus::unreadable;
      return std::move(result_);
    }
    return read(std::move(file.bytes), code ? std::string() : real.string());
  }

  ReadResult read_text(std::string_view text, std::string name) {
    result_.doc.files.push_back({std::move(name), {}, {}});
    if (text.size() > options_.max_file_bytes) {
      diagnostics_.error({0, 0, 0}, "",
                         fmt::format("the file is larger than {} bytes", options_.max_file_bytes));
      return std::move(result_);
    }
    return read(std::string(text), "");
  }

 private:
  struct Open {  // a file on the way from the scenario to what is read now
    std::string real;
    std::string name;
  };

  bool ok() const { return diagnostics_.errors() == errors_before_; }

  ReadResult read(std::string text, std::string real) {
    chain_.push_back({std::move(real), result_.doc.files[0].name});
    const bool parsed = parse_file(std::move(text), 0, result_.doc.root);
    if (parsed) {
      apply_includes(result_.doc.root, 0);
      if (ok()) take_variants();
      if (ok()) apply_variant();
      if (ok()) override_tree(result_.doc, options_.overrides, "--set", limits_, diagnostics_);
    }
    if (ok()) result_.status = ReadStatus::ok;
    return std::move(result_);
  }

  bool parse_file(std::string text, std::uint32_t file, Node& root) {
    if (!clean_text(text, file, result_.doc.files[file].lines, diagnostics_)) return false;
    TextPlace place;
    place.file = file;
    if (!parse_tree(text, place, limits_, root, diagnostics_)) return false;
    if (root.is_null()) {
      diagnostics_.error({file, 1, 1}, "",
                         file == 0 ? "no scenario: the file is empty" : "the included file is empty");
      return false;
    }
    if (!root.is_map()) {
      const bool tight = root.is_scalar() && root.text.find(':') != std::string::npos;
      diagnostics_.error(
          root.mark, "",
          fmt::format("expected a mapping, found {}", root.is_list() ? "a list" : models::shown(root.text)),
          tight ? "a space must follow the colon" : "a scenario begins with `tailrace: 1`");
      return false;
    }
    return true;
  }

  void apply_includes(Node& root, std::uint32_t file) {
    for (std::size_t i = 0; i < root.entries.size(); ++i) {
      if (root.entries[i].key != "include") continue;
      const Node include = std::move(root.entries[i].value);
      root.entries.erase(root.entries.begin() + static_cast<std::ptrdiff_t>(i));
      if (include.is_list()) {
        for (std::size_t n = 0; n < include.items.size(); ++n) {
          include_one(include.items[n], models::item_path("include", n), root, file);
        }
      } else {
        include_one(include, "include", root, file);
      }
      return;
    }
  }

  void include_one(const Node& node, const std::string& path, Node& root, std::uint32_t file) {
    const auto refuse = [&](std::string message, std::string hint = {}) {
      diagnostics_.error(node.mark, path, std::move(message), std::move(hint));
    };
    if (!node.is_scalar() || node.text.empty())
      return refuse("expected the name of a file or a list of names");
    const std::string folder = result_.doc.files[file].directory;
    if (folder.empty()) return refuse("a text without a folder cannot include files");
    if (node.text.find('\0') != std::string::npos) return refuse("the name holds a NUL");
    const fs::path written(node.text);
    const fs::path plain = written.lexically_normal();
    constexpr std::string_view kLeaves = "include leaves the scenario's folder";
    // Judged by its spelling first, so that nothing outside is even looked at.
    const bool outside = written.is_absolute() || (!plain.empty() && *plain.begin() == "..");
    if (outside && !options_.allow_outside_includes)
      return refuse(std::string(kLeaves), "include files below it");
    std::error_code code;
    const fs::path real = fs::weakly_canonical(fs::path(folder) / written, code);
    if (code) return refuse(fmt::format("cannot read {}: {}", models::shown(node.text), code.message()));
    const fs::path inside = real.lexically_relative(folder);
    if (!options_.allow_outside_includes && (inside.empty() || *inside.begin() == "..")) {
      return refuse(std::string(kLeaves), "the name leads out by a link");
    }
    std::string name = (fs::path(result_.doc.files[file].name).parent_path() / written).string();
    std::string chain;
    for (const Open& open : chain_) chain += open.name + " -> ";
    for (const Open& open : chain_) {
      if (open.real == real.string()) return refuse("include cycle: " + chain + name);
    }
    if (chain_.size() > static_cast<std::size_t>(kDeepestInclude)) {
      return refuse(fmt::format("includes go deeper than {}: {}{}", kDeepestInclude, chain, name));
    }
    if (const auto seen = included_.find(real.string()); seen != included_.end()) {
      refuse(fmt::format("{} is included twice", models::shown(node.text)));
      return diagnostics_.note(seen->second, "first included here");
    }
    if (included_.size() >= static_cast<std::size_t>(kMostIncludedFiles)) {
      return refuse(fmt::format("more than {} files are included", kMostIncludedFiles));
    }
    included_.emplace(real.string(), node.mark);
    FileBytes bytes = read_bytes(real.string(), options_.max_file_bytes, true);
    if (!bytes.error.empty()) {
      // A wrong name is a fault of the scenario, a disk that fails is not.
      if (!bytes.missing && !bytes.too_large) result_.status = ReadStatus::unreadable;
      return refuse(fmt::format("{}: {}", models::shown(node.text), bytes.error));
    }
    const auto number = static_cast<std::uint32_t>(result_.doc.files.size());
    result_.doc.files.push_back({name, real.parent_path().string(), {}});
    chain_.push_back({real.string(), std::move(name)});
    Node part;
    if (parse_file(std::move(bytes.bytes), number, part)) {
      apply_includes(part, number);
      merge(root, std::move(part), "");
    } else {
      diagnostics_.note(node.mark, "included from here");
    }
    chain_.pop_back();
  }

  // Recursion is bounded by the depth of the trees.
  void merge(Node& into, Node&& part, const std::string& path) {
    std::unordered_map<std::string, std::size_t> index;  // looked up, never walked
    for (std::size_t i = 0; i < into.entries.size(); ++i) index.emplace(into.entries[i].key, i);
    for (models::MapEntry& e : part.entries) {
      const auto found = index.find(e.key);
      if (found == index.end()) {
        into.entries.push_back(std::move(e));
        continue;
      }
      models::MapEntry& mine = into.entries[found->second];
      const std::string at = models::child_path(path, e.key);
      if (mine.value.is_map() && e.value.is_map()) {
        merge(mine.value, std::move(e.value), at);
      } else if (mine.value.is_null()) {
        mine.value = std::move(e.value);  // `services:` with nothing behind it
      } else if (!e.value.is_null()) {
        diagnostics_.error(e.key_mark, at, "this is given in two files");
        diagnostics_.note(mine.key_mark, "also given here");
      }
    }
  }

  // Takes `variants` out of the tree: what follows knows only systems, not their changes.
  void take_variants() {
    Node& root = result_.doc.root;
    for (std::size_t i = 0; i < root.entries.size(); ++i) {
      if (root.entries[i].key != "variants") continue;
      variants_ = std::move(root.entries[i].value);
      root.entries.erase(root.entries.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
    if (variants_.is_null()) return;
    if (!variants_.is_map()) {
      return diagnostics_.error(variants_.mark, "variants", "expected a map from names to overrides",
                                "write variants: {more: {services.cart.replicas: 4}}");
    }
    for (const models::MapEntry& v : variants_.entries) {
      const std::string path = models::child_path("variants", v.key);
      const bool word =
          !v.key.empty() && v.key.size() <= 100 && std::all_of(v.key.begin(), v.key.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                   c == '_';
          });
      if (!word) {
        diagnostics_.error(v.key_mark, path, fmt::format("{} is no name of a variant", models::shown(v.key)),
                           "names have letters, digits, - and _, at most 100");
      } else if (v.key == "base") {
        diagnostics_.error(v.key_mark, path, "base is the scenario without a variant",
                           "give the variant another name");
      } else if (!v.value.is_map() && !v.value.is_null()) {
        diagnostics_.error(v.value.mark, path, "expected overrides, a map from paths to values",
                           fmt::format("write {}: {{services.cart.replicas: 4}}", v.key));
      }
      result_.variants.push_back(v.key);
    }
  }

  void apply_variant() {
    if (options_.variant.empty()) return;
    for (const models::MapEntry& v : variants_.entries) {
      if (v.key != options_.variant) continue;
      for (const models::MapEntry& change : v.value.entries)
        apply_override(change, limits_, result_.doc.root, diagnostics_);
      return;
    }
    const std::vector<std::string_view> known(result_.variants.begin(), result_.variants.end());
    const std::string near = models::nearest_word(options_.variant, known);
    diagnostics_.error(variants_.mark, "variants",
                       fmt::format("there is no variant {}", models::shown(options_.variant)),
                       known.empty()  ? "the scenario has no variants"
                       : near.empty() ? fmt::format("there are: {}", fmt::join(known, ", "))
                                      : fmt::format("did you mean {}?", near));
  }

  const ReadOptions& options_;
  models::Diagnostics& diagnostics_;
  const int errors_before_;
  TreeLimits limits_;
  ReadResult result_;
  std::vector<Open> chain_;
  Node variants_;
  std::unordered_map<std::string, Mark> included_;  // looked up, never walked
};

}  // namespace

ReadResult read_scenario(const std::string& path, const ReadOptions& options,
                         models::Diagnostics& diagnostics) {
  return Reader(options, diagnostics).read_file(path);
}

void override_scenario(models::ScenarioDoc& doc, const std::vector<std::string>& overrides,
                       const std::string& origin, models::Diagnostics& diagnostics) {
  TreeLimits limits;
  override_tree(doc, overrides, origin, limits, diagnostics);
}

ReadResult read_scenario_text(std::string_view text, std::string name, const ReadOptions& options,
                              models::Diagnostics& diagnostics) {
  return Reader(options, diagnostics).read_text(text, std::move(name));
}

}  // namespace tailrace::scenarios
