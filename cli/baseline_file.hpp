#pragma once
// The summary.json of an earlier run, as far as a comparison needs it.
#include <string>

#include "analysis/experiment/baseline.hpp"

namespace tailrace::cli {

// "" or what is wrong with the file.
std::string read_baseline(const std::string& path, analysis::BaselineRun& run);

}  // namespace tailrace::cli
