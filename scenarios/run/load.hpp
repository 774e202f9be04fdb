#pragma once
// From a scenario's tree to its topology, with every check there is: the one way for the command line, sweeps
// and the viewer. And from a file or text to a model in one call, for programs that embed the simulator
// (examples/): what is wrong becomes a ScenarioError that says it as the command line would; warnings are
// dropped.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/field/diagnostics.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::scenarios {

// None where something is wrong; `diagnostics`, which may hold errors from before, says what.
std::optional<models::Topology> checked_topology(const models::ScenarioDoc& doc,
                                                 models::Diagnostics& diagnostics);

class ScenarioError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// `overrides` are PATH=VALUE, as --set takes them. A path may be the name of a scenario of the library.
std::shared_ptr<const models::CompiledModel> load_file(const std::string& path,
                                                       const std::vector<std::string>& overrides = {});
std::shared_ptr<const models::CompiledModel> load_text(std::string_view text,
                                                       const std::vector<std::string>& overrides = {});

}  // namespace tailrace::scenarios
