// Scaling, event by event: when instances come and go, who is served by them, and what is cut off.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/metrics.hpp"
#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

struct Row {
  double at_s;
  std::uint32_t from, to;
};
void expect_events(const models::ScalingRecord& record, const std::vector<Row>& rows) {
  ASSERT_EQ(record.events.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_DOUBLE_EQ(static_cast<double>(record.events[i].at_ns) * 1e-9, rows[i].at_s) << i;
    EXPECT_EQ(record.events[i].from, rows[i].from) << i;
    EXPECT_EQ(record.events[i].to, rows[i].to) << i;
  }
}

// 355/s at 4 instances are 89 each, and 60 are meant: ceil(4 x 89/60) = 6 at the first look, which then have
// the target. From 32 s on it is 100/s: the look at 45 s still sees 134/s and means 3, later ones 2. The last
// recommendation of 6, at 30 s, counts for 300 s, that of 3 for 15 s more.
TEST(Hpa, FollowsTheFormulaAndKeepsItsWindow) {
  const Results run = run_text(R"(
run: {duration: 400s, replications: 1}
workloads:
  load:
    ramping_arrival_rate:
      start_rate: 355/s
      stages: [{duration: 32s, target: 355/s}, {duration: 1ms, target: 100/s}, {duration: 400s, target: 100/s}]
    spacing: regular
    calls: s.op
services:
  s:
    replicas: 4
    autoscaling: {max_replicas: 20, hpa: {metric: requests, target: 60/s}}
    endpoints: {op: [compute: 1ms]}
)");
  expect_events(run.records[0].scaling[0], {{15, 4, 6}, {330, 6, 3}, {345, 3, 2}});
}

// Three of four go at 3 s: they take no more, end what they have within 100 ms, and are gone. Two come at 6.
TEST(ScaleIn, FinishesItsWorkAndTakesNoMore) {
  const Results run = run_text(R"(
run: {duration: 10s, replications: 1}
workloads: {load: {constant_arrival_rate: 100/s, spacing: regular, calls: s.op}}
services:
  s:
    replicas: 4
    workers: 50
    autoscaling: {max_replicas: 4, schedule: [{at: 3s, replicas: 1}, {at: 6s, replicas: 3}]}
    startup_time: 500ms
    endpoints: {op: [compute: 100ms]}
)");
  const models::RunRecord& r = run.records[0];
  EXPECT_EQ(r.classes[0].ended[0] + r.classes[0].in_flight, r.classes[0].arrived);  // none is lost
  expect_events(r.scaling[0], {{3, 4, 1}, {6, 1, 3}});
  EXPECT_EQ(r.scaling[0].cut_off, 0u);
  // The three that go drain for 100 ms at most; the two that come start for 500 ms. 4 x 3 + 1 x 7 + 2 x 4.
  EXPECT_NEAR(r.scaling[0].present_s, 27, 0.3);
  EXPECT_GT(r.scaling[0].present_s, 27);
  EXPECT_DOUBLE_EQ(r.stations[0].instances[0].present_s, 10);
  EXPECT_DOUBLE_EQ(r.stations[0].instances[3].present_s, 3.07);  // its last request came at 2.97 s
}

// Its grace is 1 s, its work 5 s: cut off at 3 s, as in a crash.
TEST(ScaleIn, CutsOffWhatOutlastsItsGrace) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 0s]}, calls: s.op}}
services:
  s:
    replicas: 2
    grace_period: 1s
    autoscaling: {max_replicas: 2, schedule: [{at: 2s, replicas: 1}]}
    endpoints: {op: [compute: 5s]}
)");
  t.requests("load", {{3000, network}, {5000, success}});
  EXPECT_EQ(t.at_end().scaling[0].cut_off, 1u);
}

// A cold start takes 2 s, and the next request waits for it too. Idle since 5.1 s, gone at 15.1 s: cold
// again.
TEST(OnDemand, StartsForARequestAndGoesWhenIdle) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 1s, 5s, 20s]}, calls: s.op}}
services:
  s:
    workers: 1
    startup_time: 2s
    autoscaling: {min_replicas: 0, max_replicas: 1, on_demand: {idle_timeout: 10s}}
    endpoints: {op: [compute: 100ms]}
)",
          30'000);
  t.requests("load", {{2100, success}, {2200, success}, {5100, success}, {22100, success}});
  const models::ScalingRecord& s = t.at_end().scaling[0];
  EXPECT_EQ(s.requests, 4u);
  EXPECT_EQ(s.cold, 3u);
  ASSERT_GE(s.events.size(), 3u);
  EXPECT_DOUBLE_EQ(static_cast<double>(s.events[1].at_ns) * 1e-9, 15.1);
}

// One server of a shared queue: who comes first is served first, wherever a worker is free.
TEST(SharedQueue, GivesTheNextToWhoIsFree) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms, 1ms, 2ms, 3ms]}, calls: s.op}}
services: {s: {replicas: 2, workers: 1, shared_queue: true, endpoints: {op: [compute: 10ms]}}}
)");
  t.requests("load", {{10, success}, {11, success}, {20, success}, {21, success}});
  t.is_quiet();
}

// Never under min, never over max, nothing lost, whatever is asked for and whatever fails.
TEST(Scaling, KeepsItsBoundsAndItsBooks) {
  for (const char* how : {"hpa: {metric: workers, target: 50%, sync_period: 1s, metrics_window: 1s, "
                          "scale_down: {stabilization_window: 0s}}",
                          "concurrency: {target: 2, period: 1s, stable_window: 5s, panic_window: 1s}",
                          "step: {metric: workers, period: 1s, cooldown: 1s, steps: [{above: 60%, add: 2}, "
                          "{below: 30%, percent: -50}]}",
                          "target_tracking: {metric: workers, target: 50%, period: 1s, out_periods: 1, "
                          "in_periods: 2, scale_out_cooldown: 0s, scale_in_cooldown: 0s}",
                          "on_demand: {idle_timeout: 100ms}"}) {
    for (const char* more : {"", "shared_queue: true, ", "grace_period: 10ms, ", "cpus: 1, "}) {
      SCOPED_TRACE(fmt::format("{} {}", how, more));
      const Results run = run_text(fmt::format(R"(
run: {{duration: 60s, warmup: 7s, replications: 2}}
workloads:
  load:
    sinusoidal_arrival_rate: {{base: 200/s, amplitude: 200/s, period: 20s}}
    calls: s.op
    timeout: 1s
    retries: {{attempts: 1}}
services:
  s:
    {{workers: 2, {}replicas: 3, startup_time: exp(500ms),
      autoscaling: {{min_replicas: 2, max_replicas: 12, {}}}, endpoints: {{op: [compute: exp(30ms)]}}}}
faults: [{{type: pod_kill, target: s, mode: one, start: 2s, restart_time: 1s, repeat: {{every: 3s}}}}]
)",
                                               more, how));
      EXPECT_TRUE(run.report.littles_law_holds);
      EXPECT_TRUE(run.report.conservation_holds);
      for (const models::RunRecord& r : run.records) {
        EXPECT_EQ(r.status, models::RunStatus::completed) << r.message;
        EXPECT_GE(r.scaling[0].least, 2u);
        EXPECT_LE(r.scaling[0].most, 12u);
        EXPECT_GT(r.scaling[0].ups, 0u);
        EXPECT_GT(r.scaling[0].downs, 0u);
        double present = 0;
        for (const models::InstanceRecord& i : r.stations[0].instances) present += std::max(0.0, i.present_s);
        EXPECT_NEAR(present, r.scaling[0].present_s, 1e-6);
      }
      EXPECT_EQ(run.report.result_fingerprint, run_model(run.model).report.result_fingerprint);
    }
  }
}

// Nothing to scale, and nobody to choose among: three of 10 ms one after another, however they are balanced.
TEST(Scaling, OfOneInstanceAtMostLeavesItAlone) {
  for (const char* how :
       {"hpa: {metric: workers, target: 50%, sync_period: 1s}", "concurrency: {target: 2}",
        "step: {metric: workers, period: 1s, cooldown: 1s, steps: [{above: 60%, add: 2}]}",
        "target_tracking: {metric: workers, target: 50%, period: 1s}", "schedule: [{at: 1s, replicas: 1}]"}) {
    for (const char* balancer :
         {"round_robin", "random", "weighted", "least_request", "peak_ewma", "ring_hash"}) {
      SCOPED_TRACE(fmt::format("{} {}", how, balancer));
      Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [0ms, 1ms, 2ms]}}, calls: s.op}}}}
services:
  s:
    replicas: 1
    workers: 1
    load_balancer: {}
    autoscaling: {{max_replicas: 1, {}}}
    endpoints: {{op: [compute: 10ms]}}
)",
                          balancer, how));
      t.requests("load", {{10, success}, {20, success}, {30, success}});
      EXPECT_EQ(t.at_end().scaling.at(0).most, 1u);
      t.is_quiet();
    }
  }
}

// --- deployments

std::string deployed(const std::string& deployment) {
  return fmt::format(R"(
run: {{duration: 120s, replications: 1}}
workloads: {{load: {{constant_arrival_rate: 100/s, calls: s.op}}}}
services: {{s: {{replicas: 4, workers: 4, startup_time: 5s, endpoints: {{op: [compute: exp(10ms)]}}}}}}
deployments: [{{service: s, at: 10s, {}}}]
)",
                     deployment);
}

// One more at a time, 5 s each: 4 x 5 s, and never fewer than 4.
TEST(RollingDeployment, ReplacesOneAfterTheOtherAndLosesNothing) {
  const Results run = run_text(deployed("strategy: rolling"));
  const models::RunRecord& r = run.records[0];
  EXPECT_DOUBLE_EQ(static_cast<double>(r.deployments[0].start_ns) * 1e-9, 10);
  EXPECT_DOUBLE_EQ(static_cast<double>(r.deployments[0].end_ns) * 1e-9, 30);
  EXPECT_EQ(r.classes[0].ended[0] + r.classes[0].in_flight, r.classes[0].arrived);
}

// All are gone for 5 s: 500 requests of 12 000 find nobody.
TEST(RecreateDeployment, IsAnOutage) {
  const Results run = run_text(deployed("strategy: recreate"));
  const models::RunRecord& r = run.records[0];
  EXPECT_NEAR(static_cast<double>(r.deployments[0].end_ns) * 1e-9, 15, 0.2);
  EXPECT_NEAR(static_cast<double>(models::total(r.classes[0].ended) - r.classes[0].ended[0]), 500, 80);
}

// All eight are there after 5 s; then callers change over at once: 105 s of 100/s, give or take four standard
// deviations.
TEST(BlueGreenDeployment, ChangesOverAtOnce) {
  const Results run = run_text(deployed("strategy: blue_green"));
  const models::RunRecord& r = run.records[0];
  EXPECT_DOUBLE_EQ(static_cast<double>(r.deployments[0].end_ns) * 1e-9, 15);
  EXPECT_EQ(r.classes[0].ended[0] + r.classes[0].in_flight, r.classes[0].arrived);
  EXPECT_NEAR(static_cast<double>(r.deployments[0].requests), 10500, 400);
}

// One of four is of the bad version from 15 s on; after 20 s of that it is taken back, which takes the 5 s of
// a start more: a quarter of 25 s is 625 requests, of which half fail. Four standard deviations of Poisson
// counts are 100 and 71.
TEST(CanaryDeployment, IsRolledBackWhenItFails) {
  const Results run = run_text(deployed(
      "strategy: canary, steps: [{share: 25%, pause: 20s}], abort_above: 5%, version: {error_rate: 50%}"));
  const models::RunRecord& r = run.records[0];
  EXPECT_TRUE(r.deployments[0].rolled_back);
  EXPECT_NEAR(static_cast<double>(r.deployments[0].end_ns) * 1e-9, 40, 0.2);
  EXPECT_NEAR(static_cast<double>(r.deployments[0].requests), 625, 100);
  EXPECT_NEAR(static_cast<double>(r.deployments[0].failed), 312.5, 71);
  const Results good = run_text(deployed(
      "strategy: canary, steps: [{share: 25%, pause: 20s}], abort_above: 5%, version: {slowness: 1.2}"));
  EXPECT_FALSE(good.records[0].deployments[0].rolled_back);
  EXPECT_DOUBLE_EQ(static_cast<double>(good.records[0].deployments[0].end_ns) * 1e-9, 50);
}

}  // namespace
}  // namespace tailrace::tests
