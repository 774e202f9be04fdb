// Which keys a law asks for most, and how often, by hand.
#include "models/caching/key_law.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tailrace::models {
namespace {

using sim::Distribution;

struct Popular {
  std::vector<std::uint64_t> keys;
  std::vector<double> shares;
  bool all = false;

  Popular(const Distribution& law, std::uint64_t most) {
    for (const KeyShare& k : popular_keys(law, most, all)) {
      keys.push_back(k.key);
      shares.push_back(k.probability);
    }
  }
};
using Keys = std::vector<std::uint64_t>;

// 1 + 1/2 + 1/3 + 1/4 = 25/12.
TEST(KeyLaw, RanksOfZipfAreKeysByTheirPopularity) {
  const Popular two(Distribution::zipf(1, 4), 2);
  EXPECT_EQ(two.keys, (Keys{1, 2}));
  EXPECT_NEAR(two.shares.at(0), 12.0 / 25, 1e-12);
  EXPECT_NEAR(two.shares.at(1), 6.0 / 25, 1e-12);
  EXPECT_FALSE(two.all);
  const Popular four(Distribution::zipf(1, 4), 4);
  EXPECT_EQ(four.keys.size(), 4u);
  EXPECT_TRUE(four.all);
}

// What is drawn from 0 to 4 is rounded: half as often to the ends.
TEST(KeyLaw, ADrawIsTheNearestWholeKey) {
  const Popular all(Distribution::uniform(0, 4), 10);
  EXPECT_EQ(all.keys, (Keys{1, 2, 3, 0, 4}));
  EXPECT_EQ(all.shares, (std::vector<double>{0.25, 0.25, 0.25, 0.125, 0.125}));
  EXPECT_TRUE(all.all);
  const Popular three(Distribution::uniform(0, 4), 3);
  EXPECT_EQ(three.keys, (Keys{1, 2, 3}));
  EXPECT_FALSE(three.all);
  EXPECT_EQ(Popular(Distribution::constant(7), 1).keys, Keys{7});
}

TEST(KeyLaw, AKeyThatIsListedTwiceIsOne) {
  const Popular listed(
      Distribution::mixture({0.3, 0.5, 0.2}, {Distribution::constant(3), Distribution::constant(9),
                                              Distribution::constant(3.2)}),
      10);
  EXPECT_EQ(listed.keys.size(), 2u);
  for (std::size_t i = 0; i < listed.keys.size(); ++i)
    EXPECT_NEAR(listed.shares[i], 0.5, 1e-12) << listed.keys[i];
  EXPECT_TRUE(listed.all);
}

TEST(KeyLaw, TooManyKeysAreNotLookedAt) {
  const Popular many(Distribution::uniform(0, 1e7), 10);
  EXPECT_TRUE(many.keys.empty());
  EXPECT_FALSE(many.all);
}

}  // namespace
}  // namespace tailrace::models
