#include "scenarios/import/yaml_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/field/number_text.hpp"
#include "scenarios/format/source.hpp"
#include "scenarios/format/yaml_tree.hpp"

namespace tailrace::scenarios {

namespace {

using models::Node;

// What stands for "<<" while the parser, which refuses that, reads; a number makes each its own.
constexpr std::string_view kMergeKey = "__tailrace_merge_";

std::string with_merge_keys_renamed(std::string_view text) {
  std::string out;
  std::size_t count = 0, from = 0;
  for (std::size_t i = text.find("<<"); i != std::string_view::npos; i = text.find("<<", i + 2)) {
    std::size_t behind = i + 2;
    while (behind < text.size() && text[behind] == ' ') ++behind;
    const bool key = behind < text.size() && text[behind] == ':' &&
                     (i == 0 || std::string_view(" \n{,").find(text[i - 1]) != std::string_view::npos);
    if (!key) continue;
    out += text.substr(from, i - from);
    out += fmt::format("{}{}", kMergeKey, count++);
    from = i + 2;
  }
  return out += text.substr(from);
}

void add_missing(Node& into, const Node& from) {
  if (from.is_list()) {
    for (const Node& item : from.items) add_missing(into, item);
    return;
  }
  for (const models::MapEntry& e : from.entries) {
    if (into.find(e.key) == nullptr) into.entries.push_back(e);
  }
}

void merge(Node& node) {
  for (models::MapEntry& e : node.entries) merge(e.value);
  for (Node& item : node.items) merge(item);
  std::vector<Node> merged;
  std::erase_if(node.entries, [&](models::MapEntry& e) {
    if (e.key.rfind(kMergeKey, 0) != 0) return false;
    merged.push_back(std::move(e.value));
    return true;
  });
  for (const Node& m : merged) add_missing(node, m);
}

}  // namespace

YamlInput read_yaml(std::string_view text, const std::string& name) {
  YamlInput out;
  models::Diagnostics diagnostics;
  std::vector<models::SourceFile> files(1);
  files[0].name = name;
  std::string clean(text);
  if (clean_text(clean, 0, files[0].lines, diagnostics)) {
    clean = with_merge_keys_renamed(clean);
    TreeLimits limits;
    std::uint32_t line = 1;
    for (std::size_t from = 0; from < clean.size() && diagnostics.ok();) {
      // Up to the next line that is "---", or begins with "--- ".
      std::size_t end = from;
      std::uint32_t lines = 0;
      bool marker = false;
      while (end < clean.size() && !marker) {
        end = std::min(clean.find('\n', end), clean.size() - 1) + 1;
        ++lines;
        const std::string_view next = std::string_view(clean).substr(end, 4);
        marker = next.substr(0, 3) == "---" && (next.size() < 4 || next[3] == '\n' || next[3] == ' ');
      }
      TextPlace place;
      place.line = line;
      Node root;
      if (parse_tree(std::string_view(clean).substr(from, end - from), place, limits, root, diagnostics) &&
          !root.is_null()) {
        merge(root);
        out.documents.push_back(std::move(root));
      }
      from = end;
      line += lines;
    }
  }
  if (!diagnostics.ok()) {
    out.error = models::format_diagnostics(diagnostics, files);
    if (text.find("{{") != std::string_view::npos)
      out.error += "it looks like a template; render it first (helm template, kustomize build)\n";
  }
  return out;
}

const Node* at(const Node* node, std::string_view key) {
  return node != nullptr && node->is_map() ? node->find(key) : nullptr;
}

std::string text_at(const Node* node, std::string_view key) {
  const Node* found = at(node, key);
  return found != nullptr && found->is_scalar() ? found->text : "";
}

std::optional<double> number_of(const std::string& text) {
  const models::NumberText n = models::read_number(text);
  if (n.length == 0 || n.length != text.size() || !n.error.empty() || n.value < 0) return {};
  return n.value;
}

std::optional<double> cores_of(const std::string& text) {
  if (!text.empty() && text.back() == 'm') {
    const auto n = number_of(text.substr(0, text.size() - 1));
    return n ? std::optional(*n / 1000) : std::nullopt;
  }
  return number_of(text);
}

std::optional<double> share_of(const std::string& text) {
  const bool percent = !text.empty() && text.back() == '%';
  const auto n = number_of(percent ? text.substr(0, text.size() - 1) : text);
  if (!n) return {};
  const double share = percent ? *n / 100 : *n;
  return share <= 1 ? std::optional(share) : std::nullopt;
}

std::string bytes_text(const std::string& text) {
  const models::NumberText n = models::read_number(text);
  if (n.length == 0 || !n.error.empty() || n.value < 0) return {};
  std::string unit = text.substr(n.length);
  std::erase(unit, ' ');
  for (char& c : unit) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  constexpr std::string_view kLetters = "KMGT";
  double bytes = n.value;
  if (!unit.empty() && unit != "B") {
    const std::size_t power = kLetters.find(unit[0]);
    const std::string rest = unit.substr(1);
    if (power == std::string_view::npos || !(rest.empty() || rest == "B" || rest == "IB")) return {};
    bytes *= std::pow(1024.0, static_cast<double>(power + 1));
  }
  return bytes <= 1e12 ? models::spelled(std::round(bytes)) + "B" : "";
}

}  // namespace tailrace::scenarios
