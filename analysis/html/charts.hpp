#pragma once
// Load and latency over time, one pair of plots per request class, with the warm-up and the faults as bands.
// The points are those of timeseries.csv: means over the replications. Only the first kMostCharts classes
// are drawn; a band's strength is the share of replications in which some fault was active then.
#include <string>

#include "analysis/report/run_results.hpp"

namespace tailrace::analysis::html {

inline constexpr std::size_t kMostCharts = 8;

std::string charts_html(const RunResults& results);

}  // namespace tailrace::analysis::html
