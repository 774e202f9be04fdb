#pragma once
// A table for a terminal: columns as wide as their widest cell, two spaces between them, a bold head. Colours
// are given per cell and counted in no width. A column that is empty in every row disappears with its head.
#include <string>
#include <vector>

#include "analysis/report/human.hpp"

namespace tailrace::analysis {

enum class Ink : std::uint8_t { plain, dim, bold, good, bad, warn };

std::string inked(std::string_view text, Ink ink, TextStyle style);

// What stands below a table that shows `most` of `rows`, by default the first; empty where it shows all.
std::string cut_line(std::size_t rows, std::size_t most, TextStyle style, const char* rest = "more");

class TextTable {
 public:
  struct Cell {
    std::string text;
    Ink ink = Ink::plain;
    Cell(std::string t = {}, Ink i = Ink::plain) : text(std::move(t)), ink(i) {}
    Cell(const char* t) : text(t) {}
  };

  explicit TextTable(TextStyle style) : style_(style) {}
  TextTable& left(std::string head) { return column(std::move(head), false); }
  TextTable& right(std::string head) { return column(std::move(head), true); }
  void row(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  std::string text() const;

 private:
  struct Column {
    std::string head;
    bool right;
  };
  TextTable& column(std::string head, bool right) {
    columns_.push_back({std::move(head), right});
    return *this;
  }
  TextStyle style_;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace tailrace::analysis
