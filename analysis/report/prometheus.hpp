#pragma once
// A run's figures in Prometheus' text format, for dashboards and rules that read real systems' metrics:
// counters are the counts of all replications since the warm-up, gauges are means over time. Series that
// would have the same labels are numbered. Without timestamps. Left out: what only a simulation knows
// (intervals, thresholds, cascades); summary.json has them.
#include <string>

#include "analysis/report/run_results.hpp"

namespace tailrace::analysis {

std::string prometheus_text(const RunResults& results);

}  // namespace tailrace::analysis
