#include <gtest/gtest.h>

#include "models/policy/key_map.hpp"

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

}  // namespace
}  // namespace tailrace::models
