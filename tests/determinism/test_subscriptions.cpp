// GraphQL subscriptions to the nanosecond: who is sent an event, what it costs where, and who is not sent it.
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// `subscribers` at `replicas` gateways from the start, an event at 100 ms.
std::string world(const std::string& fields, const std::string& subscribers = "0s, 0s, 0s, 0s",
                  const std::string& graph = "", const std::string& more = "") {
  return "workloads:\n"
         "  clients: {trace: {times: [" +
         subscribers +
         "]}, calls: graph.subscribe}\n"
         "  writers: {trace: {times: [100ms]}, calls: posts.add}\n"
         "services:\n"
         "  graph: {mode: async, workers: 1, " +
         graph + "endpoints: {subscribe: [{subscription: 1s, " + fields +
         "}]}}\n"
         "  posts: {endpoints: {add: [compute: 5ms, notify: graph.subscribe], get: [compute: 2ms]}}\n"
         "  users: {endpoints: {get: [compute: 3ms]}}\n" +
         more;
}

// At 105 ms, after the work of who writes; then 2 ms of the one worker for each of four. The writer does not
// wait.
TEST(Subscriptions, EachSubscriberCostsItsDelivery) {
  Trace t(world("push: 2ms"));
  t.reached("graph.subscribe/delivery", {105, 105, 105, 105});
  t.served("graph.subscribe/delivery", {{107, success}, {109, success}, {111, success}, {113, success}});
  t.requests("writers", {{105, success}});
  EXPECT_EQ(t.milestones("graph/subscribe.delivered"), 4u);
  EXPECT_DOUBLE_EQ(t.busy_ms("graph"), 4 * 2);
  t.requests("clients", {{1000, success}, {1000, success}, {1000, success}, {1000, success}});
  t.is_quiet();
}

// The author of each delivery by itself, the post once for all; and again at the other instance.
TEST(Subscriptions, BatchedFieldsAreResolvedOncePerInstance) {
  const std::string fields =
      "delay: 10ms, push: 1ms, fields: [{field: post, call: posts.get, batched: true}, {field: author, call: "
      "users.get}]";
  Trace t(world(fields, "0s, 0s, 0s, 0s", "replicas: 2, "));
  t.sent("graph", "posts.get", {115, 115});
  t.sent("graph", "users.get", {117, 117, 117, 117});
  t.served("graph.subscribe/delivery", {{121, success}, {121, success}, {122, success}, {122, success}});
}

// Who comes after the event has got there is not sent it; who has gone by then is not either.
TEST(Subscriptions, AnEventIsForWhoHoldsOneWhenItArrives) {
  Trace t(world("push: 1ms, delay: 20ms", "0s, 110ms, 130ms"));
  t.served("graph.subscribe/delivery", {{126, success}, {127, success}});
  Trace gone(
      "workloads: {clients: {trace: {times: [0s]}, calls: graph.subscribe}, writers: {trace: {times: [40ms, "
      "60ms]}, "
      "calls: posts.add}}\n"
      "services:\n"
      "  graph: {mode: async, endpoints: {subscribe: [{subscription: 50ms, push: 1ms}]}}\n"
      "  posts: {endpoints: {add: [notify: graph.subscribe]}}\n");
  gone.served("graph.subscribe/delivery", {{41, success}});
}

// One of two dies at 50 ms with its two subscribers; a crash frees what they held.
TEST(Subscriptions, DieWithTheirInstanceAndCanComeBack) {
  Trace t(world("push: 1ms, max_subscriptions: 2", "0s, 0s, 0s, 0s, 10ms, 70ms, 71ms", "replicas: 2, ",
                "faults: [{type: pod_kill, target: \"graph#0\", start: 50ms, restart_time: 10ms}]\n"));
  // The fifth finds both full; the two after the crash go to one and the other in turn, of which the other is
  // full.
  t.requests("clients", {{10, rejected},
                         {50, network},
                         {50, network},
                         {70, rejected},
                         {1000, success},
                         {1000, success},
                         {1071, success}});
  t.served("graph.subscribe/delivery", {{106, success}, {106, success}, {107, success}});
}

// 100 bytes of 250: two fit.
TEST(Subscriptions, NoMoreAreHeldThanFitIntoTheMemory) {
  Trace t(world("push: 1ms, memory: {per_subscription: 100B, limit: 250B}", "0s, 0s, 0s"));
  t.requests("clients", {{0, rejected}, {1000, success}, {1000, success}});
}

// A heartbeat of 10 ms beside it every 300 ms, and the session ends when it ends.
TEST(Subscriptions, HeartbeatsGoOnBeside) {
  Trace t(world("push: 1ms, plan: 4ms, heartbeat: {every: 300ms, work: 10ms}", "0s"));
  t.requests("clients", {{1004, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("graph"), 4 + 1 + 3 * 10);
  t.is_quiet();
}

// Five fields where three are allowed: refused after its plan, and nobody is sent anything.
TEST(Subscriptions, ACostlyQueryIsRefusedWhenItIsSubscribed) {
  Trace t(
      world("plan: 1ms, max_complexity: 3, fields: [{field: post, call: posts.get, items: 4, fields: "
            "[{field: author, "
            "call: users.get}]}]",
            "0s"));
  t.requests("clients", {{1, error}});
  EXPECT_EQ(t.operation("graph.subscribe/delivery").arrived, 0u);
}

}  // namespace
}  // namespace tailrace::tests
