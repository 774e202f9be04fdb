#pragma once
// The tables of report.html: thresholds, latency per workload and class, services, what followed a fault and
// how soon it was noticed.
// Each is a section of its own and empty where there is nothing to say. Of more than kMostTableRows services
// the busiest are shown and a line says how many are not.
#include <string>

#include "analysis/report/run_results.hpp"

namespace tailrace::analysis::html {

inline constexpr std::size_t kMostTableRows = 200;

std::string thresholds_html(const RunResults& results);
std::string requests_html(const RunResults& results);
std::string services_html(const RunResults& results);
std::string cascade_html(const RunResults& results);
// How soon health checks and outlier detection took out instances that a fault had hit.
std::string detection_html(const RunResults& results);

}  // namespace tailrace::analysis::html
