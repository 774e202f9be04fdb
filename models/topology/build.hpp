#pragma once
// From a scenario document to the topology: every section is read by its field table, every kind expands its
// specs, references are resolved, call cycles are judged. All problems are reported; a topology comes back
// only when there is no error among them (warnings may remain).
#include <optional>

#include "models/field/diagnostics.hpp"
#include "models/field/field.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

inline constexpr int kScenarioVersion = 1;

std::optional<Topology> build_topology(const ScenarioDoc& doc, Diagnostics& diagnostics);

// The tables of the top-level sections that belong to no kind.
FieldTable run_fields();
FieldTable defaults_fields();
FieldTable scenario_fields();  // tailrace, name, about, include, run, thresholds, defaults

}  // namespace tailrace::models
