#pragma once
// The cascade in plain words: one paragraph; times and figures in it are those of the report.
#include <string>

#include "analysis/cascade/cascade_report.hpp"

namespace tailrace::analysis {

// Empty where nothing happened.
std::string cascade_story(const models::Topology& topology, const CascadeReport& report);

}  // namespace tailrace::analysis
