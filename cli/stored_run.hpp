#pragma once
// What `run --out` and `sensitivity --out` have written, read back: the summary.json of a folder, as far as
// comparisons need it, and its sensitivity.json.
#include <string>

#include "analysis/experiment/baseline.hpp"
#include "analysis/html/collection.hpp"
#include "scenarios/sensitivity/sensitivity.hpp"

namespace tailrace::cli {

// A folder with a summary.json, or such a file: something that was run, not something to run.
bool is_stored_run(const std::string& path);

// `path` as above. "" or what is wrong with it, to be put after "cannot be used: ". For a comparison the run
// must have been completed; a report also shows one that was not.
std::string read_stored_run(const std::string& path, analysis::BaselineRun& run);
std::string read_stored_result(const std::string& path, analysis::StoredResult& result);

// A folder with a sensitivity.json, or such a file, by its name. A folder may have both.
bool has_sensitivity(const std::string& path);
bool has_summary(const std::string& path);
std::string read_stored_sensitivity(const std::string& path, scenarios::Sensitivity& found);

analysis::FigureUnit unit_of(const std::string& name);  // unit_name()'s

}  // namespace tailrace::cli
