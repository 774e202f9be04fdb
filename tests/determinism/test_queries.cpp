// GraphQL queries and WebSockets to the nanosecond: which calls a plan makes and when, what a session
// costs its instance and how it ends.
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

std::string query(const std::string& step) {
  return "workloads: {load: {trace: {times: [0s]}, calls: graph.q}}\n"
         "services:\n"
         "  graph:\n"
         "    endpoints:\n"
         "      q:\n"
         "        - " +
         step +
         "\n"
         "  posts: {endpoints: {list: [compute: 5ms]}}\n"
         "  users: {workers: 1, endpoints: {get: [compute: 2ms], many: [compute: 3ms]}}\n"
         "  ads: {endpoints: {get: [compute: 8ms]}}\n";
}

// The plan 1 ms, the list 5, and a call for each of four, of which the users serve one at a time.
TEST(Graphql, AFieldBelowAListIsResolvedForEachItem) {
  Trace t(
      query("{graphql: [{field: posts, call: posts.list, items: 4, fields: [{field: author, call: "
            "users.get}]}], plan: 1ms}"));
  t.sent("graph", "posts.list", {1});
  t.sent("graph", "users.get", {6, 6, 6, 6});
  t.requests("load", {{14, success}});
}

TEST(Graphql, ABatchIsOneCallForAllParents) {
  Trace t(
      query("{graphql: [{field: posts, call: posts.list, items: 4, fields: [{field: comments, items: 3, "
            "fields: [{field: author, call: users.many, batched: true}]}]}]}"));
  t.sent("graph", "users.many", {5});
  t.requests("load", {{8, success}});
}

// Fields of a level at the same time: 5 + 2 beside 8.
TEST(Graphql, FieldsOfALevelRunTogether) {
  Trace t(
      query("{graphql: [{field: posts, call: posts.list, fields: [{field: author, call: users.get}]}, "
            "{field: ad, call: ads.get}]}"));
  t.sent("graph", "posts.list", {0});
  t.sent("graph", "ads.get", {0});
  t.sent("graph", "users.get", {5});
  t.requests("load", {{8, success}});
}

// posts, comments of each of 4, author of each of 12: 1 + 4 + 12 = 17 fields, three levels.
TEST(Graphql, TooCostlyOrTooDeepItIsRefusedBeforeAnyCall) {
  const std::string fields =
      "graphql: [{field: posts, call: posts.list, items: 4, fields: [{field: comments, items: 3, fields: "
      "[{field: author, call: users.get}]}]}], plan: 1ms";
  for (const std::string limit : {"max_complexity: 16", "max_depth: 2"}) {
    Trace t(query("{" + fields + ", " + limit + "}"));
    EXPECT_EQ(t.operation("posts.list").arrived, 0u);
    t.requests("load", {{1, error}});
  }
  for (const std::string limit : {"max_complexity: 17", "max_depth: 3"}) {
    Trace t(query("{" + fields + ", " + limit + "}"));
    t.requests("load", {{1 + 5 + 12 * 2, success}});
  }
}

// A session of a second with heartbeats after 300, 600 and 900 ms (and what each takes, before the next
// pause).
TEST(Websocket, ASessionCostsItsHeartbeatsAndEnds) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s]}, calls: chat.connect}}
services:
  chat:
    mode: async
    workers: 1
    endpoints: {connect: [compute: 4ms, {websocket: 1s, heartbeat: {every: 300ms, work: 10ms}}]}
)");
  t.requests("load", {{1004, success}});
  EXPECT_DOUBLE_EQ(t.busy_ms("chat"), 4 + 3 * 10);
  t.is_quiet();
}

// Three sessions hold no worker; with their instance they end, all at once.
TEST(Websocket, SessionsEndWithTheirInstance) {
  Trace t(R"(
workloads: {load: {trace: {times: [0s, 0s, 0s]}, calls: chat.connect}}
services: {chat: {mode: async, workers: 1, endpoints: {connect: [websocket: 1h]}}}
faults: [{type: pod_kill, target: chat, start: 500ms}]
)");
  t.requests("load", {{500, network}, {500, network}, {500, network}});
}

}  // namespace
}  // namespace tailrace::tests
