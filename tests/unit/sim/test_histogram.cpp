#include "sim/observe/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "sim/base/check.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::sim {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

// Log-uniform over the whole range: each bit width equally likely.
std::int64_t any_value(Stream& stream) {
  return static_cast<std::int64_t>(stream.next() >> (1 + stream.below(63)));
}

Histogram of(const std::vector<std::int64_t>& values) {
  Histogram h;
  for (const std::int64_t v : values) h.record(v);
  return h;
}

TEST(Histogram, BucketsTileTheWholeRangeWithoutGapOrOverlap) {
  const std::uint32_t buckets = Histogram::kBlocks * Histogram::kSubBuckets;
  std::int64_t expected_lower = 0;
  for (std::uint32_t index = 0; index < buckets; ++index) {
    ASSERT_EQ(Histogram::lower_of(index), expected_lower) << index;
    ASSERT_EQ(Histogram::index_of(Histogram::lower_of(index)), index);
    ASSERT_EQ(Histogram::index_of(Histogram::upper_of(index)), index);
    if (index + 1 < buckets) expected_lower = Histogram::upper_of(index) + 1;
  }
  EXPECT_EQ(Histogram::upper_of(buckets - 1), kMax);
}

TEST(Histogram, ValuesBelow1024AreExact) {
  for (std::int64_t v = 0; v < Histogram::kExactBelow; ++v) {
    EXPECT_EQ(Histogram::lower_of(Histogram::index_of(v)), v);
    EXPECT_EQ(Histogram::upper_of(Histogram::index_of(v)), v);
  }
  EXPECT_EQ(Histogram::upper_of(Histogram::index_of(1024)), 1025);
}

TEST(Histogram, AMidpointIsWithinTwoToTheMinusTenOfEveryValueInItsBucket) {
  Stream stream(1, 0, "test", "values");
  for (int i = 0; i < 100000; ++i) {
    const std::int64_t v = i == 0 ? kMax : any_value(stream);
    const std::uint32_t index = Histogram::index_of(v);
    const Histogram::Bucket bucket{Histogram::lower_of(index), Histogram::upper_of(index), 1};
    // Exact in integers: |midpoint - v| * 1024 <= v.
    const std::int64_t error = bucket.midpoint() > v ? bucket.midpoint() - v : v - bucket.midpoint();
    ASSERT_LE(error, v >> 10) << v;
  }
}

TEST(Histogram, TheErrorBoundIsReachedSoItIsNotLoose) {
  // [2^20, 2^20 + 2^11) has its midpoint 2^10 above the lower end: 2^10 / 2^20 = 2^-10.
  const Histogram h = of({0, 1 << 20, (1 << 20) + 2047, kMax});
  EXPECT_EQ(h.value_at_rank(2), (1 << 20) + 1024);
}

TEST(Histogram, QuantilesMatchSortedValuesWithinTheStatedError) {
  Stream stream(2, 0, "test", "values");
  std::vector<std::int64_t> values(5000);
  for (std::int64_t& v : values) v = any_value(stream);
  const Histogram h = of(values);
  std::sort(values.begin(), values.end());
  for (std::uint64_t rank = 1; rank <= values.size(); ++rank) {
    const double exact = static_cast<double>(values[rank - 1]);
    ASSERT_NEAR(static_cast<double>(h.value_at_rank(rank)), exact, exact * 0x1p-10) << rank;
    // rank / n asks for exactly that rank, whatever the division rounded to.
    ASSERT_EQ(h.quantile(static_cast<double>(rank) / 5000.0), h.value_at_rank(rank)) << rank;
  }
}

TEST(Histogram, QuantileTakesTheRankRoundedUpAndNoRoundingErrorAddsOne) {
  std::vector<std::int64_t> values(100);
  for (int i = 0; i < 100; ++i) values[static_cast<std::size_t>(i)] = i + 1;
  const Histogram h = of(values);  // value k has rank k
  EXPECT_EQ(h.quantile(0.07), 7);  // 0.07 * 100 is 7.000000000000001 in doubles
  EXPECT_EQ(h.quantile(0.071), 8);
  EXPECT_EQ(h.quantile(0.5), 50);
  EXPECT_EQ(h.quantile(0.99), 99);
  EXPECT_EQ(h.quantile(0.999), 100);
}

TEST(Histogram, TheExtremesAreExactEvenInWideBuckets) {
  const Histogram h = of({1'000'000'007, 1'000'000'009, 1'000'000'011});
  EXPECT_EQ(h.quantile(0), 1'000'000'007);
  EXPECT_EQ(h.quantile(1), 1'000'000'011);
  EXPECT_GE(h.quantile(0.5), h.min());
  EXPECT_LE(h.quantile(0.5), h.max());
  EXPECT_EQ(of({1'234'567}).quantile(0.5), 1'234'567);
}

TEST(Histogram, FractionAtOrBelowCountsExactlyBelow1024) {
  const Histogram h = of({0, 10, 10, 20, 1000});
  EXPECT_EQ(h.fraction_at_or_below(0), 0.2);
  EXPECT_EQ(h.fraction_at_or_below(9), 0.2);
  EXPECT_EQ(h.fraction_at_or_below(10), 0.6);
  EXPECT_EQ(h.fraction_at_or_below(999), 0.8);
  EXPECT_EQ(h.fraction_at_or_below(1000), 1.0);
  EXPECT_EQ(h.fraction_at_or_below(kMax), 1.0);
  EXPECT_EQ(of({5}).fraction_at_or_below(4), 0.0);
}

TEST(Histogram, TheFractionAtAQuantileIsAtLeastItsProbability) {
  Stream stream(3, 0, "test", "values");
  Histogram h;
  for (int i = 0; i < 10000; ++i) h.record(any_value(stream));
  for (int k = 0; k <= 1000; ++k) {
    const double p = k / 1000.0;
    ASSERT_GE(h.fraction_at_or_below(h.quantile(p)), p);
  }
}

TEST(Histogram, SumIsExactPast64Bits) {
  Histogram h;
  for (int i = 0; i < 4; ++i) h.record(kMax);
  EXPECT_TRUE(h.sum() == static_cast<Histogram::Sum>(kMax) * 4);
  EXPECT_EQ(h.mean(), static_cast<double>(kMax));
  EXPECT_EQ(h.stddev(), 0.0);
}

TEST(Histogram, MeanAndDeviationComeFromTheValuesNotTheBuckets) {
  // 10^6 -+ 300: the sample deviation is sqrt(2 * 300^2 / 1) = 424.264; a bucket there is 1024 wide.
  const Histogram h = of({1'000'000 - 300, 1'000'000 + 300});
  EXPECT_EQ(h.mean(), 1e6);
  EXPECT_NEAR(h.stddev(), 424.264, 0.001);
  EXPECT_EQ(of({7}).stddev(), 0.0);
}

TEST(Histogram, AnEmptyOneAnswersZeros) {
  const Histogram h;
  EXPECT_TRUE(h.empty());
  EXPECT_EQ(h.quantile(0.5), 0);
  EXPECT_EQ(h.min(), 0);
  EXPECT_EQ(h.max(), 0);
  EXPECT_EQ(h.mean(), 0.0);
  EXPECT_EQ(h.fraction_at_or_below(10), 0.0);
  int visits = 0;
  h.for_each_bucket([&](const Histogram::Bucket&) { ++visits; });
  EXPECT_EQ(visits, 0);
}

TEST(Histogram, IterationVisitsNonEmptyBucketsInOrder) {
  const Histogram h = of({3'000, 5, 5, 0, 2'049});
  std::vector<Histogram::Bucket> seen;
  h.for_each_bucket([&](const Histogram::Bucket& b) { seen.push_back(b); });
  // 2048..4095 has buckets of 4 values.
  const std::vector<Histogram::Bucket> expected = {{0, 0, 1}, {5, 5, 2}, {2048, 2051, 1}, {3000, 3003, 1}};
  EXPECT_EQ(seen, expected);
}

TEST(Histogram, MergingEqualsRecordingEverythingInOneInAnyOrder) {
  Stream stream(4, 0, "test", "values");
  Histogram all;
  std::vector<Histogram> parts(4);
  for (int i = 0; i < 20000; ++i) {
    const std::int64_t v = any_value(stream);
    all.record(v);
    parts[stream.below(4)].record(v);
  }
  Histogram forward;
  for (const Histogram& part : parts) forward.merge(part);
  Histogram backward;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) backward.merge(*part);
  EXPECT_EQ(forward, all);
  EXPECT_EQ(backward, all);
  EXPECT_EQ(forward.content_hash(), all.content_hash());
  EXPECT_EQ(backward.content_hash(), all.content_hash());
  EXPECT_NEAR(forward.sum_of_squares() / all.sum_of_squares(), 1.0, 1e-12);
}

TEST(Histogram, SubtractingAnEarlierCopyLeavesTheWindow) {
  Stream stream(5, 0, "test", "values");
  Histogram running;
  for (int i = 0; i < 5000; ++i) running.record(static_cast<std::int64_t>(stream.below(1000)));
  const Histogram earlier = running;
  Histogram window;
  for (int i = 0; i < 5000; ++i) {
    const std::int64_t v = static_cast<std::int64_t>(stream.below(1000));
    running.record(v);
    window.record(v);
  }
  running.subtract(earlier);
  EXPECT_EQ(running, window);  // below 1024 the window's extremes are exact too
  EXPECT_NEAR(running.stddev(), window.stddev(), 1e-9 * window.stddev());
}

TEST(Histogram, AWindowsExtremesAreItsOutermostBuckets) {
  Histogram h = of({10, 5'000'000});
  const Histogram earlier = h;
  h.record(2'049);
  h.subtract(earlier);
  EXPECT_EQ(h.count(), 1u);
  EXPECT_EQ(h.min(), 2'048);  // 2049's bucket is 2048..2051
  EXPECT_EQ(h.max(), 2'051);
  EXPECT_TRUE(h.sum() == 2'049);
}

TEST(Histogram, SubtractingAnythingButAnEarlierCopyIsAProgrammersError) {
  Histogram h = of({1, 2, 3});
  EXPECT_THROW(h.subtract(of({4})), InvariantBroken);
  Histogram same_size = of({1, 2});
  EXPECT_THROW(same_size.subtract(of({1, 3})), InvariantBroken);
}

TEST(Histogram, SubtractingAllLeavesAnEmptyOne) {
  Histogram h = of({1, 70'000});
  h.subtract(Histogram(h));
  EXPECT_EQ(h, Histogram());
  EXPECT_EQ(h.content_hash(), Histogram().content_hash());
}

TEST(Histogram, CountsPastThirtyTwoBitsStayExact) {
  constexpr std::uint64_t kWord = std::uint64_t{1} << 32;
  Histogram h;
  h.record_many(5'000, kWord - 1);
  h.record(5'000);  // wraps the bucket's word
  EXPECT_EQ(h.count(), kWord);
  h.record(5'000);
  Histogram same;
  same.record_many(5'000, kWord + 1);
  EXPECT_EQ(h, same);
  std::uint64_t in_bucket = 0;
  h.for_each_bucket([&](const Histogram::Bucket& b) { in_bucket += b.count; });
  EXPECT_EQ(in_bucket, kWord + 1);

  Histogram halves;  // the carry of the plain merge: 2^31 + 2^31
  Histogram half;
  half.record_many(5'000, kWord / 2);
  halves.merge(half);
  halves.merge(half);
  halves.record(5'000);
  EXPECT_EQ(halves, same);

  h.merge(same);  // 2 * (2^32 + 1), both with carried words
  h.record_many(9'000'000, 3);
  // Of [4096, 8192), buckets of 8: 5000..5007, midpoint 5004.
  EXPECT_EQ(h.value_at_rank(2 * kWord + 2), 5'004);
  EXPECT_EQ(h.value_at_rank(2 * kWord + 3), 9'000'000);  // a midpoint past the maximum is held to it
  EXPECT_EQ(h.fraction_at_or_below(5'000),
            static_cast<double>(2 * kWord + 2) / static_cast<double>(2 * kWord + 5));
}

TEST(Histogram, ACopyIsIndependentAndEqual) {
  Histogram a = of({1, 100'000});
  Histogram b = a;
  EXPECT_EQ(a, b);
  b.record(1);
  EXPECT_NE(a, b);
  EXPECT_NE(a.content_hash(), b.content_hash());
  EXPECT_EQ(a.count(), 2u);
  a = b;
  EXPECT_EQ(a, b);
}

TEST(Histogram, EqualBucketsWithDifferentSumsAreNotEqual) {
  EXPECT_NE(of({2'048, 2'050, 2'051}), of({2'048, 2'049, 2'051}));
}

TEST(Histogram, ClearKeepsTheBlocksAndForgetsTheValues) {
  Histogram h = of({1, 1'000'000});
  const std::size_t bytes = h.memory_bytes();
  h.clear();
  EXPECT_EQ(h, Histogram());
  EXPECT_EQ(h.memory_bytes(), bytes);
  h.record(1'000'000);
  EXPECT_EQ(h, of({1'000'000}));
}

TEST(Histogram, EightOctavesTakeUnderSeventeenAndAHalfKilobytes) {
  Histogram h;
  for (int e = 20; e < 28; ++e) h.record_many(std::int64_t{1} << e, 200);  // more than the log holds
  EXPECT_LE(h.memory_bytes(), 17'500u);
  const std::size_t bytes = h.memory_bytes();
  Stream stream(6, 0, "test", "values");
  for (int i = 0; i < 100000; ++i) {
    h.record((std::int64_t{1} << 20) + static_cast<std::int64_t>(stream.below(255u << 20)));
  }
  EXPECT_EQ(h.memory_bytes(), bytes);  // no block after the first value of each octave
}

TEST(Histogram, AFewValuesTakeALogAndNoBlocks) {
  Histogram h;
  for (int e = 10; e < 40; ++e) h.record(std::int64_t{1} << e);  // 30 octaves, 60 KB in blocks
  EXPECT_LE(h.memory_bytes(), 1'000u);
}

// The log holds 1024 values. On both sides of that, and across it, a histogram answers the same.
TEST(Histogram, TheStepFromLogToBlocksCannotBeSeen) {
  Stream stream(11, 0, "test", "values");
  std::vector<std::int64_t> values;
  for (int i = 0; i < 3000; ++i) values.push_back(static_cast<std::int64_t>(stream.below(1u << 22)));
  const auto first = [&](std::size_t n) {
    Histogram h;
    for (std::size_t i = 0; i < n; ++i) h.record(values[i]);
    return h;
  };
  for (const std::size_t n : {1u, 63u, 64u, 65u, 1023u, 1024u, 1025u, 2500u}) {
    const Histogram h = first(n);
    Histogram blocks;  // the same in blocks from the start: once too many for a log, then those taken away
    blocks.record_many(0, 2000);
    const Histogram before = blocks;
    for (std::size_t i = 0; i < n; ++i) blocks.record(values[i]);
    blocks.subtract(before);
    std::vector<std::int64_t> sorted(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n));
    std::sort(sorted.begin(), sorted.end());
    std::uint64_t visited = 0;
    std::int64_t last = -1;
    h.for_each_bucket([&](const Histogram::Bucket& b) {
      EXPECT_GT(b.lower, last);
      last = b.upper;
      const auto begin = std::lower_bound(sorted.begin(), sorted.end(), b.lower);
      EXPECT_EQ(b.count, static_cast<std::uint64_t>(std::upper_bound(begin, sorted.end(), b.upper) - begin));
      visited += b.count;
    });
    EXPECT_EQ(visited, n);
    std::vector<Histogram::Bucket> seen, expected;
    h.for_each_bucket([&](const Histogram::Bucket& b) { seen.push_back(b); });
    blocks.for_each_bucket([&](const Histogram::Bucket& b) { expected.push_back(b); });
    EXPECT_EQ(seen, expected) << n;
    for (const double p : {0.0, 0.01, 0.5, 0.9, 0.999, 1.0}) {
      const std::size_t rank =
          std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(p * static_cast<double>(n) - 1e-9)));
      const double exact = static_cast<double>(sorted[rank - 1]);
      EXPECT_NEAR(static_cast<double>(h.quantile(p)), exact, exact * 0x1p-10 + 0.5) << n << ' ' << p;
    }
    const std::int64_t middle = std::int64_t{1} << 21;
    EXPECT_EQ(h.fraction_at_or_below(middle), blocks.fraction_at_or_below(middle));
  }
  // Merging and taking away, in every combination of log and blocks.
  for (const std::size_t n : {500u, 1000u, 1500u}) {
    for (const std::size_t more : {100u, 1000u, 1500u}) {
      Histogram window = first(n + more);
      window.subtract(first(n));
      EXPECT_EQ(window.count(), more);
      Histogram sum = first(n);
      sum.merge(window);
      const Histogram whole = first(n + more);
      EXPECT_EQ(sum.content_hash() == whole.content_hash(),
                sum.min() == whole.min() && sum.max() == whole.max());
      std::vector<Histogram::Bucket> seen, expected;
      sum.for_each_bucket([&](const Histogram::Bucket& b) { seen.push_back(b); });
      whole.for_each_bucket([&](const Histogram::Bucket& b) { expected.push_back(b); });
      EXPECT_EQ(seen, expected) << n << ' ' << more;
      Histogram other;
      for (std::size_t i = n; i < n + more; ++i) other.record(values[i]);
      Histogram both = other;
      both.merge(first(n));
      EXPECT_EQ(both, whole);
      EXPECT_EQ(whole, both);
      EXPECT_EQ(both.content_hash(), whole.content_hash());
      Histogram assigned = first(2000);
      assigned = other;
      EXPECT_EQ(assigned, other);
      assigned = whole;
      EXPECT_EQ(assigned, whole);
    }
  }
}

TEST(Histogram, AMovedFromOneCanBeAssigned) {
  Histogram h = of({1, 2, 3});
  const Histogram taken = std::move(h);
  h = taken;
  EXPECT_EQ(h, taken);
}

TEST(Histogram, ANegativeValueBreaksAnInvariant) {
  Histogram h;
  EXPECT_THROW(h.record(-1), InvariantBroken);
  EXPECT_THROW(h.record(std::numeric_limits<std::int64_t>::min()), InvariantBroken);
  h.fetch_totals();  // harmless, as are these
  h.fetch_ways(std::array{-1});
  h.fetch_buckets(std::array{-1});
  EXPECT_TRUE(h.empty());
}

}  // namespace
}  // namespace tailrace::sim
