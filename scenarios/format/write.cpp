#include "scenarios/format/write.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "models/field/utf8.hpp"

namespace tailrace::scenarios {
namespace {

using models::MapEntry;
using models::Node;

constexpr std::size_t kWidth = 100;  // of a map or list in one line

// Bytes of the control character that begins here; 0: none does.
std::size_t control_at(std::string_view text, std::size_t at) {
  const models::Utf8 c = models::next_utf8(text, at);
  return models::is_control(c.code) ? c.length : 0;
}

bool plain(std::string_view text, bool flow);

// Whether the reader, which takes a text in flow style apart at its commas and joins again what an open
// parenthesis holds, makes the same text of it.
bool joins_again(std::string_view text) {
  for (std::size_t comma = text.find(','); comma != std::string_view::npos;
       comma = text.find(',', comma + 1)) {
    const std::string_view rest = text.substr(comma + 1);
    const std::string_view piece = rest.substr(0, rest.find(','));
    if (text[comma - 1] == ' ' || piece.size() < 2 || piece[0] != ' ' || !plain(piece.substr(1), false))
      return false;
  }
  return true;
}

// Whether text means itself without quotes. In flow style the reader leaves commas inside ( ) alone.
bool plain(std::string_view text, bool flow) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  constexpr std::string_view kIndicators = ",[]{}#&*!|>'\"%@`";
  if (kIndicators.find(text.front()) != std::string_view::npos) return false;
  if (std::string_view("-?:").find(text.front()) != std::string_view::npos &&
      (text.size() == 1 || text[1] == ' ' || text.substr(0, 3) == "---"))
    return false;
  if (text == "~" || text == "null" || text == "Null" || text == "NULL" || text.substr(0, 3) == "...")
    return false;
  if (text == "<<") return false;  // as a key it would merge
  int open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (control_at(text, i) > 0) return false;
    if (c == ':' && next == ' ') return false;
    if (c == '#' && text[i - 1] == ' ') return false;
    if (!flow) continue;
    if (c == '(') ++open;
    if (c == ')') --open;
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      static_cast<unsigned char>(c) >= 0x80;
    const bool harmless = std::string_view(" _./+-%()=<>").find(c) != std::string_view::npos;
    const bool inside = c == ',' && open > 0;
    const bool colon = c == ':' && ((next >= 'a' && next <= 'z') || (next >= '0' && next <= '9'));
    if (open < 0 || !(word || harmless || inside || colon)) return false;
  }
  return open == 0 && (!flow || joins_again(text));
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (const std::size_t bytes = control_at(text, i); bytes > 0) {
      out += fmt::format("\\x{:02x}", models::next_utf8(text, i).code);
      i += bytes - 1;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string scalar(const Node& node, bool flow) {
  return !node.quoted && plain(node.text, flow) ? node.text : quoted(node.text);
}

std::string key_text(const std::string& key, bool flow) {
  return plain(key, flow) && key.find(": ") == std::string::npos ? key : quoted(key);
}

// In one line; false where there is something that has none, or it is too long.
bool flow_text(const Node& node, std::string& out, std::size_t width) {
  switch (node.kind) {
    case Node::Kind::null:
      return false;
    case Node::Kind::scalar:
      // What needs quotes only here goes without them in a line of its own.
      if (!node.quoted && !plain(node.text, true) && plain(node.text, false)) return false;
      out += scalar(node, true);
      break;
    case Node::Kind::map: {
      out += '{';
      bool first = true;
      for (const MapEntry& e : node.entries) {
        if (!first) out += ", ";
        first = false;
        out += key_text(e.key, true) + ": ";
        if (out.size() > width || !flow_text(e.value, out, width)) return false;
      }
      out += '}';
      break;
    }
    case Node::Kind::list: {
      out += '[';
      bool first = true;
      for (const Node& item : node.items) {
        if (!first) out += ", ";
        first = false;
        if (out.size() > width || !flow_text(item, out, width)) return false;
      }
      out += ']';
      break;
    }
  }
  return out.size() <= width;
}

void block(const Node& node, std::size_t indent, std::string& out);

// What follows "key:" or "-".
void after(const Node& node, std::size_t indent, std::string& out) {
  if (node.is_null()) {
    out += '\n';
    return;
  }
  if (node.is_scalar()) {
    out += ' ' + scalar(node, false) + '\n';
    return;
  }
  std::string line;
  if (flow_text(node, line, kWidth - std::min(kWidth / 2, indent))) {
    out += ' ' + line + '\n';
    return;
  }
  out += '\n';
  block(node, indent, out);
}

void block(const Node& node, std::size_t indent, std::string& out) {
  if (node.is_map()) {
    for (const MapEntry& e : node.entries) {
      out += std::string(indent, ' ') + key_text(e.key, false) + ':';
      after(e.value, indent + 2, out);
    }
    return;
  }
  for (const Node& item : node.items) {
    std::string text;
    after(item, indent + 2, text);
    const bool below = text.size() > 1 && text[0] == '\n';
    out += std::string(indent, ' ') + '-' + (below ? text.substr(indent + 2) : text);
  }
}

}  // namespace

std::string write_scenario(const Node& root) {
  std::string out;
  if (root.is_map() && !root.entries.empty()) {
    block(root, 0, out);
  } else if (!flow_text(root, out, ~std::size_t{0})) {
    block(root, 0, out);
  }
  return out;
}

std::string write_value(const Node& node) {
  std::string out;
  if (!flow_text(node, out, ~std::size_t{0})) return {};
  return out;
}

bool same_tree(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.text != b.text || a.entries.size() != b.entries.size() ||
      a.items.size() != b.items.size() || (a.is_scalar() && a.quoted != b.quoted))
    return false;
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    if (a.entries[i].key != b.entries[i].key || !same_tree(a.entries[i].value, b.entries[i].value))
      return false;
  }
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!same_tree(a.items[i], b.items[i])) return false;
  }
  return true;
}

}  // namespace tailrace::scenarios
