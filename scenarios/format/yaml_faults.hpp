#pragma once
// The parser's complaints in the user's words. yaml-cpp says "end of map not found" for a stray word and
// points at the start of the file for a bracket that never closes; this looks at the text and says what a
// person would.
#include <cstddef>
#include <string>
#include <string_view>

#include "models/field/diagnostics.hpp"
#include "scenarios/format/yaml_tree.hpp"

namespace tailrace::scenarios {

// What had been read when the parser gave up.
struct ParserState {
  models::Mark open_bracket;   // innermost [ or { that is open; line 0: none
  std::size_t last_token = 0;  // offset of the last value or key
  std::string path;
};

models::Mark place_in_text(std::string_view text, std::size_t offset, const TextPlace& place);

// The parser holds every bracket of a line in memory before it reports the first, so a file of 16 million "["
// would cost gigabytes. Brackets that are open by the thousand are refused beforehand: returns the offset of
// the first that is too deep, or text.size(). Brackets inside quotes and comments count too, which no real
// text notices.
std::size_t hopeless_nesting(std::string_view text, int max_depth);

void report_fault(std::string_view text, std::size_t offset, std::string_view message,
                  const ParserState& state, const TextPlace& place, models::Diagnostics& diagnostics);

}  // namespace tailrace::scenarios
