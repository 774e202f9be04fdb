// A caller's connections by a hand-driven clock: which request opens one, waits for one or takes one, and
// when they close.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "models/policies/transport/connections.hpp"
#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

TransportSettings rest(std::int64_t connections) {
  TransportSettings s;
  s.connections = connections;
  s.full.round_trips = 2;
  s.resumed.round_trips = 1;
  return s;
}
TransportSettings grpc(std::int64_t streams) {
  TransportSettings s = rest(1);
  s.protocol = Protocol::grpc;
  s.streams = streams;
  return s;
}

// One caller of one instance.
struct Caller {
  Connections connections;
  sim::Stream random{1, 0, "a", "b"};

  Caller(const TransportSettings& settings, Peer& peer) : connections(settings) {
    connections.bind(&peer, 1, 0);
    connections.introduce();
  }
  // "yes", "no", "network", "line", milliseconds until a connection is ready, or "opens" and the round trips.
  std::string ask(std::int64_t ms, bool from_line = false) {
    CallFacts facts = at_ms(ms);
    facts.from_line = from_line;
    const Admission answer = connections.admit(facts, random);
    switch (answer.kind) {
      case Admission::Kind::admit:
        return "yes";
      case Admission::Kind::reject:
        return answer.reason == Outcome::network ? "network" : "no";
      case Admission::Kind::wait:
        return "line";
      case Admission::Kind::delay:
        break;
    }
    return connections.opened() != nullptr ? "opens " + std::to_string(answer.round_trips)
                                           : std::to_string(answer.time.ns / kMs);
  }
  // As ask(), and what it opens is ready at once.
  std::string ask_near(std::int64_t ms) {
    const std::string answer = ask(ms);
    if (connections.opened() != nullptr) connections.starts_at({ms * kMs});
    return answer;
  }
  void end(std::int64_t ms, Outcome outcome = Outcome::success) {
    connections.ended(result_at_ms(ms, outcome));
  }
};

TEST(Transport, Http1HasARequestToAConnectionAndALineBehindTheLast) {
  Peer peer;
  Caller c(rest(2), peer);
  EXPECT_EQ(c.ask(0), "opens 2");
  c.connections.starts_at({40 * kMs});
  EXPECT_EQ(c.ask(10), "opens 2");
  c.connections.starts_at({50 * kMs});
  EXPECT_EQ(c.ask(20), "line");
  c.end(60);
  EXPECT_EQ(c.ask(60, true), "yes");
  EXPECT_EQ(c.connections.count(), 2);
  EXPECT_EQ(c.connections.setups(), 2u);
}

TEST(Transport, Http2SharesAConnectionAlsoOneThatIsBeingSetUp) {
  Peer peer;
  Caller c(grpc(3), peer);
  EXPECT_EQ(c.ask(0), "opens 2");
  c.connections.starts_at({30 * kMs});
  EXPECT_EQ(c.ask(10), "20");
  EXPECT_EQ(c.ask(35), "yes");
  EXPECT_EQ(c.ask(35), "line");
  EXPECT_EQ(c.connections.count(), 1);
}

TEST(Transport, MoreThanMayBePendingAreRejected) {
  Peer peer;
  TransportSettings s = grpc(10);
  s.max_pending = 2;
  Caller c(s, peer);
  EXPECT_EQ(c.ask(0), "opens 2");
  c.connections.starts_at({30 * kMs});
  EXPECT_EQ(c.ask(1), "29");
  EXPECT_EQ(c.ask(2), "no");
  EXPECT_EQ(c.ask(30), "yes");
}

TEST(Transport, WhatACallerGivesUpClosesAConnectionOfHttp1AndANetworkFailureAny) {
  for (const bool http2 : {false, true}) {
    for (const auto& [outcome, closes] : {std::pair{Outcome::success, false},
                                          {Outcome::error, false},
                                          {Outcome::timeout, !http2},
                                          {Outcome::cancelled, !http2},
                                          {Outcome::network, true}}) {
      Peer peer;
      Caller c(http2 ? grpc(1) : rest(1), peer);
      c.ask_near(0);
      c.end(5, outcome);
      EXPECT_EQ(c.connections.count(), closes ? 0 : 1) << http2 << " " << static_cast<int>(outcome);
    }
  }
}

TEST(Transport, WhoLeavesDuringTheSetUpLeavesTheConnectionToOthers) {
  Peer peer;
  Caller c(rest(1), peer);
  EXPECT_EQ(c.ask(0), "opens 2");
  c.connections.starts_at({30 * kMs});
  CallFacts left = result_at_ms(10, Outcome::timeout);
  left.began = false;
  c.connections.ended(left);
  EXPECT_EQ(c.ask(12), "18");
  EXPECT_EQ(c.connections.setups(), 1u);
}

TEST(Transport, AnIdleConnectionClosesAfterItsTimeout) {
  Peer peer;
  TransportSettings s = rest(1);
  s.idle_timeout = sim::Duration{100 * kMs};
  Caller c(s, peer);
  c.ask_near(0);
  c.end(10);
  EXPECT_EQ(c.ask_near(109), "yes");
  c.end(110);
  EXPECT_EQ(c.ask_near(210), "opens 2");
}

// A second, ten percent more or less. A request that is under way ends on the old one.
TEST(Transport, AnOldConnectionTakesNoMoreAndClosesAfterItsLastRequest) {
  Peer peer;
  TransportSettings s = rest(1);
  s.max_age = sim::Duration{kS};
  Caller c(s, peer);
  c.ask_near(0);
  c.end(1);
  EXPECT_EQ(c.ask_near(899), "yes");
  EXPECT_EQ(c.ask_near(1101), "opens 2");
  EXPECT_EQ(c.connections.count(), 2);
  c.end(1200);
  EXPECT_EQ(c.connections.count(), 1);
  c.end(1300);
  EXPECT_EQ(c.ask_near(1301), "yes");
}

TEST(Transport, ConnectionsEndWithTheirInstanceAndAreNotKeptToOneThatLeaves) {
  for (const bool dies : {true, false}) {
    Peer peer;
    Caller c(rest(1), peer);
    c.ask_near(0);
    c.end(1);
    EXPECT_EQ(c.ask_near(2), "yes");
    c.end(3);
    dies ? void(++peer.incarnation) : void(peer.leaving = true);
    EXPECT_EQ(c.ask_near(4), "opens 2");
    EXPECT_EQ(c.connections.count(), 1);
  }
}

// Two callers, one connection. The first's is idle from 10 ms on, and in the server's eyes over at 60 ms.
TEST(Transport, AServersLimitHoldsForAllItsCallersWhoseIdleOnesDoNotCount) {
  ServerLimits limits;
  limits.max_connections = 1;
  limits.idle_timeout = sim::Duration{50 * kMs};
  Peer peer;
  peer.limits = &limits;
  Caller first(rest(5), peer), second(rest(5), peer);
  EXPECT_EQ(first.ask_near(0), "opens 2");
  EXPECT_EQ(first.ask_near(1), "no");
  first.end(10);
  EXPECT_EQ(second.ask_near(59), "no");
  EXPECT_EQ(second.ask_near(60), "opens 2");
  EXPECT_EQ(first.connections.count(), 0);
  EXPECT_EQ(peer.open, 1);
}

TEST(Transport, AnExpiredCertificateStopsNewConnectionsOverTlsOnly) {
  Peer peer;
  TransportSettings s = rest(2);
  Caller plain(s, peer);
  s.secured = true;
  Caller secured(s, peer);
  EXPECT_EQ(secured.ask_near(0), "opens 2");
  peer.expired = true;
  EXPECT_EQ(secured.ask_near(1), "network");
  secured.end(2);
  EXPECT_EQ(secured.ask_near(3), "yes");  // what is open stays open
  EXPECT_EQ(plain.ask_near(3), "opens 2");
}

TEST(Transport, AResumedSessionHasItsOwnRoundTrips) {
  Peer peer;
  TransportSettings s = rest(1);
  s.resumption = 1;
  Caller c(s, peer);
  EXPECT_EQ(c.ask(0), "opens 1");
}

// TCP's one, and TLS's: two in 1.2, one in 1.3 and where a session is resumed, none with early data.
TEST(Transport, RoundTripsAreThoseOfTcpAndTls) {
  EXPECT_EQ(settings_of({}, nullptr).full.round_trips, 1);
  TlsSpec tls;
  EXPECT_EQ(settings_of({}, &tls).full.round_trips, 2);
  EXPECT_EQ(settings_of({}, &tls).resumed.round_trips, 2);
  tls.early_data = true;
  EXPECT_EQ(settings_of({}, &tls).full.round_trips, 2);
  EXPECT_EQ(settings_of({}, &tls).resumed.round_trips, 1);
  tls = {};
  tls.version = TlsVersion::v1_2;
  EXPECT_EQ(settings_of({}, &tls).full.round_trips, 3);
  EXPECT_EQ(settings_of({}, &tls).resumed.round_trips, 2);
}

// From 1000 bytes on half of them; headers are left as they are.
TEST(Transport, SmallMessagesAreNotCompressed) {
  TransportSettings s;
  s.header_bytes = 100;
  s.compresses = true;
  s.ratio = 2;
  s.compress_from_bytes = 1000;
  s.encode_ns = 10;
  s.encode_ns_per_byte = 1;
  s.compress_ns_per_byte = 3;
  EXPECT_EQ(s.bytes_on_link(999, 1), 1099);
  EXPECT_EQ(s.bytes_on_link(1000, 2), 2 * 600);
  EXPECT_EQ(s.encoding_ns(999, 1), 10 + 999);
  EXPECT_EQ(s.encoding_ns(1000, 2), 2 * (10 + 4000));
}

}  // namespace
}  // namespace tailrace::models
