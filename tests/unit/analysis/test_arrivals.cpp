// Arrivals per request of each workload, where they can be counted by hand.
#include "analysis/report/arrivals.hpp"

#include <gtest/gtest.h>

#include "tests/support/metrics.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

double of(const Results& r, const std::string& name, const std::string& workload) {
  for (const analysis::WorkloadArrivals& a : operation(r.report, name).by_workload) {
    if (a.workload == workload) return a.per_request.estimate;
  }
  return -1;
}

// Everything fails. Those who try three times arrive three times each, the others once; and behind the
// service that they share, and behind that, so do their calls.
constexpr const char* kRetries = R"(
run: {duration: 10s, replications: 2}
workloads:
  eager: {constant_arrival_rate: 10/s, spacing: regular, steps: [{call: s.op, retries: {attempts: 2}}]}
  modest: {constant_arrival_rate: 40/s, spacing: regular, steps: [call: s.op]}
  other: {constant_arrival_rate: 5/s, spacing: regular, steps: [call: leaf.own]}
services:
  s: {endpoints: {op: [call: mid.op, fail: 100%]}}
  mid: {endpoints: {op: [call: leaf.op, call: leaf.op]}}
  leaf: {endpoints: {op: [sleep: 1ms], own: [sleep: 1ms]}}
)";

TEST(ArrivalsByWorkload, RetriesCountForWhoRetries) {
  const Results r = run_text(kRetries);
  EXPECT_NEAR(operation(r.report, "s.op").arrivals_per_request.estimate, (3.0 * 10 + 40) / 50, 0.01);
  EXPECT_NEAR(of(r, "s.op", "eager"), 3, 0.04);
  EXPECT_NEAR(of(r, "s.op", "modest"), 1, 0.01);
  EXPECT_NEAR(of(r, "leaf.op", "eager"), 6, 0.08);
  EXPECT_NEAR(of(r, "leaf.op", "modest"), 2, 0.02);
  EXPECT_EQ(of(r, "s.op", "other"), -1);
  EXPECT_DOUBLE_EQ(of(r, "leaf.own", "other"), 1);
  EXPECT_FALSE(operation(r.report, "s.op").by_workload[0].in_proportion);
  EXPECT_TRUE(operation(r.report, "leaf.op").by_workload[0].in_proportion);
  EXPECT_FALSE(operation(r.report, "leaf.own").by_workload[0].in_proportion);
}

// All arrivals are somebody's.
TEST(ArrivalsByWorkload, AddUpToTheArrivals) {
  const Results r = run_text(kRetries);
  for (const analysis::OperationReport& op : r.report.operations) {
    double sum = 0;
    for (const analysis::WorkloadArrivals& a : op.by_workload) {
      for (const analysis::ClassReport& w : r.report.workloads) {
        if (w.workload == a.workload) sum += a.per_request.estimate * static_cast<double>(w.arrived);
      }
    }
    EXPECT_NEAR(sum, static_cast<double>(op.arrived), 1e-6 * static_cast<double>(op.arrived)) << op.name;
  }
}

// One publishes once and one twice; what handlers call is theirs.
TEST(ArrivalsByWorkload, MessagesAreTheirPublishers) {
  const Results r = run_text(R"(
run: {duration: 100s, replications: 2}
workloads:
  once: {constant_arrival_rate: 10/s, spacing: regular, steps: [publish: q]}
  twice: {constant_arrival_rate: 10/s, spacing: regular, steps: [publish: q, publish: q]}
jobs: {q: {workers: {instances: 5, concurrency: 10, steps: [call: leaf.op]}}}
services: {leaf: {endpoints: {op: [sleep: 1ms]}}}
)");
  EXPECT_NEAR(of(r, "leaf.op", "once"), 1, 0.02);
  EXPECT_NEAR(of(r, "leaf.op", "twice"), 2, 0.02);
}

TEST(ArrivalsByWorkload, AreSaidWhereTheyDiffer) {
  const Results r = run_text(kRetries);
  const std::string text = analysis::arrivals_text(r.report.operations, {});
  EXPECT_NE(text.find("s.op"), std::string::npos) << text;
  EXPECT_NE(text.find("eager"), std::string::npos) << text;
  EXPECT_EQ(text.find("other"), std::string::npos) << text;
  EXPECT_NE(text.find("in proportion"), std::string::npos) << text;
}

TEST(ArrivalsByWorkload, OneWorkloadHasNone) {
  const Results r = run_text(R"(
run: {duration: 1s, replications: 1}
workloads: {load: {constant_arrival_rate: 10/s, calls: s.op}}
services: {s: {endpoints: {op: [sleep: 1ms]}}}
)");
  EXPECT_TRUE(operation(r.report, "s.op").by_workload.empty());
  EXPECT_EQ(analysis::arrivals_text(r.report.operations, {}), "");
}

}  // namespace
}  // namespace tailrace::tests
