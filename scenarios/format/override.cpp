#include "scenarios/format/override.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "models/field/number_text.hpp"

namespace tailrace::scenarios {
namespace {

using models::Mark;
using models::Node;

struct Step {
  bool index = false;      // written as [n]
  bool bare = false;       // an unquoted key
  std::string key;         // as written; for an index its digits
  std::size_t column = 0;  // from 0
};

struct Override {
  std::vector<Step> steps;
  std::size_t value = 0;  // where VALUE begins
};

enum class Form : std::uint8_t { path_and_value, path };

class Splitter {
 public:
  Splitter(std::string_view text, Form form, Mark start, models::Diagnostics& diagnostics)
      : text_(text), form_(form), start_(start), diagnostics_(diagnostics) {}

  std::optional<Override> split() {
    Override out;
    std::size_t at = 0;
    while (true) {
      Step step;
      step.column = at;
      if (at < text_.size() && text_[at] == '"') {
        if (!quoted(at, step)) return std::nullopt;
      } else {
        const std::size_t end =
            std::min(text_.find_first_of(form_ == Form::path ? ".[" : ".[=", at), text_.size());
        std::string_view key = text_.substr(at, end - at);
        while (!key.empty() && key.back() == ' ') key.remove_suffix(1);
        if (key.empty()) return fail(at, "a key is missing in the path");
        step.bare = true;
        step.key = key;
        at = end;
      }
      out.steps.push_back(std::move(step));
      while (at < text_.size() && text_[at] == '[') {
        const std::size_t close = text_.find(']', at);
        const std::string_view digits =
            close == std::string_view::npos ? "" : text_.substr(at + 1, close - at - 1);
        if (digits.empty() || digits.size() > 9 ||
            digits.find_first_not_of("0123456789") != std::string_view::npos) {
          return fail(at, "expected an index like [2]");
        }
        out.steps.push_back({true, false, std::string(digits), at});
        at = close + 1;
      }
      if (out.steps.size() > kMostSteps) return fail(at, "the path has too many steps");
      if (at >= text_.size()) {
        if (form_ == Form::path) return out;
        return fail(at, "expected = and a value");
      }
      if (text_[at] == '=' && form_ == Form::path_and_value) {
        out.value = at + 1;
        return out;
      }
      if (text_[at] != '.') {
        return fail(at, form_ == Form::path ? "expected a dot or [" : "expected a dot, [ or =");
      }
      ++at;
    }
  }

 private:
  static constexpr std::size_t kMostSteps = 64;

  std::optional<Override> fail(std::size_t at, std::string message) {
    diagnostics_.error({start_.file, start_.line, start_.column + static_cast<std::uint32_t>(at)}, "",
                       std::move(message),
                       form_ == Form::path ? "write a path, such as services.cart.replicas: 4"
                                           : "write PATH=VALUE, such as services.cart.replicas=4");
    return std::nullopt;
  }
  bool quoted(std::size_t& at, Step& step) {
    const std::size_t start = at;
    for (++at; at < text_.size(); ++at) {
      if (text_[at] == '"') {
        ++at;
        return true;
      }
      if (text_[at] == '\\' && at + 1 < text_.size()) ++at;
      step.key += text_[at];
    }
    fail(start, "the quote is not closed");
    return false;
  }

  std::string_view text_;
  Form form_;
  Mark start_;
  models::Diagnostics& diagnostics_;
};

bool all_digits(std::string_view s) {
  return !s.empty() && s.find_first_not_of("0123456789") == std::string_view::npos;
}

models::MapEntry* find_entry(Node& map, std::string_view key) {
  for (models::MapEntry& e : map.entries) {
    if (e.key == key) return &e;
  }
  return nullptr;
}

// `thresholds.shoppers.request_duration`: a key of the map that holds dots itself. Returns how many steps it
// takes.
std::size_t dotted_key(Node& map, const std::vector<Step>& steps, std::size_t at, models::MapEntry*& found) {
  std::string joined = steps[at].key;
  for (std::size_t n = 1; at + n < steps.size() && steps[at].bare && steps[at + n].bare; ++n) {
    joined += "." + steps[at + n].key;
    found = find_entry(map, joined);
    if (found != nullptr) return n + 1;
  }
  return 0;
}

// `include` and `variants` are gone from the tree when overrides come.
bool settable(const std::vector<Step>& steps, Mark at, const std::string& path,
              models::Diagnostics& diagnostics) {
  const std::string& first = steps[0].key;
  if (first != "include" && first != "variants") return true;
  diagnostics.error(at, path, first + " cannot be set", "write it in the file");
  return false;
}

std::string path_of(const std::vector<Step>& steps) {
  std::string path;
  for (const Step& s : steps) path = s.index ? path + "[" + s.key + "]" : models::child_path(path, s.key);
  return path;
}

// `start` is the place of the path's first character.
void put(const std::vector<Step>& steps, Mark start, Node value, const TreeLimits& limits, Node& root,
         models::Diagnostics& diagnostics) {
  const auto mark = [&](std::size_t column) {
    return Mark{start.file, start.line, start.column + static_cast<std::uint32_t>(column)};
  };
  std::string path;
  Node* node = &root;
  int depth = 0;
  for (std::size_t i = 0; i < steps.size();) {
    const Step& step = steps[i];
    if (++depth >= limits.max_depth) {
      return diagnostics.error(mark(step.column), path,
                               fmt::format("nesting deeper than {}", limits.max_depth));
    }
    const bool wants_index = step.index || (node->is_list() && all_digits(step.key));
    if (wants_index) {
      if (!node->is_list())
        return diagnostics.error(mark(step.column), path, "this is not a list, it has no index");
      std::size_t n = 0;
      std::from_chars(step.key.data(), step.key.data() + step.key.size(), n);
      if (n >= node->items.size() || step.key.size() > 9) {
        return diagnostics.error(
            mark(step.column), path,
            fmt::format("index {} is out of range: the list has {} item{}", models::shown(step.key),
                        node->items.size(), node->items.size() == 1 ? "" : "s"),
            "the first item is [0]");
      }
      path = models::item_path(path, n);
      node = &node->items[n];
      ++i;
      continue;
    }
    if (node->is_null()) {
      node->kind = Node::Kind::map;
      node->mark = mark(step.column);
    }
    if (!node->is_map()) {
      return diagnostics.error(
          mark(step.column), path,
          fmt::format("this is a {}, it has no key {}", node->is_list() ? "list" : "single value",
                      models::shown(step.key)),
          node->is_list() ? "items are named by [0], [1] and so on" : "");
    }
    std::size_t taken = 1;
    models::MapEntry* entry = find_entry(*node, step.key);
    if (entry == nullptr) taken = std::max<std::size_t>(1, dotted_key(*node, steps, i, entry));
    if (entry == nullptr) {
      entry = &node->entries.emplace_back();
      entry->key = step.key;
      entry->key_mark = mark(step.column);
      entry->value.mark = mark(step.column);
    }
    path = models::child_path(path, entry->key);
    node = &entry->value;
    i += taken;
  }
  *node = std::move(value);
}

}  // namespace

void apply_override(const std::string& text, std::uint32_t file, std::uint32_t line, TreeLimits& limits,
                    Node& root, models::Diagnostics& diagnostics) {
  const Mark start{file, line, 1};
  const std::optional<Override> split = Splitter(text, Form::path_and_value, start, diagnostics).split();
  if (!split) return;
  const std::string path = path_of(split->steps);
  if (!settable(split->steps, start, path, diagnostics)) return;
  Node value;
  const TextPlace place{file, line, static_cast<std::uint32_t>(split->value + 1), path, true};
  if (!parse_tree(std::string_view(text).substr(split->value), place, limits, value, diagnostics)) return;
  if (value.is_null() && value.mark.line == 0) {
    return diagnostics.error({file, line, static_cast<std::uint32_t>(split->value + 1)}, path,
                             "expected a value after =", "for an empty text write \"\"");
  }
  put(split->steps, start, std::move(value), limits, root, diagnostics);
}

void apply_override(const models::MapEntry& entry, const TreeLimits& limits, Node& root,
                    models::Diagnostics& diagnostics) {
  const std::optional<Override> split = Splitter(entry.key, Form::path, entry.key_mark, diagnostics).split();
  if (!split || !settable(split->steps, entry.key_mark, path_of(split->steps), diagnostics)) return;
  put(split->steps, entry.key_mark, entry.value, limits, root, diagnostics);
}

}  // namespace tailrace::scenarios
