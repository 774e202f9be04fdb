#include "tests/house/scenario.hpp"

#include "models/topology/build.hpp"
#include "scenarios/run/replicate.hpp"

namespace tailrace::house {
namespace {

Loaded finish(scenarios::ReadResult read, models::Diagnostics diagnostics) {
  Loaded loaded;
  if (read.status == scenarios::ReadStatus::ok) {
    std::optional<models::Topology> topology = models::build_topology(read.doc, diagnostics);
    if (topology) loaded.topology = std::make_shared<const models::Topology>(std::move(*topology));
  }
  loaded.shown = models::format_diagnostics(diagnostics, read.doc.files);
  loaded.diagnostics = std::move(diagnostics);
  return loaded;
}

}  // namespace

Loaded load_text(const std::string& text, const std::vector<std::string>& overrides) {
  scenarios::ReadOptions options;
  options.overrides = overrides;
  models::Diagnostics diagnostics;
  scenarios::ReadResult read = scenarios::read_scenario_text(text, "test.yaml", options, diagnostics);
  return finish(std::move(read), std::move(diagnostics));
}

Loaded load_file(const std::string& path, const std::vector<std::string>& overrides) {
  scenarios::ReadOptions options;
  options.overrides = overrides;
  models::Diagnostics diagnostics;
  scenarios::ReadResult read =
      scenarios::read_scenario(std::string(TAILRACE_SOURCE_DIR) + "/" + path, options, diagnostics);
  return finish(std::move(read), std::move(diagnostics));
}

std::vector<models::RunRecord> run(const std::shared_ptr<const models::CompiledModel>& model) {
  return scenarios::replicate(model, {}).records;
}

}  // namespace tailrace::house
