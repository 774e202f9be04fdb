#include "models/field/data_rows.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "models/field/data_path.hpp"
#include "models/field/diagnostics.hpp"
#include "models/field/number_text.hpp"

namespace tailrace::models {
namespace {

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}
std::string_view cell_text(std::string_view s) {
  s = trimmed(s);
  if (s.size() >= 2 && s.front() == '"' && s.back() == '"') s = trimmed(s.substr(1, s.size() - 2));
  return s;
}
// A header names its column; a number, a sign or "nan"/"inf" is data.
bool is_header(std::string_view cell) {
  std::string word;
  for (const char c : cell.substr(0, 4)) word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (word.empty() || word == "nan" || word == "inf" || word == "infi") return false;
  return (word[0] >= 'a' && word[0] <= 'z') || word[0] == '_' || word[0] == '#';
}

ResolvedPath locate(const std::string& file, const DistributionContext& context) {
  if (!context.files_allowed_outside) return resolve_data_path(file, context.directory);
  namespace fs = std::filesystem;
  std::error_code ec;
  const fs::path path = fs::path(context.directory) / file;
  if (!fs::exists(path, ec)) return {{}, "there is no such file", {}};
  if (!fs::is_regular_file(path, ec)) return {{}, "this is not a regular file", {}};
  return {path.string(), {}, {}};
}

class Reader {
 public:
  Reader(const std::string& file, bool with_cumulative, std::string_view unit,
         const DistributionContext& context)
      : file_(file), with_cumulative_(with_cumulative), unit_(unit), context_(context) {}

  DataRows read() {
    if (!unit_.empty()) {
      const Quantity one = context_.unit(fmt::format("1{}", unit_));
      if (!one.value) {
        fail_file(fmt::format("unit={}: {}", escaped(unit_), one.error), one.hint);
        return std::move(rows_);
      }
    }
    std::string bytes;
    if (load(bytes)) parse(bytes);
    return std::move(rows_);
  }

 private:
  bool load(std::string& bytes) {
    const ResolvedPath located = locate(file_, context_);
    if (!located.path) return fail_file(located.error, located.hint);
    std::error_code ec;
    const std::uintmax_t size = std::filesystem::file_size(*located.path, ec);
    if (ec) return fail_file("cannot be read: " + ec.message());
    if (size > kMaxDataBytes)
      return fail_file(fmt::format("has {} bytes, at most {} are read", size, kMaxDataBytes));
    std::ifstream in(*located.path, std::ios::binary);
    if (!in) return fail_file("cannot be opened");
    bytes.resize(static_cast<std::size_t>(size));
    in.read(bytes.data(), static_cast<std::streamsize>(size));
    if (in.bad() || in.gcount() != static_cast<std::streamsize>(size))
      return fail_file("cannot be read to its end");
    return true;
  }

  void parse(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    bool first = true;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      const std::string_view line = trimmed(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      ++row_;
      if (line.empty()) continue;
      const bool header = first && is_header(cell_text(line.substr(0, line.find(','))));
      first = false;
      if (!header && !parse_row(line)) return;
    }
    if (rows_.values.empty()) {
      fail_file("holds no values");
    } else if (with_cumulative_ && rows_.values.size() < 2) {
      fail_file("holds one row; a cumulative distribution needs at least two");
    } else if (with_cumulative_ && std::abs(rows_.cumulative.back() - 1) > 1e-9) {
      fail_row(fmt::format("the last cumulative probability is {}, expected 1", rows_.cumulative.back()));
    }
  }

  bool parse_row(std::string_view line) {
    if (rows_.values.size() >= kMaxDataRows)
      return fail_row(fmt::format("at most {} rows are read", kMaxDataRows));
    const std::size_t comma = line.find(',');
    if (!with_cumulative_) {
      if (comma != std::string_view::npos) {
        return fail_row(fmt::format("expected one value, found {}", shown(line)),
                        "a comma separates columns; the decimal sign is a point");
      }
      return parse_value(cell_text(line));
    }
    if (comma == std::string_view::npos) {
      return fail_row(fmt::format("expected a value and a cumulative probability, found {}", shown(line)),
                      "separate the two with a comma");
    }
    const std::string_view second = line.substr(comma + 1);
    if (second.find(',') != std::string_view::npos) {
      return fail_row(fmt::format("expected two columns, found {}", shown(line)),
                      "a comma separates columns; the decimal sign is a point");
    }
    if (!parse_value(cell_text(line.substr(0, comma)))) return false;
    return parse_probability(cell_text(second));
  }

  bool parse_value(std::string_view cell) {
    Quantity q;
    if (unit_.empty()) {
      q = context_.unit(cell);
    } else if (q = parse_number(cell); q.value) {
      scratch_.assign(cell);
      scratch_ += unit_;
      q = context_.unit(scratch_);
    }
    if (!q.value) {
      const bool bare = unit_.empty() && parse_number(cell).value.has_value();
      return fail_row(q.error,
                      bare ? fmt::format("say the unit of the column, e.g. unit=ms; {}", q.hint) : q.hint);
    }
    if (*q.value < 0)
      return fail_row(fmt::format("expected {} >= 0, found {}", context_.quantity, shown(cell)));
    if (with_cumulative_ && !rows_.values.empty() && *q.value < rows_.values.back()) {
      return fail_row(fmt::format("the value {} is below that of the row before", shown(cell)),
                      "sort the rows by value");
    }
    rows_.values.push_back(*q.value);
    return true;
  }

  bool parse_probability(std::string_view cell) {
    const Quantity q = parse_fraction(cell);
    if (!q.value) return fail_row("cumulative probability: " + q.error, q.hint);
    if (!rows_.cumulative.empty() && *q.value < rows_.cumulative.back()) {
      return fail_row(
          fmt::format("the cumulative probability falls from {} to {}", rows_.cumulative.back(), *q.value));
    }
    rows_.cumulative.push_back(*q.value);
    return true;
  }

  bool fail_file(std::string what, std::string hint = {}) {
    rows_.error = fmt::format("data file \"{}\": {}", escaped(file_), what);
    rows_.hint = std::move(hint);
    return false;
  }
  bool fail_row(std::string what, std::string hint = {}) {
    return fail_file(fmt::format("row {}: {}", row_, what), std::move(hint));
  }

  const std::string& file_;
  bool with_cumulative_;
  std::string_view unit_;
  const DistributionContext& context_;
  std::size_t row_ = 0;  // of the file, from 1, header and blank lines included, as an editor counts
  std::string scratch_;
  DataRows rows_;
};

}  // namespace

DataRows read_data_rows(const std::string& file, bool with_cumulative, std::string_view unit,
                        const DistributionContext& context) {
  return Reader(file, with_cumulative, unit, context).read();
}

}  // namespace tailrace::models
