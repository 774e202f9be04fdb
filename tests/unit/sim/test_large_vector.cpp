// Where the memory of large tables begins.
#include "sim/base/large_vector.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace tailrace::sim {
namespace {

struct alignas(128) TwoLines {
  std::uint64_t value = 0;
};

template <class T>
std::uintptr_t beyond(const LargeVector<T>& v, std::uintptr_t alignment) {
  return reinterpret_cast<std::uintptr_t>(v.data()) % alignment;
}

TEST(LargeVector, BeginsAtALineAndFromAQuarterMegabyteOnAtALargePage) {
  using Allocator = LargeAllocator<std::uint64_t>;
  constexpr std::size_t kFirstLarge = Allocator::kLarge / sizeof(std::uint64_t);
  for (const std::size_t n : {std::size_t{1}, std::size_t{9}, kFirstLarge - 1}) {
    EXPECT_EQ(beyond(LargeVector<std::uint64_t>(n), 64), 0u) << n;
  }
  for (const std::size_t n : {kFirstLarge, kFirstLarge + 1, 9 * kFirstLarge}) {
    EXPECT_EQ(beyond(LargeVector<std::uint64_t>(n), std::uintptr_t{1} << 21), 0u) << n;
  }
  EXPECT_EQ(beyond(LargeVector<TwoLines>(3), 128), 0u);
}

TEST(LargeVector, KeepsWhatIsInItWhileItGrowsFromOneToTheOther) {
  LargeVector<std::uint64_t> v;
  for (std::uint64_t i = 0; i < 100'000; ++i) v.push_back(i);
  for (std::uint64_t i = 0; i < 100'000; ++i) ASSERT_EQ(v[i], i);
  v.resize(5);
  v.shrink_to_fit();
  EXPECT_EQ(v.back(), 4u);
}

}  // namespace
}  // namespace tailrace::sim
