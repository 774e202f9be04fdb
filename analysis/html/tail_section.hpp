#pragma once
// Where the slow requests' time went, as a section of report.html: per class a bar for each band of latency,
// cut by reason, and a table of places and reasons. Empty where nothing was traced. Of many classes the first
// few are shown.
#include <string>

#include "analysis/report/run_results.hpp"

namespace tailrace::analysis::html {

std::string tail_html(const RunResults& results);

}  // namespace tailrace::analysis::html
