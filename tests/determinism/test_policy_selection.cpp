// Which instance a call goes to, and which of the policies that are written in several places holds.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

std::string every_10_ms(int n) {
  std::string times = "0s";
  for (int i = 1; i < n; ++i) times += fmt::format(", {}ms", 10 * i);
  return times;
}

// Round robin over a bad and a good instance, from one that is drawn. Three failures in a row, at 0, 20, 40
// (or 10, 30, 50), put the bad one out for 150 ms, until the look at 200 ms; three more, for 300 ms. It has
// had six calls by 250, then none until the look after 240 + 300 = 540 (250 + 300), at 600.
TEST(OutlierDetection, EjectsAndTakesBack) {
  Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op}}}}
services:
  s:
    instances: [{{error_rate: 1}}, {{}}]
    outlier_detection: {{consecutive_5xx: 3, interval: 100ms, base_ejection_time: 150ms, max_ejection_percent: 50%}}
    endpoints: {{op: []}}
)",
                      every_10_ms(55)),
          545);
  const std::vector<models::StatusChange>& changes = t.at_end().balancers.at(0).instances.at(0).timeline;
  ASSERT_EQ(changes.size(), 3u);
  const auto ms = [&](std::size_t i) { return static_cast<double>(changes[i].at.ns) * 1e-6; };
  EXPECT_TRUE(ms(0) == 40 || ms(0) == 50) << ms(0);
  EXPECT_EQ(ms(1), 200);
  EXPECT_TRUE(ms(2) == 240 || ms(2) == 250 || ms(2) == 260) << ms(2);
  EXPECT_EQ(t.edge("load", "s.op").ended[static_cast<std::size_t>(error)], 6u);
  EXPECT_EQ(t.edge("load", "s.op").ended[static_cast<std::size_t>(success)], 49u);
  EXPECT_EQ(t.at_end().balancers.at(0).instances.at(1).changes, 0u);
}

// Both fail, half of them may be out: one always stays in, however bad, because one of two is not under the
// threshold of 50 %.
TEST(OutlierDetection, KeepsSomebodyIn) {
  Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op}}}}
services:
  s:
    replicas: 2
    error_rate: 1
    outlier_detection: {{consecutive_5xx: 1, interval: 1s, max_ejection_percent: 50%}}
    endpoints: {{op: []}}
)",
                      every_10_ms(50)));
  t.sent("load", "s.op", [] {
    std::vector<double> all;
    for (int i = 0; i < 50; ++i) all.push_back(10.0 * i);
    return all;
  }());
  std::uint64_t out = 0;
  for (const models::PolicyStateRecord& i : t.at_end().balancers.at(0).instances) out += i.changes;
  EXPECT_EQ(out, 1u);
}

std::vector<double> calls_by_instance(Trace& t, const std::string& station) {
  std::vector<double> calls;
  for (std::size_t i = 0; i < t.station(station).instances.size(); ++i)
    calls.push_back(t.busy_ms(station, i));
  return calls;
}

// Ten calls of 1 ms of one key: all at one instance, whichever that is.
TEST(Sticky, AKeyStaysWhereItWentFirst) {
  Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op, key: 7}}}}
services: {{s: {{replicas: 5, workers: 1, load_balancer: {{policy: random, sticky: true}}, endpoints: {{op: [compute:
    1ms]}}}}}}
)",
                      every_10_ms(10)));
  std::vector<double> calls = calls_by_instance(t, "s");
  std::sort(calls.begin(), calls.end());
  EXPECT_DOUBLE_EQ(calls[4], 10);
  EXPECT_DOUBLE_EQ(calls[3], 0);
}

// Two callers that know nothing of each other send a key to the same instance.
TEST(RingHash, IsTheSameForAllCallers) {
  for (const char* policy : {"ring_hash", "maglev"}) {
    std::vector<bool> used(5);
    for (int key = 0; key < 40; ++key) {
      Trace t(fmt::format(R"(
workloads:
  one: {{trace: {{times: [0s, 10ms]}}, calls: s.op, key: {}}}
  two: {{trace: {{times: [5ms, 15ms]}}, calls: s.op, key: {}}}
services: {{s: {{replicas: 5, workers: 1, load_balancer: {}, endpoints: {{op: [compute: 1ms]}}}}}}
)",
                          key, key, policy));
      const std::vector<double> calls = calls_by_instance(t, "s");
      for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_TRUE(calls[i] == 0 || std::abs(calls[i] - 4) < 1e-9) << policy << " " << key;
        used[i] = used[i] || calls[i] > 0;
      }
    }
    EXPECT_EQ(std::count(used.begin(), used.end(), true), 5) << policy;
  }
}

// A hedge goes elsewhere, where the balancer knows its caller's calls: of twenty pairs none waits for the
// other.
TEST(LeastRequest, SendsAHedgeElsewhere) {
  Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op, hedge: {{delay: 0s, budget: 100%}}}}}}
services:
  s:
    replicas: 2
    workers: 1
    load_balancer: {{policy: least_request, own_view: true}}
    endpoints: {{op: [compute: 1ms]}}
)",
                      every_10_ms(20)));
  std::vector<At> table;
  for (int i = 0; i < 20; ++i) table.insert(table.end(), 2, {10.0 * i + 1, success});
  t.served("s.op", table);
}

// Weights 3 and 1 and calls that end before the next comes: turns at 1/3, 2/3, 1, ... and at 1, 2, ...; any
// four in a row hold one of the light one's.
TEST(LeastRequest, TakesTurnsByWeight) {
  Trace t(fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op}}}}
services:
  s:
    workers: 1
    instances: [{{weight: 3}}, {{weight: 1}}]
    load_balancer: least_request
    endpoints: {{op: [compute: 1ms]}}
)",
                      every_10_ms(8)));
  EXPECT_DOUBLE_EQ(t.busy_ms("s", 0), 6);
  EXPECT_DOUBLE_EQ(t.busy_ms("s", 1), 2);
}

// --- where it is written. The server takes 100 ms; the callers give up as the nearest text says.

TEST(Precedence, TheNearestTextHolds) {
  Trace t(R"(
defaults: {outbound: {timeout: 50ms}}
workloads:
  load:
    trace: {times: [0s]}
    steps: [{parallel: [call: a.own, {call: a.nothing, timeout: none}, call: a.silent, call: c.op], join: any}]
services:
  a:
    outbound: {timeout: 30ms}
    endpoints: {own: [{call: s.op, timeout: 10ms}], nothing: [{call: s.op, timeout: none}], silent: [call: s.op]}
  c: {endpoints: {op: [call: s.op]}}
  s: {workers: 9, endpoints: {op: [compute: 100ms]}}
)");
  t.ended("a", "s.op", {{10, timeout}, {30, timeout}, {100, success}});
  t.ended("c", "s.op", {{50, timeout}});
}

TEST(Precedence, DoorsAndBalancersHaveDefaultsToo) {
  Trace t(R"(
defaults: {inbound: {rate_limit: {rate: 1/s}}}
workloads:
  one: {trace: {times: [0s, 1ms]}, calls: s.op}
  two: {trace: {times: [0s, 1ms]}, calls: free.op}
  three: {trace: {times: [0s, 1ms]}, calls: twice.op}
services:
  s: {endpoints: {op: []}}
  free: {inbound: {rate_limit: none}, endpoints: {op: []}}
  twice: {inbound: {rate_limit: {rate: 1/s, burst: 2}}, endpoints: {op: []}}
)");
  t.requests("one", {{0, success}, {1, rate_limited}});
  t.requests("two", {{0, success}, {1, success}});
  t.requests("three", {{0, success}, {1, success}});
}

// A policy of `outbound` has one state for each service that is called.
TEST(Precedence, AnOutboundPolicyHasAStateForEachTarget) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 1ms]}, calls: a.op}}
services:
  a:
    outbound: {rate_limit: {rate: 1/s}}
    endpoints:
      op:
        - {call: b.x, ignore_failure: true}
        - {call: b.y, ignore_failure: true}
        - {call: c.op, ignore_failure: true}
  b: {endpoints: {x: [], y: []}}
  c: {endpoints: {op: []}}
)");
  t.calls("a", "b.x", {{0, success}, {1, rate_limited}});
  t.calls("a", "b.y", {{0, rate_limited}, {1, rate_limited}});
  t.calls("a", "c.op", {{0, success}, {1, rate_limited}});
}

TEST(Precedence, APolicyAtACallIsThatCallsOwn) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 1ms]}, calls: a.op}}
services:
  a:
    endpoints:
      op:
        - {call: b.x, rate_limit: {rate: 1/s}, ignore_failure: true}
        - {call: b.y, rate_limit: {rate: 1/s}, ignore_failure: true}
  b: {endpoints: {x: [], y: []}}
)");
  t.calls("a", "b.x", {{0, success}, {1, rate_limited}});
  t.calls("a", "b.y", {{0, success}, {1, rate_limited}});
}

}  // namespace
}  // namespace tailrace::tests
