#pragma once
// Stored runs in place of scenarios: nothing is simulated, the figures that each replication left in
// summary.json are compared. Replications pair by number; where seed and length are the same they met the
// same customers. Of a percentile the replications' own values are averaged, where `compare` of scenarios
// pools the requests.
#include <string>

#include "analysis/experiment/comparison.hpp"
#include "analysis/experiment/comparison_output.hpp"
#include "cli/commands.hpp"

namespace tailrace::cli {

struct StoredComparison {
  analysis::Comparison comparison;
  analysis::ComparisonContext context;
  int exit_code = 0;  // other than 0: it was said why, and there is no comparison
};

// Precondition: at least one of arguments.files is a stored run.
StoredComparison compare_stored(const CompareArguments& arguments);

}  // namespace tailrace::cli
