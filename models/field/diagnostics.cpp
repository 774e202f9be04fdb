#include "models/field/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "models/field/utf8.hpp"

namespace tailrace::models {
namespace {

constexpr std::size_t kQuotedBefore =
    70;  // characters of a long line that are shown left and right of the caret
constexpr std::size_t kQuotedAfter = 40;

std::string_view severity_word(Severity s) {
  switch (s) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "note";
  }
  return "error";
}

// Characters, not bytes: what an escaped UTF-8 text takes on a terminal (wide characters count as one).
std::size_t width(std::string_view text) {
  std::size_t n = 0;
  for (char c : text) n += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return n;
}

// The source line with a caret below it. A line of any length is cut to a window around the caret, at the
// borders of characters.
void quote_line(fmt::memory_buffer& out, std::string_view line, std::uint32_t number, std::uint32_t column) {
  const std::size_t caret = std::min<std::size_t>(column > 0 ? column - 1 : 0, line.size());
  const auto to_border = [&](std::size_t at) {
    for (int i = 0;
         i < 3 && at > 0 && at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80; ++i)
      --at;
    return at;
  };
  const std::size_t from = caret > kQuotedBefore ? to_border(caret - kQuotedBefore) : 0;
  const std::size_t to = to_border(std::min(line.size(), caret + kQuotedAfter));
  std::string left = (from > 0 ? "..." : "") + escaped(line.substr(from, caret - from));
  std::string right =
      escaped(line.substr(caret, std::max(to, caret) - caret)) + (to < line.size() ? "..." : "");
  fmt::format_to(std::back_inserter(out), "{:5} | {}{}\n", number, left, right);
  if (column > 0) fmt::format_to(std::back_inserter(out), "      | {:{}}^\n", "", width(left));
}

void format_one(fmt::memory_buffer& out, const Diagnostic& d, const std::vector<SourceFile>& files) {
  auto to = std::back_inserter(out);
  if (d.mark.file < files.size()) {
    fmt::format_to(to, "{}:", escaped(files[d.mark.file].name));
    if (d.mark.line > 0) fmt::format_to(to, "{}:", d.mark.line);
    if (d.mark.line > 0 && d.mark.column > 0) fmt::format_to(to, "{}:", d.mark.column);
    fmt::format_to(to, " ");
  }
  fmt::format_to(to, "{}: ", severity_word(d.severity));
  if (!d.path.empty()) fmt::format_to(to, "{}: ", escaped(d.path));
  fmt::format_to(to, "{}\n", escaped(d.message));
  if (d.mark.file < files.size() && d.mark.line > 0 && d.mark.line <= files[d.mark.file].lines.size()) {
    quote_line(out, files[d.mark.file].lines[d.mark.line - 1], d.mark.line, d.mark.column);
  }
  if (!d.hint.empty()) fmt::format_to(to, "      = hint: {}\n", escaped(d.hint));
}

}  // namespace

std::string format_diagnostics(const Diagnostics& diagnostics, const std::vector<SourceFile>& files) {
  fmt::memory_buffer out;
  int errors = 0, warnings = 0;
  bool shown = true;  // what came last that is no note: its notes are shown with it
  for (const Diagnostic& d : diagnostics.all()) {
    if (d.severity != Severity::note)
      shown = ++(d.severity == Severity::error ? errors : warnings) <= Diagnostics::kMaxShown;
    if (shown) format_one(out, d, files);
  }
  const auto hidden = [&](int count, const char* what) {
    if (count > 0)
      fmt::format_to(std::back_inserter(out), "... and {} more {}{}\n", count, what, count == 1 ? "" : "s");
  };
  hidden(diagnostics.errors() - std::min(errors, Diagnostics::kMaxShown), "error");
  hidden(warnings - Diagnostics::kMaxShown, "warning");
  return fmt::to_string(out);
}

std::string with_article(std::string_view word) {
  const bool vowel = !word.empty() && std::string_view("aeio").find(word.front()) != std::string_view::npos;
  return fmt::format("{} {}", vowel ? "an" : "a", word);
}

std::string nearest_word(std::string_view typed, const std::vector<std::string_view>& known) {
  constexpr std::size_t kLongest = 64;  // nobody mistypes a longer word into one of ours
  if (typed.empty() || typed.size() > kLongest) return {};
  std::string best;
  std::size_t best_distance = kLongest;
  std::vector<std::size_t> before;
  std::vector<std::size_t> above;
  std::vector<std::size_t> row;
  for (std::string_view word : known) {
    const std::size_t limit = std::max(typed.size(), word.size()) / 3;
    const std::size_t difference =
        typed.size() > word.size() ? typed.size() - word.size() : word.size() - typed.size();
    if (word.size() > kLongest || difference > limit) continue;
    // Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost one each.
    above.assign(word.size() + 1, 0);
    row.assign(word.size() + 1, 0);
    for (std::size_t j = 0; j <= word.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= typed.size(); ++i) {
      row[0] = i;
      for (std::size_t j = 1; j <= word.size(); ++j) {
        const std::size_t change = typed[i - 1] == word[j - 1] ? 0 : 1;
        row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
        if (i > 1 && j > 1 && typed[i - 1] == word[j - 2] && typed[i - 2] == word[j - 1]) {
          row[j] = std::min(row[j], before[j - 2] + 1);
        }
      }
      before = above;
      std::swap(above, row);
    }
    const std::size_t distance = above[word.size()];
    if (distance <= limit && distance < best_distance) {  // the first of equals wins
      best_distance = distance;
      best = word;
    }
  }
  return best;
}

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const Utf8 c = next_utf8(text, at);
    if (c.length == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
      ++at;
      continue;
    }
    if (text[at] == '\n') {
      out += "\\n";
    } else if (text[at] == '\t') {
      out += "\\t";
    } else if (is_control(c.code)) {
      out += fmt::format("\\x{:02x}", c.code);
    } else if (is_invisible_order(c.code)) {
      out += fmt::format("\\u{:04x}", c.code);
    } else {
      out += text.substr(at, c.length);
    }
    at += c.length;
  }
  return out;
}

}  // namespace tailrace::models
