// What the library's scenarios about scaling and deployments teach, from the runs' own numbers.
#include <gtest/gtest.h>

#include "tests/statistical/lessons.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

Figure queue_s(const std::string& name) {
  return [name](const models::CompiledModel& m, const models::RunRecord& r) {
    double sum = 0;
    for (const models::InstanceRecord& i : station_record(m, r, name).instances) sum += i.queue_s;
    return sum / r.seconds();
  };
}
Figure instances(const std::string& name) {
  return [name](const models::CompiledModel& m, const models::RunRecord& r) {
    for (const models::ScalingRecord& s : r.scaling) {
      if (m.topology->stations[s.station].name == name) return s.present_s / r.seconds();
    }
    throw std::runtime_error("no scaling of " + name);
  };
}

// --- autoscaling-lag: from 65 s on 300/s come, and four instances do 200/s. Looks are at 75 and 90 s, so in
// 5 s more instances the backlog is at most about 100/s x (75 + 5 - 63) s = 1700; in 60 s it is 100/s x 72 s.
TEST(AutoscalingLag, IsPaidForByTheQueueOfTheStartUpTime) {
  const Results run = run_library("autoscaling-lag");
  const Bounds more = difference(run, queue_s("slow"), run, queue_s("quick"));
  EXPECT_GT(more.low, 1000);
  EXPECT_GT(percentile(workload(run.report, "slow-starts").duration, 0.99),
            4 * percentile(workload(run.report, "quick-starts").duration, 0.99));
  // Both look at the same times, so the first decisions are at the same look.
  for (const models::RunRecord& r : run.records) {
    ASSERT_GE(r.scaling.size(), 2u);
    EXPECT_EQ(r.scaling[0].events.front().at_ns, r.scaling[1].events.front().at_ns);
    EXPECT_LE(r.scaling[0].events.front().at_ns, 75'000'000'000);
  }
}

// --- autoscaling-flapping: hardly fewer instances, far more changes, a far longer queue.
TEST(AutoscalingFlapping, SavesLittleAndPaysInLatency) {
  const Results run = run_library("autoscaling-flapping");
  EXPECT_LT(mean(run, instances("nervous")), mean(run, instances("steady")));
  EXPECT_GT(mean(run, instances("nervous")), 0.7 * mean(run, instances("steady")));
  EXPECT_GT(difference(run, queue_s("nervous"), run, queue_s("steady")).low, 100);
  EXPECT_GT(scaling(run.report, "nervous").ups + scaling(run.report, "nervous").downs,
            20 * (1 + scaling(run.report, "steady").ups + scaling(run.report, "steady").downs));
  EXPECT_GT(workload(run.report, "hasty").duration.mean.estimate,
            20 * workload(run.report, "patient").duration.mean.estimate);
}

// --- scale-to-zero: exp(-60/20) = 5.0 % find nobody, who wait for 2 s, and a tenth of a request comes in
// each of these and waits for the rest; the median is the same.
TEST(ScaleToZero, HidesInTheMeanAndMakesTheTail) {
  const Results run = run_library("scale-to-zero");
  const analysis::LatencyReport& cold = workload(run.report, "cold").duration;
  const analysis::LatencyReport& warm = workload(run.report, "warm").duration;
  EXPECT_NEAR(scaling(run.report, "function").cold_starts.estimate, 0.0498 * 1.1, 0.005);
  EXPECT_NEAR(cold.mean.estimate - warm.mean.estimate, 0.0498 * (2 + 0.1), 0.015);
  EXPECT_NEAR(percentile(cold, 0.5), percentile(warm, 0.5), 0.005);
  EXPECT_GT(percentile(cold, 0.99), 2.0);
}

// --- rolling-deploy: recreate has nobody for the 10 s of the start: 10/120 of the requests, and none fails
// otherwise. Four times 10 s one after the other; two and two.
TEST(RollingDeploy, CostsRoomOrCapacityOrAnOutage) {
  const Results run = run_library("rolling-deploy");
  EXPECT_EQ(workload(run.report, "careful").failed.estimate, 0);
  EXPECT_EQ(workload(run.report, "thrifty").failed.estimate, 0);
  EXPECT_NEAR(workload(run.report, "plain").failed.estimate, 10.0 / 120, 0.004);
  EXPECT_NEAR(run.report.deployments[0].duration_s, 40, 0.01);
  EXPECT_NEAR(run.report.deployments[2].duration_s, 20, 0.01);
  // Two instances do 160/s of the 240/s: after 20 s about 1600 wait.
  EXPECT_GT(difference(run, queue_s("fewer"), run, queue_s("surge")).low, 50);
}

// --- canary: one of ten has it from 65 s to 130 s, and a tenth of its requests fails: 65/300 x 1 %. Rolled
// out it is at one more of ten every 5 s from 65 s on, 4.5 x 5 s until 110 s and then for 190 s everywhere:
// 212.5/300 x 10 %. Of 300,000 requests: deviations of 0.008 % and of 0.05 %.
TEST(Canary, BoundsTheHarm) {
  const Results run = run_library("canary");
  EXPECT_NEAR(workload(run.report, "watched").failed.estimate, 0.01 * 65 / 300, 0.0004);
  EXPECT_NEAR(workload(run.report, "trusting").failed.estimate, 0.1 * 212.5 / 300, 0.0025);
  EXPECT_EQ(run.report.deployments[0].rolled_back, run.records.size());
}

// --- survivors: three do 300/s of the 340/s for a minute. Afterwards there are four, for 400/s: whose health
// check does not depend on the load serves all of it again; the other does not.
TEST(Survivors, AreTakenForDeadByChecksThatFailUnderLoad) {
  const Results run = run_library("survivors");
  const auto later = [&](const std::string& name) {
    double sum = 0, windows = 0;
    for (const models::RunRecord& r : run.records) {
      for (const models::WindowRecord& w : r.windows) {
        if (w.end_ns <= 200'000'000'000) continue;
        for (std::size_t i = 0; i < w.classes.size(); ++i) {
          if (run.report.classes[i].workload != name) continue;
          sum += static_cast<double>(w.classes[i].succeeded) / 2;
          ++windows;
        }
      }
    }
    return sum / windows;
  };
  EXPECT_NEAR(later("saved"), 340, 6);
  EXPECT_LT(later("doomed"), 240);
}

}  // namespace
}  // namespace tailrace::tests
