#pragma once
// A topology in words: what `check` prints, so that one sees what was understood of a scenario.
#include <string>

#include "analysis/report/human.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::cli {

// A distribution of times (in ns) as scenarios write it: "lognormal(mean=3ms, cv=1.2)".
std::string time_text(const sim::Distribution& distribution);

std::string arrivals_text(const models::Workload& workload);
std::string balancer_text(const models::BalancerSettings& balancer);
std::string station_text(const models::Station& station);
// One line per step, calls with their policies; what lies inside a step is indented.
std::string steps_text(const models::Topology& topology, const models::Steps& steps, int indent);
std::string topology_text(const models::Topology& topology, analysis::TextStyle style);

}  // namespace tailrace::cli
