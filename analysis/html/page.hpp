#pragma once
// report.html: one file that needs nothing else, no network and no script; drawings are SVG in the page. It
// depends on the results alone (no date, no host), so it is the same byte for byte for any number of jobs.
// Everything that users wrote is escaped. Sizes are bounded: rows, boxes, points and kMostScenarioBytes of
// the scenario's text.
#include <string>
#include <vector>

#include "analysis/report/run_results.hpp"

namespace tailrace::analysis {

inline constexpr std::size_t kMostScenarioBytes = 256 * 1024;

struct ReportedFile {
  std::string name;
  std::vector<std::string> lines;
};
struct ReportedScenario {
  std::vector<ReportedFile> files;   // as read
  std::vector<std::string> changes;  // that the command line made: "run.duration=10s"
};

// Tables that are reported beside the run's own, as text: objectives, cost.
struct ReportedText {
  std::string title, text;
};

std::string report_html(const RunResults& results, const ReportedScenario& scenario,
                        const std::vector<ReportedText>& further = {});

}  // namespace tailrace::analysis
