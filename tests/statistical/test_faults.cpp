// Faults that hit one by one or together, and what the library's scenarios about faults teach. (What fails
// and is repaired against theory: availability_cases.cpp; added latency: failure_cases.cpp.)
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/statistical/lessons.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

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

// --- zone-outage: all four instances of the zone, for 60 s each, at one time. 1/3 + 2/3 x 1/3 of the
// requests meet one of them until the second check of each has failed, 1.5 s on average of 180. (In a
// replication 83 of 18,000, with a deviation of 9 for their number and of 12 for when the checks come; five
// of them.)
TEST(ZoneOutage, TakesAllOfItsZoneAndRetriesHideIt) {
  const Results run = run_library("zone-outage");
  for (const models::RunRecord& r : run.records) {
    ASSERT_EQ(r.fault_activations.size(), 1u);
    EXPECT_EQ(r.fault_activations[0].targets.size(), 4u);
    EXPECT_EQ(r.fault_activations[0].end_ns - r.fault_activations[0].start_ns, 60'000'000'000);
  }
  EXPECT_NEAR(workload(run.report, "bare").failed.estimate, 5.0 / 9 * 1.5 / 180,
              4 * 15 / std::sqrt(5.0) / 18'000);
  EXPECT_LT(workload(run.report, "spread").failed.estimate,
            0.2 * workload(run.report, "bare").failed.estimate);
}

}  // namespace
}  // namespace tailrace::tests
