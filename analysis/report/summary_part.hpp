#pragma once
// A part of the summary made of tables: each that has rows stands below the last, with a note in a dim line
// below it. Who prints a part derives from this and adds its tables; names are cut, and of each table the
// first kMostRows rows are meant to be shown.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "analysis/report/human.hpp"
#include "analysis/report/text_table.hpp"

namespace tailrace::analysis {

class SummaryPart {
 protected:
  using Cell = TextTable::Cell;

  static constexpr std::size_t kMostRows = 30;  // of each table
  static constexpr std::size_t kNameWidth = 30;

  explicit SummaryPart(TextStyle style) : style_(style) {}

  std::string name(std::string_view text) const { return shortened(text, kNameWidth, style_); }
  void add(const TextTable& table, std::string_view note) {
    if (!table.empty()) out_ += "\n" + table.text() + inked(note, Ink::dim, style_) + "\n";
  }
  // A count of what should not happen; nothing where it did not.
  static Cell bad(std::uint64_t count) { return count > 0 ? Cell(human_count(count), Ink::bad) : Cell(); }

  const TextStyle style_;
  std::string out_;
};

}  // namespace tailrace::analysis
