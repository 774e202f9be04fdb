#include "scenarios/sweep/output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/report/json_text.hpp"
#include "analysis/report/tables_csv.hpp"
#include "analysis/report/text_table.hpp"

namespace tailrace::scenarios {

namespace {

using analysis::csv_cell;
using analysis::JsonText;
using analysis::TextTable;

// Figures of all points, by first appearance.
std::vector<std::string> figure_names(const SweepResults& results) {
  std::map<std::string, bool> known;
  std::vector<std::string> names;
  for (const std::optional<PointRow>& row : results.rows) {
    if (!row) continue;
    for (const PointRow::Cell& cell : row->figures) {
      if (known.emplace(cell.figure, true).second) names.push_back(cell.figure);
    }
  }
  return names;
}

// Figures of one model stand in one order, so the search begins where the last one ended.
const PointRow::Cell* find_cell(const PointRow& row, const std::string& name, std::size_t& hint) {
  const std::size_t n = row.figures.size();
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t i = (hint + k) % n;
    if (row.figures[i].figure != name) continue;
    hint = i + 1;
    return &row.figures[i];
  }
  return nullptr;
}

const PointRow::Cell* find_cell(const PointRow& row, const std::string& name) {
  std::size_t hint = 0;
  return find_cell(row, name, hint);
}

void number(std::string& out, double value) {
  if (std::isfinite(value)) fmt::format_to(std::back_inserter(out), "{}", value == 0 ? 0.0 : value);
}

void number(JsonText& j, const char* name, double value) {
  j.key(name);
  std::isfinite(value) ? j.value(value) : j.null();
}

const char* kind_name(DesignKind kind) {
  constexpr const char* kNames[] = {"grid", "zip", "lhs", "sobol"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace

std::size_t SweepResults::done() const {
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [](const std::optional<PointRow>& row) { return row.has_value(); }));
}

std::string sweep_csv(const SweepResults& results) {
  const std::vector<std::string> names = figure_names(results);
  std::string out = "point";
  for (const std::string& path : results.design.paths) out += "," + csv_cell(path);
  out += ",status,message,replications,thresholds,thresholds_failed";
  for (const std::string& name : names)
    out += fmt::format(",{},{},{}", csv_cell(name), csv_cell(name + " low"), csv_cell(name + " high"));
  out += '\n';
  for (std::size_t p = 0; p < results.rows.size(); ++p) {
    if (!results.rows[p]) continue;
    const PointRow& row = *results.rows[p];
    fmt::format_to(std::back_inserter(out), "{}", p + 1);
    for (const std::string& value : results.design.points[p]) out += "," + csv_cell(value);
    out += "," + csv_cell(row.status) + "," + csv_cell(row.message);
    fmt::format_to(std::back_inserter(out), ",{},{},{}", row.replications, row.thresholds,
                   row.thresholds_failed);
    std::size_t hint = 0;
    for (const std::string& name : names) {
      const PointRow::Cell* cell = row.figures.empty() ? nullptr : find_cell(row, name, hint);
      out += ',';
      if (cell != nullptr) number(out, cell->value);
      out += ',';
      if (cell != nullptr) number(out, cell->low);
      out += ',';
      if (cell != nullptr) number(out, cell->high);
    }
    out += '\n';
  }
  return out;
}

std::string sweep_json(const SweepResults& results) {
  JsonText j;
  j.begin_object().field("format", "tailrace-sweep").field("version", kSweepVersion);
  j.key("scenario").begin_object().field("name", results.scenario).field("about", results.about).end_object();
  j.field("complete", results.complete()).field("design", kind_name(results.kind));
  j.field("planned", results.rows.size());
  j.key("paths").begin_array();
  for (const std::string& path : results.design.paths) j.value(path);
  j.end_array().key("points").begin_array();
  for (std::size_t p = 0; p < results.rows.size(); ++p) {
    if (!results.rows[p]) continue;
    const PointRow& row = *results.rows[p];
    j.begin_object().field("point", p + 1).key("values").begin_inline_array();
    for (const std::string& value : results.design.points[p]) j.value(value);
    j.end_array().field("status", row.status).field("message", row.message);
    j.field("replications", row.replications);
    j.field("thresholds", row.thresholds).field("thresholds_failed", row.thresholds_failed);
    j.key("figures").begin_object();
    for (const PointRow::Cell& cell : row.figures) {
      j.key(cell.figure).begin_inline_object().field("unit", cell.unit);
      number(j, "estimate", cell.value);
      number(j, "low", cell.low);
      number(j, "high", cell.high);
      j.end_object();
    }
    j.end_object().end_object();
  }
  j.end_array().end_object();
  return j.take();
}

std::string sweep_text(const SweepResults& results, std::size_t most, analysis::TextStyle style) {
  // The first workload is the one whose figures come first.
  std::string workload;
  for (const std::optional<PointRow>& row : results.rows) {
    if (!row || row->figures.empty()) continue;
    const std::string& first = row->figures[0].figure;
    workload = first.substr(0, first.rfind(".request_duration"));
    break;
  }
  TextTable table(style);
  table.right("point");
  for (const std::string& path : results.design.paths) table.right(analysis::shortened(path, 40, style));
  table.right("mean").right("p(99)").right("failed").right("goodput").right("busiest").left("");
  std::size_t shown = 0;
  for (std::size_t p = 0; p < results.rows.size() && shown < most; ++p) {
    if (!results.rows[p]) continue;
    ++shown;
    const PointRow& row = *results.rows[p];
    std::vector<TextTable::Cell> cells = {std::to_string(p + 1)};
    for (const std::string& value : results.design.points[p])
      cells.emplace_back(analysis::shortened(value, 30, style));
    const auto figure = [&](const char* name, auto human) {
      const PointRow::Cell* cell = find_cell(row, workload + name);
      cells.emplace_back(cell == nullptr || !std::isfinite(cell->value) ? std::string() : human(cell->value));
    };
    figure(".request_duration avg", [&](double v) { return analysis::human_duration(v, style); });
    figure(".request_duration p(99)", [&](double v) { return analysis::human_duration(v, style); });
    figure(".request_failed rate", analysis::human_fraction);
    figure(".goodput rate", analysis::human_rate);
    const PointRow::Cell* busiest = nullptr;
    for (const PointRow::Cell& cell : row.figures) {
      if (cell.figure.find("utilization value") == std::string::npos || !std::isfinite(cell.value)) continue;
      if (busiest == nullptr || cell.value > busiest->value) busiest = &cell;
    }
    cells.emplace_back(
        busiest == nullptr
            ? std::string()
            : analysis::shortened(busiest->figure.substr(0, busiest->figure.rfind('.')), 20, style) + " " +
                  analysis::human_fraction(busiest->value));
    std::string word;
    if (row.status != "completed") word = row.status;
    if (row.thresholds_failed > 0)
      word += fmt::format("{}{} of {} thresholds fail", word.empty() ? "" : ", ", row.thresholds_failed,
                          row.thresholds);
    cells.emplace_back(word, analysis::Ink::bad);
    table.row(std::move(cells));
  }
  std::string out = fmt::format("{} of {} points done", results.done(), results.rows.size());
  if (!workload.empty()) out += "; figures of " + analysis::shortened(workload, 40, style);
  out += "\n\n" + table.text();
  if (results.done() > shown)
    out += fmt::format("{} more points; --format csv has them all\n", results.done() - shown);
  return out;
}

}  // namespace tailrace::scenarios
