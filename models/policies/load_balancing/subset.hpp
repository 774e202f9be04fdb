#pragma once
// The instances that one caller knows: the deterministic subsets of Google's SRE book (ch. 20). The callers
// are dealt with in rounds of instances / size: in each round the instances are shuffled and dealt out, so
// that every instance is in equally many subsets, but for the last round and for what the division leaves
// over. The shuffle depends on the round alone; nobody has to agree on anything. O(instances), once.
#include <cstdint>
#include <vector>

namespace tailrace::models {

// Ascending; all of them where size is 0 or not less than `instances`.
std::vector<std::uint32_t> deterministic_subset(std::uint32_t instances, std::uint32_t size,
                                                std::uint32_t caller);

}  // namespace tailrace::models
