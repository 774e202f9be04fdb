#include "tests/support/scenario.hpp"

#include <fstream>
#include <optional>
#include <stdexcept>
#include <utility>

#include "analysis/report/summary_json.hpp"
#include "analysis/report/trace_files.hpp"
#include "models/runtime/execution.hpp"
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

Results run_with(const Model& model, const scenarios::ReplicateOptions& options) {
  Results run{model, scenarios::replicate(model, options).records, {}};
  run.report = analysis::build_run_report(*model, run.records);
  return run;
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
  return run_with(model, options);
}

Results run_text(std::string_view text, int jobs) {
  return run_model(compile_text(text), jobs);
}

models::RunRecord run_traced(const Model& model, models::TraceSampling sampling, std::uint32_t replication) {
  models::RunOptions options;
  options.seed = model->topology->run.seed;
  options.replication = replication;
  options.warmup_ns = model->topology->run.warmup.ns;
  options.trace = sampling;
  return models::Execution(model, options).run();
}

Results store_run(const std::string& folder, std::string_view text) {
  const Model model = compile_text(text);
  scenarios::ReplicateOptions options;
  options.jobs = 1;
  options.trace = {models::TraceSampling::Mode::automatic, 1};
  Results run = run_with(model, options);
  const std::vector<analysis::ThresholdResult> none;
  const analysis::RunResults told{*model, run.records, run.report, none, {}, {}};
  std::ofstream(folder + "/scenario.yaml") << text;
  std::ofstream(folder + "/summary.json") << analysis::summary_json(told);
  std::ofstream(folder + "/traces.json")
      << analysis::otlp_traces(run.report.tail, *model, model->topology->run.seed);
  return run;
}

std::string tiers_text(int tiers, int width, const std::string& hit) {
  const auto name = [](int t, int i) { return "t" + std::to_string(t) + "s" + std::to_string(i); };
  std::string text =
      "tailrace: 1\nname: tiers\nrun: {duration: 90s, warmup: 5s, seed: 1, replications: 1}\nworkloads:\n"
      "  users:\n    constant_arrival_rate: 40/s\n    requests:\n";
  for (int i = 0; i < width; ++i)
    text += "      r" + std::to_string(i) + ": {weight: 1, steps: [call: " + name(0, i) + ".go]}\n";
  text += "services:\n";
  for (int t = 0; t < tiers; ++t) {
    for (int i = 0; i < width; ++i) {
      text += "  " + name(t, i) + ": {workers: 8, endpoints: {go: [{compute: exp(1ms)}";
      if (t + 1 < tiers) {
        const auto way = [&](int to) {
          return "{probability: 0.5, steps: [{call: " + name(t + 1, to) + ".go, timeout: 1s}]}";
        };
        text += ", {branch: [" + way(i) + ", " + way((i * 7 + 3) % width) + "]}";
      }
      text += "]}}\n";
    }
  }
  return text + "faults:\n  - {name: standstill, type: pause, target: " + hit +
         ", start: 30s, duration: 20s}\n";
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
