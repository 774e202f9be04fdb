#include "models/policies/deadline/deadline.hpp"

#include <gtest/gtest.h>

#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

TEST(Deadline, IsADurationOfMoreThanNothing) {
  PolicyBench bench;
  ASSERT_TRUE(bench.call(deadline_policy(), scalar("800ms")));
  EXPECT_EQ(bench.edge.deadline->ns, 800'000'000);
  for (const Node& wrong : {scalar("0"), scalar("0.4ns"), scalar("-1s"), map_of({})}) {
    PolicyBench refused;
    EXPECT_FALSE(refused.call(deadline_policy(), wrong));
  }
}

}  // namespace
}  // namespace tailrace::models
