#pragma once
// Requests that succeeded, but later than an objective allows, by window of their replication. A record does
// not hold them, since the model knows no objectives: whoever runs the replications counts them on the way
// (scenarios/run/lookout.hpp).
#include <cstdint>
#include <map>
#include <vector>

namespace tailrace::analysis {

// By replication number; then by window of its record, as many or fewer (0 beyond); then by objective, in the
// order of the scenario. Objectives without a latency have zeros.
using SlowRequests = std::map<std::uint32_t, std::vector<std::vector<std::uint64_t>>>;

}  // namespace tailrace::analysis
