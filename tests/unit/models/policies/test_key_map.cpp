#include <gtest/gtest.h>

#include <map>

#include "models/policy/key_map.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {
namespace {

TEST(KeyMap, KeepsEveryKeysValueThroughItsGrowth) {
  KeyMap<int> map(7);
  EXPECT_EQ(map.find(0), nullptr);
  const auto key = [](std::uint64_t i) { return i % 2 == 0 ? i : i << 33; };  // dense, and only high bits
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    EXPECT_EQ(map[key(i)], 7) << i;
    map[key(i)] = static_cast<int>(i);
  }
  EXPECT_EQ(map.size(), 10'000u);
  for (std::uint64_t i = 0; i < 10'000; ++i) EXPECT_EQ(*map.find(key(i)), static_cast<int>(i));
  EXPECT_EQ(map.find(1), nullptr);
  EXPECT_EQ(map[UINT64_MAX], 7);
}

// Keys come and go at random, close to each other so that their chains meet: it holds what a std::map holds.
TEST(KeyMap, ForgetsAKeyAndFindsAllOthers) {
  KeyMap<int> map;
  std::map<std::uint64_t, int> expected;
  sim::Stream dice(1, 0, "keys", "");
  map.erase(3);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t key = dice.below(2) == 0 ? dice.below(40) : dice.below(40) << 44;
    if (dice.below(2) == 0) {
      map.erase(key);
      expected.erase(key);
    } else {
      map[key] = expected[key] = i;
    }
    ASSERT_EQ(map.size(), expected.size());
    const std::uint64_t other = dice.below(40);
    const auto found = expected.find(other);
    ASSERT_EQ(map.find(other) == nullptr ? -1 : *map.find(other),
              found == expected.end() ? -1 : found->second);
  }
}

}  // namespace
}  // namespace tailrace::models
