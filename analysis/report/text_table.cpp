#include "analysis/report/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tailrace::analysis {

std::string inked(std::string_view text, Ink ink, TextStyle style) {
  if (!style.colour || ink == Ink::plain || text.empty()) return std::string(text);
  const char* code = "";
  switch (ink) {
    case Ink::plain:
      break;
    case Ink::dim:
      code = "\x1b[2m";
      break;
    case Ink::bold:
      code = "\x1b[1m";
      break;
    case Ink::good:
      code = "\x1b[32m";
      break;
    case Ink::bad:
      code = "\x1b[31m";
      break;
    case Ink::warn:
      code = "\x1b[33m";
      break;
  }
  return code + std::string(text) + "\x1b[0m";
}

std::string cut_line(std::size_t rows, std::size_t most, TextStyle style, const char* rest) {
  if (rows <= most) return "";
  const std::string text =
      fmt::format("... and {} {}; all are in summary.json (--out DIR)", human_count(rows - most), rest);
  return inked(text, Ink::dim, style) + "\n";
}

std::string TextTable::text() const {
  std::vector<std::size_t> width(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size() && c < width.size(); ++c)
      width[c] = std::max(width[c], display_width(row[c].text));
  }
  std::vector<bool> shown(columns_.size());
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    shown[c] = width[c] > 0;
    if (shown[c]) width[c] = std::max(width[c], display_width(columns_[c].head));
  }
  std::string out;
  const auto line = [&](const auto& cell_at) {
    std::string text;
    for (std::size_t c = 0, n = 0; c < columns_.size(); ++c) {
      if (!shown[c]) continue;
      if (n++ > 0) text += "  ";
      const Cell cell = cell_at(c);
      const std::string pad(width[c] - std::min(width[c], display_width(cell.text)), ' ');
      const std::string inside = inked(cell.text, cell.ink, style_);
      text += columns_[c].right ? pad + inside : inside + pad;
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out += text + "\n";
  };
  line([&](std::size_t c) { return Cell(columns_[c].head, Ink::bold); });
  for (const auto& row : rows_) {
    line([&](std::size_t c) { return c < row.size() ? row[c] : Cell(); });
  }
  return out;
}

}  // namespace tailrace::analysis
