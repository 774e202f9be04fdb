#pragma once
// A scenario from text or file to its records, as the program does it, in one call; for tests over the whole
// pipeline.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/field/diagnostics.hpp"
#include "models/runtime/record.hpp"
#include "models/topology/topology.hpp"
#include "scenarios/format/read.hpp"

namespace tailrace::house {

struct Loaded {
  models::Diagnostics diagnostics;
  std::shared_ptr<const models::Topology> topology;  // null when there are errors
  std::string shown;                                 // the diagnostics as a user sees them
};

Loaded load_text(const std::string& text, const std::vector<std::string>& overrides = {});
Loaded load_file(const std::string& path, const std::vector<std::string>& overrides = {});

// One replication per record, seed and number as the topology says.
std::vector<models::RunRecord> run(const std::shared_ptr<const models::CompiledModel>& model);

}  // namespace tailrace::house
