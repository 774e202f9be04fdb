#include <gtest/gtest.h>

#include "analysis/report/threshold_decision.hpp"

namespace tailrace::analysis {
namespace {

// "rate OP LIMIT" after two replications of so many requests each, of which so many failed.
Decided decision(const char* op, double limit, double requests, double failed) {
  const std::vector<RatioSample> groups = {{failed, requests}, {failed, requests}};
  ThresholdResult t;
  t.op = op;
  t.limit = limit;
  t.measured = ratio_interval(groups, RatioOf::trials, 0.95);
  return decided(t);
}

TEST(ThresholdDecision, NoFailureInAFewRequestsDoesNotProveThatFewFail) {
  // 1 - 0.025^(1/n) is 3.6 % after 100 requests and 0.61 % after 600.
  EXPECT_EQ(decision("<", 0.01, 50, 0), Decided::untold);
  EXPECT_EQ(decision("<", 0.01, 300, 0), Decided::met);
  EXPECT_EQ(decision("<", 0.05, 50, 0), Decided::met);
  EXPECT_EQ(decision(">", 0.05, 50, 0), Decided::failed);
  EXPECT_EQ(decision(">", 0, 50, 0), Decided::untold);
}

TEST(ThresholdDecision, NorDoesEveryFailureProveThatAllFail) {
  EXPECT_EQ(decision("<", 0.99, 50, 50), Decided::untold);
  EXPECT_EQ(decision("<", 0.99, 300, 300), Decided::failed);
}

TEST(ThresholdDecision, ThatNoneOrAllFailIsMetWhereTheyDid) {
  EXPECT_EQ(decision("==", 0, 50, 0), Decided::met);
  EXPECT_EQ(decision("<=", 0, 50, 0), Decided::met);
  EXPECT_EQ(decision("==", 1, 50, 50), Decided::met);
  EXPECT_EQ(decision("==", 0, 50, 50), Decided::failed);
}

}  // namespace
}  // namespace tailrace::analysis
