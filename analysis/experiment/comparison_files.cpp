#include <fmt/format.h>

#include <cmath>

#include "analysis/experiment/comparison_output.hpp"
#include "analysis/report/json_text.hpp"
#include "analysis/report/tables_csv.hpp"

namespace tailrace::analysis {

namespace {

void number_or_null(JsonText& j, std::string_view name, double value, bool there) {
  j.key(name);
  there ? j.value(value) : j.null();
}

void interval(JsonText& j, std::string_view name, const Interval& i, bool estimable) {
  j.key(name).begin_inline_object();
  number_or_null(j, "estimate", i.estimate, estimable);
  number_or_null(j, "low", i.low, i.known);
  number_or_null(j, "high", i.high, i.known);
  j.field("confidence", i.confidence).field("count", i.count).field("groups", i.groups);
  if (!i.known) j.field("reason", i.reason);
  j.end_object();
}

void texts(JsonText& j, std::string_view name, const std::vector<std::string>& list) {
  j.key(name).begin_array();
  for (const std::string& text : list) j.value(text);
  j.end_array();
}

void comparison_row(JsonText& j, const Comparison& c, const FigureComparison& row) {
  const PairedComparison& r = row.result;
  const bool seen = r.count_a > 0 && r.count_b > 0;
  j.begin_object().field("variant", c.variants[row.variant]);
  j.field("metric", row.figure.metric).field("aggregation", row.figure.aggregation);
  j.field("unit", unit_name(row.figure.unit)).field("family", row.primary ? "primary" : "other");
  number_or_null(j, "baseline_value", r.a, seen);
  number_or_null(j, "variant_value", r.b, seen);
  interval(j, "difference", r.difference, seen);
  interval(j, "ratio", r.ratio, r.ratio.known);
  number_or_null(j, "p_value", r.p_value, r.difference.known);
  number_or_null(j, "p_adjusted", row.p_adjusted, r.difference.known);
  j.field("finding", finding_name(row.finding)).field("verdict", verdict(c, row)).end_object();
}

}  // namespace

std::string comparison_json(const Comparison& c, const ComparisonContext& context) {
  JsonText j;
  j.begin_object().field("format", "tailrace-compare").field("version", kCompareVersion);
  j.field("complete", context.status == "completed")
      .field("status", context.status)
      .field("message", context.message);
  j.key("run").begin_object();
  j.field("replications", c.replications).field("common_random_numbers", context.common_random_numbers);
  j.field("confidence", c.confidence).end_object();
  j.key("variants").begin_array();
  for (std::size_t v = 0; v < context.sides.size(); ++v) {
    const ComparisonContext::Side& side = context.sides[v];
    j.begin_object().field("name", side.name).field("file", side.file).field("baseline", v == 0);
    j.field("seed", side.seed).field("measured_s", side.measured_s).field("status", side.status);
    j.key("cost_per_hour");
    side.cost_per_hour ? j.value(*side.cost_per_hour) : j.null();
    j.end_object();
  }
  j.end_array();
  j.field("primary", c.primary);
  j.key("families").begin_inline_object();
  j.field("correction", "holm")
      .field("primary", c.primary_family)
      .field("other", c.other_family)
      .end_object();
  std::vector<std::string> verdicts;
  for (const FigureComparison& row : c.rows) {
    if (row.primary) verdicts.push_back(verdict(c, row));
  }
  texts(j, "verdicts", verdicts);
  j.key("comparisons").begin_array();
  for (const FigureComparison& row : c.rows) comparison_row(j, c, row);
  j.end_array();
  std::vector<std::string> notes = c.notes;
  notes.insert(notes.end(), context.notes.begin(), context.notes.end());
  texts(j, "notes", notes);
  j.end_object();
  return j.take();
}

std::string comparison_csv(const Comparison& c) {
  std::string out =
      "baseline,variant,metric,aggregation,unit,baseline_value,variant_value,difference,difference_low,"
      "difference_high,ratio,ratio_low,ratio_high,p_value,p_adjusted,family,finding\n";
  const auto cell = [&](double value, bool there) {
    if (there && std::isfinite(value))
      fmt::format_to(std::back_inserter(out), "{}", value == 0 ? 0.0 : value);
    out += ',';
  };
  for (const FigureComparison& row : c.rows) {
    const PairedComparison& r = row.result;
    const bool seen = r.count_a > 0 && r.count_b > 0;
    for (const std::string& text : {c.variants[0], c.variants[row.variant], row.figure.metric,
                                    row.figure.aggregation, std::string(unit_name(row.figure.unit))})
      out += csv_cell(text) + ",";
    cell(r.a, seen), cell(r.b, seen);
    cell(r.difference.estimate, seen);
    cell(r.difference.low, r.difference.known), cell(r.difference.high, r.difference.known);
    for (const double v : {r.ratio.estimate, r.ratio.low, r.ratio.high}) cell(v, r.ratio.known);
    cell(r.p_value, r.difference.known), cell(row.p_adjusted, r.difference.known);
    out += fmt::format("{},{}\n", row.primary ? "primary" : "other", finding_name(row.finding));
  }
  return out;
}

}  // namespace tailrace::analysis
