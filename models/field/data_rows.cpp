#include "models/field/data_rows.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <system_error>

#include "models/field/csv_rows.hpp"
#include "models/field/data_path.hpp"
#include "models/field/diagnostics.hpp"
#include "models/field/number_text.hpp"

namespace tailrace::models {
namespace {

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
    if (unit_.empty() || check_unit()) read_file();
    return std::move(rows_);
  }

 private:
  bool check_unit() {
    if (has_digit(unit_))
      return fail_file(fmt::format("unit={}: expected a unit alone", escaped(unit_)), "such as unit=ms");
    const Quantity one = context_.unit(fmt::format("1{}", unit_));
    return one.value || fail_file(fmt::format("unit={}: {}", escaped(unit_), one.error), one.hint);
  }

  bool read_file() {
    const ResolvedPath located = locate(file_, context_);
    if (!located.path) return fail_file(located.error, located.hint);
    std::error_code ec;
    const std::uintmax_t size = std::filesystem::file_size(*located.path, ec);
    if (ec) return fail_file("cannot be read: " + ec.message());
    if (size > kMaxDataBytes)
      return fail_file(fmt::format("has {} bytes, at most {} are read", size, kMaxDataBytes));
    CsvRows rows(*located.path);
    while (rows.next()) {
      row_ = rows.number();
      if (!rows.is_header() && !parse_row(rows)) return false;
    }
    if (!rows.error().empty()) return fail_file(rows.error());
    if (rows_.values.empty()) return fail_file("holds no values");
    if (!with_cumulative_) return true;
    if (rows_.values.size() < 2)
      return fail_file("holds one row; a cumulative distribution needs at least two");
    if (std::abs(rows_.cumulative.back() - 1) > 1e-9)
      return fail_row(
          fmt::format("the last cumulative probability is {}, expected 1", rows_.cumulative.back()));
    return true;
  }

  bool parse_row(const CsvRows& row) {
    if (rows_.values.size() >= kMaxDataRows)
      return fail_row(fmt::format("at most {} rows are read", kMaxDataRows));
    if (row.cells() == (with_cumulative_ ? 2u : 1u)) {
      return parse_value(row.cell(0)) && (!with_cumulative_ || parse_probability(row.cell(1)));
    }
    if (with_cumulative_ && row.cells() == 1) {
      return fail_row(
          fmt::format("expected a value and a cumulative probability, found {}", shown(row.text())),
          "separate the two with a comma");
    }
    return fail_row(fmt::format("expected {}, found {}", with_cumulative_ ? "two columns" : "one value",
                                shown(row.text())),
                    "a comma separates columns; the decimal sign is a point");
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
  std::size_t row_ = 0;
  std::string scratch_;
  DataRows rows_;
};

}  // namespace

DataRows read_data_rows(const std::string& file, bool with_cumulative, std::string_view unit,
                        const DistributionContext& context) {
  return Reader(file, with_cumulative, unit, context).read();
}

}  // namespace tailrace::models
