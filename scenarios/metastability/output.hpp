#pragma once
// The map as a person reads it, as metastability.json (docs/metastability.schema.json; SI units, loads as
// factors of the scenario's) and as CSV, a row for each point. Nothing written depends on the host or the
// threads.
#include <string>

#include "analysis/report/human.hpp"
#include "scenarios/metastability/map.hpp"

namespace tailrace::scenarios {

inline constexpr int kMetastabilityVersion = 1;

std::string metastability_text(const MetastabilityMap& map, const std::string& scenario,
                               analysis::TextStyle style);
std::string metastability_json(const MetastabilityMap& map, const std::string& scenario);
std::string metastability_csv(const MetastabilityMap& map);

}  // namespace tailrace::scenarios
