#pragma once
// Service level objectives: what share of a workload's requests shall succeed, over which period, and the
// alerts that would wake somebody when failures use the rest up too fast. They are questions about a run's
// results, so the model knows nothing of them; they are read and judged with the rest of the scenario, and
// evaluated in analysis/slo.
#include <optional>
#include <string>
#include <vector>

#include "models/field/field.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

// Fires while the budget burns at this many times the rate that would just last the period, over both
// windows: the long one says that it matters, the short one that it is still so.
struct AlertSpec {
  std::string name;
  double burn_rate = 14.4;
  sim::Duration long_window{3'600'000'000'000};
  sim::Duration short_window{300'000'000'000};
};

struct SloSpec {
  std::string workload;
  Fraction objective{0.999};
  std::optional<sim::Duration> latency;  // a request that succeeds later than this counts as failed
  sim::Duration period{30LL * 86'400'000'000'000};
  std::vector<AlertSpec> alerts;
};

FieldTable slo_fields();

void check_slos(const std::vector<Named<SloSpec>>& slos, const Topology& topology, Diagnostics& diagnostics);

// Of a scenario that has been read without errors. One without alerts has the three of the Site Reliability
// Workbook: 14.4 over 1 h and 5 min, 6 over 6 h and 30 min, 1 over 3 d and 6 h.
std::vector<Named<SloSpec>> read_slos(const ScenarioDoc& doc);

}  // namespace tailrace::models
