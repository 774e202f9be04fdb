#pragma once
// One point of an experiment: the scenario's tree with some values set, as --set would, and read as `run`
// reads it. Sweeps and plans build all their models here. A point that is no scenario is an answer, not an
// error: it comes with one line that says why. Cost: a copy of the tree and one reading of it.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/field/document.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::scenarios {

struct SweepScenario {
  models::ScenarioDoc doc;  // with --set, --duration and --replications applied
  std::optional<std::uint64_t> seed;
};

// `origin` names the values' place in `fault`: "--vary". Thresholds are checked; the seed is in.
std::optional<models::Topology> build_point(const SweepScenario& scenario,
                                            const std::vector<std::string>& paths,
                                            const std::vector<std::string>& values, const std::string& origin,
                                            std::string& fault);

// A point's values as a crew's recipe, and the model that they make of the same scenario; null: none.
std::string point_recipe(const std::vector<std::string>& paths, const std::vector<std::string>& values);
std::shared_ptr<const models::CompiledModel> build_recipe(const SweepScenario& scenario,
                                                          const std::string& recipe);

}  // namespace tailrace::scenarios
