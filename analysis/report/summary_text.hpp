#pragma once
// The summary that a person reads after a run: what was asked and failed first, then where the time and the
// work went. Fits 110 columns; long lists are cut to the entries that matter and say so.
#include <string>

#include "analysis/report/human.hpp"
#include "analysis/report/run_results.hpp"

namespace tailrace::analysis {

struct SummaryTextOptions {
  TextStyle style;
  double wall_seconds = 0;  // of the replications; 0 leaves the speed out
  std::string prediction;   // theory beside the simulation, already text; may be empty
};

std::string summary_text(const RunResults& results, const SummaryTextOptions& options);

}  // namespace tailrace::analysis
