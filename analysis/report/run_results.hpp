#pragma once
// What the writers of results read: the run as a whole. Nothing here depends on the host, the clock or the
// number of threads, so what is written from it is the same byte for byte wherever and however it ran.
#include <string>
#include <vector>

#include "analysis/report/run_report.hpp"
#include "analysis/report/thresholds.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

struct RunResults {
  const models::CompiledModel& model;
  const std::vector<models::RunRecord>& records;
  const RunReport& report;
  const std::vector<ThresholdResult>& thresholds;
  std::vector<std::string> warnings;  // about the scenario
  std::vector<std::string> notes;     // about the figures
};

}  // namespace tailrace::analysis
