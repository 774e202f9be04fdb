#pragma once
// A sweep's results as files: one row per point in the order of the design, whatever the order in which they
// were found, interrupted or not. SI units. sweep.csv has a column per varied path and three per figure (the
// estimate, " low" and " high" of its 95 % interval); figures that some points do not have leave empty cells.
// sweep.json (docs/sweep.schema.json) has the same, by name.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/report/human.hpp"
#include "scenarios/sweep/sweep.hpp"

namespace tailrace::scenarios {

inline constexpr int kSweepVersion = 1;

struct SweepResults {
  std::string scenario, about;
  DesignKind kind = DesignKind::grid;
  const Design& design;
  std::vector<std::optional<PointRow>> rows;  // by point; empty: not done yet

  std::size_t done() const;
  bool complete() const { return done() == rows.size(); }
};

std::string sweep_csv(const SweepResults& results);
std::string sweep_json(const SweepResults& results);
// The headline figures of the first workload, at most `most` points.
std::string sweep_text(const SweepResults& results, std::size_t most, analysis::TextStyle style);

}  // namespace tailrace::scenarios
