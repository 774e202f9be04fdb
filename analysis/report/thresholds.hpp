#pragma once
// Thresholds: conditions on metrics, written as k6 writes them: `p(99) < 400ms`, `rate < 1%`, `value < 70%`.
//
//   condition := aggregation op value        op := < | <= | > | >= | == | === | !=
//
// The metric says which aggregations exist and what unit the value has (table in thresholds.cpp). Names and
// syntax are judged against the topology before anything runs; a condition without data to judge it is
// neither passed nor failed.
#include <string>
#include <vector>

#include "analysis/report/human.hpp"
#include "analysis/report/run_report.hpp"
#include "models/field/diagnostics.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::analysis {

enum class ThresholdVerdict : std::uint8_t { pass, fail, no_data };

struct ThresholdResult {
  std::string metric, expression;
  std::string op;  // of the expression: "<"
  ThresholdVerdict verdict = ThresholdVerdict::no_data;
  FigureUnit unit = FigureUnit::number;
  double limit = 0;
  Interval measured;
  bool straddles = false;  // the interval covers the limit: a rerun with another seed may decide otherwise
  std::string note;        // why there is no data, or how thin it is
};

// Errors for unknown metrics, aggregations and units, with what was probably meant.
void check_thresholds(const models::Topology& topology, models::Diagnostics& diagnostics);

// In the order of the scenario. The thresholds must have been checked; those that are wrong are left out.
std::vector<ThresholdResult> evaluate_thresholds(const models::CompiledModel& model,
                                                 const std::vector<models::RunRecord>& records,
                                                 const RunReport& report);

// Would this value meet the condition?
bool holds(const ThresholdResult& threshold, double value);

const char* verdict_name(ThresholdVerdict verdict);
// Why there is no figure to show: there is no data, or it is infinite. Empty where there is one.
std::string why_not_shown(const ThresholdResult& threshold);

}  // namespace tailrace::analysis
