#pragma once
// What `run --out` has written, read back: the summary.json of a folder, as far as comparisons need it.
#include <string>

#include "analysis/experiment/baseline.hpp"
#include "analysis/html/collection.hpp"

namespace tailrace::cli {

// A folder with a summary.json, or such a file: something that was run, not something to run.
bool is_stored_run(const std::string& path);

// `path` as above. "" or what is wrong with it, to be put after "cannot be used: ". For a comparison the run
// must have been completed; a report also shows one that was not.
std::string read_stored_run(const std::string& path, analysis::BaselineRun& run);
std::string read_stored_result(const std::string& path, analysis::StoredResult& result);

}  // namespace tailrace::cli
