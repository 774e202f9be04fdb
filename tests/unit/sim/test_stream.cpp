#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/random/stream.hpp"

namespace tailrace::sim {
namespace {

TEST(Stream, OutputsAreThoseOfThisKeyForEver) {
  Stream s(42, 0, "golden", "test");
  for (const std::uint64_t expected :
       {0xf0e9ed8b95487307ULL, 0x80c6ded6a9edc2a1ULL, 0x83e8be0c7bae88ebULL, 0xdf170d48e0e9e499ULL}) {
    EXPECT_EQ(s.next(), expected);
  }
}

// The published outputs of xoshiro256++ from the state 1, 2, 3, 4; the first by hand: rotl(1 + 4, 23) + 1
// = 5 * 2^23 + 1.
TEST(Stream, OutputsOfTheKnownStateAreThePublishedOnes) {
  Stream s;
  for (const std::uint64_t expected :
       {5ULL * (1 << 23) + 1, 58720359ULL, 3588806011781223ULL, 3591011842654386ULL, 9228616714210784205ULL,
        9973669472204895162ULL, 14011001112246962877ULL, 12406186145184390807ULL, 15849039046786891736ULL,
        10450023813501588000ULL}) {
    EXPECT_EQ(s.next(), expected);
  }
}

// What keys are made with, by the figures that their authors publish.
TEST(Stream, KeysAreSpreadByTheKnownFunctions) {
  SplitMix64 spread;
  EXPECT_EQ(spread.next(), 0xe220a8397b1dcdafULL);
  EXPECT_EQ(spread.next(), 0x6e789e6aa1b965f4ULL);
  EXPECT_EQ(spread.next(), 0x06c45d188009454fULL);
  EXPECT_EQ(hash_text(""), 0xcbf29ce484222325ULL);  // FNV-1a
  EXPECT_EQ(hash_text("a"), 0xaf63dc4c8601ec8cULL);
  EXPECT_EQ(hash_text("foobar"), 0x85944171f73967e8ULL);
}

TEST(Stream, EveryPartOfTheKeyNamesAnotherStream) {
  const std::vector<Stream> streams = {Stream(1, 0, "cart", "service"), Stream(2, 0, "cart", "service"),
                                       Stream(1, 1, "cart", "service"), Stream(1, 0, "care", "service"),
                                       Stream(1, 0, "cart", "network"), Stream(1, 0, "service", "cart"),
                                       Stream(0, 1, "cart", "service")};
  for (std::size_t i = 0; i < streams.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      Stream a = streams[i];
      Stream b = streams[j];
      EXPECT_NE(a.next(), b.next()) << i << " " << j;
    }
  }
}

// The correlation of n independent pairs has standard deviation 1/sqrt(n) = 0.00316; 4 of these leave 6e-5
// per pair.
TEST(Stream, NeighbouringKeysAreUncorrelated) {
  constexpr int kPairs = 100000;
  for (int k = 0; k < 20; ++k) {
    Stream a(7, 0, "c" + std::to_string(k), "service");
    Stream b(7, 0, "c" + std::to_string(k + 1), "service");
    Stream c(7, 1, "c" + std::to_string(k), "service");
    double ab = 0;
    double ac = 0;
    for (int i = 0; i < kPairs; ++i) {
      const double x = a.uniform() - 0.5;
      ab += x * (b.uniform() - 0.5);
      ac += x * (c.uniform() - 0.5);
    }
    EXPECT_LT(std::fabs(ab * 12 / kPairs), 4 / std::sqrt(kPairs)) << k;
    EXPECT_LT(std::fabs(ac * 12 / kPairs), 4 / std::sqrt(kPairs)) << k;
  }
}

TEST(Stream, BitsOfNeighbouringSeedsDifferInHalfTheirPlaces) {
  double differing = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    differing += std::popcount(Stream(seed, 0, "a", "b").next() ^ Stream(seed + 1, 0, "a", "b").next());
  }
  // 64000 coin flips: 32 +- 4 sd of 4/sqrt(1000) = 0.126
  EXPECT_NEAR(differing / 1000, 32, 0.51);
}

TEST(Stream, BelowCoversItsRangeEvenly) {
  Stream s(3, 0, "dice", "roll");
  std::vector<int> seen(6);
  for (int i = 0; i < 600000; ++i) ++seen[s.below(6)];
  for (const int n : seen) EXPECT_NEAR(n, 100000, 4 * 289);  // sd sqrt(6e5 * 5/36)
  EXPECT_EQ(s.below(1), 0u);
}

TEST(Stream, BelowTakesTheEndsOfTheOutputsToTheEndsOfItsRange) {
  EXPECT_EQ(Stream::below(10, ~0ULL), 9u);
  EXPECT_EQ(Stream::below(10, 0), 0u);
}

}  // namespace
}  // namespace tailrace::sim
