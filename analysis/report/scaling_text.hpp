#pragma once
// The part of the summary about instances that come and go: what can fail, what scales, what was deployed.
// Empty where nothing of it is.
#include <string>

#include "analysis/report/human.hpp"
#include "analysis/report/run_report.hpp"

namespace tailrace::analysis {

std::string scaling_text(const RunReport& report, TextStyle style);

}  // namespace tailrace::analysis
