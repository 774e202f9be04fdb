// Blast radius over what network policies leave open.
#include <gtest/gtest.h>

#include "analysis/graph/reach.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

analysis::ReachReport reach(const std::string& rules) {
  const std::string text = R"(
workloads: {load: {constant_arrival_rate: 1/s, calls: a.op}}
services:
  a: {endpoints: {op: [{call: b.op}]}}
  b: {endpoints: {op: [{call: c.op}]}}
  c: {endpoints: {op: [compute: 1ms]}}
  d: {endpoints: {op: [compute: 1ms]}}
)";
  return analysis::reach_of(*compile_text(text + rules)->topology);
}
std::vector<std::size_t> sizes(const analysis::ReachReport& report) {
  std::vector<std::size_t> out;
  for (const analysis::ReachOf& r : report.from) out.push_back(r.reachable.size());
  return out;
}

TEST(Reach, OfAFlatNetworkIsEverything) {
  EXPECT_EQ(sizes(reach("")), (std::vector<std::size_t>{3, 3, 3, 3}));
}

// a -> b -> c: from a two, from b one, from c and d nothing. The calls need no more.
TEST(Reach, OfRulesThatFollowTheCallsIsWhatTheCallsReach) {
  const analysis::ReachReport report =
      reach("segmentation: {default: deny, allow: [\"load -> a\", \"a -> b\", \"b -> c\"]}");
  EXPECT_EQ(sizes(report), (std::vector<std::size_t>{2, 1, 0, 0}));
  for (const analysis::ReachOf& r : report.from) EXPECT_EQ(r.reachable, r.called);
  EXPECT_DOUBLE_EQ(report.mean_reach, 3.0 / 4);
  EXPECT_TRUE(report.unused.empty());
}

// One rule too many lets whoever has d go all the way.
TEST(Reach, GoesHopByHop) {
  const analysis::ReachReport report =
      reach("segmentation: {default: deny, allow: [\"load -> a\", \"a -> b\", \"b -> c\", \"d -> a\"]}");
  EXPECT_EQ(sizes(report), (std::vector<std::size_t>{2, 1, 0, 3}));
  const int a = report.from[0].component, d = report.from[3].component;
  EXPECT_EQ(report.from[3].direct, 1);
  EXPECT_EQ(report.unused, (std::vector<std::pair<int, int>>{{d, a}}));
}

}  // namespace
}  // namespace tailrace::tests
