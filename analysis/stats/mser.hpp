#pragma once
// MSER-5 over a recorded series: batches the raw values by five and applies the rule of sim/observe/mser.hpp,
// which a run uses value by value. A series of ready-made batch means (one value per window, say) goes to
// sim::mser_truncation as it is. Cost O(n).
#include <cstdint>
#include <span>

#include "sim/observe/mser.hpp"

namespace tailrace::analysis {

struct MserReport {
  std::uint64_t first_kept = 0;  // index into the raw series
  bool steady = false;           // false: not reached steady state, or too few values to tell
  bool enough = false;
  double mean_kept = 0;  // of the whole batches from first_kept on
};

// Values left over after the last whole batch of five take no part.
MserReport mser5(std::span<const double> values);

}  // namespace tailrace::analysis
