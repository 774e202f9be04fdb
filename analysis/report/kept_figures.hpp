#pragma once
// Figures of each replication, kept in summary.json: so many numbers as replications, enough for a later run
// to be compared with this one, pair by pair where both met the same customers.
#include <string>
#include <vector>

namespace tailrace::analysis {

struct KeptFigure {
  std::string name;            // "shoppers.request_duration p(99)"
  std::string unit;            // s, fraction, per_s, number
  std::string better;          // lower, higher, neither
  std::vector<double> values;  // by replication; NaN where nothing was observed, or it ended early
};

}  // namespace tailrace::analysis
