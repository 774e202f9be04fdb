// Allow lists: whose key is in one of the ranges, ends included, and what is refused by chance.
#include <gtest/gtest.h>

#include "models/policies/allow_list/allow_list.hpp"

namespace tailrace::models {
namespace {

bool admits(AllowList& list, std::uint64_t key) {
  sim::Stream unused(1, 0, "door", "list");
  CallFacts facts;
  facts.key = key;
  const Admission answer = list.admit(facts, unused);
  if (answer.kind == Admission::Kind::reject) {
    EXPECT_EQ(answer.reason, Outcome::rejected);
  }
  return answer.kind == Admission::Kind::admit;
}

TEST(AllowList, RangesIncludeTheirEnds) {
  AllowList list({{3, 5}, {9, 9}, {20, 30}}, 0);
  for (const std::uint64_t key : {3u, 4u, 5u, 9u, 20u, 30u}) EXPECT_TRUE(admits(list, key)) << key;
  for (const std::uint64_t key : {0u, 2u, 6u, 8u, 10u, 19u, 31u}) EXPECT_FALSE(admits(list, key)) << key;
}

TEST(AllowList, RefusesAShareByChance) {
  AllowList list({}, 0.2);
  sim::Stream random(1, 0, "door", "list");
  int refused = 0;
  constexpr int kAsked = 40'000;
  for (int i = 0; i < kAsked; ++i) refused += list.admit({}, random).kind == Admission::Kind::reject ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(refused) / kAsked, 0.2, 0.008);  // four standard errors
}

}  // namespace
}  // namespace tailrace::models
