#include "models/policies/cancellation/cancellation.hpp"

#include <gtest/gtest.h>

#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

TEST(Cancellation, IsSwitchedOnAndOff) {
  PolicyBench on;
  ASSERT_TRUE(on.call(cancellation_policy(), scalar("true")));
  EXPECT_TRUE(on.edge.cancels);
  PolicyBench off;
  ASSERT_TRUE(off.call(cancellation_policy(), scalar("false")));
  EXPECT_FALSE(off.edge.cancels);
  PolicyBench word;
  EXPECT_FALSE(word.call(cancellation_policy(), scalar("yes")));
}

}  // namespace
}  // namespace tailrace::models
