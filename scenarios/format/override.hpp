#pragma once
// One --set PATH=VALUE applied to a tree. PATH is what diagnostics print: services.cart.requests[2].weight,
// with quotes around keys that hold dots or spaces. VALUE is YAML in flow style. Missing keys and their
// parents are created; an index past the end, a step into a scalar and bad syntax are errors that point into
// the override's own text.
#include <cstdint>
#include <string>

#include "scenarios/format/yaml_tree.hpp"

namespace tailrace::scenarios {

// `file` and `line` are the override's place in the pseudo file "--set".
void apply_override(const std::string& text, std::uint32_t file, std::uint32_t line, TreeLimits& limits,
                    models::Node& root, models::Diagnostics& diagnostics);

}  // namespace tailrace::scenarios
