#include "scenarios/sweep/point.hpp"

#include <fmt/format.h>

#include "scenarios/format/read.hpp"
#include "scenarios/run/load.hpp"
#include "sim/base/bytes.hpp"

namespace tailrace::scenarios {

namespace {

// One line for the row of a point that is no scenario.
std::string explain(const models::Diagnostics& diagnostics, const std::vector<models::SourceFile>& files) {
  for (const models::Diagnostic& d : diagnostics.all()) {
    if (d.severity != models::Severity::error) continue;
    std::string text;
    if (d.mark.file < files.size()) text += files[d.mark.file].name + ":";
    if (d.mark.line > 0) text += fmt::format("{}:{}:", d.mark.line, d.mark.column);
    if (!text.empty()) text += " ";
    if (!d.path.empty()) text += d.path + ": ";
    text += d.message;
    if (!d.hint.empty()) text += " (" + d.hint + ")";
    if (diagnostics.errors() > 1) text += fmt::format(", and {} more", diagnostics.errors() - 1);
    return text;
  }
  return "";
}

}  // namespace

std::optional<models::Topology> build_point(const SweepScenario& scenario,
                                            const std::vector<std::string>& paths,
                                            const std::vector<std::string>& values, const std::string& origin,
                                            std::string& fault) {
  models::ScenarioDoc doc = scenario.doc;
  models::Diagnostics diagnostics;
  std::vector<std::string> changes;
  for (std::size_t k = 0; k < paths.size(); ++k) changes.push_back(paths[k] + "=" + values[k]);
  override_scenario(doc, changes, origin, diagnostics);
  std::optional<models::Topology> topology;
  if (diagnostics.ok()) topology = checked_topology(doc, diagnostics);
  if (!topology) {
    fault = explain(diagnostics, doc.files);
    return std::nullopt;
  }
  if (scenario.seed) topology->run.seed = *scenario.seed;
  return topology;
}

std::string point_recipe(const std::vector<std::string>& paths, const std::vector<std::string>& values) {
  sim::ByteWriter out;
  for (std::size_t k = 0; k < paths.size(); ++k) {
    out.text(paths[k]);
    out.text(values[k]);
  }
  return out.take();
}

std::shared_ptr<const models::CompiledModel> build_recipe(const SweepScenario& scenario,
                                                          const std::string& recipe) {
  std::vector<std::string> paths, values;
  sim::ByteReader in(recipe);
  while (!in.at_end()) {
    paths.emplace_back(in.text());
    values.emplace_back(in.text());
  }
  std::string fault;
  auto topology = in.good() ? build_point(scenario, paths, values, "recipe", fault) : std::nullopt;
  if (!topology) return nullptr;
  return models::compile(std::make_shared<const models::Topology>(std::move(*topology)));
}

}  // namespace tailrace::scenarios
