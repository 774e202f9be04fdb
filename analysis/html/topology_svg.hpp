#pragma once
// Who calls whom, as a drawing in layers: a box for each workload, service, database and channel, with its
// utilisation as a bar, and an arrow for all calls between two of them together, thicker the more there are.
// Of more than kMostNodes components the workloads and the busiest are drawn, and a line says so.
#include <string>

#include "analysis/report/run_results.hpp"

namespace tailrace::analysis::html {

inline constexpr std::size_t kMostNodes = 60;
inline constexpr std::size_t kMostArrows = 400;

std::string topology_html(const RunResults& results);

}  // namespace tailrace::analysis::html
