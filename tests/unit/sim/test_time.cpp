// Instants and durations at the ends of their range, where a sum is "never" and not undefined.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sim/base/time.hpp"

namespace tailrace::sim {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST(Time, DurationsRoundToTheNearestNanosecond) {
  EXPECT_EQ(Duration::from_ns(2.4).ns, 2);
  EXPECT_EQ(Duration::from_ns(2.5).ns, 3);
  EXPECT_EQ(Duration::from_seconds(1.5).ns, 1'500'000'000);
  EXPECT_EQ(Duration{250'000'000}.seconds(), 0.25);
}

TEST(Time, WhatIsShownIsTheDecimalThatItIs) {
  for (std::int64_t ms = 1; ms < 200'000; ++ms)
    ASSERT_EQ(seconds_of(ms * 1'000'000), static_cast<double>(ms) / 1000) << ms;
  EXPECT_EQ(seconds_of(60'000'000'000), 60);
  EXPECT_EQ(seconds_of(369), 3.69e-7);
}

TEST(Time, WhatIsNoDurationIsNothingOrNever) {
  EXPECT_EQ(Duration::from_ns(-1).ns, 0);
  EXPECT_EQ(Duration::from_ns(std::nan("")).ns, 0);
  EXPECT_EQ(Duration::from_ns(std::ldexp(1, 63)), Duration::max());
  EXPECT_EQ(Duration::from_seconds(std::numeric_limits<double>::infinity()), Duration::max());
}

TEST(Time, SumsSaturate) {
  EXPECT_EQ(Instant{kMost - 1} + Duration{1}, Instant::max());
  EXPECT_EQ(Instant{kMost} + Duration{1}, Instant::max());
  EXPECT_EQ(Duration{kMost} + Duration{kMost}, Duration::max());
  EXPECT_EQ(saturating_add(std::numeric_limits<std::int64_t>::min(), -1),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Instant{5} - Instant{7}, Duration{-2});
}

}  // namespace
}  // namespace tailrace::sim
