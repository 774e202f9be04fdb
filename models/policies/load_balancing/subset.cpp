#include "models/policies/load_balancing/subset.hpp"

#include <algorithm>
#include <numeric>

#include "sim/random/stream.hpp"

namespace tailrace::models {

std::vector<std::uint32_t> deterministic_subset(std::uint32_t instances, std::uint32_t size,
                                                std::uint32_t caller) {
  std::vector<std::uint32_t> all(instances);
  std::iota(all.begin(), all.end(), 0u);
  if (size == 0 || size >= instances) return all;
  const std::uint32_t subsets = instances / size;
  const std::uint32_t round = caller / subsets;
  sim::SplitMix64 random{round};
  for (std::uint32_t i = instances - 1; i > 0; --i) {
    std::swap(all[i], all[sim::Stream::below(i + 1, random.next())]);
  }
  const auto first = all.begin() + std::int64_t{caller % subsets} * size;
  std::vector<std::uint32_t> subset(first, first + size);
  std::sort(subset.begin(), subset.end());
  return subset;
}

}  // namespace tailrace::models
