// Faults on partitions of an event log, event by event: who leads when the fault comes is hit as a whole,
// requests that publish elsewhere are not, and what was chosen stays chosen when another leads.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analysis/report/fault_report.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// Partition p is led by node p; both have a copy of each.
std::string log(const std::string& times, const std::string& faults, const std::string& settings = "") {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, steps: [{{publish: orders, key: none}}]}}}}
logs:
  orders: {{partitions: 4, brokers: 4, replication_factor: 2, replication_latency: 0s, partitioner: round_robin,
    election_time: 10ms, catch_up_time: 0s, publish_time: 2ms{}}}
faults: [{}]
)",
                     times, settings, faults);
}

double down_s(Trace& t, std::size_t node) {
  return t.station("orders").instances[node].down_s;
}

TEST(PartitionFaults, TakeWhoeverLeads) {
  Trace t(log("0ms", "{type: pod_failure, target: 'partition orders#2', start: 1s, duration: 500ms}"));
  for (std::size_t node = 0; node < 4; ++node) EXPECT_EQ(down_s(t, node), node == 2 ? 0.5 : 0) << node;
}

// Node 1 dies and node 2 leads partition 1 by 1.01 s; it is hit at 1.2 s, and goes on being hit when node 1
// is back.
TEST(PartitionFaults, AskAgainWhoLeadsEachTimeTheyCome) {
  Trace t(
      log("0ms",
          "{type: pod_failure, target: orders#1, start: 1s, duration: 500ms}, "
          "{name: again, type: pod_failure, target: 'partition orders[1]', start: 1200ms, duration: 1s}"));
  EXPECT_EQ(down_s(t, 1), 0.5);
  EXPECT_EQ(down_s(t, 2), 1);
  EXPECT_EQ(down_s(t, 3), 0);
  const models::RunRecord& r = t.at_end();
  ASSERT_EQ(r.fault_activations.size(), 2u);
  EXPECT_EQ(analysis::hit_target(t.model(), r.fault_activations[0], 0), "orders#1");
  EXPECT_EQ(analysis::hit_target(t.model(), r.fault_activations[1], 0),
            "partition orders#1 (led by orders#2)");
}

// Nobody leads partition 1 while both of its nodes are down: nobody is hit, and nothing is taken back.
TEST(PartitionFaults, HitNobodyWhereNobodyLeads) {
  Trace t(log("0ms",
              "{type: pod_failure, targets: [orders#1, orders#2], start: 1s, duration: 500ms}, "
              "{type: pause, target: 'partition orders#1', start: 1100ms, duration: 1s}"));
  const models::RunRecord& r = t.at_end();
  ASSERT_EQ(r.fault_activations.size(), 2u);
  EXPECT_EQ(analysis::hit_target(t.model(), r.fault_activations[1], 0),
            "partition orders#1 (without a leader)");
  EXPECT_EQ(down_s(t, 1) + down_s(t, 2), 1);
}

TEST(PartitionFaults, ComeToOneANumberOrAShareOfThem) {
  const auto hit = [](const std::string& mode) {
    Trace t(log("0ms", fmt::format("{{type: pod_failure, target: partition orders, start: 1s, {}}}", mode)));
    int n = 0;
    for (std::size_t node = 0; node < 4; ++node) n += down_s(t, node) > 0 ? 1 : 0;
    return n;
  };
  EXPECT_EQ(hit("mode: all"), 4);
  EXPECT_EQ(hit("mode: one"), 1);
  EXPECT_EQ(hit("mode: fixed, value: 3"), 3);
  EXPECT_EQ(hit("mode: fixed_percent, value: 50"), 2);
}

// Publications take turns, with 2 ms of work each: three times as long at the leader of partition 1.
TEST(PartitionFaults, SlowTheirLeader) {
  Trace t(log("10ms, 20ms, 30ms, 40ms", "{type: gray, target: 'partition orders#1', factor: 3, start: 5ms}"));
  t.requests("load", {{12, success}, {26, success}, {32, success}, {42, success}});
}

// 2 ms of work, and 4 ms until the replica has it: 6 and 12 at the leader of partition 1. With acks 1 its
// publisher does not wait for the replica, but consumers do. Other partitions do not know.
TEST(PartitionFaults, SlowTheReplicationOfWhatTheyLead) {
  const auto replicated = [](const std::string& acks) {
    return fmt::format(R"(
workloads: {{load: {{trace: {{times: [10ms, 50ms, 90ms, 130ms]}}, steps: [{{publish: orders, key: none}}]}}}}
logs:
  orders: {{partitions: 2, brokers: 2, replication_factor: 2, replication_latency: 4ms, partitioner: round_robin,
    publish_time: 2ms, acks: "{}", consumers: {{g: {{fetch_latency: 0s, steps: [compute: 1ms]}}}}}}
faults: [{{type: gray, target: 'partition orders#1', factor: 3, start: 5ms, duration: 95ms}}]
)",
                       acks);
  };
  Trace all(replicated("all"));
  all.requests("load", {{16, success}, {68, success}, {96, success}, {136, success}});
  all.delivered("orders[0]/g", {16, 96});
  all.delivered("orders[1]/g", {68, 136});
  Trace one(replicated("1"));
  one.requests("load", {{12, success}, {56, success}, {92, success}, {132, success}});
  one.delivered("orders[0]/g", {16, 96});
  one.delivered("orders[1]/g", {68, 136});
}

// A fetch of 5 ms is one of 15 at the leader of partition 1, from 50 ms on. What comes to partition 0 while
// the consumer waits for that answer (at 130) is there first, and what the slow leader has by then comes with
// it.
TEST(PartitionFaults, SlowFetchesFromTheirLeader) {
  Trace t(R"(
workloads: {load: {trace: {times: [10ms, 30ms, 60ms, 80ms, 110ms, 122ms, 125ms]},
    steps: [{publish: orders, key: none}]}}
logs:
  orders: {partitions: 2, brokers: 2, replication_factor: 1, min_insync_replicas: 1, replication_latency: 0s,
    partitioner: round_robin, publish_time: 0s, consumers: {g: {fetch_latency: 5ms, steps: [compute: 1ms]}}}
faults: [{type: gray, target: 'partition orders#1', factor: 3, start: 50ms}]
)");
  t.delivered("orders[0]/g", {15, 65, 115, 130});
  t.delivered("orders[1]/g", {35, 95, 131});
}

// What publishes to partition 1 is late, to partition 3 fails, and the rest does not know.
TEST(PartitionFaults, OfRequestsConcernThoseOfThePartition) {
  Trace t(log("10ms, 20ms, 30ms, 40ms, 50ms",
              "{type: delay, target: 'partition orders#1', latency: 4ms, start: 5ms}, "
              "{type: abort, target: 'partition orders#3', start: 5ms}"));
  t.requests("load", {{12, success}, {26, success}, {32, success}, {40, error}, {52, success}});
}

// Two partitions that one node leads take it down once and give it back once.
TEST(PartitionFaults, MayShareALeader) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms]}, steps: [{publish: orders, key: none}]}}
logs: {orders: {partitions: 3, brokers: 1, replication_factor: 1, min_insync_replicas: 1}}
faults:
  - {type: pod_failure, target: partition orders, mode: fixed, value: 2, start: 1s, duration: 500ms}
  - {type: pause, target: partition orders, start: 2s, duration: 500ms}
)");
  EXPECT_EQ(down_s(t, 0), 0.5);
  t.is_quiet();
}

}  // namespace
}  // namespace tailrace::tests
