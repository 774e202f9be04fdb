// A service mesh to the nanosecond: what sidecars add, what they repeat, and which configuration they have.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

constexpr const char* kFree = "sidecar: {cpu_per_message: 0s, latency: 0s}, mtls: false, push_delay: 50ms";

// Each message takes 1 ms of a thread and 2 ms more in a proxy. At the door of a member its proxy's part of
// the answer is spent with the request: 6 ms. So: 6 to get in, 3 out, 6 in, 10 of work, 3 back.
TEST(Mesh, SidecarsAtBothEndsOfACallTakeTheirTime) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s]}, calls: a.op}}
services:
  a: {endpoints: {op: [call: s.op]}}
  s: {endpoints: {op: [sleep: 10ms]}}
mesh: {sidecar: {cpu_per_message: 1ms, latency: 2ms}, mtls: false}
)");
  t.sent("a", "s.op", {9});
  t.served("s.op", {{25, success}});
  t.requests("load", {{28, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("a.sidecar"), 2);
  t.is_quiet();
}

// Two threads. Five requests at once take 2 ms each of one: 2, 2, 4, 4, 6.
TEST(Mesh, RequestsWaitForAThreadOfTheProxy) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 0s, 0s, 0s, 0s]}, calls: s.op}}
services: {s: {endpoints: {op: [sleep: 10ms]}}}
mesh: {sidecar: {cpu_per_message: 1ms, latency: 0s}, mtls: false}
)");
  t.served("s.op", {{12, success}, {12, success}, {14, success}, {14, success}, {16, success}});
}

// Only members have sidecars.
TEST(Mesh, LeavesOthersAlone) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s]}, calls: a.op}}
services:
  a: {endpoints: {op: [call: s.op]}}
  s: {endpoints: {op: [sleep: 10ms]}}
mesh: {members: [a], sidecar: {cpu_per_message: 1ms, latency: 0s}}
)");
  t.sent("a", "s.op", {2});
  t.requests("load", {{12, success}});
}

// Three tries of the application, each of which the sidecar makes three.
TEST(Mesh, RetriesOfMeshAndApplicationMultiply) {
  Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [0s]}}, calls: a.op}}}}
services:
  a: {{endpoints: {{op: [{{call: s.op, retries: {{attempts: 2}}}}]}}}}
  s: {{error_rate: 100%, endpoints: {{op: [compute: 1ms]}}}}
mesh: {{{}, outbound: {{retries: {{attempts: 2}}}}}}
)",
                      kFree));
  EXPECT_EQ(t.operation("s.op").arrived, 9u);
  EXPECT_EQ(t.edge("a", "s.op").attempts, 9u);
  EXPECT_EQ(t.edge("a", "s.op").calls, 3u);
  EXPECT_EQ(t.edge("a", "a.sidecar s.op").attempts, 3u);
}

// The mesh's breaker stands in the sidecar: three failures, then nothing reaches the target.
TEST(Mesh, PoliciesOfTheMeshHoldWhereTheApplicationHasNone) {
  Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [0s, 10ms, 20ms, 30ms, 40ms]}}, calls: a.op}}}}
services:
  a: {{endpoints: {{op: [call: s.op]}}}}
  s: {{error_rate: 100%, endpoints: {{op: [compute: 1ms]}}}}
mesh: {{{}, outbound: {{circuit_breaker: {{consecutive_failures: 3, wait_duration_in_open_state: 1s}}}}}}
)",
                      kFree));
  t.requests("load", {{1, error}, {11, error}, {21, error}, {30, circuit_open}, {40, circuit_open}});
  EXPECT_EQ(t.operation("s.op").arrived, 3u);
}

// TCP and TLS over 40 ms each between the sidecars, once; both ends work, by the certificate 2 and 3 ms.
TEST(Mesh, SecuresItsConnections) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 300ms]}, calls: a.op}}
services:
  a: {endpoints: {op: [call: s.op]}}
  s: {endpoints: {op: [sleep: 5ms]}}
network: {links: {a -> s: {latency: 20ms}}}
mesh: {sidecar: {cpu_per_message: 0s, latency: 0s}, tls: {client_cpu: 2ms, server_cpu: 3ms}}
)");
  t.sent("a", "s.op", {80, 300});
  t.requests("load", {{130, success}, {345, success}});
}

// All four requests go to the first instance, each a message there and one back for its sidecar, and none for
// the other's.
TEST(Mesh, ASidecarServesItsOwnInstance) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 100ms, 200ms, 300ms]}, calls: a.op}}
services:
  a: {instances: [{count: 1, weight: 3}, {count: 1, weight: 0}], load_balancer: weighted, endpoints: {op: [call: s.op]}}
  s: {endpoints: {op: [sleep: 1ms]}}
mesh: {sidecar: {cpu_per_message: 1ms, latency: 0s}, mtls: false}
)");
  EXPECT_DOUBLE_EQ(t.busy_ms("a.sidecar", 0), 8);
  EXPECT_DOUBLE_EQ(t.busy_ms("a.sidecar", 1), 0);
}

// The new instance of 100 ms has a sidecar of its own, from the start.
TEST(Mesh, AMemberCanBeDeployed) {
  Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [0ms, 50ms, 150ms, 200ms]}}, calls: a.op}}}}
services:
  a: {{endpoints: {{op: [call: s.op]}}}}
  s: {{endpoints: {{op: [compute: 1ms]}}}}
mesh: {{{}}}
deployments: [{{service: a, at: 100ms, strategy: rolling}}]
)",
                      kFree));
  t.requests("load", {{1, success}, {51, success}, {151, success}, {201, success}});
  EXPECT_EQ(t.station("a.sidecar").instances.size(), t.station("a").instances.size());
  EXPECT_EQ(t.at_end().deployments.at(0).requests, 2u);
  t.is_quiet();
}

std::string with_change(const std::string& faults) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [0s, 120ms, 160ms, 320ms, 360ms]}}, calls: a.op}}}}
services:
  a: {{endpoints: {{op: [call: s.op]}}}}
  s: {{endpoints: {{op: [compute: 1ms]}}}}
  s2: {{endpoints: {{op: [compute: 1ms]}}}}
mesh: {{{}, changes: [{{at: 100ms, routes: {{s: {{split: [{{to: s2}}]}}}}}}]}}
{})",
                     kFree, faults);
}

// Made at 100 ms, there at 150.
TEST(Mesh, AChangeReachesASidecarAfterThePush) {
  Trace t(with_change(""));
  t.reached("s.op", {0, 120});
  t.reached("s2.op", {160, 320, 360});
}

// Out from 90 to 300 ms: pushed then, there at 350.
TEST(Mesh, WithoutAControlPlaneSidecarsKeepWhatTheyHave) {
  Trace t(
      with_change("faults: [{type: control_plane_outage, target: mesh, start: 90ms, duration: 210ms}]\n"));
  t.reached("s.op", {0, 120, 160, 320});
  t.reached("s2.op", {360});
}

// Already on its way when the control plane goes down.
TEST(Mesh, APushThatHasLeftArrives) {
  Trace t(with_change("faults: [{type: control_plane_outage, target: mesh, start: 110ms, duration: 1s}]\n"));
  t.reached("s2.op", {160, 320, 360});
}

// Copies go to a service that fails and is slow; nobody notices.
TEST(Mesh, AnswersToMirroredCallsAreDropped) {
  Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [0s, 100ms]}}, calls: a.op}}}}
services:
  a: {{endpoints: {{op: [call: s.op]}}}}
  s: {{endpoints: {{op: [compute: 1ms]}}}}
  s2: {{error_rate: 100%, endpoints: {{op: [compute: 50ms]}}}}
mesh: {{{}, routes: {{s: {{mirror: s2}}}}}}
)",
                      kFree));
  t.reached("s2.op", {0, 100});
  t.requests("load", {{1, success}, {101, success}});
}

// JSON is written and read by the services; the proxies between them look at no body.
TEST(Mesh, MessagesAreWrittenAndReadByTheServices) {
  Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [0s]}}, calls: a.op}}}}
services:
  a:
    endpoints:
      op: [{{call: s.op, transport: {{protocol: rest, encode: {{per_message: 1ms}}, decode: {{per_message: 2ms}}}}}}]
  s: {{endpoints: {{op: [compute: 5ms]}}}}
mesh: {{{}}}
)",
                      kFree));
  t.served("s.op", {{1 + 2 + 5 + 1, success}});
  t.requests("load", {{11, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 8);
  EXPECT_DOUBLE_EQ(t.busy_ms("a.sidecar"), 0);
}

// 40 MB and one for each connection: the third is over 42. What it costs and who it hits: set-ups take 40 ms,
// the way 20, the work 50.
std::string with_little_memory(const std::string& times) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op, transport: {{protocol: rest, encode: {{}}, decode: {{}}}}}}}}
services: {{s: {{endpoints: {{op: [sleep: 50ms]}}}}}}
network: {{default: {{latency: 20ms}}}}
mesh:
  members: [s]
  sidecar:
    cpu_per_message: 0s
    latency: 0s
    memory: {{base: 40MB, per_connection: 1MB, per_instance: 0B, limit: 42MB, restart: 1s}}
)",
                     times);
}

// Killed at 0: who arrives at 60 finds nobody, until 1 s; its connections are gone with it.
TEST(SidecarMemory, OneConnectionTooManyTakesTheInstanceOffTheNetwork) {
  Trace t(with_little_memory("0s, 0s, 0s, 2s"));
  t.requests("load", {{80, network}, {80, network}, {80, network}, {2130, success}});
  const auto& state = t.policy("sidecar_memory").states.at(0);
  EXPECT_EQ(state.trips, 1u);
  EXPECT_DOUBLE_EQ(state.seconds.at(1), 1);
  t.is_quiet();
}

// The first is at work when two more are opened, at 70.
TEST(SidecarMemory, WhatIsInsideEndsWithIt) {
  Trace t(with_little_memory("0s, 70ms, 70ms"));
  t.requests("load", {{90, network}, {150, network}, {150, network}});
  t.is_quiet();
}

// What a sidecar opens itself counts too: `a` calls two services, each over a connection. The second is one
// too many, at 50 ms; what `a` was at ends with it. Again at 2050, and away for 11 s then.
TEST(SidecarMemory, CountsConnectionsThatTheSidecarOpens) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 2s, 3s]}, calls: a.op}}
services:
  a: {endpoints: {op: [{call: s.op}, {call: t.op}]}}
  s: &end {endpoints: {op: [sleep: 50ms]}}
  t: *end
mesh:
  members: [a, s, t]
  mtls: false
  sidecar:
    cpu_per_message: 0s
    latency: 0s
    memory: {base: 40MB, per_connection: 1MB, per_instance: 0B, limit: 41MB, restart: 1s}
)");
  t.requests("load", {{50, network}, {2050, network}, {3000, network}});
  t.is_quiet();
}

}  // namespace
}  // namespace tailrace::tests
