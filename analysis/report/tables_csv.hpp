#pragma once
// Results as CSV, RFC 4180: a header row, "\n" line ends, cells quoted where they must be. A text that a
// spreadsheet would run as a formula (first sign = + - @ or a tab) gets a leading apostrophe. Empty cells are
// values that do not exist. Times are seconds; numbers are the shortest text that reads back.
#include <string>
#include <string_view>

#include "analysis/report/run_results.hpp"

namespace tailrace::analysis {

std::string csv_cell(std::string_view text);

// The state of the system over time, one row per window and class, consumer group or station, means
// over the replications. A group has its lag: messages not finished with at the end of the window.
// Times count from the start of the run, so the warm-up is there too.
std::string timeseries_csv(const RunResults& results);

// The whole distribution of request durations: one row per non-empty histogram bucket [lower_s, upper_s], per
// workload, class and outcome, replications pooled.
std::string latency_csv(const RunResults& results);

// Every change of status of every policy that has them (circuits, instances that were ejected), one row each,
// by replication, policy, state and time.
std::string policies_csv(const RunResults& results);

// Every activation of every fault that the record lists, one row each, by replication and start.
std::string faults_csv(const RunResults& results);

// Every change of the number of instances that the record lists, one row each, by replication and service.
std::string scaling_csv(const RunResults& results);

// One row per workload, and per class where a workload has several.
std::string metrics_csv(const RunReport& report);

}  // namespace tailrace::analysis
