#include "tests/support/scenario.hpp"

#include <stdexcept>

#include "models/topology/build.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/run/replicate.hpp"

namespace tailrace::tests {

Model compile_text(std::string_view text) {
  std::string whole(text);
  if (whole.find("tailrace:") == std::string::npos) whole.insert(0, "tailrace: 1\n");
  models::Diagnostics diagnostics;
  const scenarios::ReadResult read = scenarios::read_scenario_text(whole, "test.yaml", {}, diagnostics);
  std::optional<models::Topology> topology;
  if (read.status == scenarios::ReadStatus::ok) topology = models::build_topology(read.doc, diagnostics);
  if (!topology) {
    throw std::runtime_error(models::format_diagnostics(diagnostics, read.doc.files) + "in:\n" + whole);
  }
  return models::compile(std::make_shared<const models::Topology>(std::move(*topology)));
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
