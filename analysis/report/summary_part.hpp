#pragma once
// A part of the summary made of tables: each that has rows stands below the last, then how many rows are left
// out, then a note in a dim line. Who prints a part derives from this and adds its tables; names are cut, and
// of each table the first kMostRows rows are shown.
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
  // `rows`: that there are, shown or not.
  void add(const TextTable& table, std::size_t rows, std::string_view note = {}) {
    if (table.empty()) return;
    out_ += "\n" + table.text() + cut_line(rows, kMostRows, style_);
    if (!note.empty()) out_ += inked(note, Ink::dim, style_) + "\n";
  }
  // A count, nothing where it is 0.
  static Cell counted(std::uint64_t count, Ink ink = Ink::plain) {
    return count > 0 ? Cell(human_count(count), ink) : Cell();
  }
  // Of what should not happen.
  static Cell bad(std::uint64_t count) { return counted(count, Ink::bad); }

  const TextStyle style_;
  std::string out_;
};

}  // namespace tailrace::analysis
