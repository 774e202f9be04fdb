// Caches, event by event: when entries expire, who waits for whom, what is served stale, when a write behind
// is written, and what a crash or a flush takes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

std::string scenario(const std::string& times, const std::string& cache, const std::string& step,
                     const std::string& more = "") {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op}}}}
caches: {{c: {{keys: [1], {}}}}}
services: {{s: {{endpoints: {{op: [{}]}}}}}}
databases: {{db: {{operations: {{read: 10ms, write: 10ms}}}}}}
{}
)",
                     times, cache, step, more);
}
constexpr const char* kAside = "{cache: c, on_miss: [call: db.read]}";

models::StoreRecord counts(Trace& t, std::size_t store = 0) {
  return t.at_end().caches.at(0).stores.at(store);
}

// Filled at 10: fresh for 20 ms, so 29 hits and 30 misses.
TEST(Cache, EntryExpiresAtTheInstantOfItsTtl) {
  Trace t(scenario("0ms, 29ms, 30ms", "ttl: 20ms", kAside));
  t.requests("load", {{10, success}, {29, success}, {40, success}});
  t.sent("s", "db.read", {0, 30});
  EXPECT_EQ(counts(t).hits, 1u);
  EXPECT_EQ(counts(t).misses, 2u);
  EXPECT_EQ(counts(t).expirations, 1u);
  t.is_quiet();
}

// The look-up takes its 2 ms on hits and on misses; the entry is there when its writing is done.
TEST(Cache, LookUpsAndWritesTakeTheirTime) {
  Trace t(scenario("0ms, 12500us, 20ms", "lookup_time: 2ms, write_time: 1ms", kAside));
  t.requests("load", {{13, success}, {14.5, success}, {22, success}});
  EXPECT_EQ(counts(t).hits, 2u);
}

// Alone, each who misses asks for itself; with coalesce the first asks for all, and all go on with it.
TEST(Cache, OneFetchServesAllWhoWait) {
  Trace alone(scenario("0ms, 3ms, 9ms, 12ms", "ttl: 1s", kAside));
  alone.sent("s", "db.read", {0, 3, 9});
  Trace t(scenario("0ms, 3ms, 9ms, 12ms", "ttl: 1s, coalesce: true", kAside));
  t.sent("s", "db.read", {0});
  t.requests("load", {{10, success}, {10, success}, {10, success}, {12, success}});
  EXPECT_EQ(counts(t).misses, 1u);
  EXPECT_EQ(counts(t).coalesced, 2u);
  EXPECT_EQ(counts(t).hits, 1u);
  t.is_quiet();
}

TEST(Cache, FailedFetchFailsAllWhoWait) {
  Trace t(
      scenario("0ms, 3ms, 20ms", "ttl: 1s, coalesce: true", "{cache: c, on_miss: [call: db.read, fail: 1]}"));
  t.requests("load", {{10, error}, {10, error}, {30, error}});
  EXPECT_EQ(counts(t).fetch_failures, 2u);
  EXPECT_EQ(counts(t).writes, 0u);
  t.is_quiet();
}

// Filled at 10, expired at 30, stale until 80: 40 is served at once and starts the one fetch, which is there
// at 50. 45 is stale too, 55 fresh; 200 is past everything and waits.
TEST(Cache, StaleIsServedWhileOneFetchRenewsIt) {
  Trace t(scenario("0ms, 40ms, 45ms, 55ms, 200ms", "ttl: 20ms, stale_while_revalidate: 50ms", kAside));
  t.requests("load", {{10, success}, {40, success}, {45, success}, {55, success}, {210, success}});
  t.sent("s", "db.read", {0, 40, 200});
  EXPECT_EQ(counts(t).stale, 2u);
  EXPECT_EQ(counts(t).hits, 1u);
  t.is_quiet();
}

// The database is down from 30 to 60: at 40 the fetch fails, and what is 10 ms too old is served; at 100 it
// is too old for that, but the database is back.
TEST(Cache, StaleIsServedWhenTheFetchFails) {
  Trace t(scenario("0ms, 40ms, 100ms", "ttl: 20ms, stale_if_error: 30ms", kAside,
                   "faults: [{type: pod_failure, target: db, start: 30ms, duration: 30ms}]"));
  t.requests("load", {{10, success}, {40, success}, {110, success}});
  EXPECT_EQ(counts(t).stale_if_error, 1u);
  EXPECT_EQ(counts(t).fetch_failures, 1u);
  t.is_quiet();
}

// Three writes of one key in a second are one write of the database, when the second is over.
TEST(Cache, WritesBehindAreMergedAndFlushed) {
  Trace t(scenario("0ms, 300ms, 999ms, 1500ms", "flush_interval: 1s",
                   "{cache: c, write: behind, store: [call: db.write]}"));
  t.requests("load", {{0, success}, {300, success}, {999, success}, {1500, success}});
  t.sent("s", "db.write", {1000, 2500});
  EXPECT_EQ(counts(t).queued, 4u);
  EXPECT_EQ(counts(t).merged, 2u);
  EXPECT_EQ(counts(t).flushes, 2u);
  t.is_quiet();
}

TEST(Cache, CrashLosesWhatWaitsToBeWritten) {
  Trace t(scenario("0ms, 1500ms", "flush_interval: 1s", "{cache: c, write: behind, store: [call: db.write]}",
                   "faults: [{type: pod_kill, target: s, start: 500ms, restart_time: 100ms}]"));
  t.sent("s", "db.write", {2500});
  EXPECT_EQ(counts(t).lost_writes, 1u);
  EXPECT_EQ(counts(t).lost, 1u);  // and the entry
  t.is_quiet();
}

// Written at 0, when the cache is empty, and at 40, when it has the entry if somebody read it at 20 or the
// write put it there. Through: the database first, then the cache. Around leaves the cache as it was,
// invalidate takes the entry out.
TEST(Cache, WritesDoWhatTheirNamesSay) {
  for (const auto& [write, reads] : std::vector<std::pair<std::string, std::vector<double>>>{
           {"through", {}}, {"around", {20}}, {"invalidate", {20, 60}}}) {
    SCOPED_TRACE(write);
    Trace t(fmt::format(R"(
workloads:
  a: {{trace: {{times: [0ms, 40ms]}}, calls: s.set}}
  b: {{trace: {{times: [20ms, 60ms]}}, calls: s.get}}
caches: {{c: {{keys: [1]}}}}
services:
  s:
    endpoints:
      set: [{{cache: c, write: {}, store: [call: db.write]}}]
      get: [{{cache: c, on_miss: [call: db.read]}}]
databases: {{db: {{operations: {{read: 10ms, write: 10ms}}}}}}
)",
                        write));
    t.sent("s", "db.write", {0, 40});
    t.sent("s", "db.read", reads);
    t.is_quiet();
  }
}

TEST(Cache, FlushEmptiesIt) {
  Trace t(scenario("0ms, 20ms, 40ms, 60ms", "capacity: 10", kAside,
                   "faults: [{type: cache_flush, target: c, start: 30ms}]"));
  t.requests("load", {{10, success}, {20, success}, {50, success}, {60, success}});
  EXPECT_EQ(counts(t).lost, 1u);
}

// Inside on_miss a second cache is asked for the same key: the far one has what the near one has lost.
TEST(Cache, SecondCacheIsAskedForTheSameKey) {
  Trace t(R"Y(
workloads: {load: {trace: {times: [0ms, 20ms, 40ms]}, calls: s.op}}
caches: {near: {keys: "zipf(s=1, n=1000)", capacity: 0, lookup_time: 1ms}, far: {lookup_time: 2ms}}
services: {s: {endpoints: {op: [{cache: near, key: [1], on_miss: [{cache: far, on_miss: [call: db.read]}]}]}}}
databases: {db: {operations: {read: 10ms}}}
)Y");
  t.requests("load", {{13, success}, {23, success}, {43, success}});
}

// A shared cache over the network: 1 ms there, 1 ms of work, 1 ms back; a miss then reads and writes back.
TEST(SharedCache, IsAsCalledOverTheNetwork) {
  Trace t(scenario("0ms, 100ms", "shared: {}, lookup_time: 1ms, write_time: 1ms", kAside,
                   "network: {links: {\"s -> c\": {latency: 1ms}, \"c -> s\": {latency: 1ms}}}"));
  t.sent("s", "c.get", {0, 100});
  t.sent("s", "db.read", {3});
  t.sent("s", "c.set", {13});
  t.requests("load", {{16, success}, {103, success}});
  EXPECT_EQ(counts(t).hits, 1u);
  t.is_quiet();
}

// The cache reads through: callers see one call.
TEST(SharedCache, ReadsThrough) {
  Trace t(scenario("0ms, 5ms, 50ms", "shared: {}, coalesce: true, lookup_time: 1ms, load: [call: db.read]",
                   "cache: c"));
  t.sent("c", "db.read", {1});
  t.requests("load", {{11, success}, {11, success}, {51, success}});
  EXPECT_EQ(counts(t).coalesced, 1u);
  t.is_quiet();
}

// The node looks up for 10 ms. Who comes at 1 finds no place in the queue, or leaves it at 6, and asks the
// database; so does, at 10, who missed.
TEST(SharedCache, QueueHasItsLimits) {
  Trace full(scenario("0ms, 1ms", "shared: {workers: 1, queue: 0}, lookup_time: 10ms", kAside));
  full.sent("s", "db.read", {1, 10});
  full.requests("load", {{11, success}, {20, success}});
  EXPECT_EQ(full.at_end().caches[0].unreached, 1u);
  full.is_quiet();
  Trace left(scenario("0ms, 1ms", "shared: {workers: 1, queue: {timeout: 5ms}}, lookup_time: 10ms", kAside));
  left.sent("s", "db.read", {6, 10});
  left.requests("load", {{16, success}, {20, success}});
  left.is_quiet();
}

// Its only node is down from 20 to 60: look-ups find nobody and go to the database; then it is empty.
TEST(SharedCache, NodeThatIsDownIsAMissAndComesBackEmpty) {
  Trace t(scenario("0ms, 15ms, 30ms, 70ms, 90ms", "shared: {}", kAside,
                   "faults: [{type: pod_kill, target: c, start: 20ms, restart_time: 40ms}]"));
  t.requests("load", {{10, success}, {15, success}, {40, success}, {80, success}, {90, success}});
  t.sent("s", "db.read", {0, 30, 70});
  EXPECT_EQ(counts(t).lost, 1u);
  EXPECT_EQ(t.at_end().caches[0].unreached, 1u);
  t.is_quiet();
}

// Four nodes share the keys; one that dies loses its own, and these are then kept by the others.
TEST(SharedCache, NodeTakesItsShareWithIt) {
  Trace t(R"Y(
workloads: {load: {constant_arrival_rate: 2000/s, calls: s.op}}
caches: {c: {keys: "uniform(0, 999)", shared: {nodes: 4}}}
services: {s: {endpoints: {op: [{cache: c, on_miss: [call: db.read]}]}}}
databases: {db: {operations: {read: 100us}}}
faults: [{type: pod_kill, target: "c#2", start: 8s, restart_time: 10s}]
)Y");
  const std::vector<models::StoreRecord> before = t.until(7'999'000'000).caches[0].stores;
  for (const models::StoreRecord& s : before) EXPECT_NEAR(static_cast<double>(s.entries), 250, 90);
  const std::vector<models::StoreRecord>& after = t.at_end().caches[0].stores;
  EXPECT_EQ(after[2].lost, before[2].entries);
  EXPECT_EQ(after[2].entries, 0u);
  std::uint64_t all = 0;
  for (const models::StoreRecord& s : after) all += s.entries;
  EXPECT_GT(all, 950u);
}

// Who leads a fetch dies with its instance; those at other instances who wait for it ask again.
TEST(SharedCache, FetchThatDiesIsBegunAnew) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms, 2ms]}, calls: s.op}}
caches: {c: {keys: [1], coalesce: true, shared: {}}}
services: {s: {replicas: 2, endpoints: {op: [{cache: c, on_miss: [sleep: 10ms]}]}}}
faults: [{type: pod_kill, target: "s#0", start: 5ms, restart_time: 50ms}]
)");
  t.requests("load", {{5, network}, {15, success}});
  t.is_quiet();
}

}  // namespace
}  // namespace tailrace::tests
