// Discovery, event by event: who waits for a lookup, who calls the dead and for how long, when a registry
// notices and when its clients do. The closed forms are derived at each test.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/metrics.hpp"
#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

const models::DirectoryRecord& directory(const Results& run) {
  return run.records[0].directories[0];
}

// --- dns

// The first call looks up for 5 ms, the second joins that lookup; at 40 s the answer is older than its ttl.
TEST(Dns, CallsWaitForOneLookupAndKeepItsAnswer) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 1ms, 20s, 40s]}, calls: s.op}}
services:
  s: {replicas: 2, discovery: {dns: names.lookup, ttl: 30s}, endpoints: {op: [compute: 1ms]}}
  names: {endpoints: {lookup: [compute: 5ms]}}
)",
          60'000);
  t.requests("load", {{6, success}, {6, success}, {20001, success}, {40006, success}});
  const models::DirectoryRecord& d = t.at_end().directories[0];
  EXPECT_EQ(d.asks, 2u);
  EXPECT_EQ(d.calls, 4u);
}

// With one address there is nothing to choose, by whatever rule.
TEST(Dns, OneAddressIsTakenByEveryBalancer) {
  for (const char* balancer :
       {"round_robin", "random", "weighted", "least_request", "peak_ewma", "ring_hash", "maglev"}) {
    SCOPED_TRACE(balancer);
    Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [0s, 1s]}}, calls: s.op}}}}
services:
  s: {{load_balancer: {}, discovery: {{dns: names.lookup, ttl: 30s}}, endpoints: {{op: [compute: 1ms]}}}}
  names: {{endpoints: {{lookup: [compute: 5ms]}}}}
)",
                        balancer));
    t.requests("load", {{6, success}, {1001, success}});
  }
}

// The answer of 10 ms is renewed at 30.01 s and at 60.01 s. From 35 s on one of four addresses is dead: a
// quarter of the 2501 calls until then goes there, and none afterwards.
TEST(Dns, OneNthOfTheCallsGoToADeadAddressUntilTheTtlIsOver) {
  const Results run = run_text(R"(
run: {duration: 100s, replications: 1}
workloads: {load: {constant_arrival_rate: 100/s, spacing: regular, calls: s.op}}
services:
  s: {replicas: 4, discovery: {dns: names.lookup, ttl: 30s}, endpoints: {op: [compute: 1ms]}}
  names: {endpoints: {lookup: [compute: 0ms]}}
faults: [{type: pod_failure, target: "s#1", start: 35s, duration: 60s}]
)");
  EXPECT_NEAR(static_cast<double>(directory(run).to_the_dead), 2501 / 4.0, 1);
  EXPECT_EQ(run.records[0].classes[0].ended[static_cast<std::size_t>(network)], directory(run).to_the_dead);
}

// Down from 1 s to 3 s. The lookup at 2 s finds no address, and that is believed for 5 s: also at 4 s, when
// the instance is back.
TEST(Dns, ThatThereIsNoAddressIsKeptToo) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 2s, 4s, 8s]}, calls: s.op}}
services:
  s: {discovery: {dns: names.lookup, ttl: 1s, negative_ttl: 5s}, endpoints: {op: [compute: 1ms]}}
  names: {endpoints: {lookup: [compute: 0ms]}}
faults: [{type: pod_failure, target: s, start: 1s, duration: 2s}]
)",
          10'000);
  t.requests("load", {{1, success}, {2000, unavailable}, {4000, unavailable}, {8001, success}});
  EXPECT_EQ(t.at_end().directories[0].empty_answers, 1u);
}

constexpr const char* kOutage = R"(
workloads: {{load: {{trace: {{times: [0s, 2s, 6s]}}, calls: s.op}}}}
services:
  s: {{discovery: {{dns: names.lookup, ttl: 1s, serve_stale: {}}}, endpoints: {{op: [compute: 1ms]}}}}
  names: {{endpoints: {{lookup: [compute: 0ms]}}}}
faults: [{{type: pod_failure, target: names, start: 1s, duration: 4s}}]
)";
TEST(Dns, AnOutageOfTheResolverFailsCallsOfServicesThatAreWell) {
  Trace t(fmt::format(kOutage, "false"), 10'000);
  t.requests("load", {{1, success}, {2000, unavailable}, {6001, success}});
  EXPECT_EQ(t.at_end().directories[0].failed_asks, 1u);
}
// Back at 5 s; but what was asked in vain at 2 s is believed for 10.
TEST(Dns, AFailureThatIsKeptMakesTheOutageLonger) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 2s, 6s, 11999ms, 12s]}, calls: s.op}}
services:
  s: {discovery: {dns: names.lookup, ttl: 1s, failure_ttl: 10s}, endpoints: {op: [compute: 1ms]}}
  names: {endpoints: {lookup: [compute: 0ms]}}
faults: [{type: pod_failure, target: names, start: 1s, duration: 4s}]
)",
          15'000);
  t.requests(
      "load",
      {{1, success}, {2000, unavailable}, {6000, unavailable}, {11999, unavailable}, {12001, success}});
  EXPECT_EQ(t.at_end().directories[0].failed_asks, 1u);
  EXPECT_EQ(t.at_end().directories[0].asks, 3u);
}
// Calls fail from about 1 s, when the first answer is over, until a lookup succeeds: at 5.5 s, or at the
// first of 1, 4, 7 s after it. The outage of 4.5 s becomes one of 6.
TEST(Dns, AKeptFailureOutlastsTheResolversOutageByNoMoreThanItsTtl) {
  const auto seconds_of_failure = [](const char* failure_ttl) {
    Trace t(fmt::format(R"(
workloads: {{load: {{constant_arrival_rate: 100/s, calls: s.op}}}}
services:
  s: {{discovery: {{dns: names.lookup, ttl: 1s, failure_ttl: {}}}, endpoints: {{op: [compute: 1us]}}}}
  names: {{endpoints: {{lookup: [compute: 0ms]}}}}
faults: [{{type: pod_failure, target: names, start: 1s, duration: 4500ms}}]
)",
                        failure_ttl),
            20'000);
    return static_cast<double>(t.at_end().classes.at(0).ended[static_cast<std::size_t>(unavailable)]) / 100;
  };
  EXPECT_NEAR(seconds_of_failure("0s"), 4.5, 0.5);  // Poisson: a standard deviation of 0.2
  EXPECT_NEAR(seconds_of_failure("3s"), 6.0, 0.6);
}
TEST(Dns, StaleAnswersCarryOverIt) {
  Trace t(fmt::format(kOutage, "true"), 10'000);
  t.requests("load", {{1, success}, {2001, success}, {6001, success}});
}

// The lookup takes 5 ms, but its 3 ms are over before: the call gives up as it would on a silent server.
TEST(Dns, ASlowLookupTimesOutLikeASlowAnswer) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 1s]}, steps: [{call: s.op, timeout: 3ms}]}}
services:
  s: {discovery: {dns: names.lookup, ttl: 30s}, endpoints: {op: [compute: 1ms]}}
  names: {endpoints: {lookup: [compute: 5ms]}}
)",
          10'000);
  t.requests("load", {{3, timeout}, {1001, success}});
}

// --- registry

// Heartbeats of instance 0 of 3 come at 3, 12, 21 s: a third of the period, then every 9 s. Crashed at c, it
// is taken out 27 s after its last one.
std::string registry(double crash_s, const std::string& more = "", const std::string& duration = "100s") {
  return fmt::format(R"(
run: {{duration: {}, replications: 1}}
workloads: {{load: {{constant_arrival_rate: 10/s, spacing: regular, calls: client.op}}}}
services:
  client: {{replicas: 10, endpoints: {{op: [call: s.op]}}}}
  s:
    replicas: 3
    discovery: {{registry: consul.kv, heartbeat: 9s, {}}}
    endpoints: {{op: [compute: 1ms]}}
  consul: {{replicas: 3, endpoints: {{kv: [compute: 0ms]}}}}
faults:
  - {{type: pod_failure, target: "s#0", start: {}s}}
)",
                     duration, more.empty() ? "lease: 27s" : more, crash_s);
}
TEST(Registry, NoticesACrashOneLeaseAfterTheLastHeartbeat) {
  double sum = 0;
  for (int i = 0; i < 9; ++i) {
    const double crash = 20.5 + i;
    const double last_beat = crash < 21 ? 12 : 21;
    const Results run = run_text(registry(crash));
    EXPECT_EQ(directory(run).expired, 1u);
    EXPECT_DOUBLE_EQ(directory(run).detected.mean_s(), last_beat + 27 - crash);
    sum += directory(run).detected.mean_s();
  }
  EXPECT_DOUBLE_EQ(sum / 9, 27 - 9 / 2.0);  // over all moments of the period
}

// It is taken out at 21 + 26.5 = 47.5 s; ten clients read every 10 s, at 1, 2, ... 10 s of each period.
TEST(Registry, ReadersLearnOfAChangeHalfAPeriodLaterOnAverage) {
  const Results run = run_text(registry(25, "lease: 26.5s, poll: 10s"));
  EXPECT_EQ(directory(run).learned.count, 10u);
  EXPECT_DOUBLE_EQ(directory(run).learned.mean_s(), 10 / 2.0);
  EXPECT_DOUBLE_EQ(directory(run).learned.max_s(), 9.5);
}

TEST(Registry, AWatchIsToldAfterThePushDelay) {
  const Results run = run_text(registry(25, "lease: 27s, push_delay: 200ms"));
  EXPECT_EQ(directory(run).learned.count, 10u);
  EXPECT_DOUBLE_EQ(directory(run).learned.mean_s(), 0.2);
  // A third of 10/s from 25 s until 48.2 s.
  EXPECT_NEAR(static_cast<double>(directory(run).to_the_dead), 232 / 3.0, 4);
}

// An instance that leaves in good order says so: nobody calls it any more, no lease has to run out.
TEST(Registry, WhoLeavesInGoodOrderIsGoneAtOnce) {
  const Results run = run_text(R"(
run: {duration: 60s, replications: 1}
workloads: {load: {constant_arrival_rate: 100/s, spacing: regular, calls: s.op}}
services:
  s:
    replicas: 4
    discovery: {registry: consul.kv}
    autoscaling: {max_replicas: 4, schedule: [{at: 3s, replicas: 1}, {at: 30s, replicas: 3}]}
    endpoints: {op: [compute: 5ms]}
  consul: {endpoints: {kv: [compute: 0ms]}}
)");
  EXPECT_EQ(directory(run).left, 3u);
  EXPECT_EQ(directory(run).joined, 2u);
  EXPECT_EQ(directory(run).expired, 0u);
  EXPECT_EQ(directory(run).to_the_dead, 0u);
  EXPECT_EQ(run.records[0].classes[0].ended[0] + run.records[0].classes[0].in_flight,
            run.records[0].classes[0].arrived);
}

// Two of three nodes are down from 10 s to 80 s. Nobody is taken out meanwhile, neither who lives nor who has
// died at 25 s; afterwards every lease begins anew, within a heartbeat.
TEST(Registry, WithoutAQuorumNothingChanges) {
  const Results run = run_text(registry(25, "lease: 27s", "200s") +
                               "  - {type: pod_failure, target: \"consul#0\", start: 10s, duration: 70s}\n"
                               "  - {type: pod_failure, target: \"consul#1\", start: 10s, duration: 70s}\n");
  const models::DirectoryRecord& d = directory(run);
  EXPECT_GT(d.lost_beats, 0u);
  EXPECT_EQ(d.expired, 1u);
  EXPECT_EQ(d.joined, 0u);  // nobody who lives had been taken out
  EXPECT_GE(d.detected.mean_s(), 80 - 25 + 27);
  EXPECT_LE(d.detected.mean_s(), 80 - 25 + 27 + 9);
}

constexpr const char* kNoRegistry = R"(
workloads: {{load: {{trace: {{times: [1s, 5s, 9s]}}, calls: s.op}}}}
services:
  s: {{discovery: {{registry: consul.kv, keep_last: {}}}, endpoints: {{op: [compute: 1ms]}}}}
  consul: {{endpoints: {{kv: [compute: 0ms]}}}}
faults: [{{type: pod_failure, target: consul, start: 4s, duration: 3s}}]
)";
TEST(Registry, ItsOutageIsNotFeltByClientsThatKeepWhatTheyKnow) {
  Trace t(fmt::format(kNoRegistry, "true"), 10'000);
  t.requests("load", {{1001, success}, {5001, success}, {9001, success}});
}
TEST(Registry, ItsOutageStopsClientsThatDoNot) {
  Trace t(fmt::format(kNoRegistry, "false"), 10'000);
  t.requests("load", {{1001, success}, {5000, unavailable}, {9001, success}});
}

// Its process stands still from 20 s to 60 s: its heartbeats stop too, so it is taken out 27 s after the last
// of them, at 12 s, and is back with the first one after it goes on, at 66 s.
TEST(Registry, APauseLongerThanTheLeaseCostsThePlace) {
  const Results run = run_text(R"(
run: {duration: 100s, replications: 1}
workloads: {load: {constant_arrival_rate: 1/s, spacing: regular, calls: s.op}}
services:
  s:
    replicas: 3
    discovery: {registry: consul.kv, heartbeat: 9s, lease: 27s}
    endpoints: {op: [compute: 1ms]}
  consul: {endpoints: {kv: [compute: 0ms]}}
faults: [{type: pause, target: "s#0", start: 20s, duration: 40s}]
)");
  EXPECT_EQ(directory(run).expired, 1u);
  EXPECT_EQ(directory(run).joined, 1u);
}

// --- at a call

// The service is known to all at once; one call of two looks up, at 0 and, its ttl over, at 40 s.
TEST(DiscoveryOfACall, IsItsOwn) {
  Trace t(R"(
workloads:
  asks: {trace: {times: [0s, 1s, 40s]}, calls: s.op, discovery: {dns: names.lookup, ttl: 30s}}
  knows: {trace: {times: [0s, 1s, 40s]}, calls: s.op}
services:
  s: {replicas: 2, workers: 4, endpoints: {op: [compute: 1ms]}}
  names: {endpoints: {lookup: [compute: 5ms]}}
)",
          60'000);
  t.requests("asks", {{6, success}, {1001, success}, {40006, success}});
  t.requests("knows", {{1, success}, {1001, success}, {40001, success}});
  EXPECT_EQ(t.at_end().directories.size(), 1u);
  EXPECT_EQ(t.at_end().directories[0].asks, 2u);
  EXPECT_EQ(t.at_end().directories[0].calls, 3u);
}

// All watch a registry that notices a crash 9 s after the last heartbeat; one caller keeps DNS for 30 s. From
// 35 s on one of four is dead: of its 100 calls a second a quarter goes there until the answer that it has
// had since 30 s is renewed at 60.
TEST(DiscoveryOfACall, GoesBeforeWhatTheServiceSays) {
  const Results run = run_text(R"(
run: {duration: 100s, replications: 1}
workloads:
  watchers: {constant_arrival_rate: 100/s, spacing: regular, calls: s.op}
  resolvers: {constant_arrival_rate: 100/s, spacing: regular, calls: s.op, discovery: {dns: names.lookup, ttl: 30s}}
services:
  s:
    replicas: 4
    discovery: {registry: consul.kv, heartbeat: 3s, lease: 9s}
    endpoints: {op: [compute: 1ms]}
  names: {endpoints: {lookup: [compute: 0ms]}}
  consul: {replicas: 3, endpoints: {kv: [compute: 0ms]}}
faults: [{type: pod_failure, target: "s#1", start: 35s, duration: 60s}]
)");
  const auto& all = run.records[0].directories;
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].asks, 0u);   // the service's: pushed
  EXPECT_EQ(all[1].beats, 0u);  // the call's: DNS
  EXPECT_EQ(all[0].calls + all[1].calls, 20'000u);
  EXPECT_NEAR(static_cast<double>(all[1].to_the_dead), (60.02 - 35) * 100 / 4, 2);
  // The second of four beats at 1.5, 4.5, ... 34.5; its lease ends 9 s after that.
  EXPECT_NEAR(static_cast<double>(all[0].to_the_dead), (34.5 + 9 - 35) * 100 / 4, 1);
}

// Written for all calls of a caller: who answers is found without asking itself, and each callee has a
// directory.
TEST(DiscoveryOfACall, CanBeAllCallsOfACaller) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 1s]}, calls: web.get}}
services:
  web:
    outbound: {discovery: {dns: names.lookup, ttl: 30s}}
    endpoints: {get: [call: a.op, call: b.op, call: names.lookup]}
  a: {endpoints: {op: [compute: 1ms]}}
  b: {endpoints: {op: [compute: 1ms]}}
  names: {endpoints: {lookup: [compute: 5ms]}}
)");
  t.requests("load", {{6 + 6 + 5, success}, {1000 + 1 + 1 + 5, success}});
  EXPECT_EQ(t.at_end().directories.size(), 2u);
}

}  // namespace
}  // namespace tailrace::tests
