#pragma once
// Results as JUnit XML, as CI servers read it: a suite with one case for each threshold (and each further
// check, as a comparison with a baseline), the figures in its text. A failed threshold is a failure, one
// without data is skipped, a run that ended early is an error of the suite's case "run". Always valid
// XML 1.0: what it cannot hold is replaced. Times are simulated seconds; nothing depends on the host.
#include <string>
#include <vector>

#include "analysis/report/run_results.hpp"

namespace tailrace::analysis {

struct JunitCase {
  std::string group, name, text;
  bool failed = false, skipped = false;
};

std::string junit_xml(const RunResults& results, const std::vector<JunitCase>& further);

}  // namespace tailrace::analysis
