// Event logs, and what is built on channels (outbox, webhook, saga), to the nanosecond.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;
using models::Fate;

const std::string kServer = "services: {s: {endpoints: {h: [compute: 10ms]}}}\n";

std::string log(const std::string& times, const std::string& consumers, const std::string& settings = "") {
  return fmt::format(
      "workloads: {{load: {{trace: {{times: [{}]}}, steps: [{{publish: orders, key: none}}]}}}}\n"
      "logs: {{orders: {{replication_latency: 0s{}, consumers: {{g: {{calls: s.h, rebalance_time: 0s, "
      "session_timeout: 0s{}}}}}}}}}\n{}",
      times, settings, consumers, kServer);
}

// The first poll finds one record. The second finds two of the three that came meanwhile, the third one.
TEST(LogTrace, PollsReturnWhatThereIsUpToTheirLimit) {
  const std::string times = "0ms, 1ms, 2ms, 3ms";
  Trace each(log(times, ", max_poll_records: 2"));
  each.delivered("orders[0]/g", {0, 10, 20, 30});
  each.gone("orders[0]/g", Fate::consumed, {10, 20, 30, 40});
  Trace together(log(times, ", max_poll_records: 2, batch: true, offset_commit: batch"));
  together.delivered("orders[0]/g", {0, 10, 10, 20});
  together.reached("s.h", {0, 10, 20});
  together.gone("orders[0]/g", Fate::consumed, {10, 20, 20, 30});
}

// The poll at 10 brings the second and the third message; the consumer is dead from 15 to 115.
const std::string kCrash = "faults: [{type: pod_failure, target: orders/g, start: 15ms, duration: 100ms}]\n";

TEST(LogTrace, CommittingBeforeHandlingLosesWhatACrashInterrupts) {
  Trace t(log("0ms, 1ms, 2ms", ", offset_commit: before") + kCrash);
  t.gone("orders[0]/g", Fate::consumed, {10});
  t.gone("orders[0]/g", Fate::lost, {15, 15});
  EXPECT_EQ(t.effect("orders/g").missed[static_cast<std::size_t>(Fate::lost)], 2u);
  EXPECT_EQ(t.effect("orders/g").duplicates, 0u);
}
TEST(LogTrace, CommittingEachRecordRepeatsTheOneInWork) {
  Trace t(log("0ms, 1ms, 2ms", "") + kCrash);
  t.delivered("orders[0]/g", {0, 10, 115, 125});
  t.gone("orders[0]/g", Fate::consumed, {10, 125, 135});
  EXPECT_EQ(t.effect("orders/g").duplicates, 0u) << "the first handler had not done its work";
}
// Dead from 25: the second message is handled, but its batch is not committed.
TEST(LogTrace, CommittingBatchesRepeatsWhatWasHandled) {
  Trace t(log("0ms, 1ms, 2ms", ", offset_commit: batch") +
          "faults: [{type: pod_failure, target: orders/g, start: 25ms, duration: 100ms}]\n");
  t.delivered("orders[0]/g", {0, 10, 20, 125, 135});
  EXPECT_EQ(t.effect("orders/g").duplicates, 1u);
  EXPECT_EQ(t.effect("orders/g").distinct, 3u);
}

// Instance 1 dies at 15, which is noticed at 35; partitions are shared out again until 65. Messages take
// turns between the partitions.
std::string rebalancing(const std::string& assignment) {
  return fmt::format(
      "workloads: {{load: {{trace: {{times: [0ms, 0ms, 40ms, 40ms]}}, steps: [{{publish: orders, key: "
      "none}}]}}}}\n"
      "logs: {{orders: {{partitions: 2, partitioner: round_robin, replication_latency: 0s, consumers: {{g: "
      "{{calls: "
      "s.h, instances: 2, rebalance_time: 30ms, session_timeout: 20ms, assignment: {}}}}}}}}}\n"
      "faults: [{{type: pod_kill, target: \"orders/g#1\", start: 15ms}}]\n{}",
      assignment, kServer);
}
TEST(LogTrace, AnEagerRebalanceStopsTheWholeGroup) {
  Trace t(rebalancing("range"), 200);
  t.reached("s.h", {0, 0, 65, 75});
}
TEST(LogTrace, ACooperativeRebalanceStopsOnlyWhatMoves) {
  Trace t(rebalancing("cooperative_sticky"), 200);
  t.reached("s.h", {0, 0, 40, 65});
}

// A failed record is tried again 5 ms later, and the next ones wait.
TEST(LogTrace, AFailedRecordKeepsItsPartitionWaiting) {
  Trace t(log("0ms, 1ms",
              ", error_rate: 100%, retry_backoff: 5ms, on_failure: dead_letter, max_delivery_count: 2, "
              "dead_letter_topic: dead") +
          "cloud_queues: {dead: {}}\n");
  t.delivered("orders[0]/g", {0, 15, 25, 40});
  t.accepted("dead", {25, 50});
}

// Three messages fill a batch; the fourth waits for its linger.
TEST(LogTrace, ABatchIsSentWhenItIsFullOrItsLingerIsOver) {
  Trace t(log("0ms, 1ms, 2ms, 3ms", "", ", linger: 20ms, batch_size: 3"));
  t.accepted("orders[0]/g", {2, 2, 2, 23});
  t.requests("load", {{2, success}, {2, success}, {2, success}, {23, success}});
}

// --- built on channels

// The row is written within 5 ms; the relay looks at 0 and 20, publishes and marks for 5 ms, finds nothing at
// 25, and looks again 20 ms later.
TEST(OutboxTrace, RowsArePublishedAtTheNextPoll) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms, 21ms]}, steps: [publish: box]}}
outboxes: {box: {database: db.write, publish: events, mark: db.write, poll_interval: 20ms}}
cloud_queues: {events: {}}
services: {db: {endpoints: {write: [compute: 5ms]}}}
)");
  t.requests("load", {{5, success}, {26, success}});
  t.accepted("box", {5, 26});
  t.accepted("events", {20, 45});
  t.gone("box", Fate::consumed, {25, 50});
}

// Signed within 1 ms; the receiver fails after 2 ms; pauses of 10 and 20 ms.
TEST(WebhookTrace, IsTriedAgainAndGivenUp) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms]}, steps: [publish: hook]}}
webhooks:
  hook:
    {receiver: r.take, signature: 1ms, max_attempts: 3, dead_letter: lost, backoff: {base_interval: 10ms, multiplier: 2,
     jitter: none}}
cloud_queues: {lost: {}}
services: {r: {error_rate: 100%, endpoints: {take: [compute: 2ms]}}}
)");
  t.requests("load", {{0, success}});
  t.sent("hook", "r.take", {1, 3 + 10 + 1, 16 + 20 + 1});
  t.accepted("lost", {39});
}

// a 10 ms, b 10 ms, c fails after 10 ms; undone in reverse, 5 ms each.
TEST(SagaTrace, UndoesInReverseWhatWasDone) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0ms]}
    steps:
      - saga: book
        steps:
          - {do: [call: a.reserve], compensate: [call: a.release]}
          - {do: [call: b.reserve], compensate: [call: b.release]}
          - {do: [call: c.reserve], compensate: [call: a.release]}
services:
  a: {endpoints: {reserve: [compute: 10ms], release: [compute: 5ms]}}
  b: {endpoints: {reserve: [compute: 10ms], release: [compute: 5ms]}}
  c: {error_rate: 100%, endpoints: {reserve: [compute: 10ms]}}
)");
  t.reached("b.reserve", {10});
  t.reached("c.reserve", {20});
  t.reached("b.release", {30});
  t.reached("a.release", {35});
  t.requests("load", {{40, error}});
  EXPECT_EQ(t.milestones("load/book.started"), 1u);
  EXPECT_EQ(t.milestones("load/book.failed"), 1u);
  EXPECT_EQ(t.milestones("load/book.completed"), 0u);
  EXPECT_EQ(t.milestones("load/book.stuck"), 0u);
}

}  // namespace
}  // namespace tailrace::tests
