// Faults against theory: added latency, availability of what fails and is repaired, k of n, and what the
// library's scenarios about faults teach.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/statistical/lessons.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

// 200 ms to 10 % of the calls of a constant 20 ms service: mean 0.9 x 20 + 0.1 x 220 = 40 ms. 50 000
// requests: the standard error of the mean is 60 ms / sqrt(50 000) = 0.27 ms.
TEST(DelayFault, AddsLatencyToAShareOfTheCalls) {
  const Results run = run_text(R"(
run: {duration: 500s, replications: 1}
workloads: {load: {constant_arrival_rate: 100/s, calls: s.op}}
services: {s: {endpoints: {op: [compute: 20ms]}}}
faults: [{type: delay, target: s, latency: 200ms, probability: 10%}]
)");
  const analysis::LatencyReport& l = workload(run.report, "load").duration;
  EXPECT_NEAR(l.mean.estimate, 0.040, 0.0013);
  EXPECT_NEAR(percentile(l, 0.5), 0.020, 1e-4);
  EXPECT_NEAR(percentile(l, 0.95), 0.220, 1e-3);
}

// A = mtbf/(mtbf + mttr) = 90/100. Of 20 instances over 20 000 s there are 4000 failures; the standard error
// of A is about A (1 - A) sqrt(2/4000) = 0.002.
TEST(RandomFaults, AvailabilityIsMtbfOverMtbfAndMttr) {
  const Results run = run_text(R"(
run: {duration: 20000s, replications: 1}
workloads: {load: {constant_arrival_rate: 5/s, calls: s.op}}
services: {s: {replicas: 20, load_balancer: random, endpoints: {op: [compute: 1ms]}}}
faults: [{type: pod_failure, target: s, mtbf: exp(90s), mttr: exp(10s)}]
)");
  double down = 0;
  for (const models::InstanceRecord& i : run.records[0].stations[0].instances) down += i.down_s;
  EXPECT_NEAR(1 - down / (20 * 20'000.0), 0.9, 0.009);
  // A random instance is up with the same probability: of 100 000 requests, 10 % fail.
  EXPECT_NEAR(workload(run.report, "load").failed.estimate, 0.1, 0.012);
}

// Two of three up: 3 A^2 (1 - A) + A^3 = 0.896 for A = 0.8; all three fail by themselves. As one group they
// are up together, for 0.8 of the time.
TEST(RandomFaults, TwoOfThreeAreUpAsOftenAsTheBinomialSays) {
  const auto share_with_two = [](const std::string& target) {
    const Results run = run_text(fmt::format(R"(
run: {{duration: 100000s, replications: 1}}
workloads: {{load: {{constant_arrival_rate: 0.01/s, calls: s.op}}}}
services: {{s: {{replicas: 3, endpoints: {{op: [compute: 1ms]}}}}}}
faults: [{{type: pod_failure, {}, mtbf: exp(40s), mttr: exp(10s)}}]
)",
                                             target));
    const models::RunRecord& r = run.records[0];
    std::vector<std::pair<std::int64_t, int>> changes;
    for (const models::FaultActivation& a : r.fault_activations) {
      const int n = static_cast<int>(a.targets.size());
      changes.emplace_back(a.start_ns, -n);
      changes.emplace_back(a.end_ns < 0 ? r.end_ns : a.end_ns, n);
    }
    std::sort(changes.begin(), changes.end());
    int up = 3;
    std::int64_t before = 0, good = 0;
    for (const auto& [when, change] : changes) {
      if (up >= 2) good += when - before;
      before = when;
      up += change;
    }
    return static_cast<double>(good) / static_cast<double>(before);
  };
  EXPECT_NEAR(share_with_two("target: s"), 0.896, 0.012);
  EXPECT_NEAR(share_with_two("targets: [s]"), 0.8, 0.025);
}

// --- instance-crash: down for 60 of 180 s, and a quarter of the calls goes there: 1/12 fails. With health
// checks: three probes, the first within a second, so 2 to 3 s of a quarter: between 0.28 and 0.42 %.
TEST(InstanceCrash, FailsItsShareUntilAHealthCheckTakesItOut) {
  const Results run = run_library("instance-crash");
  EXPECT_NEAR(workload(run.report, "exposed").failed.estimate, 1.0 / 12, 0.003);
  EXPECT_GT(workload(run.report, "guarded").failed.estimate, 0.0022);
  EXPECT_LT(workload(run.report, "guarded").failed.estimate, 0.0048);
}

// --- zone-outage: all four instances of the zone, for 60 s each, at one time.
TEST(ZoneOutage, TakesAllOfItsZoneAndRetriesHideIt) {
  const Results run = run_library("zone-outage");
  for (const models::RunRecord& r : run.records) {
    ASSERT_EQ(r.fault_activations.size(), 1u);
    EXPECT_EQ(r.fault_activations[0].targets.size(), 4u);
  }
  EXPECT_LT(workload(run.report, "spread").failed.estimate,
            0.2 * workload(run.report, "bare").failed.estimate);
}

}  // namespace
}  // namespace tailrace::tests
