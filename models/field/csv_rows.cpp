#include "models/field/csv_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tailrace::models {

namespace {

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

}  // namespace

CsvRows::CsvRows(const std::string& path) : in_(path, std::ios::binary), buffer_(2 * kLongestRow, '\0') {
  if (!in_) error_ = "cannot be opened";
}

bool CsvRows::next() {
  while (error_.empty() && next_line()) {
    if (number_ == 1 && text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
    text_ = trimmed(text_);
    if (text_.empty()) continue;
    ++filled_;
    return true;
  }
  return false;
}

bool CsvRows::next_line() {
  for (;;) {
    const std::string_view rest = std::string_view(buffer_).substr(begin_, end_ - begin_);
    const std::size_t stop = rest.find('\n');
    const bool at_end = stop == std::string_view::npos && !in_;
    if (stop != std::string_view::npos || (at_end && !rest.empty())) {
      ++number_;
      text_ = rest.substr(0, stop);
      begin_ = std::min(begin_ + text_.size() + 1, end_);
      if (text_.size() <= kLongestRow) return true;
      error_ = fmt::format("row {} is longer than {} characters", number_, kLongestRow);
      return false;
    }
    if (in_.bad()) error_ = "cannot be read to its end";
    if (at_end) return false;
    if (rest.size() > kLongestRow) {
      error_ = fmt::format("row {} is longer than {} characters", number_ + 1, kLongestRow);
      return false;
    }
    std::copy(rest.begin(), rest.end(), buffer_.begin());
    begin_ = 0;
    end_ = rest.size();
    in_.read(buffer_.data() + end_, static_cast<std::streamsize>(buffer_.size() - end_));
    end_ += static_cast<std::size_t>(in_.gcount());
  }
}

std::size_t CsvRows::cells() const {
  return 1 + static_cast<std::size_t>(std::count(text_.begin(), text_.end(), ','));
}

std::string_view CsvRows::cell(std::size_t column) const {
  std::string_view rest = text_;
  for (std::size_t i = 0; i < column; ++i) {
    const std::size_t comma = rest.find(',');
    if (comma == std::string_view::npos) return {};
    rest.remove_prefix(comma + 1);
  }
  rest = trimmed(rest.substr(0, rest.find(',')));
  if (rest.size() >= 2 && rest.front() == '"' && rest.back() == '"')
    rest = trimmed(rest.substr(1, rest.size() - 2));
  return rest;
}

bool CsvRows::is_header() const {
  if (filled_ != 1) return false;
  std::string word;
  for (const char c : cell(0).substr(0, 4))
    word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (word.empty() || word == "nan" || word == "inf" || word == "infi") return false;
  return (word[0] >= 'a' && word[0] <= 'z') || word[0] == '_' || word[0] == '#';
}

}  // namespace tailrace::models
