// Versions that do not fit, and gates that notice.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// At 10 s all instances of `orders` are replaced at once.
Results deployed(const std::string& version, const std::string& more = "") {
  return run_text(fmt::format(R"(
run: {{duration: 20s, replications: 1}}
workloads: {{load: {{constant_arrival_rate: 100/s, spacing: regular, calls: web.op}}}}
services:
  web: {{replicas: 2, endpoints: {{op: [call: orders.op]}}}}
  orders: {{replicas: 4, endpoints: {{op: [compute: 1ms]}}}}
deployments:
  - {{service: orders, at: 10s, strategy: blue_green, version: {}, {}}}
)",
                              version, more));
}
std::uint64_t errors(const Results& run) {
  return run.records[0].classes[0].ended[static_cast<std::size_t>(error)];
}

// Requests from 10 s on: 100/s for 10 s.
TEST(Contracts, ANewVersionThatForgetsTheOldInterfaceBreaksEveryCall) {
  const Results run = deployed("{api: 2}");
  EXPECT_NEAR(static_cast<double>(errors(run)), 1000, 2);
  EXPECT_EQ(run.records[0].deployments[0].skewed, errors(run));
}
TEST(Contracts, OneThatStillServesItBreaksNone) {
  EXPECT_EQ(errors(deployed("{api: 2, still_serves: 1}")), 0u);
}
TEST(Contracts, AGateStopsTheRollout) {
  const Results run = deployed("{api: 2}", "contract_gate: true");
  EXPECT_EQ(errors(run), 0u);
  EXPECT_TRUE(run.records[0].deployments[0].blocked);
  EXPECT_LT(run.records[0].deployments[0].start_ns, 0);
  EXPECT_EQ(run.report.deployments[0].blocked, 1u);
}

// One of four instances is new for 5 s: in turn, a quarter of 500 calls meets it.
TEST(Contracts, SkewBreaksTheShareOfTheInstancesThatAreNew) {
  const Results run = run_text(R"(
run: {duration: 20s, replications: 1}
workloads: {load: {constant_arrival_rate: 100/s, spacing: regular, calls: orders.op}}
services:
  orders: {replicas: 4, endpoints: {op: [compute: 1ms]}}
deployments:
  - {service: orders, at: 10s, strategy: canary, max_surge: 0, max_unavailable: 1, version: {api: 2},
     steps: [{share: 25%, pause: 5s}], abort_above: 1%}
)");
  EXPECT_NEAR(static_cast<double>(errors(run)), 125, 3);
}

// The caller's new version needs interface 2 and is ready to go at 5 s; it waits until the provider, which
// serves both from 10 s on, is there: the looks are a second apart.
TEST(Contracts, TheGateLetsACallerGoWhenItsProviderIsThere) {
  const Results run = run_text(R"(
run: {duration: 30s, replications: 1}
workloads: {load: {constant_arrival_rate: 100/s, spacing: regular, calls: web.op}}
services:
  web: {replicas: 2, endpoints: {op: [call: orders.op]}}
  orders: {replicas: 4, endpoints: {op: [compute: 1ms]}}
deployments:
  - {service: orders, at: 10s, strategy: blue_green, version: {api: 2, still_serves: 1}}
  - {service: web, at: 5s, strategy: rolling, contract_gate: true, version: {expects: [{service: orders, api: 2}]}}
)");
  EXPECT_EQ(errors(run), 0u);
  const models::DeploymentRecord& web = run.records[0].deployments[1];
  EXPECT_FALSE(web.blocked);
  EXPECT_GE(web.start_ns, 10'000'000'000);
  EXPECT_LE(web.start_ns, 11'000'000'000);
}

}  // namespace
}  // namespace tailrace::tests
