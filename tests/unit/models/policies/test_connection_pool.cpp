// The connection pool event by event.
#include <gtest/gtest.h>

#include "models/policies/connection_pool/connection_pool.hpp"
#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

struct Driven {
  std::shared_ptr<AdmissionPolicy> policy;
  sim::Stream random;
  std::uint32_t waiting = 0;  // as the run counts them

  explicit Driven(std::string_view fields) : policy(started(connection_pool_policy(), fields)) {}
  // "yes", "no", "line", or milliseconds until it starts.
  std::string ask(std::int64_t ms, bool from_line = false) {
    CallFacts facts = at_ms(ms);
    facts.waiting = waiting;
    facts.from_line = from_line;
    const Admission answer = policy->admit(facts, random);
    if (from_line && answer.kind != Admission::Kind::wait) --waiting;
    switch (answer.kind) {
      case Admission::Kind::admit:
        return "yes";
      case Admission::Kind::reject:
        EXPECT_EQ(answer.reason, Outcome::rejected);
        return "no";
      case Admission::Kind::delay:
        return std::to_string(answer.time.ns / kMs);
      case Admission::Kind::wait:
        if (!from_line) ++waiting;
        EXPECT_EQ(answer.reason, Outcome::queue_timeout);
        return "line";
    }
    return {};
  }
  void end(std::int64_t ms) { policy->ended(result_at_ms(ms, Outcome::success)); }
  void give_up(std::int64_t ms) {  // in the delay
    CallFacts facts = result_at_ms(ms, Outcome::timeout);
    facts.began = false;
    policy->ended(facts);
  }
};

// The second handshake is quicker than the first, and takes the fourth request, when the first has all that
// it can take.
TEST(ConnectionPool, KnowsWhichHandshakeEndsFirst) {
  Driven d("handshake: tls13, max_concurrent_streams: 2");
  EXPECT_EQ(d.ask(0), "0");  // and two round trips
  d.policy->starts_at({100 * kMs});
  EXPECT_EQ(d.ask(10), "90");
  EXPECT_EQ(d.ask(15), "0");
  d.policy->starts_at({50 * kMs});
  EXPECT_EQ(d.ask(20), "30");
  EXPECT_EQ(d.policy->gauge(), 2);
  d.end(60);
  EXPECT_EQ(d.ask(61), "yes");
}

TEST(ConnectionPool, AHandshakeIsSoManyRoundTrips) {
  // TCP's one and TLS's: two in 1.2, one in 1.3 and where 1.2 resumes, none with early data; QUIC is both at
  // once.
  for (const auto& [handshake, trips] : {std::pair<const char*, std::int64_t>{"none", 0},
                                         {"tcp", 1},
                                         {"tls12", 3},
                                         {"tls12_resumed", 2},
                                         {"tls13", 2},
                                         {"tls13_early_data", 1},
                                         {"quic", 1},
                                         {"quic_early_data", 0}}) {
    Driven d(std::string("handshake: ") + handshake);
    const Admission first = d.policy->admit(at_ms(0), d.random);
    EXPECT_EQ(first.kind, trips == 0 ? Admission::Kind::admit : Admission::Kind::delay) << handshake;
    EXPECT_EQ(first.round_trips, trips) << handshake;
  }
}

TEST(ConnectionPool, OneRequestPerConnectionThenTheLineThenRejection) {
  Driven d("max_connections: 2, max_pending_requests: 1");
  EXPECT_EQ(d.ask(0), "yes");
  EXPECT_EQ(d.ask(0), "yes");
  EXPECT_EQ(d.ask(0), "line");
  EXPECT_EQ(d.ask(0), "no");
  d.end(10);
  EXPECT_EQ(d.ask(10, true), "yes");
  EXPECT_EQ(d.ask(11), "line");
  EXPECT_EQ(d.policy->gauge(), 2);
}

TEST(ConnectionPool, NoPendingRequestsMeansNoLine) {
  Driven d("max_connections: 2, max_pending_requests: 0, connect_time: 5ms");
  EXPECT_EQ(d.ask(0), "5");
  EXPECT_EQ(d.ask(0), "5");
  EXPECT_EQ(d.ask(0), "no");
}

TEST(ConnectionPool, AcquireTimeoutLimitsTheWait) {
  Driven d("max_connections: 1, acquire_timeout: 30ms");
  d.ask(0);
  const Admission answer = d.policy->admit(at_ms(0), d.random);
  EXPECT_EQ(answer.kind, Admission::Kind::wait);
  EXPECT_EQ(answer.time.ns, 30 * kMs);
}

TEST(ConnectionPool, MaxRequestsRejectsEvenWithFreeStreams) {
  Driven d("max_connections: 4, max_concurrent_streams: 10, max_requests: 3");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(d.ask(0), "yes");
  EXPECT_EQ(d.ask(0), "no");
  EXPECT_EQ(d.policy->gauge(), 1);
  d.end(1);
  EXPECT_EQ(d.ask(1), "yes");
}

TEST(ConnectionPool, ANewConnectionCostsItsSetUpAndAKeptOneNothing) {
  Driven d("max_connections: 2, connect_time: 30ms");
  EXPECT_EQ(d.ask(0), "30");
  EXPECT_EQ(d.ask(10), "30");  // ready at 40
  EXPECT_EQ(d.ask(20), "line");
  d.end(35);  // of the first
  EXPECT_EQ(d.ask(35, true), "yes");
  d.end(50);
  d.end(60);
  EXPECT_EQ(d.ask(70), "yes");
  EXPECT_EQ(d.ask(70), "yes");
}

TEST(ConnectionPool, RequestsWhoseConnectionIsBeingSetUpArePending) {
  Driven d("max_connections: 10, max_pending_requests: 2, connect_time: 30ms");
  EXPECT_EQ(d.ask(0), "30");
  EXPECT_EQ(d.ask(0), "30");
  EXPECT_EQ(d.ask(29), "no");
  EXPECT_EQ(d.ask(30), "30");  // both are under way, one more connection
}

TEST(ConnectionPool, StreamsShareAConnectionThatIsBeingSetUp) {
  Driven d("max_connections: 2, max_concurrent_streams: 2, connect_time: 30ms");
  EXPECT_EQ(d.ask(0), "30");
  EXPECT_EQ(d.ask(10), "20");
  EXPECT_EQ(d.policy->gauge(), 1);
  EXPECT_EQ(d.ask(10), "30");  // the second connection, ready at 40
  EXPECT_EQ(d.ask(30), "10");
  EXPECT_EQ(d.ask(30), "line");
  d.end(31);
  EXPECT_EQ(d.ask(31, true), "yes");
}

TEST(ConnectionPool, GivingUpDuringTheSetUpFreesItsStream) {
  Driven d("max_connections: 1, connect_time: 30ms");
  EXPECT_EQ(d.ask(0), "30");
  d.give_up(10);
  EXPECT_EQ(d.ask(30), "yes");  // the connection was set up all the same
  EXPECT_EQ(d.ask(30), "line");
}

// Two give up: both connections are still being set up, and the next two need no third.
TEST(ConnectionPool, WhatOthersHaveGivenUpIsTakenBeforeAnotherIsOpened) {
  Driven d("max_connections: 3, connect_time: 100ms");
  EXPECT_EQ(d.ask(0), "100");
  EXPECT_EQ(d.ask(10), "100");
  d.give_up(20);
  d.give_up(20);
  EXPECT_EQ(d.ask(30), "70");
  EXPECT_EQ(d.ask(30), "80");
  EXPECT_EQ(d.policy->gauge(), 2);
  EXPECT_EQ(d.ask(30), "100");
}

// The first is under way on its connection, the second gives up waiting for its own: nothing is free until
// that is ready.
TEST(ConnectionPool, GivingUpFreesNoBusyConnection) {
  Driven d("max_connections: 2, connect_time: 10ms");
  EXPECT_EQ(d.ask(0), "10");
  EXPECT_EQ(d.ask(20), "10");
  d.give_up(25);
  EXPECT_EQ(d.ask(26), "4");
  EXPECT_EQ(d.ask(26), "line");
}

// Two requests a connection: the third pays for a new one. Who gives up in the set-up has taken none.
TEST(ConnectionPool, AConnectionClosesAfterItsRequests) {
  Driven d("max_connections: 2, connect_time: 10ms, max_requests_per_connection: 2");
  EXPECT_EQ(d.ask(0), "10");
  d.end(15);
  EXPECT_EQ(d.ask(20), "yes");
  d.end(25);
  EXPECT_EQ(d.policy->gauge(), 0);
  EXPECT_EQ(d.ask(30), "10");
  d.give_up(35);
  EXPECT_EQ(d.ask(50), "yes");
  d.end(55);
  EXPECT_EQ(d.ask(60), "yes");
  EXPECT_EQ(d.policy->gauge(), 1);
  d.end(65);
  EXPECT_EQ(d.policy->gauge(), 0);
}

// Two at a time on two connections, three requests each: six, and the seventh opens a third.
TEST(ConnectionPool, EachConnectionCountsItsOwnRequests) {
  Driven d("max_connections: 2, max_requests_per_connection: 3, idle_timeout: 1s");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(d.ask(10 * round), "yes");
    EXPECT_EQ(d.ask(10 * round + 1), "yes");
    EXPECT_EQ(d.policy->gauge(), 2);
    d.end(10 * round + 5);
    d.end(10 * round + 6);
  }
  EXPECT_EQ(d.policy->gauge(), 0);
  EXPECT_EQ(d.ask(40), "yes");
  EXPECT_EQ(d.policy->gauge(), 1);
}

TEST(ConnectionPool, IdleConnectionsCloseAndTheNewestIdleIsUsedFirst) {
  Driven d("max_connections: 3, connect_time: 5ms, idle_timeout: 100ms");
  EXPECT_EQ(d.ask(0), "5");
  EXPECT_EQ(d.ask(0), "5");
  d.end(10);                    // idle since 10
  d.end(20);                    // idle since 20
  EXPECT_EQ(d.ask(30), "yes");  // the one of 20
  d.end(40);
  EXPECT_EQ(d.ask(109), "yes");  // both are there: 10 + 100 > 109
  EXPECT_EQ(d.policy->gauge(), 2);
  EXPECT_EQ(d.ask(110), "5");  // the one of 10 has just closed
  EXPECT_EQ(d.policy->gauge(), 2);
  d.end(120);
  d.end(120);
  EXPECT_EQ(d.ask(219), "yes");
  d.end(219);
  EXPECT_EQ(d.ask(318), "yes");
  EXPECT_EQ(d.policy->gauge(), 1);
}

TEST(ConnectionPool, StreamsAreCountedAsPackedSoTheRestIsIdle) {
  Driven d("max_connections: 3, max_concurrent_streams: 2, idle_timeout: 100ms");
  for (int i = 0; i < 6; ++i) d.ask(0);
  EXPECT_EQ(d.policy->gauge(), 3);
  for (int i = 0; i < 4; ++i) d.end(50);  // two streams are left: one connection is busy
  d.end(150);                             // the two others closed
  EXPECT_EQ(d.policy->gauge(), 1);
}

TEST(ConnectionPool, ContradictionsAreReported) {
  const PolicyInfo info = connection_pool_policy();
  EXPECT_EQ(fault_at(info, "max_connections: 0"), "connection_pool.max_connections");
  EXPECT_EQ(fault_at(info, "max_connections: 1000000000"), "connection_pool.max_connections");
  EXPECT_EQ(fault_at(info, "connect_time: 50ms, acquire_timeout: 10ms"), "connection_pool.acquire_timeout");
  EXPECT_EQ(fault_at(info, "max_concurrent_streams: 9, max_requests_per_connection: 5"),
            "connection_pool.max_requests_per_connection");
  EXPECT_EQ(fault_at(info, "max_pending_requests: unlimited, max_requests: unlimited"), "");
}

}  // namespace
}  // namespace tailrace::models
