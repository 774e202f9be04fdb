// What must not change a result: the number of threads, the order of a file, a component that nobody calls,
// the name of one that draws no random number, policies and faults that never act, steps around steps, how
// finely time is observed; what must not change a part of it: another part's name and laws; and what must
// change it: the seed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/determinism/random_messaging.hpp"
#include "tests/determinism/sample_scenarios.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  EXPECT_NE(text.find(from), std::string::npos) << from;
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string with_seed(const std::string& text, const std::string& seed) {
  return replaced(text, "seed: 42", "seed: " + seed);
}

void expect_same_fingerprints(const Results& a, const Results& b, const std::string& what) {
  EXPECT_EQ(a.report.trajectory_fingerprint, b.report.trajectory_fingerprint) << what;
  EXPECT_EQ(a.report.result_fingerprint, b.report.result_fingerprint) << what;
}

TEST(Invariance, ThreadsAndRepetitionChangeNothing) {
  for (const Sample& sample : sample_scenarios()) {
    const Model model = compile_text(sample.scenario);
    const std::string one = figures(run_model(model, 1).report);
    EXPECT_EQ(one, figures(run_model(model, 1).report)) << sample.name;
    EXPECT_EQ(one, figures(run_model(model, 2).report)) << sample.name;
    EXPECT_EQ(one, figures(run_model(model, 8).report)) << sample.name;
    EXPECT_EQ(one, figures(run_text(sample.scenario, 2).report)) << sample.name;
    EXPECT_EQ(one.find("nan"), std::string::npos) << one;
  }
}

TEST(Invariance, SeedsAndReplicationsDiffer) {
  for (const Sample& sample : sample_scenarios()) {
    const Results a = run_text(sample.scenario), b = run_text(with_seed(sample.scenario, "43"));
    EXPECT_NE(a.report.trajectory_fingerprint, b.report.trajectory_fingerprint) << sample.name;
    EXPECT_NE(a.records[0].trajectory, a.records[1].trajectory) << sample.name;
  }
}

// Sections, workloads, classes of requests, services, endpoints, operations, links and fields in another
// order, written out by hand.
TEST(Invariance, OrderInTheFileChangesNothing) {
  const Results forward = run_text(
      "run: {duration: 20s, replications: 2}\n"
      "workloads:\n"
      "  ants: {constant_arrival_rate: 50/s, calls: front.op}\n"
      "  bees: {constant_arrival_rate: 70/s, calls: back.op}\n"
      "  cats: {constant_vus: 5, think_time: exp(50ms), start_with: tea, requests: {milk: {weight: 3, calls: "
      "front.extra}, tea: {calls: front.op}, water: {calls: front.op}}}\n"
      "services:\n"
      "  front: {workers: 2, endpoints: {op: [compute: exp(5ms), call: back.op], extra: [compute: "
      "exp(1ms), call: store.read, call: store.write]}}\n"
      "  back: {workers: 1, replicas: 2, load_balancer: random, endpoints: {op: [compute: exp(9ms)]}}\n"
      "databases:\n"
      "  store: {connections: 1, operations: {read: exp(3ms), write: exp(4ms)}}\n"
      "network: {default: {latency: exp(1ms)}, links: {front -> back: {loss: 10%}, front -> store: {jitter: "
      "exp(1ms)}}}\n");
  const Results backward = run_text(
      "network: {links: {front -> store: {jitter: exp(1ms)}, front -> back: {loss: 10%}}, default: {latency: "
      "exp(1ms)}}\n"
      "databases:\n"
      "  store: {operations: {write: exp(4ms), read: exp(3ms)}, connections: 1}\n"
      "services:\n"
      "  back: {endpoints: {op: [compute: exp(9ms)]}, load_balancer: random, replicas: 2, workers: 1}\n"
      "  front: {endpoints: {extra: [compute: exp(1ms), call: store.read, call: store.write], op: [compute: "
      "exp(5ms), call: back.op]}, workers: 2}\n"
      "workloads:\n"
      "  cats: {requests: {water: {calls: front.op}, tea: {calls: front.op}, milk: {calls: front.extra, "
      "weight: "
      "3}}, start_with: tea, think_time: exp(50ms), constant_vus: 5}\n"
      "  bees: {calls: back.op, constant_arrival_rate: 70/s}\n"
      "  ants: {calls: front.op, constant_arrival_rate: 50/s}\n"
      "run: {replications: 2, duration: 20s}\n");
  EXPECT_EQ(figures(forward.report), figures(backward.report));
}

// Before and after all others in the order of names.
TEST(Invariance, ComponentsThatNobodyCallsChangeNothing) {
  const std::string idle = "{workers: 3, cpus: 2, queue: 5, endpoints: {op: [compute: exp(10ms)]}}";
  for (const Sample& sample : sample_scenarios()) {
    const Results alone = run_text(sample.scenario);
    for (const char* name : {"aaa", "zzz"}) {
      const bool flow = sample.scenario.find("services: {") != std::string::npos;
      const std::string more =
          flow ? replaced(sample.scenario, "services: {", fmt::format("services: {{{}: {}, ", name, idle))
               : replaced(sample.scenario, "services:\n", fmt::format("services:\n  {}: {}\n", name, idle));
      expect_same_fingerprints(alone, run_text(more), sample.name + " with " + name);
    }
  }
}

// `part` takes constant times and is not replicated: it owns no random stream. Its neighbours do.
TEST(Invariance, NameOfAServiceThatDrawsNothingChangesNothing) {
  const std::string text =
      "run: {duration: 20s, replications: 2}\n"
      "workloads: {load: {constant_arrival_rate: 50/s, calls: front.op}}\n"
      "services:\n"
      "  front: {workers: 2, endpoints: {op: [compute: exp(5ms), call: part.op, call: side.op]}}\n"
      "  part: {workers: 1, endpoints: {op: [compute: 8ms]}}\n"
      "  side: {workers: 1, endpoints: {op: [compute: exp(8ms)]}}\n";
  const Results before = run_text(text);
  // The same place in the order of names: all is equal. Another place: the tables are in another order, the
  // events are not.
  expect_same_fingerprints(before, run_text(replaced(text, "part", "piece")), "piece");
  EXPECT_EQ(before.report.trajectory_fingerprint,
            run_text(replaced(text, "part", "zebra")).report.trajectory_fingerprint);
  EXPECT_EQ(before.report.trajectory_fingerprint,
            run_text(replaced(text, "part", "ape")).report.trajectory_fingerprint);
}

// What each instance did, to the last bit, and how its requests ended.
std::vector<double> deeds(const Results& run, const std::string& name) {
  std::vector<double> all;
  const models::Topology& t = *run.model->topology;
  for (std::size_t s = 0; s < t.stations.size(); ++s) {
    if (t.stations[s].name != name) continue;
    for (const models::RunRecord& r : run.records) {
      for (const models::InstanceRecord& i : r.stations[s].instances) all.push_back(i.busy_s);
    }
  }
  for (const std::uint64_t n : operation(run.report, name + ".op").ended)
    all.push_back(static_cast<double>(n));
  return all;
}

// Times, errors, choices of an instance, sizes of messages and latencies are drawn from streams of those whom
// they concern: `side`, called at the same moments as `part`, serves the same requests as before, whatever
// law or name `part` has. (That `part` itself has changed shows that there was something to see.)
TEST(Invariance, WhatIsDoneToAServiceMovesNoDrawOfItsNeighbours) {
  const std::string text =
      "run: {duration: 20s, replications: 2}\n"
      "workloads: {load: {constant_arrival_rate: 50/s, calls: front.op}}\n"
      "services:\n"
      "  front: {endpoints: {op: [parallel: [{call: part.op, request_size: exp(2KB)}, {call: side.op, "
      "request_size: exp(2KB)}]]}}\n"
      "  part: {replicas: 3, load_balancer: random, error_rate: 10%, endpoints: {op: [compute: exp(5ms)]}}\n"
      "  side: {replicas: 3, load_balancer: random, error_rate: 10%, endpoints: {op: [compute: exp(8ms)]}}\n"
      "network: {default: {latency: exp(1ms), bandwidth: 100Mbit/s}}\n";
  const Results before = run_text(text);
  struct Change {
    const char *from, *to, *name;
  };
  for (const Change& c : {Change{"exp(5ms)", "lognormal(mean=20ms, cv=2)", "part"},
                          Change{"part", "ape", "ape"}, Change{"part", "zebra", "zebra"}}) {
    const Results after = run_text(replaced(text, c.from, c.to));
    EXPECT_EQ(workload(before.report, "load").arrived, workload(after.report, "load").arrived) << c.to;
    EXPECT_EQ(deeds(before, "side"), deeds(after, "side")) << c.to;
    EXPECT_NE(deeds(before, "part"), deeds(after, c.name)) << c.to;
  }
}

// A call with policies takes another way through the program than a plain one, and so does what a fault can
// hit. Where neither ever acts, the same requests take the same times.
TEST(Invariance, PoliciesAndFaultsThatNeverActChangeNothing) {
  struct World {
    std::string service, network;
  };
  const World worlds[] = {{"workers: 2, queue: {capacity: 6, timeout: 30ms}", ""},
                          {"workers: 3, mode: async",
                           "network: {default: {latency: exp(1ms), bandwidth: 50Mbit/s, loss: 1%}}\n"}};
  for (const World& world : worlds) {
    const auto happened = [&](const std::string& policy, const std::string& faults) {
      const Results run = run_text(fmt::format(R"(
run: {{duration: 3s, replications: 1}}
workloads: {{load: {{constant_arrival_rate: 200/s, calls: a.op}}}}
services:
  a: {{{}, endpoints: {{op: [{{compute: exp(1ms)}}, {{call: b.op{}}}, {{compute: exp(1ms)}}]}}}}
  b: {{replicas: 3, workers: 1, queue: {{capacity: 8}}, error_rate: 2%, endpoints: {{op: [compute: exp(8ms)]}}}}
{}{})",
                                               world.service, policy, world.network, faults));
      std::vector<double> all = deeds(run, "a");
      const std::vector<double> more = deeds(run, "b");
      all.insert(all.end(), more.begin(), more.end());
      const analysis::LatencyReport& took = workload(run.report, "load").duration;
      all.insert(all.end(), {took.mean.estimate, took.stddev, static_cast<double>(took.histogram.max())});
      return all;
    };
    const std::vector<double> plain = happened("", "");
    for (const char* policy :
         {"timeout: 1h", "deadline: 1h", "cancellation: true", "retries: {attempts: 0}",
          "retries: {attempts: 0, per_try_timeout: 1h}", "retries: {attempts: 3, retry_on: [depth_limit]}",
          "retry_budget: {budget_percent: 20}", "hedge: {delay: 1h}",
          "bulkhead: {max_concurrent_calls: 100000}", "connection_pool: {max_connections: 100000}",
          "circuit_breaker: {state: disabled}", "rate_limit: {rate: 1000000/s, burst: 100000}",
          "quota: {limit: 1000000, period: 1h}"}) {
      EXPECT_EQ(plain, happened(std::string(", ") + policy, "")) << policy;
    }
    for (const char* fault :
         {"type: pod_kill, target: b, start: 1h", "type: pause, target: a, start: 1h",
          "type: delay, target: b, factor: 3, start: 1h", "type: abort, target: b, percentage: 0%",
          "type: latency, target: a -> b, latency: 5ms, start: 1h",
          "type: loss, target: a -> b, loss: 50%, start: 1h",
          "type: bandwidth, target: a -> b, bandwidth: 1Mbit/s, start: 1h",
          "type: load_spike, target: load, factor: 2, start: 1h",
          "type: clock_skew, target: b, time_offset: 1h",
          "type: pod_kill, target: b, when: {queue: b, above: 1000}"}) {
      EXPECT_EQ(plain, happened("", fmt::format("faults: [{{{}}}]\n", fault))) << fault;
    }
  }
}

// In a blocking service, which holds its worker anyway, steps take what they take, whatever is written around
// them: alone in a `parallel`, in a `try` that nothing fails in, in a `loop` of one round or a `branch` of
// one way.
TEST(Invariance, StepsAroundStepsChangeNothing) {
  std::string times = "0ms";
  for (int i = 1; i < 20; ++i) times += fmt::format(", {}ms", 3 * i);
  const std::string steps = "compute: 10ms, sleep: 5ms, call: b.op, compute: 5ms";
  const auto happened = [&](const std::string& service, const std::string& call, const std::string& faults,
                            const std::string& program) {
    const Results run = run_text(fmt::format(R"(
run: {{duration: 1s, replications: 1}}
workloads: {{load: {{trace: {{times: [{}]}}, calls: a.op{}}}}}
services:
  a: {{{}, cancellation: at_once, endpoints: {{op: [{}]}}}}
  b: {{workers: 6, endpoints: {{op: [compute: 10ms]}}}}
{})",
                                             times, call, service, program, faults));
    std::vector<double> all = deeds(run, "a");
    const std::vector<double> more = deeds(run, "b");
    all.insert(all.end(), more.begin(), more.end());
    all.push_back(workload(run.report, "load").duration.mean.estimate);
    return all;
  };
  for (const char* service :
       {"workers: 3", "workers: 4, cpus: 1", "workers: 4, cpus: 2, cpu_scheduling: per_core",
        "workers: 2, queue: {capacity: 4, timeout: 40ms}"}) {
    for (const char* call : {"", ", timeout: 45ms", ", timeout: 45ms, cancellation: true"}) {
      for (const char* faults : {"", "faults: [{type: pause, target: a, start: 22ms, duration: 9ms}]\n",
                                 "faults: [{type: pod_kill, target: a, start: 22ms, restart_time: 9ms}]\n"}) {
        SCOPED_TRACE(fmt::format("{}{} {}", service, call, faults));
        const std::vector<double> plain = happened(service, call, faults, steps);
        for (const char* around : {"{{parallel: [[{}]]}}", "{{try: [{}], on_failure: [fail: 100%]}}",
                                   "{{loop: 1, steps: [{}]}}", "{{loop: \"uniform(0.9, 1.1)\", steps: [{}]}}",
                                   "{{branch: [{{probability: 1, steps: [{}]}}]}}"})
          EXPECT_EQ(plain, happened(service, call, faults, fmt::format(fmt::runtime(around), steps)))
              << around;
      }
    }
  }
}

// Finer windows of observation add control events, and change nothing that happens.
TEST(Invariance, ObservingMoreOftenChangesNoResult) {
  for (const Sample& sample : sample_scenarios()) {
    const Results coarse = run_text(replaced(sample.scenario, "seed: 42", "seed: 42, time_resolution: 10s"));
    const Results fine = run_text(replaced(sample.scenario, "seed: 42", "seed: 42, time_resolution: 13ms"));
    EXPECT_EQ(coarse.report.result_fingerprint, fine.report.result_fingerprint) << sample.name;
    EXPECT_GT(fine.records[0].windows.size(), 50 * coarse.records[0].windows.size());
  }
}

// All times a thousandth and all rates a thousandfold is the same system by another clock. Times are whole
// ns, so a draw of the small system's 10 us is rounded to 5e-5 of it, and the errors of many draws cancel.
TEST(Invariance, SecondsAndMillisecondsAreTheSameSystem) {
  const std::string large =
      "run: {duration: 2000s, warmup: 10s, replications: 1}\n"
      "workloads: {load: {constant_arrival_rate: 80/s, calls: s.op}}\n"
      "services: {s: {workers: 1, endpoints: {op: [compute: lognormal(mean=10ms, cv=1), call: t.op]}}, t: "
      "{endpoints: {op: [compute: exp(1ms)]}}}\n";
  std::string small = replaced(large, "duration: 2000s, warmup: 10s", "duration: 2s, warmup: 10ms");
  small = replaced(small, "80/s", "80000/s");
  small = replaced(small, "10ms, cv", "10us, cv");
  small = replaced(small, "exp(1ms)", "exp(1us)");
  const Results a = run_text(large), b = run_text(small);
  const analysis::ClassReport &x = workload(a.report, "load"), &y = workload(b.report, "load");
  EXPECT_EQ(x.arrived, y.arrived);
  EXPECT_EQ(x.ended, y.ended);
  EXPECT_EQ(station(a.report, "s").waited, station(b.report, "s").waited);
  EXPECT_NEAR(x.duration.mean.estimate, 1000 * y.duration.mean.estimate, 1e-4 * x.duration.mean.estimate);
  EXPECT_NEAR(station(a.report, "s").wait_mean.estimate, 1000 * station(b.report, "s").wait_mean.estimate,
              1e-5);
  EXPECT_NEAR(percentile(x.duration, 0.99), 1000 * percentile(y.duration, 0.99),
              2e-3 * percentile(x.duration, 0.99));
}

// --- channels

const std::string kRun = "run: {duration: 5s, replications: 8}\n";
const std::string kLoad =
    "workloads: {load: {constant_arrival_rate: 100/s, steps: [{publish: orders, key: \"uniform(1, 9)\"}, "
    "{publish: "
    "rabbit.mails}]}}\n";
const std::string kOrders =
    "logs: {orders: {partitions: 3, consumers: {g: {instances: 2, error_rate: 5%, retry_backoff: 3ms, steps: "
    "[compute: "
    "exp(8ms)]}}}}\n";
const std::string kRabbit =
    "brokers: {rabbit: {queues: {mails: {consumers: {ack_failure: 10%, steps: [compute: exp(5ms)]}}}}}\n";

TEST(MessagingInvariance, TheOrderOfTheFileIsNothing) {
  const Results one = run_text(kRun + kLoad + kOrders + kRabbit);
  const Results other = run_text(kRabbit + kOrders + kLoad + kRun);
  EXPECT_EQ(one.report.trajectory_fingerprint, other.report.trajectory_fingerprint);
  EXPECT_TRUE(figures(one.report) == figures(other.report));
}
TEST(MessagingInvariance, AnIdleChannelChangesNoTrajectory) {
  const Results one = run_text(kRun + kLoad + kOrders + kRabbit);
  const Results other = run_text(kRun + kLoad + kOrders + kRabbit +
                                 "topics: {aaa: {subscriptions: {idle: {steps: [compute: 1ms]}}}}\n"
                                 "cloud_queues: {zzz: {}}\n");
  EXPECT_EQ(one.report.trajectory_fingerprint, other.report.trajectory_fingerprint);
}
TEST(MessagingInvariance, TheNumberOfThreadsIsNothing) {
  for (const std::uint64_t seed : {3u, 14u, 15u}) {
    const std::string text = random_messaging(seed, false);
    const std::string one = figures(run_text(text, 1).report);
    EXPECT_TRUE(one == figures(run_text(text, 2).report)) << seed;
    EXPECT_TRUE(one == figures(run_text(text, 8).report)) << seed;
  }
  const std::string one = figures(run_text(kRun + kLoad + kOrders + kRabbit, 1).report);
  EXPECT_TRUE(one == figures(run_text(kRun + kLoad + kOrders + kRabbit, 2).report));
  EXPECT_TRUE(one == figures(run_text(kRun + kLoad + kOrders + kRabbit, 8).report));
}

}  // namespace
}  // namespace tailrace::tests
