#include "scenarios/run/load.hpp"

#include <utility>

#include "analysis/report/thresholds.hpp"
#include "models/topology/build.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/run/lookout.hpp"

namespace tailrace::scenarios {

namespace {

std::shared_ptr<const models::CompiledModel> finish(const ReadResult& read,
                                                    models::Diagnostics& diagnostics) {
  if (read.status == ReadStatus::ok) {
    std::optional<models::Topology> topology = checked_topology(read.doc, diagnostics);
    if (topology) return models::compile(std::make_shared<const models::Topology>(std::move(*topology)));
  }
  throw ScenarioError(models::format_diagnostics(diagnostics, read.doc.files));
}

}  // namespace

std::optional<models::Topology> checked_topology(const models::ScenarioDoc& doc,
                                                 models::Diagnostics& diagnostics) {
  std::optional<models::Topology> topology = models::build_topology(doc, diagnostics);
  if (topology) analysis::check_thresholds(*topology, diagnostics);
  if (topology) check_abort_rules(doc, *topology, diagnostics);
  return diagnostics.ok() ? std::move(topology) : std::nullopt;
}

std::shared_ptr<const models::CompiledModel> load_file(const std::string& path,
                                                       const std::vector<std::string>& overrides) {
  models::Diagnostics diagnostics;
  ReadOptions options;
  options.overrides = overrides;
  return finish(read_scenario(path, options, diagnostics), diagnostics);
}

std::shared_ptr<const models::CompiledModel> load_text(std::string_view text,
                                                       const std::vector<std::string>& overrides) {
  models::Diagnostics diagnostics;
  ReadOptions options;
  options.overrides = overrides;
  return finish(read_scenario_text(text, "scenario", options, diagnostics), diagnostics);
}

}  // namespace tailrace::scenarios
