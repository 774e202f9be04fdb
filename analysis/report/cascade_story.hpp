#pragma once
// The cascade in plain words: one paragraph; times and figures in it are those of the report.
#include <string>

#include "analysis/cascade/cascade_report.hpp"

namespace tailrace::analysis {

// A moment of the run: to the tenth of a second, for windows may be as short, where a length would be
// rounded.
std::string moment_words(double s);

// Empty where nothing happened. `moment` writes moments of the run, for those who tell it beside a clock.
std::string cascade_story(const models::Topology& topology, const CascadeReport& report,
                          std::string (*moment)(double) = moment_words);

}  // namespace tailrace::analysis
