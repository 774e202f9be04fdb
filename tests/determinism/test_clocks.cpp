// Clocks that are wrong, event by event: who is told what time it is, and what follows from it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/scenario.hpp"
#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

std::string waiting_room(const std::string& fault) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [0ms, 5ms]}}, calls: s.op, deadline: 120ms}}}}
services: {{s: {{workers: 1, queue: {{drop_expired: true}}, endpoints: {{op: [compute: 50ms]}}}}}}
faults: [{{type: clock_skew, target: s, {}}}]
)",
                     fault);
}

// The second waits from 5 to 50 and has until 125. A clock that is 75 ahead reads 125 by then: too late.
TEST(ClockSkew, AServerThatIsAheadDropsWhatIsNotOver) {
  Trace t(waiting_room("time_offset: 75ms"));
  t.requests("load", {{50, success}, {50, deadline}});
  t.is_quiet();
  Trace a_little_less(waiting_room("time_offset: 74ms"));
  a_little_less.requests("load", {{50, success}, {100, success}});
  Trace behind(waiting_room("time_offset: -75ms"));
  behind.requests("load", {{50, success}, {100, success}});
  Trace grpc(waiting_room("time_offset: 75ms, deadlines: remaining"));
  grpc.requests("load", {{50, success}, {100, success}});
}

// It drifts by 2 ms in 1: at 50 it is 100 ahead; after 60 ms of it, at 120, for good.
TEST(ClockSkew, ARampIsADrift) {
  Trace t(waiting_room("time_offset: 120ms, ramp: 60ms"));
  t.requests("load", {{50, success}, {50, deadline}});
  Trace slow(waiting_room("time_offset: 120ms, ramp: 100ms"));  // 60 ahead: it reads 110
  slow.requests("load", {{50, success}, {100, success}});
}

// The request has until 100. At 10 the clock of a reads 90: it waits 10 ms for b, which would take 30.
TEST(ClockSkew, ACallerThatIsAheadGivesUpEarly) {
  const auto text = [](const char* offset) {
    return fmt::format(R"(
workloads: {{load: {{trace: {{times: [0ms]}}, calls: a.op, deadline: 100ms}}}}
services:
  a: {{endpoints: {{op: [sleep: 10ms, call: b.op]}}}}
  b: {{endpoints: {{op: [compute: 30ms]}}}}
faults: [{{type: clock_skew, target: a, time_offset: {}}}]
)",
                       offset);
  };
  Trace t(text("80ms"));
  t.requests("load", {{20, deadline}});
  Trace at_once(text("1h"));
  at_once.requests("load", {{10, deadline}});
  Trace behind(text("-1h"));
  behind.requests("load", {{40, success}});
}

// a gives b 20 ms, and writes down the time of day at which they are over: 5 ms from now, by a right clock.
TEST(ClockSkew, ACallerThatIsBehindSendsDeadlinesThatAreAlmostOver) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms, 0ms]}, calls: a.op}}
services:
  a: {endpoints: {op: [{call: b.op, deadline: 20ms}]}}
  b: {workers: 1, queue: {drop_expired: true}, endpoints: {op: [compute: 10ms]}}
faults: [{type: clock_skew, target: a, time_offset: -15ms}]
)");
  t.requests("load", {{10, success}, {10, deadline}});
}

// Entries live for 100 ms. From 60 to 160 the node's clock is 60 ahead: what was written before is over too
// early, and what is written then too late, since the clock has been set right meanwhile.
TEST(ClockSkew, ASharedCacheForgetsWhenItsClockJumps) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms, 50ms, 70ms, 90ms, 200ms, 250ms]}, calls: s.op}}
services: {s: {endpoints: {op: [{cache: c, on_miss: [sleep: 7ms]}]}}}
caches: {c: {keys: [1], ttl: 100ms, lookup_time: 1ms, shared: {nodes: 1}}}
faults: [{type: clock_skew, target: c, time_offset: 60ms, start: 60ms, duration: 100ms}]
)");
  // Written at 8 until 108; at 71 it reads 131. Written anew at 78, read as 138, until 238: there at 201, and
  // not at 251.
  t.requests("load",
             {{8, success}, {51, success}, {78, success}, {91, success}, {201, success}, {258, success}});
}

// Good from 0 to an hour. Whoever believes it is later, or earlier, opens no connection; open ones go on.
TEST(ClockSkew, ACertificateIsJudgedByItsReader) {
  const auto text = [](const char* offset) {
    return fmt::format(R"(
workloads: {{load: {{trace: {{times: [0ms, 100ms, 300ms, 1s]}}, calls: a.op}}}}
services:
  a:
    endpoints:
      op:
        - call: s.op
          transport: {{protocol: rest, idle_timeout: 150ms}}
          tls: {{client_cpu: 0s, server_cpu: 0s}}
  s: {{inbound: {{certificate: {{validity: 1h, spread: false}}}}, endpoints: {{op: [sleep: 5ms]}}}}
faults: [{{type: clock_skew, target: a, time_offset: {}, start: 50ms, duration: 500ms}}]
)",
                       offset);
  };
  for (const char* offset : {"61min", "-10s"}) {
    Trace t(text(offset));
    EXPECT_EQ(t.at_end().classes[0].ended[static_cast<std::size_t>(network)], 1u) << offset;  // at 300
    EXPECT_EQ(t.at_end().classes[0].ended[0], 3u) << offset;
  }
  Trace fine(text("50min"));
  EXPECT_EQ(fine.at_end().classes[0].ended[0], 4u);
}

// Of tokens of all ages up to an hour a quarter have less than 15 min to go, and a quarter are younger than
// that; a tolerance of 5 min leaves a sixth. 20,000 requests: 4 standard deviations are 0.012.
TEST(ClockSkew, TokensAreOverOrNotValidYet) {
  const auto refused = [](const std::string& fields) {
    const auto run = run_text(fmt::format(R"(
run: {{duration: 200s, replications: 1}}
workloads: {{load: {{constant_arrival_rate: 100/s, calls: s.op}}}}
services: {{s: {{endpoints: {{op: [compute: 1ms]}}}}}}
faults: [{{type: clock_skew, target: s, {}}}]
)",
                                          fields));
    const models::RunRecord& r = run.records[0];
    const auto n = r.classes[0].ended[static_cast<std::size_t>(rejected)];
    EXPECT_EQ(r.faults[0].ended, n);
    return static_cast<double>(n) / static_cast<double>(models::total(r.classes[0].ended));
  };
  EXPECT_NEAR(refused("time_offset: 15min, token_lifetime: 1h"), 0.25, 0.012);
  EXPECT_NEAR(refused("time_offset: -15min, token_lifetime: 1h"), 0.25, 0.012);
  EXPECT_NEAR(refused("time_offset: 15min, token_lifetime: 1h, token_leeway: 5min"), 1.0 / 6, 0.012);
  EXPECT_EQ(refused("time_offset: 15min, token_lifetime: 1h, token_leeway: 15min"), 0);
  EXPECT_EQ(refused("time_offset: 61min, token_lifetime: 1h"), 1);
}

// What no clock can spoil: with it on everything but what is above, a run is what it was.
TEST(ClockSkew, IsNotFeltByTimeoutsRetriesAndBreakers) {
  const auto text = [](const char* fault) {
    return fmt::format(R"(
run: {{duration: 30s, replications: 1}}
workloads: {{load: {{constant_arrival_rate: 50/s, calls: a.op, timeout: 200ms}}}}
services:
  a: {{endpoints: {{op: [{{call: s.op, timeout: 30ms, retries: {{attempts: 2}}, circuit_breaker: {{}}}}]}}}}
  s: {{workers: 1, error_rate: 5%, endpoints: {{op: [compute: exp(8ms)]}}}}
{}
)",
                       fault);
  };
  const auto right = run_text(text("faults: [{type: pause, target: s, start: 10s, duration: 500ms}]"));
  const auto wrong = run_text(
      text("faults: [{type: pause, target: s, start: 10s, duration: 500ms}, {type: clock_skew, target: a, "
           "time_offset: 1h}, {type: clock_skew, target: s, time_offset: -1h}]"));
  EXPECT_EQ(right.records[0].classes[0].ended, wrong.records[0].classes[0].ended);
  EXPECT_GT(right.records[0].classes[0].ended[static_cast<std::size_t>(timeout)], 0u);
}

}  // namespace
}  // namespace tailrace::tests
