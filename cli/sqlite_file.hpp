#pragma once
// A sweep's results as a SQLite database, where the program was built with libsqlite3-dev. Tables:
//
//   sweep    scenario, about, version, planned, complete       one row
//   points   point, a column for each varied path, status, message, replications, thresholds,
//            thresholds_failed
//   figures  point, figure, unit, estimate, low, high          one row for each figure of a point
//
// SI units; NULL where nothing was observed or there is no interval. Values that are plain numbers are
// numbers, others ("100/s", "fifo") text. The file is written beside its place and then moved there, so it is
// whole or not there at all; one that is there already is replaced.
#include <string>

#include "scenarios/sweep/output.hpp"

namespace tailrace::cli {

bool has_sqlite();
// "" or what went wrong.
std::string write_sqlite(const std::string& file, const scenarios::SweepResults& results,
                         const std::string& program_version);

}  // namespace tailrace::cli
