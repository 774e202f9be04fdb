#pragma once
// The median of a handful of values, one per replication say.
#include <algorithm>
#include <cstddef>
#include <vector>

namespace tailrace::analysis {

// Of an even number of values the middle between the inner two; 0 where there are none.
inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

}  // namespace tailrace::analysis
