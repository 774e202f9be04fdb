#pragma once
// One --set PATH=VALUE, or one `PATH: value` of a variant, applied to a tree. PATH is what diagnostics print:
// services.cart.requests[2].weight, with quotes around keys that hold dots or spaces. VALUE is YAML in flow
// style. Missing keys and their parents are created; an index past the end, a step into a scalar and bad
// syntax are errors that point into the override's own text.
#include <cstdint>
#include <string>

#include "scenarios/format/yaml_tree.hpp"

namespace tailrace::scenarios {

// `file` and `line` are the override's place in the pseudo file "--set".
void apply_override(const std::string& text, std::uint32_t file, std::uint32_t line, TreeLimits& limits,
                    models::Node& root, models::Diagnostics& diagnostics);

// An entry of a variant: its key is the PATH, and its value, read long ago, replaces what stands there.
void apply_override(const models::MapEntry& entry, const TreeLimits& limits, models::Node& root,
                    models::Diagnostics& diagnostics);

}  // namespace tailrace::scenarios
