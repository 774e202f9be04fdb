#include "models/policies/fallback/fallback.hpp"

#include <gtest/gtest.h>

#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

TEST(Fallback, IsAValueOrAStaleAnswer) {
  PolicyBench value;
  ASSERT_TRUE(value.call(fallback_policy(), scalar("value")));
  ASSERT_TRUE(value.edge.fallback.has_value());
  EXPECT_FALSE(value.edge.fallback->stale.has_value());
  EXPECT_TRUE(value.edge.guarded());

  PolicyBench stale;
  ASSERT_TRUE(stale.call(fallback_policy(), map_of({{"stale", scalar("60s")}})));
  EXPECT_EQ(stale.edge.fallback->stale->ns, 60'000'000'000);
}

TEST(Fallback, OtherWordsAndAgesOfNothingAreRefused) {
  PolicyBench word;
  EXPECT_FALSE(word.call(fallback_policy(), scalar("values")));
  EXPECT_EQ(word.diagnostics.all()[0].hint, "did you mean value?");
  PolicyBench age;
  EXPECT_FALSE(age.call(fallback_policy(), map_of({{"stale", scalar("0s")}})));
}

}  // namespace
}  // namespace tailrace::models
