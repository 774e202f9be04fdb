// Messages in rounds, links that messages share, and handshakes, to the nanosecond. Unless a test says
// otherwise 1000 bytes take 1 ms on the link from a to s, or no time where it has no bandwidth, and 10 ms on
// the way.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// `sizes` names endpoints of a: what each sends, and when.
struct Message {
  std::string size, times;
};
std::string links(const std::vector<Message>& messages, const std::string& link,
                  const std::string& more = "") {
  std::string workloads, endpoints;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    workloads += fmt::format("  w{}: {{trace: {{times: [{}]}}, calls: a.m{}}}\n", i, messages[i].times, i);
    endpoints += fmt::format("{}m{}: [{{call: s.op, request_size: {}, response_size: 0B}}]",
                             i == 0 ? "" : ", ", i, messages[i].size);
  }
  return fmt::format(
      "workloads:\n{}"
      "services:\n  a: {{mode: async, endpoints: {{{}}}}}\n  s: {{endpoints: {{op: []}}}}\n"
      "network: {{links: {{\"a -> s\": {{latency: 10ms, packet_size: 1000B, {}}}, \"s -> a\": "
      "{{latency: 10ms}}}}}}\n{}",
      workloads, endpoints, link, more);
}
std::string one(const std::string& size, const std::string& link, const std::string& more = "") {
  return links({{size, "0s"}}, link, more);
}
const models::LinkRecord& link(Trace& t, const std::string& name) {
  for (std::size_t i = 0; i < t.model().topology->links.size(); ++i) {
    if (t.model().topology->links[i].name == name) return t.at_end().links[i];
  }
  throw std::runtime_error("no link " + name);
}

// Ten packets in windows of 1, 2, 4 and 3, each begun when the first packet of the one before has come (1 ms
// sent, 20 ms round trip): 0-1, 21-23, 42-46, 63-66, and 10 ms on the way.
TEST(Windows, DoubleWithEachRoundTrip) {
  Trace t(one("10000B", "bandwidth: 8Mbit/s, initial_window: 1"));
  t.reached("s.op", {76});
  t.requests("w0", {{86, success}});
  EXPECT_EQ(link(t, "a -> s").messages, 1u);
  EXPECT_EQ(link(t, "a -> s").transmissions, 10u);
  EXPECT_NEAR(link(t, "a -> s").busy_s, 0.010, 1e-12);
  t.is_quiet();
}

// Two packets each at 0, 20 and 40 ms.
TEST(Windows, GrowNoFurtherThanTheLargest) {
  Trace t(one("5001B", "initial_window: 2, max_window: 2"));
  t.reached("s.op", {50});
  t.is_quiet();
}

// The acknowledgement of the first packet is back after 21 ms: 32 packets are still being sent then.
TEST(Windows, LargerThanTheWayNeverStandStill) {
  Trace t(one("96000B", "bandwidth: 8Mbit/s, initial_window: 32"));
  t.reached("s.op", {106});
}

// The other message has the link from 20.5 to 21.5 ms, so that the second round goes from there to 23.5.
TEST(Windows, LeaveTheLinkToOthersBetweenRounds) {
  Trace t(links({{"3000B", "0s"}, {"1000B", "20500us"}}, "bandwidth: 8Mbit/s, initial_window: 1"));
  t.reached("s.op", {31.5, 33.5});
  t.is_quiet();
}

// Nothing gets through until 5 ms. Four packets are lost by 4 ms and sent again 200 ms later, 204-208; the
// first is acknowledged at 225, and the last six go in one window, 225-231.
TEST(Windows, BeginAnewAfterALoss) {
  const std::string fault = "faults: [{type: loss, target: a -> s, loss: 100%, start: 0s, duration: 5ms}]\n";
  Trace t(one("10000B", "bandwidth: 8Mbit/s, initial_window: 4", fault));
  t.reached("s.op", {241});
  EXPECT_EQ(link(t, "a -> s").transmissions, 14u);
  EXPECT_EQ(link(t, "a -> s").lost, 4u);
  EXPECT_EQ(link(t, "a -> s").delayed, 1u);
  t.is_quiet();
}

// 0-4 lost, 204-208 lost again; given up when it would be sent a third time, at 408.
TEST(Windows, AreGivenUpWhenNothingGetsThrough) {
  const std::string fault = "faults: [{type: loss, target: a -> s, loss: 100%, start: 0s}]\n";
  Trace t(one("10000B", "bandwidth: 8Mbit/s, initial_window: 4, max_retransmissions: 1", fault));
  t.reached("s.op", {});
  t.calls("a", "s.op", {{408, network}});
  t.is_quiet();
}

// 1 MB at 8 Mbit/s, and a second one half a second later: alone, half each from 0.5 to 1.5 s, alone.
TEST(SharedLink, GivesTwoTransfersHalfEach) {
  Trace t(
      "workloads: {load: {trace: {times: [0s, 500ms]}, steps: [{call: s.op, request_size: 1000000B, "
      "response_size: 0B}]}}\n"
      "services: {s: {endpoints: {op: []}}}\n"
      "network: {links: {\"load -> s\": {bandwidth: 8Mbit/s, sharing: fair}, \"s -> load\": {latency: "
      "0s, sharing: store_and_forward}}}\n");
  t.reached("s.op", {1500, 2000});
  t.requests("load", {{1500, success}, {2000, success}});
  EXPECT_NEAR(link(t, "load -> s").busy_s, 2, 1e-9);
  t.is_quiet();
}

// 30 KB have 20 left at 10 ms, when 10 KB and 5 KB come. A third each: the 5 KB are sent by 25. Half each:
// the last 5 of the 10 KB by 35. The last 10 alone by 45, as if all had gone one after another.
TEST(SharedLink, SharesAmongThoseWhoAreThere) {
  Trace t(links({{"30KB", "0s"}, {"10KB", "10ms"}, {"5KB", "10ms"}}, "bandwidth: 8Mbit/s, sharing: fair"));
  t.requests("w0", {{45 + 20, success}});
  t.requests("w1", {{35 + 20, success}});
  t.requests("w2", {{25 + 20, success}});
  t.is_quiet();
}

// Half as wide from 10 to 30 ms: 10 KB before, 10 KB then, 10 KB by 40 ms.
TEST(SharedLink, GoesOnMoreSlowlyWhileItIsNarrower) {
  Trace t(one("30KB", "bandwidth: 8Mbit/s, sharing: fair",
              "faults: [{type: bandwidth, target: a -> s, bandwidth: 4Mbit/s, start: 10ms, duration: "
              "20ms}]\n"));
  t.reached("s.op", {50});
  t.is_quiet();
}

// What is lost is sent again: three packets by 3 ms, and the same at 203.
TEST(SharedLink, RepeatsWhatIsLost) {
  const std::string fault = "faults: [{type: loss, target: a -> s, loss: 100%, start: 0s, duration: 5ms}]\n";
  Trace t(one("3000B", "bandwidth: 8Mbit/s, sharing: fair", fault));
  t.reached("s.op", {216});
  EXPECT_EQ(link(t, "a -> s").lost, 3u);
  t.is_quiet();
}

// Two messages of three packets at once: one packet of each by 2 ms, heard of at 21, two of each by 25.
TEST(SharedLink, SharesEveryRound) {
  Trace t(links({{"3000B", "0s"}, {"3000B", "0s"}}, "bandwidth: 8Mbit/s, sharing: fair, initial_window: 1"));
  t.reached("s.op", {35, 35});
  t.is_quiet();
}

std::string caller(const std::string& times, const std::string& pool) {
  return fmt::format(
      "workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op, connection_pool: {{{}}}}}}}\n"
      "services: {{s: {{endpoints: {{op: [sleep: 5ms]}}}}}}\n"
      "network: {{default: {{latency: 20ms}}}}\n",
      times, pool);
}

// A round trip of 40 ms: one for TCP, one for TLS 1.3, one for the request, and 5 ms at the server.
TEST(Handshake, IsPaidByTheFirstRequestOfAConnection) {
  Trace t(caller("0s, 200ms", "max_connections: 1, handshake: tls13"));
  t.sent("load", "s.op", {80, 200});
  t.requests("load", {{125, success}, {245, success}});
  t.is_quiet();
}

TEST(Handshake, IsPaidEachTimeWithoutKeepAlive) {
  Trace t(caller("0s, 200ms", "max_connections: 1, handshake: tls13, max_requests_per_connection: 1"));
  t.requests("load", {{125, success}, {325, success}});
  t.is_quiet();
}

TEST(Handshake, TakesItsRoundTripsAfterTheConnectTime) {
  const std::vector<std::pair<std::string, double>> round_trips = {{"none", 0},
                                                                   {"tcp", 1},
                                                                   {"tls12", 3},
                                                                   {"tls12_resumed", 2},
                                                                   {"tls13", 2},
                                                                   {"quic", 1},
                                                                   {"tls13_early_data", 1},
                                                                   {"quic_early_data", 0}};
  for (const auto& [name, n] : round_trips) {
    SCOPED_TRACE(name);
    Trace t(caller("0s", "connect_time: 3ms, handshake: " + name));
    t.sent("load", "s.op", {3 + 40 * n});
  }
}

// Both go over the one connection when it is ready.
TEST(Handshake, IsSharedByStreams) {
  Trace t(caller("0s, 30ms", "max_concurrent_streams: 100, handshake: tls13"));
  t.sent("load", "s.op", {80, 80});
  t.is_quiet();
}

}  // namespace
}  // namespace tailrace::tests
