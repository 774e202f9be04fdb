#pragma once
// What stands at a path of a scenario's tree: services.cart.replicas,
// thresholds."shoppers.request_duration"[0]. Null where nothing does. Paths are written as child_path() and
// item_path() print them.
#include <string>

#include "models/field/document.hpp"

namespace tailrace::models {

const Node* node_at(const Node& root, const std::string& path);

// What the next step of a path from `at` on leads to; `at` moves behind the step. Null: nothing is there, or
// the path is none.
const Node* step_into(const Node& node, const std::string& path, std::size_t& at);

// The next step of a path from `at` on: a key (quotes off) or "[2]"; `at` moves behind it. Empty: the path is
// at its end, or is none.
std::string next_step(const std::string& path, std::size_t& at);

}  // namespace tailrace::models
