// What crosses the borders of zones and contexts, and what it costs.
#include <gtest/gtest.h>

#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

// 100 calls from west to east of 1 MiB each way: 100 MiB at 0.02 and 100 MiB back at 0.01 a GiB.
TEST(Egress, CostsWhatCrossesTheBorder) {
  const Results run = run_text(R"(
run: {duration: 100500ms, replications: 1}
workloads: {load: {constant_arrival_rate: 1/s, spacing: regular, calls: a.op}}
services:
  a: {instances: [{zone: west}], endpoints: {op: [{call: b.op, request_size: 1MiB, response_size: 1MiB}]}}
  b: {instances: [{zone: east}], endpoints: {op: [compute: 1ms]}}
prices: {between_zones: 0.01, traffic: [{zones: "west -> east", per_gib: 0.02}]}
)");
  ASSERT_EQ(run.report.upkeep.egress.size(), 2u);
  double cost = 0;
  for (const analysis::EgressReport& e : run.report.upkeep.egress) cost += e.cost;
  EXPECT_NEAR(cost, 100.0 / 1024 * 0.03, 1e-9);
}
TEST(Egress, StayingInTheZoneIsFree) {
  const Results run = run_text(R"(
run: {duration: 10s, replications: 1}
workloads: {load: {constant_arrival_rate: 1/s, calls: a.op}}
services:
  a: {instances: [{zone: west}], endpoints: {op: [{call: b.op}]}}
  b: {instances: [{zone: west}], endpoints: {op: [compute: 1ms]}}
prices: {between_zones: 0.01}
)");
  EXPECT_TRUE(run.report.upkeep.egress.empty());
}

// A request makes three calls, two of them to another context.
TEST(Contexts, CountTheCallsThatCrossThem) {
  const Results run = run_text(R"(
run: {duration: 10s, replications: 1}
workloads: {load: {constant_arrival_rate: 10/s, spacing: regular, calls: a.op}}
services:
  a: {context: sales, endpoints: {op: [{call: b.op}, {call: c.op}, {call: c.op}]}}
  b: {context: sales, endpoints: {op: [compute: 1ms]}}
  c: {context: stock, endpoints: {op: [compute: 1ms]}}
)");
  EXPECT_NEAR(run.report.upkeep.coupling.crossing.estimate, 2, 0.03);
  EXPECT_NEAR(run.report.upkeep.coupling.calls.estimate, 3, 0.04);
  ASSERT_EQ(run.report.upkeep.coupling.busiest.size(), 1u);
  EXPECT_EQ(run.report.upkeep.coupling.busiest[0], "sales -> stock");
}

}  // namespace
}  // namespace tailrace::tests
