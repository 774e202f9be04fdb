#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "models/field/data_path.hpp"
#include "models/field/units.hpp"
#include "models/workload/workload.hpp"

namespace tailrace::models {

namespace {

constexpr std::size_t kMaxArrivals = 100'000'000;

std::string_view cell(std::string_view row, std::size_t column) {
  for (std::size_t i = 0; i < column; ++i) {
    const auto comma = row.find(',');
    if (comma == std::string_view::npos) return {};
    row.remove_prefix(comma + 1);
  }
  row = row.substr(0, row.find(','));
  while (!row.empty() && (row.front() == ' ' || row.front() == '\t')) row.remove_prefix(1);
  while (!row.empty() && (row.back() == ' ' || row.back() == '\t' || row.back() == '\r'))
    row.remove_suffix(1);
  return row;
}

// Letters other than those of "nan" and "inf" make a header; anything else is data, good or bad.
bool names_a_column(std::string_view text) {
  if (text.empty() || parse_number(text).value || parse_duration_ns(text).value) return false;
  std::string word;
  for (const char c : text.substr(0, 4)) word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return word != "nan" && word != "inf" && word != "infi" && word[0] != '-' && word[0] != '+' &&
         word[0] != '.';
}

}  // namespace

std::shared_ptr<const std::vector<std::int64_t>> load_trace(const TraceSpec& spec, const std::string& path,
                                                            Mark mark, Diagnostics& diagnostics) {
  auto times = std::make_shared<std::vector<std::int64_t>>();
  if (spec.file.has_value() == !spec.times.empty()) {
    diagnostics.error(mark, path,
                      spec.file ? "both file and times are given" : "a trace needs a file or times");
    return nullptr;
  }
  if (!spec.file) {
    for (const auto& [time, at] : spec.times) {
      if (!times->empty() && time.ns < times->back()) {
        diagnostics.error(at, path + ".times", "time goes backwards", "arrival times must ascend");
        return nullptr;
      }
      times->push_back(time.ns);
    }
    return times;
  }
  const ResolvedPath file = resolve_data_path(spec.file->path, spec.file->directory);
  const auto fail = [&](std::string message, std::string hint = {}) {
    diagnostics.error(spec.file->mark, path + ".file",
                      fmt::format("{}: {}", escaped(spec.file->path), message), std::move(hint));
    return nullptr;
  };
  if (!file.path) return fail(file.error, file.hint);
  const Quantity unit = parse_duration_ns("1" + spec.unit);
  if (!unit.value || !(*unit.value > 0)) {
    diagnostics.error(mark, path + ".unit", fmt::format("\"{}\" is no unit of time", escaped(spec.unit)),
                      "ns, us, ms, s, min or h");
    return nullptr;
  }
  std::ifstream in(*file.path);
  if (!in) return fail("cannot be read");
  constexpr std::size_t kLongestRow = 1 << 16;
  std::string buffer(kLongestRow, '\0');
  std::string line;
  std::size_t row = 0;
  std::size_t column = 0;
  while (in.getline(buffer.data(), kLongestRow) || in.gcount() > 0) {
    ++row;
    if (in.fail()) return fail(fmt::format("row {} is longer than {} characters", row, kLongestRow));
    line = buffer.c_str();
    if (row == 1) {
      if (line.rfind("\xEF\xBB\xBF", 0) == 0) line.erase(0, 3);
      bool header = names_a_column(cell(line, 0));
      if (!spec.column.empty()) {
        header = true;
        const std::string_view whole = line;
        const auto columns = 1 + std::count(whole.begin(), whole.end(), ',');
        while (column < static_cast<std::size_t>(columns) && cell(line, column) != spec.column) ++column;
        if (column == static_cast<std::size_t>(columns))
          return fail(fmt::format("row 1 has no column \"{}\"", escaped(spec.column)));
      }
      if (header) continue;
    }
    const std::string_view text = cell(line, column);
    if (text.empty() && line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Quantity q = parse_number(text);
    if (!q.value)
      return fail(fmt::format("row {}: expected a time, found \"{}\"", row, escaped(text.substr(0, 40))),
                  q.hint);
    if (*q.value < 0) return fail(fmt::format("row {}: the time is negative", row));
    const double ns = *q.value * *unit.value;
    if (!(ns < 9.2e18)) return fail(fmt::format("row {}: the time exceeds 292 years", row));
    const std::int64_t time = sim::Duration::from_ns(ns).ns;
    if (!times->empty() && time < times->back())
      return fail(fmt::format("row {}: time goes backwards", row), "sort the rows by time");
    if (times->size() == kMaxArrivals) return fail(fmt::format("more than {} arrivals", kMaxArrivals));
    times->push_back(time);
  }
  if (in.bad()) return fail("cannot be read to its end");
  if (times->empty()) return fail("has no arrival times");
  return times;
}

}  // namespace tailrace::models
