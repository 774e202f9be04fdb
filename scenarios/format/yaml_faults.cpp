#include "scenarios/format/yaml_faults.hpp"

#include <algorithm>

#include "models/field/number_text.hpp"
#include "models/field/utf8.hpp"

namespace tailrace::scenarios {
namespace {

using models::Mark;

std::size_t line_start(std::string_view text, std::size_t at) {
  if (at == 0) return 0;
  const std::size_t newline = text.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

// A tab among the spaces that the line at `at` begins with.
std::size_t tab_in_indent(std::string_view text, std::size_t at) {
  for (std::size_t i = line_start(text, at); i < text.size() && (text[i] == ' ' || text[i] == '\t'); ++i) {
    if (text[i] == '\t') return i;
  }
  return text.size();
}

// The quote that opens a text which runs into the end of the file: the first one behind the last whole token
// that has no partner.
std::size_t unclosed_quote(std::string_view text, std::size_t from) {
  bool at_start = true;  // of a value: behind a space or an opening sign
  for (std::size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (at_start && (c == '"' || c == '\'')) {
      std::size_t end = i + 1;
      while (end < text.size() && text[end] != c) end += c == '"' && text[end] == '\\' ? 2 : 1;
      if (end >= text.size()) return i;
      i = end;
    }
    at_start = std::string_view(" \t\n[{,:").find(text[i]) != std::string_view::npos;
  }
  return text.size();
}

std::string character_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return "the end of the file";
  return models::shown(text.substr(at, std::max<std::size_t>(models::next_utf8(text, at).length, 1)));
}

bool starts(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

struct Words {
  std::string message;
  std::string hint;
};

Words words_for(std::string_view message, std::string_view text, std::size_t at) {
  if (message == "the referenced anchor is not defined") {
    const std::size_t end = std::min(text.find_first_of(" \t\n,[]{}", at), text.size());
    return {"the alias has no anchor before it: " + models::shown(text.substr(at, end - at)),
            "a text that begins with * needs quotes"};
  }
  if (message == "end of map not found" || message == "end of sequence not found") {
    return {"expected a key or the end of the block, found " + character_at(text, at),
            "indent the line like those it belongs to, or put the whole value in quotes"};
  }
  if (message == "illegal map value") {
    return {"a colon cannot stand here",
            "put a value that holds \": \" in quotes, or indent the line like those it belongs to"};
  }
  if (message == "illegal map key") return {"a key cannot stand here", "begin it on a line of its own"};
  if (message == "illegal block entry")
    return {"a list item cannot stand here", "begin it on a line of its own"};
  if (message == "illegal flow end")
    return {"nothing is open that " + character_at(text, at) + " could close", ""};
  if (message == "unknown token") {
    return {"a value cannot begin with " + character_at(text, at), "put it in quotes"};
  }
  if (starts(message, "unknown escape character")) {
    return {"unknown escape \\" + std::string(message.substr(message.rfind(' ') + 1)),
            "write \\\\ for a backslash, or use single quotes"};
  }
  if (starts(message, "cannot assign multiple anchors")) return {"a value has two anchors", ""};
  return {"not valid YAML: " + std::string(message), ""};
}

}  // namespace

Mark place_in_text(std::string_view text, std::size_t offset, const TextPlace& place) {
  offset = std::min(offset, text.size());
  const auto lines =
      static_cast<std::uint32_t>(std::count(text.begin(), text.begin() + static_cast<long>(offset), '\n'));
  const auto column = static_cast<std::uint32_t>(offset - line_start(text, offset));
  return {place.file, place.line + lines, column + (lines == 0 ? place.column : 1)};
}

std::size_t hopeless_nesting(std::string_view text, int max_depth) {
  constexpr int kHopeless = 1000;
  int depth = 0;
  std::size_t crossed = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[' || text[i] == '{') {
      ++depth;
      if (depth == max_depth + 1) crossed = i;
      if (depth > kHopeless) return crossed;
    } else if ((text[i] == ']' || text[i] == '}') && depth > 0) {
      --depth;
    }
  }
  return text.size();
}

void report_fault(std::string_view text, std::size_t offset, std::string_view message,
                  const ParserState& state, const TextPlace& place, models::Diagnostics& diagnostics) {
  std::size_t at = std::min(offset, text.size());
  const auto error = [&](std::size_t where, std::string what, std::string hint) {
    diagnostics.error(place_in_text(text, where, place), state.path, std::move(what), std::move(hint));
  };
  if (starts(message, "illegal EOF in scalar") || starts(message, "illegal document indicator in scalar")) {
    const std::size_t quote = unclosed_quote(text, state.last_token);
    return error(quote < text.size() ? quote : at, "the quote is not closed", "");
  }
  const std::size_t tab = tab_in_indent(text, at);
  if (tab < text.size() && state.open_bracket.line == 0)
    return error(tab, "tabs cannot indent", "use spaces");
  if (message == "end of sequence flow not found" || message == "end of map flow not found") {
    const char close = message == "end of map flow not found" ? '}' : ']';
    // Past the last token the parser may have no place and say 0.
    const bool at_end = at == 0 || text.find_first_not_of(" \t\n", at) == std::string_view::npos;
    if (state.open_bracket.line == 0) return error(at, "a bracket is not closed", "");
    if (at_end) {
      diagnostics.error(state.open_bracket, state.path,
                        std::string("the bracket is not closed: expected ") + close);
      return;
    }
    error(at, std::string("expected a comma or ") + close + ", found " + character_at(text, at), "");
    diagnostics.note(state.open_bracket, "opened here");
    return;
  }
  Words words = words_for(message, text, at);
  // Yaml reads `a: "b` and a quote some lines below as one text; the word behind that quote is where it
  // stumbles.
  if (const char first = state.last_token < text.size() ? text[state.last_token] : '\0';
      first == '"' || first == '\'') {
    const std::string_view between =
        text.substr(state.last_token, at > state.last_token ? at - state.last_token : 0);
    if (between.find('\n') != std::string_view::npos && between.find(first, 1) != std::string_view::npos &&
        between.find(first, 1) > between.find('\n')) {
      words.hint = "the quote that opens in line " +
                   std::to_string(place_in_text(text, state.last_token, place).line) + " may lack its end";
    }
  }
  error(at, std::move(words.message), std::move(words.hint));
}

}  // namespace tailrace::scenarios
