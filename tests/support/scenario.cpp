#include "tests/support/scenario.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

#include "models/topology/build.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/run/replicate.hpp"

namespace tailrace::tests {

namespace {

Loaded finish(const scenarios::ReadResult& read, models::Diagnostics diagnostics) {
  Loaded loaded;
  if (read.status == scenarios::ReadStatus::ok) {
    std::optional<models::Topology> topology = models::build_topology(read.doc, diagnostics);
    if (topology) loaded.topology = std::make_shared<const models::Topology>(std::move(*topology));
  }
  loaded.shown = models::format_diagnostics(diagnostics, read.doc.files);
  loaded.diagnostics = std::move(diagnostics);
  loaded.variants = read.variants;
  return loaded;
}

}  // namespace

Loaded load_text(std::string_view text, const std::vector<std::string>& overrides) {
  scenarios::ReadOptions options;
  options.overrides = overrides;
  models::Diagnostics diagnostics;
  const scenarios::ReadResult read = scenarios::read_scenario_text(text, "test.yaml", options, diagnostics);
  return finish(read, std::move(diagnostics));
}

Loaded load_file(const std::string& path, const std::vector<std::string>& overrides,
                 const std::string& variant) {
  scenarios::ReadOptions options;
  options.overrides = overrides;
  options.variant = variant;
  models::Diagnostics diagnostics;
  const scenarios::ReadResult read =
      scenarios::read_scenario(std::string(TAILRACE_SOURCE_DIR) + "/" + path, options, diagnostics);
  return finish(read, std::move(diagnostics));
}

Model compile_text(std::string_view text) {
  std::string whole(text);
  if (whole.find("tailrace:") == std::string::npos) whole.insert(0, "tailrace: 1\n");
  const Loaded loaded = load_text(whole);
  if (!loaded.topology) throw std::runtime_error(loaded.shown + "in:\n" + whole);
  return models::compile(loaded.topology);
}

Results run_model(const Model& model, int jobs) {
  scenarios::ReplicateOptions options;
  options.jobs = jobs;
  Results run{model, scenarios::replicate(model, options).records, {}};
  run.report = analysis::build_run_report(*model, run.records);
  return run;
}

Results run_text(std::string_view text, int jobs) {
  return run_model(compile_text(text), jobs);
}

std::string repeated(std::string_view text, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) {
    if (i > 0) out += ", ";
    out += text;
  }
  return out;
}

}  // namespace tailrace::tests
