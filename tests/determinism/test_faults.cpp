// Faults, event by event: what is in an instance when it dies, how late a pause makes it, what gets through a
// network that is cut, and when others notice.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

std::string scenario(const std::string& times, const std::string& service, const std::string& faults,
                     const std::string& call = "") {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op{}}}}}
services: {{s: {{{}}}}}
faults: [{}]
)",
                     times, call, service, faults);
}
constexpr const char* kOneWorker = "workers: 1, endpoints: {op: [compute: 10ms]}";

// 0 is served and 5 waits when it dies at 8; 12 finds nobody; at 18 it is back, and empty.
TEST(PodKill, EndsWhatIsThereAndRefusesWhatComes) {
  Trace t(scenario("0ms, 5ms, 12ms, 18ms", kOneWorker,
                   "{type: pod_kill, target: s, start: 8ms, restart_time: 10ms}"));
  t.requests("load", {{8, network}, {8, network}, {12, network}, {28, success}});
  t.served("s.op", {{8, network}, {8, network}, {12, network}, {28, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 8 + 10);
  t.is_quiet();
  const models::RunRecord& r = t.at_end();
  EXPECT_DOUBLE_EQ(r.stations[0].instances[0].down_s, 0.010);
  ASSERT_EQ(r.fault_activations.size(), 1u);
  EXPECT_EQ(r.fault_activations[0].start_ns, 8'000'000);
  EXPECT_EQ(r.fault_activations[0].end_ns, 18'000'000);
  EXPECT_EQ(r.fault_activations[0].ended, 3u);
}

// The reset takes the way back (1 ms); what is under way to the dead instance is refused when it arrives.
TEST(PodKill, IsHeardOfOverTheNetwork) {
  Trace t(
      scenario("0ms, 9500us", kOneWorker, "{type: pod_kill, target: s, start: 10ms, restart_time: 10ms}") +
      "network: {default: {latency: 1ms}}\n");
  t.requests("load", {{11, network}, {11.5, network}});
  t.is_quiet();
}

// All that a frame can be doing when its instance dies at 5: a call of its own, branches, a sleep, work on a
// core or in line for one, whole or shared.
TEST(PodKill, EndsEveryKindOfStep) {
  for (const char* steps : {"[call: b.op]", "[sleep: 20ms]", "[[compute: 20ms, call: b.op], sleep: 1ms]",
                            "[{loop: 3, steps: [compute: 8ms]}]"}) {
    for (const char* cores : {"", "cpus: 1, ", "cpus: 1, cpu_scheduling: per_core, ", "mode: async, ",
                              "queue: {discipline: preemptive_priority}, "}) {
      SCOPED_TRACE(fmt::format("{} {}", cores, steps));
      Trace with_b(fmt::format(R"(
workloads: {{load: {{trace: {{times: [0ms, 1ms, 2ms, 60ms]}}, calls: s.op}}}}
services:
  s: {{workers: 2, {}endpoints: {{op: {}}}}}
  b: {{endpoints: {{op: [compute: 30ms]}}}}
faults: [{{type: pod_kill, target: s, start: 5ms, restart_time: 10ms}}]
)",
                               cores, steps));
      const models::RunRecord& r = with_b.at_end();
      EXPECT_EQ(r.classes[0].ended[static_cast<std::size_t>(network)], 3u);
      EXPECT_EQ(r.classes[0].ended[0], 1u);
      with_b.is_quiet();
    }
  }
}

// The caller dies at 5: its caller learns of it, and b works on until 10 for nobody.
TEST(PodKill, LeavesTheCallsOfTheDead) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms]}, calls: s.op}}
services:
  s: {endpoints: {op: [call: b.op]}}
  b: {workers: 1, endpoints: {op: [compute: 10ms]}}
faults: [{type: pod_kill, target: s, start: 5ms}]
)");
  t.requests("load", {{5, network}});
  t.served("b.op", {{10, success}});
  EXPECT_EQ(t.operation("b.op").unheard, 1u);
  EXPECT_DOUBLE_EQ(t.wasted_ms("b"), 5);
  t.is_quiet();
}

// The caller has left at 50; what is done for him works on for nobody until it dies at 80, also in branches.
TEST(PodKill, WhatWorkedForNobodyWasWastedSinceItsCallerLeft) {
  struct {
    const char* service;
    double wasted_ms;
  } const services[] = {
      {"mode: async, endpoints: {op: [parallel: [compute: 200ms, [compute: 20ms, compute: 200ms]]]}", 60},
      {"mode: async, endpoints: {op: [parallel: [compute: 200ms, [try: [compute: 200ms]]]]}", 60},
      {"endpoints: {op: [try: [compute: 200ms]]}", 30},
      {"endpoints: {op: [compute: 200ms]}", 30}};
  for (const auto& s : services) {
    SCOPED_TRACE(s.service);
    Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [0s]}}, calls: s.op, timeout: 50ms}}}}
services: {{s: {{workers: 2, {}}}}}
faults: [{{type: pod_kill, target: s, start: 80ms}}]
)",
                        s.service));
    EXPECT_DOUBLE_EQ(t.wasted_ms("s"), s.wasted_ms);
    t.is_quiet();
  }
}

// Still from 4 to 9 and from 12 to 17. The work of 0 gets 4 + 3 + 3 ms: until 20. What comes at 6 begins
// then, and works from 9 to 12 and from 17 to 24.
TEST(Pause, MakesWorkLateByItself) {
  for (const char* cores : {"", "cpus: 2, ", "cpus: 2, cpu_scheduling: per_core, "}) {
    SCOPED_TRACE(cores);
    Trace t(scenario("0ms, 6ms", fmt::format("workers: 2, {}endpoints: {{op: [compute: 10ms]}}", cores),
                     "{type: pause, target: s, start: 4ms, duration: 5ms, repeat: {every: 8ms, times: 2}}"));
    t.requests("load", {{20, success}, {24, success}});
    t.is_quiet();
  }
}

// It stood still from 100 to 150. Who comes at 300 is not late for that, also where messages of other callers
// have a transport, and would be work.
TEST(Pause, IsOverForWhoComesLater) {
  for (const char* step : {"compute: 10ms", "sleep: 10ms", "compute: 4ms, sleep: 6ms"}) {
    SCOPED_TRACE(step);
    Trace t(fmt::format(R"(
workloads:
  wired: {{trace: {{times: [0ms, 600ms]}}, calls: s.op, transport: {{protocol: rest, encode: {{}}, decode: {{}}}}}}
  plain: {{trace: {{times: [0ms, 300ms, 400ms]}}, calls: s.op}}
services: {{s: {{endpoints: {{op: [{}]}}}}}}
faults: [{{type: pause, target: s, start: 100ms, duration: 50ms}}]
)",
                        step));
    t.requests("plain", {{10, success}, {310, success}, {410, success}});
    t.requests("wired", {{10, success}, {610, success}});
    t.is_quiet();
  }
}

// On one core of its own, in line: 0 works until 15, then 1 until 25. Asleep, it wakes at 10 and goes on
// at 12.
TEST(Pause, HoldsCoresAndSleepers) {
  Trace line(scenario("0ms, 1ms",
                      "workers: 2, cpus: 1, cpu_scheduling: per_core, endpoints: {op: [compute: 10ms]}",
                      "{type: pause, target: s, start: 4ms, duration: 5ms}"));
  line.requests("load", {{15, success}, {25, success}});
  Trace asleep(scenario("0ms", "endpoints: {op: [sleep: 10ms, compute: 1ms]}",
                        "{type: pause, target: s, start: 4ms, duration: 8ms}"));
  asleep.requests("load", {{13, success}});
}

// Dies while it stands still, and while it makes up for it.
TEST(Pause, MayEndInDeath) {
  Trace t(scenario("0ms, 30ms", "endpoints: {op: [compute: 10ms]}",
                   "{type: pause, target: s, start: 4ms, duration: 20ms}, "
                   "{type: pod_kill, target: s, start: 12ms, restart_time: 5ms}"));
  t.requests("load", {{12, network}, {40, success}});
  t.is_quiet();
  Trace late(scenario("0ms, 30ms", "endpoints: {op: [compute: 10ms]}",
                      "{type: pause, target: s, start: 4ms, duration: 5ms}, "
                      "{type: pod_kill, target: s, start: 12ms, restart_time: 5ms}"));
  late.requests("load", {{12, network}, {40, success}});
  late.is_quiet();
}

// From 5 on work takes three times as long, and requests wait 7 ms first; of the ramp from 5 to 25 half is
// there at 15: twice as long.
TEST(Delay, SlowsWorkAndHoldsRequests) {
  constexpr const char* kServer = "endpoints: {op: [compute: 10ms]}";
  Trace slow(scenario("0ms, 20ms", kServer, "{type: delay, target: s, factor: 3, start: 5ms}"));
  slow.requests("load", {{10, success}, {50, success}});
  Trace held(
      scenario("0ms, 20ms", kServer, "{type: delay, target: s, latency: 7ms, start: 5ms, duration: 20ms}"));
  held.requests("load", {{10, success}, {37, success}});
  Trace ramp(scenario("15ms", kServer, "{type: delay, target: s, factor: 3, start: 5ms, ramp: 20ms}"));
  ramp.requests("load", {{35, success}});
}

TEST(RequestFaults, AnswerInPlaceOfTheServer) {
  constexpr const char* kServer = "endpoints: {op: [compute: 10ms], other: [compute: 10ms]}";
  Trace aborted(scenario("0ms, 20ms", kServer, "{type: abort, target: s.op, start: 5ms}"));
  aborted.requests("load", {{10, success}, {20, error}});
  Trace other(scenario("0ms, 20ms", kServer, "{type: abort, target: s.other, start: 5ms}"));
  other.requests("load", {{10, success}, {30, success}});
  Trace refused(scenario("0ms, 20ms", kServer, "{type: connection_refused, target: load -> s, start: 5ms}"));
  refused.requests("load", {{10, success}, {20, network}});
  Trace vanished(scenario("0ms, 20ms, 90ms", kServer,
                          "{type: blackhole, target: s, start: 5ms, duration: 50ms}", ", timeout: 50ms"));
  vanished.requests("load", {{10, success}, {70, timeout}, {100, success}});
  vanished.is_quiet();
}

// Cut from 5 to 300: sent at 10 and lost, again at 210, and at 410 it gets through; 1 ms each way and 10 of
// work. Cut for good: 16 times in all, the last at 3010, and given up 200 ms later.
TEST(Partition, IsLatencyWhenShortAndFailureWhenLong) {
  const std::string kLinks = "network: {default: {latency: 1ms}}\n";
  Trace brief(
      scenario("0ms, 10ms", kOneWorker, "{type: partition, target: load -> s, start: 15ms, duration: 1ms}") +
      kLinks);
  brief.requests("load", {{12, success}, {22, success}});
  Trace some(
      scenario("10ms", kOneWorker, "{type: partition, target: load -> s, start: 5ms, duration: 295ms}") +
      kLinks);
  some.requests("load", {{422, success}});
  Trace good(scenario("10ms", kOneWorker, "{type: partition, target: load -> s, direction: to, start: 5ms}"));
  good.requests("load", {{3210, network}});
  // Only the answer is lost: sent at 21 and at 221 again.
  Trace answers(scenario("10ms", kOneWorker,
                         "{type: partition, target: s, direction: from, start: 5ms, duration: 100ms}") +
                kLinks);
  answers.requests("load", {{222, success}});
}

// 3 ms more each way for what is sent from 5 to 25; 1 KiB at 1024 kbit/s is 8 ms.
TEST(NetworkFaults, AddLatencyAndTakeBandwidth) {
  Trace late(scenario(
      "0ms, 20ms", kOneWorker,
      "{type: latency, target: load -> s, latency: 3ms, direction: both, start: 5ms, duration: 20ms}"));
  late.requests("load", {{13, success}, {33, success}});
  Trace narrow(scenario("0ms, 20ms", kOneWorker,
                        "{type: bandwidth, target: load -> s, bandwidth: 1024kbit/s, start: 5ms}"));
  narrow.requests("load", {{10, success}, {38, success}});
}

// Regular load of 100/s, and 200/s more from 35 to 55 ms: of its own spacing, from the start of the spike.
TEST(LoadSpike, AddsToWhatComesAnyway) {
  Trace t(R"(
workloads: {load: {constant_arrival_rate: 100/s, spacing: regular, calls: s.op}}
services: {s: {endpoints: {op: []}}}
faults: [{type: load_spike, target: load, factor: 3, start: 35ms, duration: 20ms}]
)",
          75);
  t.sent("load", "s.op", {10, 20, 30, 40, 40, 45, 50, 50, 60, 70});
  EXPECT_EQ(t.at_end().faults[0].added, 3u);
}

// Probes of #1 come at whole seconds: dead from 2.205, it fails those at 3, 4 and 5, and is taken out by the
// third; back at 7.5, it passes at 8 and 9, and is used again. Until 5 every other call fails, and none
// after.
TEST(HealthCheck, TakesADeadInstanceOutAfterItsThreshold) {
  Trace t(R"(
workloads: {load: {constant_arrival_rate: 100/s, spacing: regular, calls: s.op}}
services:
  s: {replicas: 2, health_check: {interval: 1s, unhealthy_threshold: 3, healthy_threshold: 2},
      endpoints: {op: [compute: 1ms]}}
faults: [{type: pod_failure, target: "s#1", start: 2205ms, duration: 5295ms}]
)",
          12'000);
  const models::RunRecord& r = t.at_end();
  const std::vector<models::StatusChange>& changes = r.health.at(1).timeline;
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].at.ns, 5'000'000'000);
  EXPECT_EQ(changes[1].at.ns, 9'000'000'000);
  EXPECT_EQ(r.health.at(0).changes, 0u);
  const std::uint64_t failed = r.classes[0].ended[static_cast<std::size_t>(network)];
  EXPECT_NEAR(static_cast<double>(failed), 140, 1);  // 279 calls in 2.795 s, every other
  const auto by = [&](std::int64_t ns) {
    return t.until(ns).classes[0].ended[static_cast<std::size_t>(network)];
  };
  EXPECT_EQ(by(2'204'000'000), 0u);
  EXPECT_EQ(by(5'000'000'000), failed);
}

TEST(Modes, HitAsManyAsTheySay) {
  const auto down = [](const std::string& mode, int replicas = 10) {
    Trace t(scenario("0ms", fmt::format("replicas: {}, endpoints: {{op: []}}", replicas),
                     fmt::format("{{type: pod_failure, target: s, start: 1s, {}}}", mode)));
    int n = 0;
    for (const models::InstanceRecord& i : t.at_end().stations[0].instances) n += i.down_s > 0 ? 1 : 0;
    return n;
  };
  EXPECT_EQ(down("mode: all"), 10);
  EXPECT_EQ(down("mode: one"), 1);
  EXPECT_EQ(down("mode: fixed, value: 4"), 4);
  EXPECT_EQ(down("mode: fixed_percent, value: 25"), 2);
  // In binary 0.29 x 100 is a little less than 29.
  EXPECT_EQ(down("mode: fixed_percent, value: 29", 100), 29);
  EXPECT_EQ(down("mode: fixed_percent, value: 57", 100), 57);
  EXPECT_EQ(down("mode: fixed_percent, value: 1"), 1) << "one at least";
}

// Fifty times. One of ten: whoever of them is not hit would have been missed with a chance of 0.9^50. At most
// 30 percent of ten: none, one, two or three, each alike.
TEST(Modes, AreDrawnAnewEachTime) {
  struct Seen {
    std::set<std::size_t> sizes;
    std::set<std::uint32_t> targets;
  };
  const auto seen = [](const std::string& mode) {
    Trace t(
        scenario("0ms", "replicas: 10, endpoints: {op: []}",
                 "{type: pod_failure, target: s, start: 1s, duration: 10ms, repeat: {every: 100ms, times: "
                 "50}, " +
                     mode + "}"));
    Seen s;
    EXPECT_EQ(t.at_end().fault_activations.size(), 50u);
    for (const models::FaultActivation& a : t.at_end().fault_activations) {
      s.sizes.insert(a.targets.size());
      s.targets.insert(a.targets.begin(), a.targets.end());
    }
    return s;
  };
  const Seen one = seen("mode: one"), some = seen("mode: random_max_percent, value: 30");
  EXPECT_EQ(one.sizes, (std::set<std::size_t>{1}));
  EXPECT_EQ(one.targets.size(), 10u);
  EXPECT_EQ(some.sizes, (std::set<std::size_t>{0, 1, 2, 3}));
}

// Three wait at 20 ms and two at 30: above 1 since the look at 20, for 10 ms at that at 30. The one that
// works then and the two in line are lost.
TEST(Conditions, StartAFault) {
  Trace t(scenario("0ms, 11ms, 12ms, 13ms, 14ms", "workers: 1, endpoints: {op: [compute: 12ms]}",
                   "{type: pod_kill, target: s, when: {queue: s, above: 1, for: 10ms, check_every: 10ms}}"));
  EXPECT_EQ(t.at_end().classes[0].ended[0], 2u);
  EXPECT_EQ(t.at_end().classes[0].ended[static_cast<std::size_t>(network)], 3u);
  ASSERT_EQ(t.at_end().fault_activations.size(), 1u);
  EXPECT_EQ(t.at_end().fault_activations[0].start_ns, 30'000'000);
  t.is_quiet();
}

TEST(Zones, FailTogether) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms]}, calls: a.op}}
services:
  a: {instances: [{count: 2, zone: west}, {zone: east}], endpoints: {op: [call: b.op]}}
  b: {instances: [{zone: east}, {count: 2, zone: west}], endpoints: {op: [compute: 1ms]}}
faults: [{type: zone_outage, target: zone west, start: 1s, duration: 2s}]
)");
  const models::RunRecord& r = t.at_end();
  const auto down = [&](std::size_t s, std::size_t i) { return r.stations[s].instances[i].down_s; };
  EXPECT_EQ(down(0, 0) + down(0, 1) + down(1, 1) + down(1, 2), 8);
  EXPECT_EQ(down(0, 2) + down(1, 0), 0);
}

}  // namespace
}  // namespace tailrace::tests
