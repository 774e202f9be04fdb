// Consumer groups that grow, shrink and pause, headers exchanges and last wills, to the nanosecond.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using models::Fate;

// --- as many consumers as the lag asks for

// 40 messages at 0, ten in each partition, 1 s each. The look at 5 s finds 35 left and wants ceil(35 / 10) =
// 4 consumers, which is as many as there are partitions. Three are there at 7 s, when the first has done
// seven of partition 0, one by one; the group stops for 1 s, in which it ends the eighth. From 8 s on each
// reads a partition of its own.
TEST(ConsumerAutoscaling, FollowsTheLagAndPaysForTheRebalance) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms]}, steps: [{loop: 40, steps: [{publish: orders, key: none}]}]}}
logs:
  orders:
    partitions: 4
    replication_latency: 0s
    consumers:
      g:
        rebalance_time: 1s
        startup_time: 2s
        steps: [compute: 1s]
        autoscaling: {max_replicas: 9, hpa: {metric: queue, target: 10, tolerance: 0, sync_period: 5s}}
)",
          30'000);
  t.gone("orders[0]/g", Fate::consumed, {1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10000});
  const std::vector<double> later = {9000, 10000, 11000, 12000, 13000, 14000, 15000, 16000, 17000, 18000};
  for (const char* partition : {"orders[1]/g", "orders[2]/g", "orders[3]/g"})
    t.gone(partition, Fate::consumed, later);
  const models::RunRecord& r = t.at_end();
  ASSERT_EQ(r.scaling.size(), 1u);
  EXPECT_EQ(r.scaling[0].ups, 1u);
  EXPECT_EQ(r.scaling[0].most, 4u);
  ASSERT_EQ(r.scaling[0].events.size(), 1u);
  EXPECT_EQ(r.scaling[0].events[0].at_ns, 5'000'000'000);
  EXPECT_EQ(r.scaling[0].events[0].value, 35);
  EXPECT_EQ(r.channels[0].counts.rebalances, 3u) << "each that joins begins one, and they end together";
  EXPECT_EQ(r.channels[0].counts.rebalancing_ns, 1'000'000'000);
  EXPECT_EQ(t.effect("orders/g").duplicates, 0u);
}

// When forty messages of a second each are done, by one until 7 s and by four from then on, in ms.
std::vector<double> forty_by_one_then_four() {
  std::vector<double> gone = {1000, 2000, 3000, 4000, 5000, 6000, 7000};
  for (double s = 8; s <= 15; ++s) gone.insert(gone.end(), 4, s * 1000);
  gone.push_back(16'000);
  return gone;
}

// A shared subscription has no partitions to deal out: more may read one than it has. 40 messages at 0; the
// look at 5 s finds 35 left, and three more take part at 7 s, when seven are done. Then four a second are,
// and at 16 s the last.
TEST(ConsumerAutoscaling, OfASharedSubscriptionIsNotBoundByPartitions) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms]}, steps: [{loop: 40, steps: [{publish: orders, key: none}]}]}}
logs:
  orders:
    partitions: 1
    replication_latency: 0s
    consumers:
      g:
        subscription: shared
        startup_time: 2s
        steps: [compute: 1s]
        autoscaling: {max_replicas: 9, hpa: {metric: queue, target: 10, tolerance: 0, sync_period: 5s}}
)",
          30'000);
  t.gone("orders[0]/g", Fate::consumed, forty_by_one_then_four());
  const models::RunRecord& r = t.at_end();
  EXPECT_EQ(r.scaling.at(0).most, 4u);
  EXPECT_EQ(r.channels[0].counts.rebalances, 0u);
}

// Nothing to do: the looks at 5, 10 and 15 s, of which the first begins the cooldown of 10 s. The message of
// 16 s is seen at 20 s, its consumer is there at 22 s.
TEST(ConsumerAutoscaling, ScalesAQueueToZeroAndBack) {
  Trace t(R"(
workloads: {load: {trace: {times: [16s]}, steps: [publish: mails]}}
cloud_queues:
  mails:
    consumers:
      startup_time: 2s
      steps: [compute: 1s]
      autoscaling: {min_replicas: 0, max_replicas: 3, hpa: {metric: queue, target: 5, sync_period: 5s, cooldown: 10s}}
)",
          30'000);
  t.gone("mails", Fate::consumed, {23'000});
  const models::RunRecord& r = t.at_end();
  ASSERT_EQ(r.scaling[0].events.size(), 2u);
  EXPECT_EQ(r.scaling[0].events[0].at_ns, 15'000'000'000);
  EXPECT_EQ(r.scaling[0].events[0].to, 0u);
  EXPECT_EQ(r.scaling[0].events[1].at_ns, 20'000'000'000);
}

// The second of two is told to go at 10 s, in the middle of a message. It ends that at 10.5 s, leaves, and
// the rebalance of 1 s begins at once: nobody waits for its session of 45 s, and nothing is done twice.
TEST(ConsumerAutoscaling, WhoLeavesFinishesAndSaysSo) {
  Trace t(R"(
workloads: {load: {trace: {times: [9500ms, 9500ms, 10600ms, 10700ms]}, steps: [{publish: orders, key: none}]}}
logs:
  orders:
    partitions: 2
    replication_latency: 0s
    consumers:
      g:
        instances: 2
        rebalance_time: 1s
        steps: [compute: 1s]
        autoscaling: {max_replicas: 2, schedule: [{at: 10s, replicas: 1}]}
)",
          30'000);
  t.delivered("orders[0]/g", {9500, 11500});
  t.delivered("orders[1]/g", {9500, 12500});
  t.gone("orders[1]/g", Fate::consumed, {10500, 13500});
  EXPECT_EQ(t.effect("orders/g").duplicates, 0u);
  EXPECT_EQ(t.at_end().channels[0].counts.rebalances, 1u);
  EXPECT_EQ(t.at_end().scaling[0].cut_off, 0u);
}

TEST(ConsumerAutoscaling, AQueuesConsumerThatLeavesKeepsWhatItHolds) {
  Trace t(R"(
workloads: {load: {trace: {times: [9500ms, 9500ms, 10600ms]}, steps: [publish: rabbit.mails]}}
brokers:
  rabbit:
    queues:
      mails:
        consumers:
          instances: 2
          steps: [compute: 1s]
          autoscaling: {max_replicas: 2, schedule: [{at: 10s, replicas: 1}]}
)",
          30'000);
  t.delivered("mails", {9500, 9500, 10600});
  t.gone("mails", Fate::consumed, {10500, 10500, 11600});
  EXPECT_EQ(t.at_end().scaling[0].cut_off, 0u);
}

// Each takes one message at a time; so the subscription of a topic grows with its lag as a shared one of a
// log.
TEST(ConsumerAutoscaling, OfATopicTakesFromTheSession) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms]}, steps: [{loop: 40, steps: [publish: facts]}]}}
topics:
  facts:
    subscriptions:
      s:
        receive_maximum: 1
        startup_time: 2s
        steps: [compute: 1s]
        autoscaling: {max_replicas: 9, hpa: {metric: queue, target: 10, tolerance: 0, sync_period: 5s}}
)",
          30'000);
  t.gone("s", Fate::consumed, forty_by_one_then_four());
  EXPECT_EQ(t.at_end().scaling.at(0).most, 4u);
}

// The first has a window of 20, which fills again as it works: 7 of 40 are done when three more come, and 20
// are with it. The first to come takes the other 13 into its own window, and nothing is left for the rest.
TEST(ConsumerAutoscaling, OfATopicComesTooLateForWhatIsInAWindow) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms]}, steps: [{loop: 40, steps: [publish: facts]}]}}
topics:
  facts:
    subscriptions:
      s:
        startup_time: 2s
        steps: [compute: 1s]
        autoscaling: {max_replicas: 9, hpa: {metric: queue, target: 10, tolerance: 0, sync_period: 5s}}
)",
          40'000);
  std::vector<double> gone;
  for (double s = 1; s <= 27; ++s) gone.insert(gone.end(), s >= 8 && s <= 20 ? 2 : 1, s * 1000);
  t.gone("s", Fate::consumed, gone);
}

// Told to go at 10 s. With time enough the second ends its message at 10.5 s and says farewell: no will is
// published, nor for the third, which was never there. With 200 ms it is cut off: its will is published, and
// its message goes to the first, which is free at 10.5 s.
TEST(ConsumerAutoscaling, WhoLeavesATopicHasNoWillUnlessItIsCutOff) {
  const auto world = [](const std::string& grace) {
    return R"(
workloads: {load: {trace: {times: [9500ms, 9500ms, 10600ms, 10700ms]}, steps: [{publish: facts, routing_key: fact}]}}
topics:
  facts:
    subscriptions:
      s:
        filter: fact
        instances: 2
        will: {routing_key: gone}
        steps: [compute: 1s]
        autoscaling: {max_replicas: 3, schedule: [{at: 10s, replicas: 1}]}
        grace_period: )" +
           grace + R"(
      watchers: {filter: gone, steps: [compute: 1ms]}
)";
  };
  Trace well(world("30s"), 30'000);
  well.gone("s", Fate::consumed, {10500, 10500, 11600, 12600});
  well.accepted("watchers", {});
  Trace ill(world("200ms"), 30'000);
  ill.gone("s", Fate::consumed, {10500, 11500, 12500, 13500});
  ill.accepted("watchers", {10200});
  EXPECT_EQ(ill.at_end().scaling.at(0).cut_off, 1u);
}

// An event of 0.5 s is in 20 windows, which the next event, at 40 s, makes fire all at once: 20 results of
// 1 s. The look at that instant wants four instances; three more are there at 42 s, when two are done.
TEST(ConsumerAutoscaling, OfWindowsFollowsTheResults) {
  Trace t(R"(
workloads: {load: {trace: {times: [500ms, 40s]}, steps: [publish: counts]}}
windows:
  counts:
    type: hopping
    size: 20s
    every: 1s
    consumers:
      startup_time: 2s
      steps: [compute: 1s]
      autoscaling: {max_replicas: 9, hpa: {metric: queue, target: 5, tolerance: 0, sync_period: 5s}}
)",
          60'000);
  std::vector<double> gone = {41'000, 42'000};
  for (double s = 43; s <= 46; ++s) gone.insert(gone.end(), 4, s * 1000);
  gone.insert(gone.end(), 2, 47'000);
  t.gone("results", Fate::consumed, gone);
}

// --- groups that pause

// From 1.5 s to 2.5 s nothing is fetched; what was fetched is handled.
TEST(ConsumerPause, HoldsBackWhatComesMeanwhileAndKeepsThePartitions) {
  const std::string load = "workloads: {load: {trace: {times: [0s, 1450ms, 2s, 3s]}, steps: [publish: ";
  const std::string pause = "pauses: [{at: 1500ms, duration: 1s}], steps: [compute: 100ms]";
  const std::vector<double> ends = {100, 1550, 2600, 3100};
  Trace log(load + "orders]}}\nlogs: {orders: {replication_latency: 0s, consumers: {g: {" + pause + "}}}}\n");
  log.gone("orders[0]/g", Fate::consumed, ends);
  EXPECT_EQ(log.at_end().channels[0].counts.rebalances, 0u);
  Trace broker(load + "rabbit.mails]}}\nbrokers: {rabbit: {queues: {mails: {consumers: {" + pause +
               "}}}}}\n");
  broker.gone("mails", Fate::consumed, ends);
  Trace queue(load + "mails]}}\ncloud_queues: {mails: {consumers: {" + pause + "}}}\n");
  queue.gone("mails", Fate::consumed, ends);
  Trace jobs(load + "mails]}}\njobs: {mails: {workers: {" + pause + "}}}\n");
  jobs.gone("mails", Fate::consumed, ends);
  for (const std::string session : {"false", "true"}) {
    Trace topic(load + "facts]}}\ntopics: {facts: {subscriptions: {s: {clean_session: " + session + ", " +
                pause + "}}}}\n");
    topic.gone("s", Fate::consumed, ends);
  }
}

// Level 0 is handed over at once or never: what comes during the pause is dropped.
TEST(ConsumerPause, LosesWhatATopicDeliversAtMostOnce) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 1450ms, 2s, 3s]}, steps: [publish: facts]}}
topics:
  facts:
    subscriptions:
      s: {level: at_most_once, pauses: [{at: 1500ms, duration: 1s}], steps: [compute: 100ms]}
)");
  t.gone("s", Fate::consumed, {100, 1550, 3100});
  t.gone("s", Fate::dropped, {2000});
}

// A message whose handler failed at 100 ms is with its instance, which pauses from 300 to 1300 ms: the broker
// would send it again at 1100, and does at 2100.
TEST(ConsumerPause, IsSentNothingAgain) {
  Trace t(R"(
workloads: {load: {trace: {times: [100ms]}, steps: [publish: facts]}}
topics:
  facts:
    subscriptions:
      s:
        retransmit_interval: 1s
        pauses: [{at: 300ms, duration: 1s}]
        steps: [call: store.put]
services: {store: {endpoints: {put: [compute: 10ms]}}}
faults: [{type: pod_failure, target: store, start: 50ms, duration: 150ms}]
)");
  t.delivered("s", {100, 2100});
  t.gone("s", Fate::consumed, {2110});
}

// Windows end at 1, 2 and 3 s. That of 2 s fires in a pause from 1.5 to 2.5 s.
TEST(ConsumerPause, HoldsBackTheResultsOfWindowsAndNotTheirEvents) {
  Trace t(R"(
workloads: {load: {trace: {times: [500ms, 1200ms, 2300ms]}, steps: [publish: counts]}}
windows:
  counts:
    size: 1s
    watermark: clock
    consumers: {pauses: [{at: 1500ms, duration: 1s}], steps: [compute: 100ms]}
)");
  t.gone("results", Fate::consumed, {1100, 2600, 3100});
  t.gone("events", Fate::consumed, {1000, 2000, 3000});
}

// A shared subscription pauses like any other: what comes from 0.5 to 1.5 s waits for the end.
TEST(ConsumerPause, HoldsBackASharedSubscriptionToo) {
  for (const std::string type : {"shared", "key_shared"}) {
    Trace t(R"(
workloads: {load: {trace: {times: [495ms, 600ms, 700ms]}, steps: [{publish: orders, key: none}]}}
logs:
  orders:
    partitions: 1
    replication_latency: 0s
    consumers: {g: {steps: [compute: 10ms], pauses: [{at: 500ms, duration: 1s}], subscription: )" +
            type + "}}\n");
    t.gone("orders[0]/g", Fate::consumed, {505, 1510, 1520});
  }
}

// Told to go at 10 s, in the middle of a pause and of a message: the end of the pause does not bring it back,
// and the other does what follows alone.
TEST(ConsumerPause, BringsNobodyBackWhoLeaves) {
  Trace t(R"(
workloads: {load: {trace: {times: [9500ms, 9500ms, 10300ms, 10300ms, 10300ms]}, steps: [{publish: orders, key: none}]}}
logs:
  orders:
    partitions: 1
    replication_latency: 0s
    consumers:
      g:
        subscription: shared
        instances: 2
        steps: [compute: 1s]
        pauses: [{at: 9800ms, duration: 400ms}]
        autoscaling: {min_replicas: 1, max_replicas: 2, schedule: [{at: 10s, replicas: 1}]}
)",
          30'000);
  t.gone("orders[0]/g", Fate::consumed, {10500, 10500, 11500, 12500, 13500});
}

TEST(ConsumerPause, ComesAgain) {
  Trace t(R"(
workloads: {load: {trace: {times: [1200ms, 2200ms, 3200ms]}, steps: [publish: rabbit.mails]}}
brokers:
  rabbit:
    queues: {mails: {consumers: {steps: [compute: 1ms], pauses: [{at: 1s, duration: 500ms, every: 2s}]}}}
)");
  t.gone("mails", Fate::consumed, {1501, 2201, 3501});
}

// The slow group has 6 messages of 1 s. The looks find 5, 4, 3, 2 and 1: at the first the other pauses, at
// the fifth it goes on.
TEST(ConsumerPause, LastsWhileAnotherGroupIsBehind) {
  Trace t(R"(
workloads:
  load: {trace: {times: [500ms, 1500ms]}, steps: [publish: orders]}
  heap: {trace: {times: [0ms, 0ms, 0ms, 0ms, 0ms, 0ms]}, steps: [publish: invoices]}
logs:
  invoices: {replication_latency: 0s, consumers: {slow: {steps: [compute: 1s]}}}
  orders:
    replication_latency: 0s
    consumers:
      g: {steps: [compute: 1ms], pauses: [{while_behind: invoices/slow, above: 4, resume_below: 1, interval: 1s}]}
)");
  t.gone("orders[0]/g", Fate::consumed, {501, 5001});
}

// --- headers exchanges

TEST(HeadersExchange, MatchesAllOrAnyOfItsArguments) {
  Trace t(R"(
workloads:
  a: {trace: {times: [1ms]}, steps: [{publish: r.docs, headers: {type: invoice, region: eu}}]}
  b: {trace: {times: [2ms]}, steps: [{publish: r.docs, headers: {type: invoice, region: us}}]}
  c: {trace: {times: [3ms]}, steps: [{publish: r.docs, headers: {region: eu, urgent: "yes"}}]}
  d: {trace: {times: [4ms]}, steps: [{publish: r.docs, routing_key: invoice}]}
brokers:
  r:
    exchanges:
      docs:
        type: headers
        bindings:
          - {arguments: {type: invoice, region: eu}, queue: both}
          - {arguments: {type: invoice, region: eu}, x_match: any, queue: either}
          - {arguments: {type: invo}, queue: prefix}
          - {queue: every}
    queues: {both: {}, either: {}, prefix: {}, every: {}}
)");
  t.accepted("both", {1});
  t.accepted("either", {1, 2, 3});
  t.accepted("prefix", {});
  t.accepted("every", {1, 2, 3, 4});
}

TEST(HeadersExchange, KeysOfOtherExchangesAreReadWithoutTheHeaders) {
  Trace t(R"(
workloads:
  a: {trace: {times: [1ms]}, steps: [{publish: r.exact, routing_key: a.b, headers: {x: "1"}}]}
  b: {trace: {times: [2ms]}, steps: [{publish: r.patterns, routing_key: a.b, headers: {x: "1"}}]}
  c: {trace: {times: [3ms]}, steps: [{publish: facts, routing_key: a.b, headers: {x: "1"}}]}
brokers:
  r:
    exchanges:
      exact: {type: direct, bindings: [{key: a.b, queue: q}]}
      patterns: {type: topic, bindings: [{key: "*.b", queue: q}]}
    queues: {q: {}}
topics: {facts: {subscriptions: {s: {filter: a.b, steps: [compute: 1ms]}}}}
)");
  t.accepted("q", {1, 2});
  t.accepted("s", {3});
}

// --- last wills

std::string devices(const std::string& will, const std::string& faults) {
  return "workloads: {load: {trace: {times: [1ms]}, steps: [{publish: status, routing_key: hello}]}}\n"
         "topics:\n"
         "  status:\n"
         "    retained: true\n"
         "    subscriptions:\n"
         "      devices: {filter: hello, instances: 3, will: " +
         will +
         ", steps: [compute: 1ms]}\n"
         "      watchers: {filter: gone, steps: [compute: 1ms]}\n"
         "      guests: {filter: gone, clean_session: true, steps: [compute: 1ms]}\n"
         "faults: [" +
         faults + "]\n";
}

TEST(LastWill, IsPublishedForEachInstanceThatDies) {
  Trace t(devices("{routing_key: gone}",
                  "{type: pod_failure, target: \"status/devices#0\", start: 100ms, duration: 1s}, "
                  "{type: pod_failure, target: \"status/devices#1\", start: 300ms, duration: 1ms}"));
  t.accepted("watchers", {100, 300});
  t.gone("watchers", Fate::consumed, {101, 301});
  EXPECT_EQ(t.effect("status/watchers").distinct, 2u);
}

TEST(LastWill, WaitsForItsDelayAndIsNotPublishedForWhoIsBack) {
  Trace t(devices("{routing_key: gone, delay: 50ms}",
                  "{type: pod_failure, target: \"status/devices#0\", start: 100ms, duration: 1s}, "
                  "{type: pod_failure, target: \"status/devices#1\", start: 300ms, duration: 49ms}"));
  t.accepted("watchers", {150});
}

// The watcher of a clean session that comes later gets the retained message: that is the will.
TEST(LastWill, IsRetainedWhereMessagesAre) {
  Trace t(devices("{routing_key: gone}",
                  "{type: pod_failure, target: status/guests, start: 50ms, duration: 450ms}, "
                  "{type: pod_failure, target: \"status/devices#0\", start: 100ms, duration: 10s}"));
  t.gone("guests", Fate::lost, {100});
  t.gone("guests", Fate::consumed, {501});
}

// --- windows

// The window of 10 ms is handled at 10; whom its handler calls is dead from 5 to 45. That is a failure like
// any other: it pauses between its tries, and does not take one after the other at the same instant.
TEST(WindowResults, PauseBetweenTriesAlsoWhenWhoTheyCallIsDead) {
  Trace t(R"(
workloads: {load: {trace: {times: [1ms]}, steps: [publish: counts]}}
windows: {counts: {size: 10ms, watermark: clock, retry_backoff: 20ms, consumers: {calls: s.h}}}
services: {s: {endpoints: {h: [compute: 1ms]}}}
faults: [{type: pod_failure, target: s, start: 5ms, duration: 40ms}]
)");
  t.sent("counts", "s.h", {10, 30, 50});
  t.gone("results", Fate::consumed, {51});
}

}  // namespace
}  // namespace tailrace::tests
