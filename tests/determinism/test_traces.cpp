// Small systems without randomness, worked out by hand: every time is exact to the nanosecond.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/metrics.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

constexpr std::int64_t kMs = 1'000'000;

// Of a workload that has one request, in ns: histograms are exact at their extremes, so a test that wants
// more than two durations gives each request a workload of its own.
std::int64_t only_duration(const Results& run, const std::string& name) {
  const analysis::LatencyReport& d = workload(run.report, name).duration;
  EXPECT_EQ(d.count, 1u) << name;
  return d.histogram.max();
}

TEST(Trace, ServerFasterThanRegularArrivalsLetsNobodyWait) {
  const auto until = [](const char* duration) {
    return run_text(
        fmt::format("run: {{duration: {}, replications: 1}}\n"
                    "workloads: {{load: {{trace: {{times: [0s, 10ms, 20ms, 30ms, 40ms]}}, calls: s.op}}}}\n"
                    "services: {{s: {{workers: 1, endpoints: {{op: [compute: 8ms]}}}}}}\n",
                    duration));
  };
  const Results run = until("1s");
  const analysis::LatencyReport& d = workload(run.report, "load").success_duration;
  EXPECT_EQ(d.count, 5u);
  EXPECT_EQ(d.histogram.min(), 8 * kMs);
  EXPECT_EQ(d.histogram.max(), 8 * kMs);
  EXPECT_EQ(station(run.report, "s").waited, 0u);
  // The last one leaves at 40 + 8 ms.
  EXPECT_EQ(workload(until("47.999999ms").report, "load").success_duration.count, 4u);
  EXPECT_EQ(workload(until("48.000001ms").report, "load").success_duration.count, 5u);
}

// At time 0 four requests of 10, 30, 10 and 10 ms come to two workers: the third starts at 10 ms, the fourth
// at 20 ms.
TEST(Trace, TwoWorkersServeInOrderOfArrival) {
  const Results run = run_text(
      "run: {duration: 1s, replications: 1}\n"
      "workloads:\n"
      "  r1: {trace: {times: [0s]}, calls: s.short}\n"
      "  r2: {trace: {times: [0s]}, calls: s.long}\n"
      "  r3: {trace: {times: [0s]}, calls: s.short}\n"
      "  r4: {trace: {times: [0s]}, calls: s.short}\n"
      "services: {s: {workers: 2, endpoints: {short: [compute: 10ms], long: [compute: 30ms]}}}\n");
  EXPECT_EQ(only_duration(run, "r1"), 10 * kMs);
  EXPECT_EQ(only_duration(run, "r2"), 30 * kMs);
  EXPECT_EQ(only_duration(run, "r3"), 20 * kMs);
  EXPECT_EQ(only_duration(run, "r4"), 30 * kMs);
}

// 10 ms, and 5 ms for each request inside, oneself and those who wait included.
TEST(Trace, ASleepGrowsWithTheRequestsInside) {
  const auto with = [](const char* workers) {
    return run_text(fmt::format(
        "run: {{duration: 1s, replications: 1}}\n"
        "workloads:\n"
        "  r1: {{trace: {{times: [0s]}}, calls: s.op}}\n"
        "  r2: {{trace: {{times: [1ms]}}, calls: s.op}}\n"
        "  r3: {{trace: {{times: [2ms]}}, calls: s.op}}\n"
        "services: {{s: {{workers: {}, endpoints: {{op: [{{sleep: 10ms, per_request: 5ms}}]}}}}}}\n",
        workers));
  };
  const Results many = with("unlimited");
  EXPECT_EQ(only_duration(many, "r1"), 15 * kMs);
  EXPECT_EQ(only_duration(many, "r2"), 20 * kMs);
  EXPECT_EQ(only_duration(many, "r3"), 25 * kMs);
  const Results one = with("1");
  EXPECT_EQ(only_duration(one, "r1"), 15 * kMs);
  EXPECT_EQ(only_duration(one, "r2"), 34 * kMs);  // starts at 15 with one behind it: 14 + 20
  EXPECT_EQ(only_duration(one, "r3"), 48 * kMs);  // starts at 35, alone: 33 + 15
}

// A timeout of 50 ms over a server that takes 80 or 20 ms, by the toss of a coin, and one retry after 10 ms.
// With 80 then 20: attempt 1 times out at 50 ms and keeps the server until 80; attempt 2 is sent at 60,
// starts at 80, ends at 100. With 80 twice attempt 2 would end at 160 ms and times out at 110. With 20 first
// it is over at 20.
TEST(Trace, AbandonedAttemptKeepsTheServerBusyForItsRetry) {
  const Results run = run_text(
      "run: {duration: 1s, replications: 100}\n"
      "workloads:\n"
      "  load:\n"
      "    trace: {times: [0s]}\n"
      "    calls: s.op\n"
      "    retries: {attempts: 1, per_try_timeout: 50ms, backoff: {base_interval: 10ms, jitter: none}}\n"
      "services: {s: {workers: 1, endpoints: {op: [compute: \"bimodal(p=0.5, fast=20ms, slow=80ms)\"]}}}\n");
  int at_once = 0, late = 0, failed = 0;
  for (const models::RunRecord& r : run.records) {
    const analysis::RunReport one = analysis::build_run_report(*run.model, {r});
    const analysis::ClassReport& w = workload(one, "load");
    const double busy = r.stations[0].instances[0].busy_s;
    ASSERT_EQ(w.duration.count, 1u);
    const std::int64_t took = w.duration.histogram.max();
    if (w.ended[0] == 0) {
      ++failed;
      EXPECT_EQ(took, 110 * kMs);
      EXPECT_NEAR(busy, 0.16, 1e-12);
    } else if (one.edges[0].attempts == 2) {
      ++late;
      EXPECT_EQ(took, 100 * kMs);
      EXPECT_NEAR(busy, 0.1, 1e-12);
    } else {
      ++at_once;
      EXPECT_EQ(took, 20 * kMs);
      EXPECT_NEAR(busy, 0.02, 1e-12);
    }
  }
  EXPECT_GT(at_once, 0);
  EXPECT_GT(late, 0);
  EXPECT_GT(failed, 0);
}

TEST(Trace, CallerThreadIsHeldWhileItsBackendWorks) {
  const Results run = run_text(
      "run: {duration: 1s, replications: 1}\n"
      "workloads: {load: {trace: {times: [0s, 0s]}, calls: caller.op}}\n"
      "services:\n"
      "  caller: {workers: 1, endpoints: {op: [compute: 5ms, call: backend.op]}}\n"
      "  backend: {workers: 1, endpoints: {op: [compute: 10ms]}}\n");
  const sim::Histogram& h = workload(run.report, "load").success_duration.histogram;
  EXPECT_EQ(h.count(), 2u);
  EXPECT_EQ(h.min(), 15 * kMs);
  EXPECT_EQ(h.max(), 30 * kMs);
}

TEST(Trace, JoinTakesAsLongAsTheSlowestBranch) {
  const Results run = run_text(
      "run: {duration: 1s, replications: 1}\n"
      "workloads: {load: {trace: {times: [0s]}, calls: front.op}}\n"
      "services:\n"
      "  front: {endpoints: {op: [parallel: [call: s.a, call: s.b, call: s.c], compute: 5ms]}}\n"
      "  s: {endpoints: {a: [compute: 10ms], b: [compute: 20ms], c: [compute: 30ms]}}\n");
  EXPECT_EQ(only_duration(run, "load"), 35 * kMs);
}

// Low at 0 and 1 ms, high at 2 ms, 10 ms each: they end at 10, 30 and 20 ms.
TEST(Trace, HighPriorityOvertakesTheWaitingLowOne) {
  const Results run = run_text(
      "run: {duration: 1s, replications: 1}\n"
      "workloads:\n"
      "  first: {trace: {times: [0s]}, calls: s.op}\n"
      "  second: {trace: {times: [1ms]}, calls: s.op}\n"
      "  third: {trace: {times: [2ms]}, calls: s.op, priority: 1}\n"
      "services: {s: {workers: 1, queue: {discipline: priority}, endpoints: {op: [compute: 10ms]}}}\n");
  EXPECT_EQ(only_duration(run, "first"), 10 * kMs);
  EXPECT_EQ(only_duration(run, "second"), 29 * kMs);
  EXPECT_EQ(only_duration(run, "third"), 18 * kMs);
}

// Three servers, 5 ms each, requests 2 ms apart: nobody waits, and the fourth goes back to the first.
TEST(Trace, RoundRobinComesBackToTheFirst) {
  const Results run = run_text(
      "run: {duration: 1s, replications: 1}\n"
      "workloads: {load: {trace: {times: [0s, 2ms, 4ms, 6ms]}, calls: s.op}}\n"
      "services: {s: {replicas: 3, workers: 1, load_balancer: round_robin, endpoints: {op: [compute: "
      "5ms]}}}\n");
  const sim::Histogram& h = workload(run.report, "load").success_duration.histogram;
  EXPECT_EQ(h.count(), 4u);
  EXPECT_EQ(h.min(), 5 * kMs);
  EXPECT_EQ(h.max(), 5 * kMs);
  const auto& instances = run.records[0].stations[0].instances;
  EXPECT_NEAR(instances[0].busy_s, 0.010, 1e-12);
  EXPECT_NEAR(instances[1].busy_s, 0.005, 1e-12);
  EXPECT_NEAR(instances[2].busy_s, 0.005, 1e-12);
}

// A caller's calls of one service take turns together, wherever they are written: three at once go to three.
TEST(Trace, RoundRobinGoesOnFromOneCallToTheNext) {
  const Results run = run_text(
      "run: {duration: 1s, replications: 1}\n"
      "workloads: {load: {trace: {times: [0s]}, calls: front.op}}\n"
      "services:\n"
      "  front: {endpoints: {op: [parallel: [call: s.a, call: s.a, call: s.b]]}}\n"
      "  s: {replicas: 3, workers: 1, endpoints: {a: [compute: 5ms], b: [compute: 5ms]}}\n");
  EXPECT_EQ(only_duration(run, "load"), 5 * kMs);
}

// Three calls that each choose one of three: all different 2 times out of 9, all the same once.
TEST(Trace, CallsOfOneOperationChooseForThemselves) {
  const Results run = run_text(
      "run: {duration: 1000s, replications: 1}\n"
      "workloads: {load: {constant_arrival_rate: 1/s, spacing: regular, calls: front.op}}\n"
      "services:\n"
      "  front: {endpoints: {op: [parallel: [call: s.op, call: s.op, call: s.op]]}}\n"
      "  s: {replicas: 3, workers: 1, load_balancer: random, endpoints: {op: [compute: 5ms]}}\n");
  const sim::Histogram& h = workload(run.report, "load").success_duration.histogram;
  EXPECT_EQ(h.min(), 5 * kMs);
  EXPECT_EQ(h.max(), 15 * kMs);
  EXPECT_NEAR(h.mean(), (2 * 5 + 6 * 10 + 15) / 9.0 * kMs, 0.5 * kMs);
}

// The sum of ten independent uniforms of 10 ms is below 10 ms, or above 90, once in 10! = 3.6 million times;
// ten times the same is so 200 times in a thousand.
TEST(Trace, RoundsOfALoopDrawForThemselves) {
  const Results run = run_text(
      "run: {duration: 1000s, replications: 1}\n"
      "workloads: {load: {constant_arrival_rate: 1/s, calls: s.op}}\n"
      "services: {s: {endpoints: {op: [{loop: 10, steps: [sleep: \"uniform(0ms, 10ms)\"]}]}}}\n");
  const sim::Histogram& h = workload(run.report, "load").success_duration.histogram;
  EXPECT_GT(h.min(), 10 * kMs);
  EXPECT_LT(h.max(), 90 * kMs);
}

// Client, a and b each try four times: (3 + 1)^3 calls of the leaf for one request.
TEST(Trace, RetriesOfEveryLayerMultiply) {
  const Results run = run_text(
      "run: {duration: 1000s, replications: 1}\n"
      "workloads:\n"
      "  load: {constant_arrival_rate: 1/s, calls: a.op, retries: {attempts: 3, backoff: {base_interval: "
      "0s}}}\n"
      "services:\n"
      "  a: {endpoints: {op: [{call: b.op, retries: {attempts: 3, backoff: {base_interval: 0s}}}]}}\n"
      "  b: {endpoints: {op: [{call: leaf.op, retries: {attempts: 3, backoff: {base_interval: 0s}}}]}}\n"
      "  leaf: {error_rate: 1, endpoints: {op: []}}\n");
  const analysis::ClassReport& w = workload(run.report, "load");
  EXPECT_GT(w.arrived, 900u);
  EXPECT_EQ(w.ended[0], 0u);
  EXPECT_EQ(operation(run.report, "leaf.op").arrived, 64 * w.arrived);
}

// 1 MB at 100 Mbit/s takes 80 ms, and 20 ms on the way.
TEST(Trace, TransferTakesTransmissionAndPropagation) {
  const Results run = run_text(
      "run: {duration: 1s, replications: 1}\n"
      "workloads: {load: {trace: {times: [0s]}, steps: [{call: s.op, request_size: 1000000B, response_size: "
      "0B}]}}\n"
      "services: {s: {endpoints: {op: []}}}\n"
      "network: {links: {\"load -> s\": {latency: 20ms, bandwidth: 100Mbit/s}, \"s -> load\": {latency: "
      "0s}}}\n");
  EXPECT_EQ(only_duration(run, "load"), 100 * kMs);
}

}  // namespace
}  // namespace tailrace::tests
