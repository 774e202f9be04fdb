#pragma once
// From a scenario to a model in one call, for programs that embed the simulator (examples/). What is wrong
// with the scenario becomes a ScenarioError that says it as the command line would. Warnings are dropped.
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "models/compile/compiled_model.hpp"

namespace tailrace::scenarios {

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
