#pragma once
// From a scenario's text or file to its results, for tests: the same path that the command line takes,
// without its files. load_*() hand back what is wrong with a scenario; to compile_text() a text that does not
// build is a broken test, so it throws with the diagnostics that a user would see.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/report/run_report.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/field/diagnostics.hpp"
#include "models/runtime/record.hpp"
#include "models/runtime/trace_record.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::tests {

using Model = std::shared_ptr<const models::CompiledModel>;

struct Results {
  Model model;
  std::vector<models::RunRecord> records;  // ascending by replication
  analysis::RunReport report;
};

struct Loaded {
  models::Diagnostics diagnostics;
  std::shared_ptr<const models::Topology> topology;  // null when there are errors
  std::string shown;                                 // the diagnostics as a user sees them
  std::vector<std::string> variants;                 // that the file has
};
Loaded load_text(std::string_view text, const std::vector<std::string>& overrides = {});
// The path is from the root; without a variant it is the file as it is.
Loaded load_file(const std::string& path, const std::vector<std::string>& overrides = {},
                 const std::string& variant = "");

// `text` is a whole scenario; a missing `tailrace: 1` line is added.
Model compile_text(std::string_view text);
Results run_model(const Model& model, int jobs = 1);
Results run_text(std::string_view text, int jobs = 1);
// One replication, all of its requests traced unless said otherwise.
models::RunRecord run_traced(const Model& model,
                             models::TraceSampling sampling = {models::TraceSampling::Mode::fixed, 1},
                             std::uint32_t replication = 0);
// With its requests traced, and kept as `tailrace run --out` keeps it: scenario.yaml, summary.json,
// traces.json.
Results store_run(const std::string& folder, std::string_view text);

// Services in tiers, "t0s0", "t0s1", ...: each calls one of two of the next tier, and users call all of the
// first alike. 40 requests a second, and a pause of `hit` from 30 s to 50 s of a minute and a half.
std::string tiers_text(int tiers, int width, const std::string& hit);

// The same text n times, separated by ", ": for long fan-outs.
std::string repeated(std::string_view text, int n);

}  // namespace tailrace::tests
