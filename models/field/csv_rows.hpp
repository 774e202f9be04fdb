#pragma once
// The rows of a CSV file with numbers, one after another, whatever its size: what traces and measured
// distributions share. Blank rows are passed over; CRLF and a byte order mark are accepted; cells lose the
// blanks and the quotes around them. Rows are counted from 1 with blank ones and the header, as an editor
// counts. A comma inside quotes still separates: numbers need none. Cost: one buffer of kLongestRow bytes and
// one pass.
#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>

namespace tailrace::models {

class CsvRows {
 public:
  static constexpr std::size_t kLongestRow = std::size_t{1} << 16;

  explicit CsvRows(const std::string& path);

  // The next row that is not blank. False at the end, or when error() says why there is no next one.
  bool next();
  const std::string& error() const { return error_; }

  std::size_t number() const { return number_; }
  std::string_view text() const { return text_; }
  std::size_t cells() const;
  std::string_view cell(std::size_t column) const;  // empty where there is none
  // The first row names the columns: its first cell is a word. A number, a sign, "nan" and "inf" are data.
  bool is_header() const;

 private:
  bool next_line();

  std::ifstream in_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of what is read and not yet handed out
  std::size_t number_ = 0, filled_ = 0;
  std::string_view text_;
  std::string error_;
};

}  // namespace tailrace::models
