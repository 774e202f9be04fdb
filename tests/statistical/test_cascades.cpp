// Cascades by name, over all replications of a run: a published metastable failure, causes that are known
// because they were put there, and silence where nothing happened. (Seed by seed, with each variant of the
// library's: test_ten_seeds.cpp.)
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/statistical/cascades.hpp"
#include "tests/statistical/lessons.hpp"

namespace tailrace::tests {
namespace {

// --- the retry storm of Bronson, Aghayev, Charapko and Zhu (HotOS 2021): one server of 300/s, clients who
// retry once. The threshold is rate x (1 + retries) = 300/s.

CascadeReport retry_storm(std::vector<std::string> changes, const std::string& variant = "") {
  changes.push_back("run.replications=10");
  return run_library("retry-storm", std::move(changes), variant).report.cascade;
}

TEST(RetryStorm, StaysCollapsed) {
  const CascadeReport c = retry_storm({});
  EXPECT_EQ(with_verdict(c, Verdict::metastable), 10) << c.story;
  EXPECT_LT(c.goodput_after.estimate, 1.0);
  expect_hit(c, "server", Mechanism::fault, "standstill");
  expect_hit(c, "clients", Mechanism::timeouts, "server");
  EXPECT_LT(place(c, "server"), place(c, "clients"));
  ASSERT_EQ(c.amplified.size(), 1u);
  EXPECT_NEAR(c.amplified[0].most, 2.0, 0.2);
  EXPECT_LE(c.amplified[0].most, 2.0);  // one retry each: never more, in whatever window attempts are counted
  const Results later = run_library("retry-storm", {"run.warmup=150s"});
  EXPECT_NEAR(mean(later, attempts("clients", "server.work")), 2, 0.005);
}

// The queue of the stop, of ten seconds of requests and the second attempts of nine, less what is served
// within the timeout, drains at 300 - 2 x rate. Deviations of ten replications: sqrt(4 x rate + 300) for each
// root of a second, over the drain rate: 5 s and 1 s.
TEST(RetryStorm, RecoversBelow) {
  const auto expected = [](double rate) { return (19 * rate - 300) / (300 - 2 * rate); };
  const CascadeReport at140 = retry_storm({"workloads.clients.constant_arrival_rate=140/s"});
  EXPECT_NEAR(at140.recovery.estimate, expected(140), 20);  // 118
  const CascadeReport at120 = retry_storm({"workloads.clients.constant_arrival_rate=120/s"});
  EXPECT_NEAR(at120.recovery.estimate, expected(120), 5);  // 33
}

TEST(RetryStorm, IsCuredInTheTimeOfTheQueueOfTheStop) {
  // 2800 came in it, 300 are served in time, and 300 - 280 a second are more than come: 125 s.
  EXPECT_NEAR(retry_storm({}, "no_retries").recovery.estimate, 125, 20);
  // A full bucket of 100 retries more: 130 s.
  EXPECT_NEAR(retry_storm({}, "budget_per_success").recovery.estimate, 130, 20);
}

// Ten calls come in each second of the minute, and each is tried once a second to its end: 30 attempts of a
// call on average, but 60 for each call that begins in its last second.
TEST(RetryStorm, WhoTriesOnAndOnIsCountedByAllCallsUnderWay) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 3, time_resolution: 1s}
workloads:
  users:
    constant_arrival_rate: 10/s
    calls: server.work
    retries:
      attempts: 1000
      retry_on: [unavailable, network, error]
      backoff: {base_interval: 1s, multiplier: 1, jitter: none}
services: {server: {endpoints: {work: [compute: 1ms]}}}
faults: [{name: gone, type: pod_failure, target: server, start: 100s, duration: 60s}]
)");
  ASSERT_EQ(c.amplified.size(), 1u) << c.story;
  EXPECT_NEAR(c.amplified[0].most, 30, 2);
  EXPECT_NE(c.story.find("Retries made "), std::string::npos) << c.story;
}

TEST(GcPause, OneSecondIsForeverWithFourAttempts) {
  const CascadeReport paused = run_library("gc-pause", {"run.replications=10"}).report.cascade;
  EXPECT_EQ(paused.goodput_after.estimate, 0);
  ASSERT_FALSE(paused.amplified.empty());
  EXPECT_NEAR(paused.amplified[0].most, 4.0, 0.2);
}

// checkout takes 2.6 requests a second: too few in a window to see how its calls to the cart end, but it is
// slow because the cart is, and the cart because of Redis.
TEST(Boutique, WhoCallsSeldomIsExplainedToo) {
  const CascadeReport c =
      run_library("online-boutique",
                  {"run.replications=3", "faults=[{type: pause, target: redis, start: 2min, duration: 40s}]"})
          .report.cascade;
  ASSERT_GE(c.hits.size(), 4U) << c.story;
  EXPECT_EQ(c.hits[0].component, "redis") << c.story;
  const auto checkout =
      std::find_if(c.hits.begin(), c.hits.end(), [](const auto& hit) { return hit.component == "checkout"; });
  ASSERT_NE(checkout, c.hits.end()) << c.story;
  EXPECT_EQ(checkout->mechanism, Mechanism::slow_replies) << c.story;
  EXPECT_EQ(checkout->cause, "cart") << c.story;
}

// --- known causes

const char* const kShop = R"(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 5, time_resolution: 1s}
workloads:
  shoppers: {constant_arrival_rate: 200/s, calls: edge.page, timeout: 2s}
  readers: {constant_arrival_rate: 100/s, calls: edge.read, timeout: 2s}
services:
  edge:
    replicas: 2
    workers: 32
    endpoints: {page: [compute: 1ms, call: orders.place], read: [compute: 1ms, call: catalog.get]}
  orders: {replicas: 2, workers: 16, endpoints: {place: [compute: exp(2ms), call: ledger.write]}}
  catalog: {workers: 16, endpoints: {get: [compute: exp(3ms)]}}
databases:
  ledger: {connections: 10, operations: {write: exp(8ms)}}
)";

TEST(Causes, ASlowDatabaseFillsTheSharedPoolAboveIt) {
  const CascadeReport c = cascade_of(
      std::string(kShop) +
      "faults: [{name: slow disk, type: gray, target: ledger, factor: 20, start: 100s, duration: 30s}]\n");
  EXPECT_EQ(with_verdict(c, Verdict::recovered), 5) << c.story;
  expect_hit(c, "ledger", Mechanism::fault, "slow disk");
  expect_hit(c, "orders", Mechanism::held_workers, "ledger");
  expect_hit(c, "edge", Mechanism::held_workers, "orders");
  expect_hit(c, "shoppers", Mechanism::timeouts, "edge");
  expect_hit(c, "readers", Mechanism::timeouts, "edge");  // who never needed the database
  EXPECT_EQ(hit(c, "catalog"), nullptr) << c.story;
  for (const char* users : {"shoppers", "readers"}) {
    const auto* h = hit(c, users);
    ASSERT_NE(h, nullptr);
    EXPECT_EQ(h->symptom, analysis::Symptom::failed);
    EXPECT_EQ(h->normal, 0);  // none failed before; those under way at a window's end have not
  }
  EXPECT_LT(place(c, "ledger"), place(c, "orders"));
  EXPECT_LT(place(c, "orders"), place(c, "edge"));
  EXPECT_LT(place(c, "edge"), place(c, "readers"));
  EXPECT_NEAR(c.lost.estimate, 30.0 / 200, 0.04);  // all requests of half a minute, of those since its start
}

TEST(Causes, RetriesTwoLayersUpReachTheLeaf) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 5, time_resolution: 1s}
defaults: {outbound: {retries: {attempts: 2, backoff: {base_interval: 10ms}}}}
workloads: {users: {constant_arrival_rate: 50/s, calls: top.go, retries: {attempts: 0}}}
services:
  top: {endpoints: {go: [compute: 1ms, call: middle.go]}}
  middle: {endpoints: {go: [compute: 1ms, call: leaf.go]}}
  leaf: {workers: 8, endpoints: {go: [compute: exp(5ms)]}}
faults: [{name: bad deploy, type: abort, target: leaf, percentage: 90%, start: 100s, duration: 60s}]
)");
  expect_hit(c, "leaf", Mechanism::fault, "bad deploy");
  expect_hit(c, "middle", Mechanism::errors, "leaf");
  expect_hit(c, "top", Mechanism::errors, "middle");
  expect_hit(c, "users", Mechanism::errors, "top");
  EXPECT_LT(place(c, "leaf"), place(c, "middle"));
  EXPECT_LT(place(c, "middle"), place(c, "top"));
  EXPECT_EQ(c.amplified.size(), 2u);  // top -> middle, middle -> leaf
  for (const analysis::AmplificationReport& a : c.amplified) EXPECT_GT(a.most, 2.0) << a.from;
}

TEST(Causes, ABrokerOutageIsFeltByPublishersAndConsumersCatchUp) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 5, time_resolution: 1s}
workloads: {shoppers: {constant_arrival_rate: 50/s, calls: orders.place, timeout: 1s}}
services:
  orders: {endpoints: {place: [compute: 1ms, {publish: mail.orders}]}}
  mailer: {workers: 4, endpoints: {send: [compute: exp(10ms)]}}
brokers: {mail: {queues: {orders: {consumers: {calls: mailer.send}}}}}
faults: [{name: outage, type: pod_failure, target: mail, start: 100s, duration: 30s}]
)");
  expect_hit(c, "mail", Mechanism::fault, "outage");
  expect_hit(c, "orders", Mechanism::errors, "mail");
  expect_hit(c, "shoppers", Mechanism::errors, "orders");
  EXPECT_EQ(with_verdict(c, Verdict::recovered), 5) << c.story;
  EXPECT_LT(c.recovery.estimate, 3);
}

// Twelve partitions on three brokers. The broker that leads partition 4 dies for 30 s, and each partition
// that it led has no leader for 5 s: a third of the publications fail then.
TEST(Causes, APartitionsLeaderThatIsDownIsFeltByWhoPublishes) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 5, time_resolution: 1s}
workloads: {shoppers: {constant_arrival_rate: 60/s, calls: orders.place, timeout: 1s}}
services: {orders: {endpoints: {place: [compute: 1ms, {publish: events, key: 'uniform(1, 100000)'}]}}}
logs:
  events: {partitions: 12, brokers: 3, replication_factor: 3, min_insync_replicas: 2, election_time: 5s,
    consumers: {audit: {steps: [compute: 1ms]}}}
faults: [{type: pod_failure, target: partition events#4, start: 100s, duration: 30s}]
)");
  expect_hit(c, "events", Mechanism::fault, "pod_failure partition events#4");
  expect_hit(c, "orders", Mechanism::errors, "events");
  expect_hit(c, "shoppers", Mechanism::errors, "orders");
  EXPECT_EQ(with_verdict(c, Verdict::recovered), 5) << c.story;
  EXPECT_NE(c.story.find("the fault \"pod_failure partition events#4\" began"), std::string::npos) << c.story;
}

TEST(Causes, AnEmptiedCacheIsWhyItsServiceAsksTheDatabase) {
  const CascadeReport c = run_library("cache-stampede").report.cascade;
  expect_hit(c, "front", Mechanism::cache_misses, "cache_flush pages");
  expect_hit(c, "store", Mechanism::load, "front");
  expect_hit(c, "readers", Mechanism::timeouts, "front");
  EXPECT_LT(place(c, "front"), place(c, "store"));
}

TEST(Causes, AGrayInstanceSlowsItsServiceOnly) {
  const CascadeReport c = cascade_of(std::string(kShop) +
                                     "faults: [{name: gray, type: gray, target: orders#0, factor: 10, "
                                     "error_rate: 30%, start: 100s, duration: 60s}]\n");
  expect_hit(c, "orders", Mechanism::fault, "gray");
  expect_hit(c, "shoppers", Mechanism::errors, "edge");
  EXPECT_EQ(hit(c, "ledger"), nullptr) << c.story;
  EXPECT_EQ(hit(c, "catalog"), nullptr) << c.story;
  EXPECT_EQ(hit(c, "readers"), nullptr) << c.story;
}

// Users of a service that hangs are hit before their timeout tells them why.
TEST(Causes, UsersWhoWaitForTheirTimeoutAreToldOfIt) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 400s, warmup: 20s, replications: 5, seed: 77, time_resolution: 1s}
workloads:
  web: {constant_arrival_rate: 150/s, calls: gate.buy, timeout: 3s}
  app: {constant_arrival_rate: 80/s, calls: gate.look, timeout: 3s}
services:
  gate:
    replicas: 3
    workers: 20
    endpoints: {buy: [compute: 1ms, call: shop.buy], look: [compute: 1ms, call: search.find]}
  shop:
    replicas: 2
    workers: 24
    endpoints: {buy: [compute: exp(2ms), {parallel: [[call: pay.go], [call: stock.take]]}]}
  pay: {replicas: 2, workers: 16, endpoints: {go: [compute: exp(4ms)]}}
  stock: {replicas: 2, workers: 16, endpoints: {take: [compute: exp(3ms), call: depot.write]}}
  search: {workers: 16, endpoints: {find: [compute: exp(4ms)]}}
databases: {depot: {connections: 8, operations: {write: exp(10ms)}}}
faults: [{name: slow disk, type: delay, target: depot, factor: 30, start: 170s, duration: 45s}]
)");
  EXPECT_EQ(with_verdict(c, Verdict::recovered), 5) << c.story;
  expect_hit(c, "depot", Mechanism::fault, "slow disk");
  expect_hit(c, "stock", Mechanism::held_workers, "depot");
  expect_hit(c, "shop", Mechanism::held_workers, "stock");
  expect_hit(c, "gate", Mechanism::held_workers, "shop");
  expect_hit(c, "web", Mechanism::timeouts, "gate");
  expect_hit(c, "app", Mechanism::timeouts, "gate");
  EXPECT_EQ(hit(c, "pay"), nullptr) << c.story;
  EXPECT_EQ(hit(c, "search"), nullptr) << c.story;
  EXPECT_GT(c.detection.estimate, 0);
  EXPECT_LE(c.detection.estimate, 5);
  EXPECT_NE(c.story.find("At 170 s"), std::string::npos) << c.story;
}

// The node of a cache that dies is hit by the fault itself, its users by misses.
TEST(Causes, ACacheThatIsDeadIsNotWhatItsUsersMiss) {
  const CascadeReport c = cascade_of(R"Y(
tailrace: 1
run: {duration: 400s, warmup: 60s, replications: 5, seed: 77, time_resolution: 1s}
workloads: {readers: {constant_arrival_rate: 400/s, calls: front.page, timeout: 1s}}
services:
  front: {replicas: 2, workers: 32, endpoints: {page: [compute: 1ms, call: items.get]}}
  items:
    replicas: 2
    workers: 16
    endpoints: {get: [compute: 1ms, {cache: hot, timeout: 100ms, on_miss: [call: store.read]}]}
caches: {hot: {keys: "zipf(s=1, n=5000)", capacity: 4000, lookup_time: 300us, shared: {}}}
databases: {store: {connections: 10, operations: {read: exp(40ms)}}}
faults: [{name: cache dies, type: pod_failure, target: hot, start: 200s, duration: 40s}]
)Y");
  expect_hit(c, "hot", Mechanism::fault, "cache dies");
  expect_hit(c, "items", Mechanism::cache_misses, "cache dies");
  expect_hit(c, "store", Mechanism::load, "items");
  expect_hit(c, "readers", Mechanism::timeouts, "front");
  EXPECT_LT(place(c, "hot"), place(c, "items")) << c.story;
}

// Who calls over a link that is cut is hit by that, and with his workers those who need nobody behind it.
TEST(Causes, ALinkThatIsCutHitsWhoCallsOverIt) {
  const std::string shop = R"(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 3, time_resolution: 1s}
network: {links: {"web -> cart": {latency: 1ms, retransmit_timeout: 200ms}}}
workloads:
  users: {constant_arrival_rate: 100/s, calls: web.buy, timeout: 3s}
  others: {constant_arrival_rate: 50/s, calls: web.read, timeout: 3s}
services:
  web: {workers: 40, endpoints: {buy: [compute: 2ms, call: cart.get], read: [compute: 2ms]}}
  cart: {workers: 8, endpoints: {get: [compute: exp(10ms)]}}
)";
  const CascadeReport cut =
      cascade_of(shop +
                 "faults: [{name: cut, type: partition, target: web -> cart, direction: "
                 "to, start: 100s, duration: 20s}]\n");
  expect_hit(cut, "web", Mechanism::fault, "cut");
  expect_hit(cut, "users", Mechanism::timeouts, "web");
  expect_hit(cut, "others", Mechanism::timeouts, "web");
  EXPECT_LT(place(cut, "web"), place(cut, "users")) << cut.story;
  EXPECT_LT(place(cut, "web"), place(cut, "others")) << cut.story;
  EXPECT_EQ(with_verdict(cut, Verdict::recovered), 3) << cut.story;

  const CascadeReport far = cascade_of(shop +
                                       "faults: [{name: far, type: latency, target: web -> cart, latency: "
                                       "300ms, start: 100s, duration: 20s}]\n");
  expect_hit(far, "web", Mechanism::fault, "far");
  expect_hit(far, "users", Mechanism::slow_replies, "web");
}

// What waits at a door is not inside, but whoever calls waits for it.
TEST(Causes, AServiceThatIsSlowAtItsDoorIsHit) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 3, time_resolution: 1s}
workloads: {users: {constant_arrival_rate: 200/s, calls: web.go}}
services:
  web: {endpoints: {go: [compute: 1ms, call: far.op]}}
  far: {replicas: 5, endpoints: {op: [sleep: 50ms]}}
faults: [{name: slower, type: delay, target: far, latency: 500ms, start: 100s, duration: 60s}]
)");
  expect_hit(c, "far", Mechanism::fault, "slower");
  expect_hit(c, "web", Mechanism::slow_replies, "far");
  expect_hit(c, "users", Mechanism::slow_replies, "web");
  ASSERT_NE(hit(c, "far"), nullptr);
  EXPECT_EQ(hit(c, "far")->symptom, analysis::Symptom::slow);
  EXPECT_NEAR(hit(c, "far")->normal, 0.05, 0.005);  // Little's law: 10 under way at 200/s
  EXPECT_NEAR(hit(c, "far")->worst, 0.6, 0.1);      // 550 ms, and the scatter of a window
  EXPECT_NEAR(hit(c, "far")->end_s, 161, 1);
  EXPECT_EQ(with_verdict(c, Verdict::unaffected), 3) << c.story;  // none fails, and none hangs
}

TEST(Causes, WhoIsKeptWaitingHasNotFailed) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 200s, warmup: 20s, replications: 3, time_resolution: 1s}
workloads: {users: {constant_arrival_rate: 100/s, calls: s.op}}
services: {s: {workers: 4, endpoints: {op: [compute: exp(10ms)]}}}
faults: [{name: stop, type: pause, target: s, start: 100s, duration: 5s}]
)");
  ASSERT_NE(hit(c, "users"), nullptr) << c.story;
  EXPECT_TRUE(hit(c, "users")->waits) << c.story;
  EXPECT_NE(c.story.find("of its requests were kept waiting"), std::string::npos) << c.story;
  EXPECT_EQ(with_verdict(c, Verdict::recovered), 3) << c.story;
}

// What a fault kills at once ends with the window before it, where windows are whole seconds as its start is:
// 80 of 280 requests, more than it costs from then on, which is a fifth. None of that is normal.
TEST(Causes, WhatAFaultKillsAtOnceIsNotNormal) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 5, time_resolution: 1s}
workloads: {users: {constant_arrival_rate: 200/s, calls: web.go}}
services:
  web: {endpoints: {go: [compute: 1ms, call: deep.op]}}
  deep: {replicas: 5, load_balancer: round_robin, endpoints: {op: [sleep: 2s]}}
faults: [{name: one dies, type: pod_failure, target: deep, mode: one, start: 100s, duration: 60s}]
)");
  expect_hit(c, "deep", Mechanism::fault, "one dies");
  expect_hit(c, "web", Mechanism::errors, "deep");
  expect_hit(c, "users", Mechanism::errors, "web");
  EXPECT_EQ(with_verdict(c, Verdict::recovered), 5) << c.story;
  for (const CascadeHitReport& h : c.hits) {
    EXPECT_EQ(h.normal, 0) << h.component;
    EXPECT_EQ(h.onset_s, 100) << h.component;
  }
}

// Those who cannot be found are called by nobody; the resolver is why.
TEST(Causes, AResolverThatAnswersNobodyIsWhyNobodyIsFound) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 3, time_resolution: 1s}
workloads: {users: {constant_arrival_rate: 200/s, calls: front.go, timeout: 2s}}
services:
  front: {replicas: 3, workers: 64, endpoints: {go: [call: back.op]}}
  back: {replicas: 4, workers: 8, discovery: {dns: names.lookup, ttl: 10s}, endpoints: {op: [compute: exp(5ms)]}}
  names: {replicas: 2, workers: 16, endpoints: {lookup: [compute: exp(1ms)]}}
faults: [{name: no names, type: dns_error, target: names, start: 100s, duration: 40s}]
)");
  expect_hit(c, "names", Mechanism::fault, "no names");
  expect_hit(c, "back", Mechanism::errors, "names");
  expect_hit(c, "users", Mechanism::errors, "front");
  ASSERT_NE(hit(c, "front"), nullptr);
  EXPECT_EQ(hit(c, "front")->mechanism, Mechanism::errors);
  EXPECT_EQ(place(c, "names"), 0) << c.story;
}

// All entries end at 150 s, which is nobody's fault; but that users fail because `web` does is known.
TEST(Causes, ChainsAreToldToTheirEndWhereNothingExplainsTheirBeginning) {
  const CascadeReport c = cascade_of(R"Y(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 3, time_resolution: 1s}
workloads: {users: {constant_arrival_rate: 600/s, calls: web.go, timeout: 1s}}
services:
  web: {replicas: 2, workers: 200, endpoints: {go: [compute: 1ms, call: items.get]}}
  items: {workers: 400, endpoints: {get: [{cache: pages, on_miss: [{call: store.render, timeout: 500ms}]}]}}
caches: {pages: {keys: "zipf(s=0.5, n=400)", warm: 100%, capacity: 400, ttl: 150s}}
databases: {store: {connections: 4, operations: {render: 30ms}}}
)Y");
  ASSERT_NE(hit(c, "users"), nullptr) << c.story;
  EXPECT_EQ(hit(c, "users")->cause, "web") << c.story;
  EXPECT_EQ(with_verdict(c, Verdict::degraded), 3) << c.story;
}

TEST(Causes, TwoFaultsAtOnceAreToldApart) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 400s, warmup: 20s, replications: 5, seed: 77, time_resolution: 1s}
workloads:
  u: {constant_arrival_rate: 100/s, calls: front.go, timeout: 2s}
  v: {constant_arrival_rate: 60/s, calls: other.go, timeout: 2s}
services:
  front: {replicas: 2, workers: 32, endpoints: {go: [compute: 1ms, call: mid.go]}}
  mid: {replicas: 4, workers: 8, endpoints: {go: [compute: exp(10ms), call: db.q]}}
  other: {workers: 16, endpoints: {go: [compute: 2ms, call: db2.q]}}
databases: {db: {connections: 10, operations: {q: exp(5ms)}}, db2: {connections: 6, operations: {q: exp(10ms)}}}
faults:
  - {name: gray one, type: gray, target: mid, mode: one, factor: 15, error_rate: 40%, start: 100s, duration: 50s}
  - {name: slow db2, type: delay, target: db2, factor: 40, start: 110s, duration: 30s}
)");
  expect_hit(c, "mid", Mechanism::fault, "gray one");
  expect_hit(c, "front", Mechanism::errors, "mid");
  expect_hit(c, "u", Mechanism::errors, "front");
  expect_hit(c, "db2", Mechanism::fault, "slow db2");
  expect_hit(c, "other", Mechanism::held_workers, "db2");
  expect_hit(c, "v", Mechanism::timeouts, "other");
  EXPECT_EQ(hit(c, "db"), nullptr) << c.story;
}

// Who is overloaded before the fault has no baseline.
TEST(Causes, WhatWasBadBeforeIsNotBlamedOnTheFault) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 3, time_resolution: 1s}
workloads: {users: {constant_arrival_rate: 100/s, calls: s.go, timeout: 500ms}}
services: {s: {workers: 1, endpoints: {go: [compute: exp(20ms)]}}}
faults: [{name: stop, type: pause, target: s, start: 130s, duration: 4s}]
)");
  EXPECT_EQ(with_verdict(c, Verdict::unknown), 3);
  EXPECT_NE(c.reason.find("before the first trigger"), std::string::npos) << c.reason;
}

// --- and none

// Two or three requests in all: of their times and of their number nothing can be said.
TEST(Causes, AFewRequestsAreNeitherSlowNorMoreLoad) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 10s, replications: 20}
workloads: {rare: {constant_arrival_rate: 0.2/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
faults: [{type: pause, target: s, start: 5s, duration: 1ms}]
)");
  EXPECT_TRUE(c.hits.empty()) << c.story;
  EXPECT_LE(c.triggers.size(), 1u) << c.story;
}

// With a few requests a second there are windows in which none ends. That they are under way is no failure.
TEST(Causes, WhatIsUnderWayAtAWindowsEndHasNotFailed) {
  const CascadeReport c = run_library("priority-inversion", {"run.replications=10"}).report.cascade;
  EXPECT_EQ(with_verdict(c, Verdict::steady), 10) << c.story;
}

// A request a second takes three, so three are under way. From 100 s on they hang, one more in each window:
// the first of more than twice three and two is the one of 105 s.
TEST(Causes, WhoHangsCountsWhereHeCame) {
  const CascadeReport c = cascade_of(R"(
run: {duration: 200s, warmup: 10s, replications: 2, time_resolution: 1s}
workloads: {load: {constant_arrival_rate: 1/s, spacing: regular, calls: s.op}}
services: {s: {endpoints: {op: [sleep: 3s]}}}
faults: [{type: pause, target: s, start: 100s}]
)");
  const CascadeHitReport* h = hit(c, "load");
  ASSERT_NE(h, nullptr) << c.story;
  EXPECT_EQ(h->symptom, analysis::Symptom::failed);
  EXPECT_EQ(h->onset_s, 105);
  EXPECT_EQ(h->normal, 0);
  EXPECT_EQ(h->worst, 1);
  EXPECT_EQ(with_verdict(c, Verdict::degraded), 2) << c.story;
}

// The warehouse is down from 60 to 120 s. That it has a queue at 209 s, at 80 % load, is nothing of that: in
// each replication, as the viewer shows it, and not in the median alone.
TEST(Causes, AQueueLongAfterIsNoPartOfAnOutage) {
  const Results run = run_library("sync-or-async", {"run.replications=10"});
  for (const models::RunRecord& record : run.records) {
    for (const analysis::Hit& h : analysis::find_cascade(*run.model, record).hits) {
      if (h.symptom == analysis::Symptom::lag) continue;
      EXPECT_NEAR(h.onset_s, 60, 1e-6) << record.replication;
      EXPECT_NEAR(h.end_s, 120, 1e-6) << record.replication;
      EXPECT_TRUE(h.over);
    }
  }
}

// The stated rate of false alarms is 1 % of runs: of 200 runs of a system more than 5 have one by chance with
// a probability of 2 %; held to 3.
TEST(Causes, NothingIsToldWhereNothingHappened) {
  const char* const one_queue = R"(
tailrace: 1
run: {duration: 200s, warmup: 20s, replications: 200}
workloads: {users: {constant_arrival_rate: 100/s, calls: s.op, timeout: 500ms}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(8ms)]}}}
)";
  const char* const messages = R"Y(
tailrace: 1
run: {duration: 200s, warmup: 20s}
workloads: {shoppers: {constant_arrival_rate: 60/s, calls: orders.place, timeout: 1s, retries: {attempts: 2}}}
services:
  orders: {replicas: 2, workers: 8, endpoints: {place: [compute: exp(4ms), {publish: mail.orders}, call: ledger.write]}}
  mailer: {workers: 4, endpoints: {send: [compute: "lognormal(mean=30ms, sd=40ms)"]}}
brokers: {mail: {queues: {orders: {consumers: {concurrency: 3, calls: mailer.send}}}}}
databases: {ledger: {connections: 10, operations: {write: exp(20ms)}}}
)Y";
  const char* const caches = R"Y(
tailrace: 1
run: {duration: 200s, warmup: 20s}
workloads: {shoppers: {constant_arrival_rate: 300/s, calls: shop.product, timeout: 300ms}}
caches: {products: {keys: "zipf(s=0.9, n=2000)", capacity: 500, ttl: 30s, lookup_time: 200us}}
services: {shop: {workers: 32, endpoints: {product: [{cache: products, on_miss: [call: catalog.read]}]}}}
databases: {catalog: {connections: 4, operations: {read: exp(12ms)}}}
)Y";
  for (const std::string& text :
       {std::string(kShop), std::string(one_queue), std::string(messages), std::string(caches)}) {
    const CascadeReport c = cascade_of(text, {"run.replications=200", "run.duration=200s"});
    EXPECT_GE(with_verdict(c, Verdict::steady), 197) << c.story;
    EXPECT_EQ(c.replications, 200);
    EXPECT_EQ(c.verdict, Verdict::steady);
  }
}

}  // namespace
}  // namespace tailrace::tests
