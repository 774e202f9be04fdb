// Queues, cloud queues and topics to the nanosecond, through the whole program. Handlers call `s`, which has
// room for everybody, so that s is reached when a handler begins.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;
using models::Fate;

const std::string kServer = "services: {s: {endpoints: {h: [compute: 10ms], slow: [compute: 30ms]}}}\n";

std::string sending(const std::string& times, const std::string& publish) {
  return fmt::format("workloads: {{load: {{trace: {{times: [{}]}}, steps: [{{publish: {}}}]}}}}\n{}", times,
                     publish, kServer);
}

// --- a queue of a broker

std::string queue(const std::string& times, const std::string& settings, const std::string& consumers,
                  const std::string& more = "") {
  return sending(times, "rabbit.mails") +
         fmt::format(
             "brokers: {{rabbit: {{queues: {{mails: {{{}consumers: {{calls: s.h{}}}}}, dead: {{}}}}{}}}}}\n",
             settings, consumers, more);
}

// Two instances take turns, and each may have two. The fifth waits for the first acknowledgement, at 10, and
// for that instance's second message, until 20.
TEST(QueueTrace, PrefetchHoldsMessagesAtTheirInstance) {
  Trace t(queue("0s, 0s, 0s, 0s, 0s", "", ", instances: 2, prefetch: 2"));
  t.delivered("mails", {0, 0, 0, 0, 10});
  t.reached("s.h", {0, 0, 10, 10, 20});
  t.gone("mails", Fate::consumed, {10, 10, 20, 20, 30});
  t.is_quiet();
}

TEST(QueueTrace, AFailedMessageComesBackAndIsDeadLetteredAfterItsDeliveries) {
  Trace t(queue("0s", "max_delivery_count: 3, dead_letter: dead, ", ", error_rate: 100%"));
  t.delivered("mails", {0, 10, 20});
  t.gone("mails", Fate::dead_lettered, {30});
  t.accepted("dead", {30});
  EXPECT_EQ(t.effect("rabbit/mails").applied, 3u) << "each failed after its work";
}

// Pauses of 5 and 10 ms.
TEST(QueueTrace, ADelayedRedeliveryLetsTheOthersPass) {
  Trace t(queue("0s, 1ms",
                "max_delivery_count: 3, dead_letter: dead, redelivery_delay: {base: 5ms, multiplier: 2}, ",
                ", on_failure: requeue, error_rate: 100%"));
  // first: 0 to 10, back at 15; second: 10 to 20, back at 25; first: 20 to 30, back at 40; second: 30 to 40,
  // back at 50; first: 40 to 50, given up; second: 50 to 60, given up.
  t.delivered("mails", {0, 10, 20, 30, 40, 50});
  t.gone("mails", Fate::dead_lettered, {50, 60});
}

TEST(QueueTrace, ARejectedMessageIsDeadLetteredAtOnce) {
  Trace t(queue("0s", "dead_letter: dead, ", ", on_failure: reject, error_rate: 100%"));
  t.delivered("mails", {0});
  t.accepted("dead", {10});
}

// One at a time: the fourth would begin at 30.
TEST(QueueTrace, WhatExpiresGoesThroughTheDeadLetterExchange) {
  Trace t(queue("0s, 0s, 0s, 0s", "message_ttl: 25ms, dead_letter: {to: dlx, key: late}, ", "",
                ", exchanges: {dlx: {bindings: [{key: late, queue: dead}, {key: other, queue: mails}]}}"));
  t.delivered("mails", {0, 10, 20});
  t.gone("mails", Fate::dead_lettered, {25});
  t.accepted("dead", {25});
}
TEST(QueueTrace, WhatExpiresWithoutADeadLetterTargetIsExpired) {
  Trace t(queue("0s, 0s, 0s, 0s", "message_ttl: 25ms, ", ""));
  t.gone("mails", Fate::expired, {25});
  EXPECT_EQ(t.effect("rabbit/mails").missed[static_cast<std::size_t>(Fate::expired)], 1u);
}

// Publications keep time in microseconds: less than one is one, and not for ever.
TEST(QueueTrace, ATtlOfLessThanAMicrosecondExpires) {
  Trace t(sending("0s, 0s", "rabbit.mails, ttl: 500ns") +
          "brokers: {rabbit: {queues: {mails: {consumers: {calls: s.h}}}}}\n");
  EXPECT_EQ(t.effect("rabbit/mails").applied, 1u);
  EXPECT_EQ(t.effect("rabbit/mails").missed[static_cast<std::size_t>(Fate::expired)], 1u);
}

TEST(QueueTrace, AFullQueueDropsItsOldestOrRefuses) {
  Trace drop(queue("0s, 1ms, 2ms", "max_length: 1, ", ""));
  drop.gone("mails", Fate::dropped, {2});
  drop.gone("mails", Fate::consumed, {10, 20});
  Trace refuse(queue("0s, 1ms, 2ms", "max_length: 1, overflow: reject_publish, ", ""));
  refuse.accepted("mails", {0, 1});
  refuse.requests("load", {{0, success}, {1, success}, {2, rejected}});
}

// While the first is handled, the second and an urgent third come.
TEST(QueueTrace, HigherPriorityGoesFirst) {
  Trace t(kServer + R"(
workloads:
  low: {trace: {times: [0ms, 1ms]}, steps: [{publish: rabbit.mails, await: mails}]}
  high: {trace: {times: [2ms]}, steps: [{publish: rabbit.mails, priority: 2, await: mails}]}
brokers: {rabbit: {queues: {mails: {max_priority: 2, consumers: {calls: s.h}}}}}
)");
  t.requests("low", {{10, success}, {30, success}});
  t.requests("high", {{20, success}});
}

// It is gone between 5 and 45: what it had is redelivered to the other, or lost with automatic
// acknowledgement.
TEST(QueueTrace, ACrashGivesBackWhatWasNotAcknowledged) {
  const std::string crash =
      "faults: [{type: pod_failure, target: rabbit/mails#0, start: 5ms, duration: 40ms}]\n";
  Trace manual(queue("0s", "", ", instances: 2") + crash);
  manual.delivered("mails", {0, 5});
  manual.gone("mails", Fate::consumed, {15});
  Trace automatic(queue("0s", "", ", instances: 2, ack: automatic") + crash);
  automatic.delivered("mails", {0});
  automatic.gone("mails", Fate::lost, {5});
}

TEST(QueueTrace, ADelayedMessageIsDeliveredNoSooner) {
  Trace t(sending("0s", "rabbit.mails, delay: 30ms") +
          "brokers: {rabbit: {queues: {mails: {consumers: {calls: s.h}}}}}\n");
  t.requests("load", {{0, success}});
  t.delivered("mails", {30});
}

// --- request and reply: the publisher waits for the handling

TEST(AwaitTrace, EndsWithTheHandlingOrItsTimeout) {
  const auto waiting = [](const std::string& await) {
    return kServer +
           fmt::format(
               "workloads: {{load: {{trace: {{times: [0s]}}, steps: [{{publish: q, await: {}}}]}}}}\n"
               "cloud_queues: {{q: {{consumers: {{calls: s.slow}}}}}}\n",
               await);
  };
  Trace(waiting("consumers")).requests("load", {{30, success}});
  Trace late(waiting("{group: consumers, timeout: 20ms}"));
  late.requests("load", {{20, timeout}});
  late.gone("q", Fate::consumed, {30});
  // Asked at 12, 24 and 36.
  Trace(waiting("{group: consumers, poll: {interval: 12ms}}")).requests("load", {{36, success}});
}

// --- a cloud queue. Handlers take 30 ms, the visibility timeout is 20 ms.

std::string cloud(const std::string& settings, const std::string& consumers = "") {
  return sending("0s", "q") + fmt::format(
                                  "cloud_queues: {{q: {{visibility_timeout: 20ms{}, consumers: {{calls: "
                                  "s.slow, concurrency: 4{}}}}}, "
                                  "rest: {{}}}}\n",
                                  settings, consumers);
}

TEST(CloudQueueTrace, WhatOutlastsItsVisibilityTimeoutIsReceivedAgainAndThenGivenUp) {
  Trace t(cloud(", late_delete: ignored, max_receive_count: 2, dead_letter: rest"));
  t.delivered("q", {0, 20});
  t.reached("s.slow", {0, 20});
  t.gone("q", Fate::dead_lettered, {40});
  t.accepted("rest", {40});
  EXPECT_EQ(t.effect("q/consumers").applied, 2u);
  EXPECT_EQ(t.effect("q/consumers").duplicates, 1u);
}
TEST(CloudQueueTrace, ALateDeleteWithAnOlderReceiptCountsWhereItIsAccepted) {
  Trace t(cloud(", late_delete: accepted"));
  t.delivered("q", {0, 20});
  t.gone("q", Fate::consumed, {30});
}
TEST(CloudQueueTrace, HeartbeatsKeepAMessageHidden) {
  Trace t(cloud("", ", extend_visibility: 5ms"));
  t.delivered("q", {0});
  t.gone("q", Fate::consumed, {30});
}
// The first instance works until 10 and then has three messages, which are visible again at 25: the other
// takes the last two of them, which both now handle; the last is there for a third time at 40, for the first
// instance, which has begun it at 30 with a receipt that is no longer good.
TEST(CloudQueueTrace, WhatWaitsAtItsConsumerTooLongIsHandledByOthersToo) {
  Trace t(sending("0ms, 1ms, 2ms, 3ms, 4ms", "q") +
          "cloud_queues: {q: {visibility_timeout: 15ms, consumers: {instances: 2, calls: s.h}}}\n");
  t.delivered("q", {0, 1, 10, 10, 10, 25, 25, 40});
  t.reached("s.h", {0, 1, 10, 20, 25, 30, 35, 40});
  EXPECT_EQ(t.effect("q/consumers").distinct, 5u);
  EXPECT_EQ(t.effect("q/consumers").duplicates, 3u);
}

// --- a topic, whose subscriber is away from 5 to 50 ms

std::string topic(const std::string& subscription, const std::string& more = "") {
  return sending("0s, 10ms", "news, qos: 2") +
         fmt::format(
             "topics: {{news: {{{}subscriptions: {{sub: {{calls: s.h, {}}}}}}}}}\n"
             "faults: [{{type: pod_failure, target: news/sub, start: 5ms, duration: 45ms}}]\n",
             more, subscription);
}

TEST(TopicTrace, AtMostOnceLosesWhatAnAbsentSubscriberMisses) {
  Trace t(topic("level: at_most_once"));
  t.delivered("sub", {0});
  EXPECT_EQ(t.effect("news/sub").applied, 0u);
  t.gone("sub", Fate::consumed, {});
}
TEST(TopicTrace, AtLeastOnceKeepsItAndDeliversWhatWasInterruptedAgain) {
  Trace t(topic("level: at_least_once, concurrency: 2"));
  t.delivered("sub", {0, 50, 50});
  t.gone("sub", Fate::consumed, {60, 60});
}
TEST(TopicTrace, ACleanSessionKeepsNothing) {
  Trace t(topic("level: at_least_once, clean_session: true"));
  t.delivered("sub", {0});
  t.gone("sub", Fate::consumed, {});
}
// The publisher is answered after its further round trip, and so is the subscriber's handler begun: 3 ms
// each.
TEST(TopicTrace, ExactlyOnceTakesAHandshakeMoreOnEitherSide) {
  Trace t(sending("0s", "news, qos: 2") +
          "topics: {news: {handshake: 3ms, subscriptions: {sub: {level: exactly_once, calls: s.h}}}}\n");
  t.requests("load", {{3, success}});
  t.reached("s.h", {3});
  t.gone("sub", Fate::consumed, {13});
}

}  // namespace
}  // namespace tailrace::tests
