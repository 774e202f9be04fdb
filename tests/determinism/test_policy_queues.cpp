// Queues and their policies to the nanosecond: who may wait, who is next when a worker is free, and who is
// thrown away.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// Three begin at 0, 1 and 2 ms and sleep until 21, 22 and 23: then two of them wait, though one may, and for
// longer than anybody may wait to begin. Who comes at 25 finds the queue full.
TEST(AsyncQueue, RefusesNobodyWhoGoesOn) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms, 1ms, 2ms, 25ms]}, calls: s.op}}
services:
  s:
    workers: 1
    mode: async
    queue: {capacity: 1, timeout: 5ms}
    endpoints: {op: [compute: 1ms, sleep: 20ms, compute: 10ms]}
)");
  t.requests("load", {{25, rejected}, {31, success}, {41, success}, {51, success}});
  t.is_quiet();
}

// A first step that is no `compute` needs no worker, so nobody is refused one: four at once, at work from 2
// ms on.
TEST(AsyncQueue, IsForThoseWhoBeginWithWork) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms, 0ms, 0ms, 0ms]}, calls: s.op}}
services:
  s: {workers: 1, mode: async, queue: {capacity: 1, timeout: 5ms}, endpoints: {op: [call: t.op, compute: 10ms]}}
  t: {endpoints: {op: [sleep: 2ms]}}
)");
  t.requests("load", {{12, success}, {22, success}, {32, success}, {42, success}});
  t.is_quiet();
}

// Sixty at once, 10 ms each: the waits are over 5 ms from the first look at 10 ms on, so dropping begins one
// interval later, at 110, and goes on at 210, 210 + 100/sqrt(2) = 280.7, + 100/sqrt(3) = 338.4, + 50 = 388.4,
// + 100/sqrt(5) = 433.2, + 40.8 = 474.0, + 37.8 = 511.8; each time at the next full 10 ms. By 520 ms 52 have
// been started and seven dropped, so the one that is left is the last of the queue: never dropped.
TEST(Codel, DropsFasterAndFasterWhileTheQueueStands) {
  Trace t(fmt::format(
      "workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op}}}}\n"
      "services: {{s: {{workers: 1, inbound: {{codel: {{target: 5ms, interval: 100ms}}}}, endpoints: {{op: "
      "[compute: 10ms]}}}}}}\n",
      repeated("0s", 60)));
  std::vector<At> table = {{110, shed}, {210, shed}, {290, shed}, {340, shed},
                           {390, shed}, {440, shed}, {480, shed}};
  for (int i = 1; i <= 53; ++i) table.push_back({10.0 * i, success});
  t.served("s.op", table);
  EXPECT_EQ(t.station("s").counts.dropped, 7u);
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 530);
  t.is_quiet();
}

// A burst that is over within the interval is served whole: waits of 10 to 90 ms.
TEST(Codel, LetsAShortBurstPass) {
  Trace t(fmt::format(
      "workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op}}}}\n"
      "services: {{s: {{workers: 1, inbound: {{codel: {{target: 5ms, interval: 100ms}}}}, endpoints: {{op: "
      "[compute: 10ms]}}}}}}\n",
      repeated("0s", 10)));
  EXPECT_EQ(t.station("s").counts.dropped, 0u);
}

// The queue was empty when the thirty came, so each may wait for 100 ms: eleven are started at 0 to 100, at
// 110 all others have waited too long.
TEST(ControlledDelay, DropsAllThatHaveWaitedForTheInterval) {
  Trace t(fmt::format(
      "workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op}}}}\n"
      "services: {{s: {{workers: 1, inbound: {{codel: {{variant: controlled_delay, target: 20ms, interval: "
      "100ms}}}}, endpoints: {{op: [compute: 10ms]}}}}}}\n",
      repeated("0s", 30)));
  std::vector<At> table;
  for (int i = 1; i <= 11; ++i) table.push_back({10.0 * i, success});
  for (int i = 0; i < 19; ++i) table.push_back({110, shed});
  t.served("s.op", table);
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 110);
  t.is_quiet();
}

// Two arrive where one is served. The queue is empty at 10 ms for the last time, when the second is begun and
// the third comes: who came by 110 may wait for 100 ms, who came later for 20.
//   0 to 200: those of 0, 5, ... 100, each 5 ms longer than the one before
//   210: that of 105 has waited too long, that of 110 just not
//   220: 17 have waited too long (115 to 195), that of 200 just not; then one of two is begun, after 20 ms
TEST(ControlledDelay, KeepsAStandingQueueShort) {
  std::string times = "0s";
  for (int i = 1; i < 200; ++i) times += fmt::format(", {}ms", 5 * i);
  Trace t(fmt::format(
      "workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op}}}}\n"
      "services: {{s: {{workers: 1, inbound: {{codel: {{variant: controlled_delay, target: 20ms, interval: "
      "100ms}}}}, endpoints: {{op: [compute: 10ms]}}}}}}\n",
      times));
  std::vector<At> table = {{210, shed}};
  for (int i = 0; i < 17; ++i) table.push_back({220, shed});
  for (int i = 1; i <= 80; ++i) table.push_back({220 + 10.0 * i, shed});
  for (int i = 1; i <= 102; ++i) table.push_back({10.0 * i, success});
  t.served("s.op", table);
  const sim::Histogram& took = t.at_end().series[t.model().classes[0].success_series];
  EXPECT_EQ(took.max(), 110'000'000);
  // 10, 15, ... 30 ms of the first five, and 30 of the last eighty.
  EXPECT_DOUBLE_EQ(took.fraction_at_or_below(30'000'000), 85.0 / 102);
  t.is_quiet();
}

// One worker. c works from 60 to 360; d, the only one in the queue, leaves it at 153. So the queue was empty
// shortly before f came, and f may wait for 100 ms, of which the second of a takes 49.
TEST(ControlledDelay, KnowsThatTheLastOfTheQueueHasLeft) {
  for (const char* leaves : {"queue: {timeout: 150ms}, ", ""}) {
    Trace t(fmt::format(R"(
workloads:
  a: {{trace: {{times: [0s, 400ms]}}, calls: s.fifty}}
  b: {{trace: {{times: [1ms]}}, calls: s.op}}
  c: {{trace: {{times: [2ms]}}, calls: s.long}}
  d: {{trace: {{times: [3ms]}}, calls: s.op, timeout: 150ms, cancellation: true}}
  f: {{trace: {{times: [401ms]}}, calls: s.op}}
services:
  s:
    {{workers: 1, {}cancellation: at_once, inbound: {{codel: {{variant: controlled_delay, target: 20ms, interval:
        100ms}}}}, endpoints: {{op: [compute: 10ms], fifty: [compute: 50ms], long: [compute: 300ms]}}}}
)",
                        leaves));
    t.requests("c", {{360, success}});
    t.requests("f", {{460, success}});
    t.is_quiet();
  }
}

// Fifteen at 0, then one at 55 and one at 115. The queue has not been empty for 100 ms from 110 on: then the
// newest is first.
//   0 to 100: eleven of the first | 110: that of 55 | 120: that of 115 | 130 to 160: the other four
TEST(AdaptiveLifo, ServesTheNewestOnceTheQueueStands) {
  Trace t(fmt::format(R"(
workloads:
  early: {{trace: {{times: [{}]}}, calls: s.op}}
  middle: {{trace: {{times: [55ms]}}, calls: s.op}}
  late: {{trace: {{times: [115ms]}}, calls: s.op}}
services: {{s: {{workers: 1, inbound: {{adaptive_lifo: {{interval: 100ms}}}}, endpoints: {{op: [compute: 10ms]}}}}}}
)",
                      repeated("0s", 15)));
  t.requests("middle", {{120, success}});
  t.requests("late", {{130, success}});
  std::vector<At> table;
  for (int i = 1; i <= 11; ++i) table.push_back({10.0 * i, success});
  for (int i = 14; i <= 17; ++i) table.push_back({10.0 * i, success});
  t.requests("early", table);
  t.is_quiet();
}

// Beside controlled_delay the old end is thrown away first: at 110 everybody of 0 has waited for too long.
TEST(AdaptiveLifo, WithControlledDelayLeavesNoSediment) {
  Trace t(fmt::format(R"(
workloads:
  early: {{trace: {{times: [{}]}}, calls: s.op}}
  late: {{trace: {{times: [95ms]}}, calls: s.op}}
services:
  s: {{workers: 1, inbound: {{codel: {{variant: controlled_delay, target: 20ms, interval: 100ms}}, adaptive_lifo: {{
      interval: 100ms}}}}, endpoints: {{op: [compute: 10ms]}}}}
)",
                      repeated("0s", 15)));
  t.requests("late", {{120, success}});
  std::vector<At> table;
  for (int i = 1; i <= 11; ++i) table.push_back({10.0 * i, success});
  for (int i = 0; i < 4; ++i) table.push_back({110, shed});
  t.requests("early", table);
  t.is_quiet();
}

// Five at once, worth something for 25 ms, 10 ms each. At 30 the last two are of no use to anybody.
TEST(DropExpired, ThrowsAwayWhatNobodyWaitsFor) {
  const char* body = R"(
workloads: {{load: {{trace: {{times: [0s, 0s, 0s, 0s, 0s]}}, calls: s.op, deadline: 25ms}}}}
services: {{s: {{workers: 1, queue: {{drop_expired: {}}}, endpoints: {{op: [compute: 10ms]}}}}}}
)";
  const std::vector<At> client = {
      {10, success}, {20, success}, {25, deadline}, {25, deadline}, {25, deadline}};
  Trace t(fmt::format(fmt::runtime(body), true));
  t.requests("load", client);
  t.served("s.op", {{10, success}, {20, success}, {30, success}, {30, deadline}, {30, deadline}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 30);
  EXPECT_DOUBLE_EQ(t.wasted_ms("s"), 5);
  EXPECT_EQ(t.station("s").counts.dropped, 2u);
  t.is_quiet();
  Trace all(fmt::format(fmt::runtime(body), false));
  all.requests("load", client);
  EXPECT_DOUBLE_EQ(all.busy_ms("s"), 50);
  EXPECT_DOUBLE_EQ(all.wasted_ms("s"), 25);
  all.is_quiet();
}

// The server hears of it: the queue is rid of them at 25, and the one that is being served too.
TEST(DropExpired, IsNotNeededWhereCallersCancel) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 0s, 0s, 0s, 0s]}, calls: s.op, timeout: 25ms, cancellation: true}}
services: {s: {workers: 1, cancellation: at_once, endpoints: {op: [compute: 10ms]}}}
)");
  t.served("s.op", {{10, success}, {20, success}, {25, cancelled}, {25, cancelled}, {25, cancelled}});
  EXPECT_DOUBLE_EQ(t.busy_ms("s"), 25);
  EXPECT_DOUBLE_EQ(t.wasted_ms("s"), 0);
  t.is_quiet();
}

}  // namespace
}  // namespace tailrace::tests
