#pragma once
// The traffic equations of an open network, in the one translation unit that compiles Eigen.
#include <vector>

#include "analysis/queueing/open_network.hpp"

namespace tailrace::analysis::detail {

struct Traffic {
  bool ends = true;           // false: some loop sends at least as much traffic round as came in
  std::vector<double> rates;  // per station; empty when it never ends
  std::vector<int> loop;      // some stations of the loop that does not end
};

// Expects validated input: indices in range, rates and calls finite and not negative.
Traffic solve_traffic(const OpenNetwork& network);

}  // namespace tailrace::analysis::detail
