#pragma once
// The cascade in plain words: one paragraph; times and figures in it are those of the report.
#include <string>

#include "analysis/cascade/cascade_report.hpp"

namespace tailrace::analysis {

// Empty where nothing happened.
std::string cascade_story(const models::Topology& topology, const CascadeReport& report);

// A moment of the run: to the tenth of a second, for windows may be as short, where a length would be
// rounded.
std::string moment_words(double s);

}  // namespace tailrace::analysis
