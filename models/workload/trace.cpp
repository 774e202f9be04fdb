#include <fmt/format.h>

#include <utility>

#include "models/field/csv_rows.hpp"
#include "models/field/data_path.hpp"
#include "models/field/number_text.hpp"
#include "models/field/units.hpp"
#include "models/workload/workload.hpp"

namespace tailrace::models {

namespace {

constexpr std::size_t kMaxArrivals = 100'000'000;

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
  if (!unit.value || has_digit(spec.unit)) {
    diagnostics.error(mark, path + ".unit", fmt::format("\"{}\" is no unit of time", escaped(spec.unit)),
                      "ns, us, ms, s, min, h or d");
    return nullptr;
  }
  CsvRows rows(*file.path);
  std::size_t column = 0, columns = 1;
  bool first = true;
  while (rows.next()) {
    if (std::exchange(first, false)) {
      if (!spec.column.empty()) {
        while (column < rows.cells() && rows.cell(column) != spec.column) ++column;
        if (column == rows.cells())
          return fail(fmt::format("row {} has no column \"{}\"", rows.number(), escaped(spec.column)));
      }
      if (!spec.column.empty() || rows.is_header()) {
        columns = rows.cells();
        continue;
      }
    }
    const std::size_t row = rows.number();
    if (rows.cells() > columns) {
      return fail(fmt::format("row {}: expected {}, found \"{}\"", row,
                              columns == 1 ? "one time" : fmt::format("{} cells, as the header has", columns),
                              escaped(rows.text().substr(0, 40))),
                  "numbers have a point, not a comma; a file of several columns begins with their names");
    }
    const std::string_view text = rows.cell(column);
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
  if (!rows.error().empty()) return fail(rows.error());
  if (times->empty()) return fail("has no arrival times");
  return times;
}

}  // namespace tailrace::models
