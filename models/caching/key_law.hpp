#pragma once
// The law by which keys are asked for, read as whole numbers: how likely each is, and which are the most
// popular. For what is kept from the start, for pinned entries, and for theory. A law with more keys than
// kMostKeys is cut to its most popular ones where these are known (zipf), and otherwise is not enumerated.
#include <cstdint>
#include <vector>

#include "sim/random/distribution.hpp"

namespace tailrace::models {

struct KeyShare {
  std::uint64_t key = 0;
  double probability = 0;
};

inline constexpr std::uint64_t kMostKeys = 2'000'000;

// A drawn number as a key: the nearest whole one.
constexpr std::uint64_t key_of(double drawn) {
  return drawn < 1e18 ? static_cast<std::uint64_t>(drawn + 0.5) : std::uint64_t{1} << 60;
}

// The `most` most popular keys, most popular first, equals by number; empty where there are too many to look
// at. `all` says whether these are all that there are.
std::vector<KeyShare> popular_keys(const sim::Distribution& law, std::uint64_t most, bool& all);

}  // namespace tailrace::models
