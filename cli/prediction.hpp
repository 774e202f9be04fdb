#pragma once
// Theory beside the simulation: what queueing formulas and the call graph say before any event.
#include <string>

#include "analysis/report/human.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::cli {

// A block of lines for `check`, and for `run` beside its measurements. Empty: nothing to say.
std::string print_prediction(const models::Topology& topology, analysis::TextStyle style);

}  // namespace tailrace::cli
