#pragma once
// A tree back to text: what read_scenario_text() makes of it is the same tree again, node by node, in the
// same order. Small maps and lists stand in one line, as people write them. Comments, anchors and the order
// of files that were included are gone: the tree does not have them.
#include <string>

#include "models/field/document.hpp"

namespace tailrace::scenarios {

std::string write_scenario(const models::Node& root);

// A scalar, map or list in one line, as an override takes it; "" where it holds a null, or a text that would
// need quotes there and has none.
std::string write_value(const models::Node& node);

// The same keys, values and kinds in the same order; places in files do not count.
bool same_tree(const models::Node& a, const models::Node& b);

}  // namespace tailrace::scenarios
