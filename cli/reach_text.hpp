#pragma once
// Blast radius for `check`: from each component, what segmentation leaves open to whoever takes it over.
#include <string>

#include "analysis/graph/reach.hpp"
#include "analysis/report/human.hpp"

namespace tailrace::cli {

// Empty where the scenario has no segmentation.
std::string reach_text(const models::Topology& topology, analysis::TextStyle style);

}  // namespace tailrace::cli
