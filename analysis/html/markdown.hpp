#pragma once
// report.md, for a comment on a pull request: the verdict, the thresholds with what was measured, latency
// with its intervals, and the story of what followed a fault. Short by design: kMostMarkdownRows of a table.
#include <string>

#include "analysis/report/run_results.hpp"

namespace tailrace::analysis {

inline constexpr std::size_t kMostMarkdownRows = 50;

std::string report_markdown(const RunResults& results);

}  // namespace tailrace::analysis
