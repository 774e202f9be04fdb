#pragma once
// From the command line's scenario to a topology, with everything that is wrong told to the user on the way.
#include <memory>
#include <string>
#include <vector>

#include "analysis/report/json_text.hpp"
#include "cli/commands.hpp"
#include "models/field/diagnostics.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::cli {

struct LoadedScenario {
  std::shared_ptr<const models::Topology> topology;  // null: exit_code says why
  int exit_code = 0;
  models::Diagnostics diagnostics;  // warnings, when there is a topology
  std::vector<models::SourceFile> files;
  std::vector<std::string> variants;  // that the file describes
  models::ScenarioDoc doc;            // with the variant and the overrides

  std::vector<std::string> warnings() const;  // one line each
};

// Errors and warnings go to standard error; with --format json errors go to standard output, as data.
LoadedScenario load_scenario(const ScenarioArguments& arguments);

// The scenario before its points are known: its tree, and its topology if it is good as it stands. Only what
// cannot be read at all is an error here; the rest is each point's to judge.
LoadedScenario read_for_sweep(const ScenarioArguments& arguments);

// {"severity":..., "file":..., "line":..., "column":..., "path":..., "message":..., "hint":...} each.
void write_diagnostics(analysis::JsonText& json, const models::Diagnostics& diagnostics,
                       const std::vector<models::SourceFile>& files);

}  // namespace tailrace::cli
