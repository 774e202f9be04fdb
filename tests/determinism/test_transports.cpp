// Transports and TLS to the nanosecond: handshakes in round trips and work, streams, sizes, connections that
// stick, age and break, and what a server allows of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ostream>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// Messages cost nothing; a round trip takes 40 ms, the server 5 ms.
std::string caller(const std::string& times, const std::string& fields) {
  return fmt::format(
      "workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op, {}}}}}\n"
      "services: {{s: {{endpoints: {{op: [sleep: 5ms]}}}}}}\n"
      "network: {{default: {{latency: 20ms}}}}\n",
      times, fields);
}
std::string free_rest(const std::string& more = "") {
  return "transport: {protocol: rest, encode: {}, decode: {}" + more + "}";
}

struct SetupCase {
  std::string tls;
  double round_trips;  // before the request: TCP's and TLS's
};
void PrintTo(const SetupCase& c, std::ostream* out) {
  *out << c.tls;
}

class Setup : public testing::TestWithParam<SetupCase> {};

// First request: (set-up + 1) round trips + 5 ms. Kept connection: 1 round trip + 5 ms.
TEST_P(Setup, TakesItsRoundTripsOnce) {
  const SetupCase& c = GetParam();
  Trace t(caller("0s, 300ms", free_rest() + c.tls));
  t.sent("load", "s.op", {40 * c.round_trips, 300});
  t.requests("load", {{40 * (c.round_trips + 1) + 5, success}, {345, success}});
  t.is_quiet();
}

INSTANTIATE_TEST_SUITE_P(
    Transport, Setup,
    testing::Values(SetupCase{"", 1}, SetupCase{", tls: {version: 1.3, client_cpu: 0s, server_cpu: 0s}", 2},
                    SetupCase{", tls: {version: 1.2, client_cpu: 0s, server_cpu: 0s}", 3},
                    SetupCase{", tls: {version: 1.2, resumption: 100%, resumed_cpu: 0s}", 2},
                    SetupCase{", tls: {version: 1.3, resumption: 100%, resumed_cpu: 0s}", 2},
                    SetupCase{", tls: {version: 1.3, resumption: 100%, early_data: true, resumed_cpu: 0s}",
                              1}));

// Two round trips, half of one to the server: at 100. Its 3 ms come before the 5, the caller's 2 ms at the
// end.
TEST(Tls, WorksAtBothEndsOfANewConnectionOnly) {
  Trace t(caller("0s, 300ms", free_rest() + ", tls: {client_cpu: 2ms, server_cpu: 3ms}"));
  t.served("s.op", {{108, success}, {325, success}});
  t.requests("load", {{130, success}, {345, success}});
  EXPECT_EQ(t.policy("transport").counts.delayed, 1u);
}

// RSA: two operations of 35 us on X25519 and a signature of 353 us; mutual: the server checks two of 20 us.
TEST(Tls, CostsWhatItsCertificateCosts) {
  Trace one(caller("0s", free_rest() + ", tls: 1.3"));
  one.served("s.op", {{105 + 0.423, success}});
  one.requests("load", {{125 + 0.423 + 0.110, success}});
  Trace both(caller("0s", free_rest() + ", tls: {mutual: true}"));
  both.served("s.op", {{105 + 0.463, success}});
  both.requests("load", {{125 + 0.463 + 0.463, success}});
}

// 1 us a byte on the way. Request of 1000 + 100: written in 1 + 1 ms, sent by 3.1, read in 2 + 2; work 5 ms.
// Answer of 2000 + 100: written in 1 + 2, there at 17.2, read in 2 + 4 ms.
const char* const kSized = R"(
workloads:
  load:
    trace: {{times: [0s]}}
    steps:
      - call: s.op
        request_size: 1000B
        response_size: 2000B
        transport:
          protocol: rest
          header_size: 100B
          encode: {{per_message: 1ms, per_kib: 1.024ms}}
          decode: {{per_message: 2ms, per_kib: 2.048ms}}
{}
services: {{s: {{cpus: 1, endpoints: {{op: [compute: 5ms]}}}}}}
network: {{default: {{bandwidth: 8Mbit/s}}}}
)";

TEST(Transport, MessagesCostWorkAtBothEndsAndBytesBetween) {
  Trace t(fmt::format(fmt::runtime(kSized), ""));
  t.sent("load", "s.op", {2});
  t.reached("s.op", {3.1});
  t.served("s.op", {{15.1, success}});
  t.requests("load", {{23.2, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 12);
}

// Only the answer is large enough: 2 ms more to write it, half its bytes on the way, 1 ms more to read it.
TEST(Transport, CompressionTradesWorkForBytes) {
  Trace t(fmt::format(fmt::runtime(kSized),
                      "          compression: {codec: gzip, ratio: 2, compress_per_kib: 1.024ms, "
                      "decompress_per_kib: 512us, min_size: 1500B}\n"));
  t.served("s.op", {{17.1, success}});
  t.requests("load", {{18.2 + 7, success}});
}

// Three messages there: three times 2 ms to write, 1.1 ms to send, 4 ms to read.
TEST(Transport, StreamingCostsEachMessage) {
  Trace t(fmt::format(fmt::runtime(kSized), "          messages: {sent: 3}\n"));
  t.sent("load", "s.op", {6});
  t.reached("s.op", {9.3});
  t.served("s.op", {{9.3 + 12 + 5 + 3, success}});
}

std::string at_once(const std::string& transport) {
  return "workloads: {load: {trace: {times: [0s, 0s, 0s]}, calls: s.op, transport: " + transport +
         "}}\nservices: {s: {endpoints: {op: [sleep: 10ms]}}}\n";
}

TEST(Transport, AnHttp1ConnectionCarriesOneRequestAtATime) {
  Trace t(at_once("{protocol: rest, connections: 1, encode: {}, decode: {}}"));
  t.requests("load", {{10, success}, {20, success}, {30, success}});
}

TEST(Transport, StreamsOfOneConnectionAreLimited) {
  Trace t(at_once("{protocol: grpc, max_concurrent_streams: 2, encode: {}, decode: {}}"));
  t.requests("load", {{10, success}, {10, success}, {20, success}});
  EXPECT_EQ(t.policy("transport").counts.waited, 1u);
}

TEST(Transport, WhoWouldWaitForAConnectionIsRejectedWhenTooManyDo) {
  Trace t(at_once("{protocol: rest, connections: 1, max_pending_requests: 1, encode: {}, decode: {}}"));
  t.requests("load", {{0, rejected}, {10, success}, {20, success}});
}

std::string two_instances(const std::string& transport) {
  return "workloads: {load: {trace: {times: [0s, 50ms, 150ms, 160ms]}, calls: s.op, transport: " + transport +
         "}}\nservices: {s: {replicas: 2, endpoints: {op: [compute: 5ms]}}}\n";
}

TEST(Transport, ALongConnectionStaysWithItsInstance) {
  Trace t(two_instances("{protocol: grpc, encode: {}, decode: {}}"));
  EXPECT_DOUBLE_EQ(t.busy_ms("s", 0), 20);
  EXPECT_DOUBLE_EQ(t.busy_ms("s", 1), 0);
}

TEST(Transport, RequestsAreBalancedWhereABalancerSeesThem) {
  Trace t(two_instances("{protocol: grpc, balance: request, encode: {}, decode: {}}"));
  EXPECT_DOUBLE_EQ(t.busy_ms("s", 0), 10);
  EXPECT_DOUBLE_EQ(t.busy_ms("s", 1), 10);
}

// Between 90 and 110 ms old it takes no more: from 150 ms on the other instance has its turn.
TEST(Transport, AConnectionOfAgeMakesWayForANewOne) {
  Trace t(two_instances("{protocol: grpc, max_connection_age: 100ms, encode: {}, decode: {}}"));
  EXPECT_DOUBLE_EQ(t.busy_ms("s", 0), 10);
  EXPECT_DOUBLE_EQ(t.busy_ms("s", 1), 10);
  EXPECT_EQ(t.policy("transport").states.at(0).gauge, 1);
}

TEST(Transport, AnIdleConnectionCloses) {
  Trace t(caller("0s, 300ms", free_rest(", idle_timeout: 100ms")));
  t.requests("load", {{85, success}, {385, success}});
}

// It dies at 150 ms and is back at 160: who kept a connection sets up another.
TEST(Transport, NoConnectionOutlivesItsInstance) {
  Trace t(caller("0s, 300ms", free_rest()) +
          "faults: [{type: pod_kill, target: s, start: 150ms, restart_time: 10ms}]\n");
  t.requests("load", {{85, success}, {385, success}});
}

// The answer would be there at 45 + 200 ms. Giving up at 100 closes a connection of HTTP/1.1, and only resets
// a stream of HTTP/2.
TEST(Transport, GivingUpClosesAConnectionOfHttp1) {
  const std::string slow =
      "workloads: {{load: {{trace: {{times: [0s, 400ms]}}, calls: s.op, timeout: 100ms, transport: {}}}}}\n"
      "services: {{s: {{endpoints: {{op: [sleep: 200ms]}}}}}}\n"
      "network: {{default: {{latency: 20ms}}}}\n";
  Trace rest(fmt::format(fmt::runtime(slow), "{protocol: rest, encode: {}, decode: {}}"));
  rest.sent("load", "s.op", {40, 440});
  Trace grpc(fmt::format(fmt::runtime(slow), "{protocol: grpc, encode: {}, decode: {}}"));
  grpc.sent("load", "s.op", {40, 400});
}

// A caller with one worker, async: it writes, lets go, and stands in line to read: 1 + 10 + 2 ms, and the
// next is written while it waits.
TEST(Transport, WorkOfMessagesIsDoneByTheCallersWorkers) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 0s]}, calls: a.op}}
services:
  a:
    workers: 1
    mode: async
    endpoints:
      op:
        - {call: s.op, transport: {protocol: grpc, encode: {per_message: 1ms}, decode: {per_message: 2ms}}}
  s: {endpoints: {op: [sleep: 10ms]}}
)");
  t.sent("a", "s.op", {1, 2});
  // At the server 2 ms to read, 10, and 1 to write: back at 14 and 15; read one after the other.
  t.requests("load", {{16, success}, {18, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("a"), 6);
}

// --- the server's side of connections

std::string server(const std::string& door, const std::string& a, const std::string& b,
                   const std::string& transport = "rest", const std::string& more = "") {
  return fmt::format(
      "workloads:\n"
      "  a: {{trace: {{times: [{1}]}}, calls: s.op, transport: {{protocol: {3}, encode: {{}}, decode: "
      "{{}}}}}}\n"
      "  b: {{trace: {{times: [{2}]}}, calls: s.op, transport: {{protocol: {3}, encode: {{}}, decode: "
      "{{}}}}}}\n"
      "services: {{s: {{inbound: {{server_connections: {0}}}, endpoints: {{op: [sleep: 5ms]}}}}}}\n"
      "network: {{default: {{latency: 20ms}}}}\n{4}",
      door, a, b, transport, more);
}

// `a` has the one connection until it has been idle for 100 ms, at 185.
TEST(ServerConnections, RefusesOneTooManyUntilAnotherCloses) {
  Trace t(server("{max_connections: 1, idle_timeout: 100ms}", "0s", "10ms, 184ms, 300ms"));
  t.requests("a", {{85, success}});
  t.requests("b", {{10, rejected}, {184, rejected}, {385, success}});
  EXPECT_EQ(t.policy("server_connections").states.at(0).gauge, 1);
  EXPECT_EQ(t.policy("transport", 1).counts.rejected, 2u);
}

TEST(ServerConnections, NarrowsTheStreamsOfAConnection) {
  Trace t(server("{max_concurrent_streams: 1}", "0s, 0s", "1s", "grpc"));
  t.requests("a", {{85, success}, {130, success}});
}

// Opened at 0 and told to go away between 90 and 110: the third request needs another.
TEST(ServerConnections, SendsOldConnectionsAway) {
  Trace t(server("{max_connection_age: 100ms}", "0s, 86ms, 200ms", "5s", "grpc"));
  t.requests("a", {{85, success}, {131, success}, {285, success}});
}

// The instance dies with its connections: they are not counted any more when it is back.
TEST(ServerConnections, DieWithTheirInstance) {
  Trace t(server("{max_connections: 1}", "0s", "500ms", "rest",
                 "faults: [{type: pod_failure, target: s, start: 200ms, duration: 100ms}]\n"));
  t.requests("a", {{85, success}});
  t.requests("b", {{585, success}});
}

}  // namespace
}  // namespace tailrace::tests
