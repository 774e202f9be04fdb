// The functions of an API gateway, one by one and event by event: what each costs, whom it refuses and when,
// and what an outage behind it does.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "models/compile/client_share.hpp"
#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

struct Setup {
  std::string gateway;  // fields of the gateway
  std::string route = "{calls: api.get}";
  std::string times = "0ms";
  std::string key = "";
  std::string more = "";
};

std::string scenario(const Setup& s) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: edge.get{}}}}}
gateways: {{edge: {{cpus: 8, {}routes: {{get: {}}}}}}}
services:
  api: {{endpoints: {{get: [compute: 10ms]}}}}
  beta: {{endpoints: {{get: [compute: 20ms]}}}}
  auth: {{endpoints: {{introspect: [compute: 4ms]}}}}
  engine: {{endpoints: {{decide: [compute: 2ms]}}}}
{}
)",
                     s.times, s.key.empty() ? "" : ", key: " + s.key,
                     s.gateway.empty() ? "" : s.gateway + ", ", s.route, s.more);
}

// 40 us there and 15 us back around the call; then each function adds its own and nothing else.
TEST(Gateway, EachFunctionAddsItsOwnTime) {
  const std::string sized = "{calls: api.get, request_size: 1KiB, response_size: 8KiB}";
  const auto ends = [](const std::string& gateway, const std::string& route, double ms) {
    SCOPED_TRACE(gateway + " " + route);
    Trace t(scenario({gateway, route}));
    t.requests("load", {{ms, success}});
    t.is_quiet();
  };
  ends("", "api.get", 10.055);
  ends("request_cost: 1ms, response_cost: {per_kib: 10us}", sized, 11.08);
  ends("authentication: {jwt: {}}", sized, 10.135);
  ends("authentication: {jwt: 1ms}", sized, 11.055);
  ends("authentication: {api_key: {}}", sized, 10.06);
  ends("authentication: {introspection: auth.introspect}", sized, 14.055);
  ends("authentication: {api_key: {calls: auth.introspect}}", sized, 14.06);
  ends("authentication: {jwt: {calls: auth.introspect}}", sized, 14.135);
  ends("authorization: {rbac: {}}", sized, 10.075);
  ends("authorization: {abac: {calls: engine.decide, cost: 100us}}", sized, 12.155);
  ends("authorization: {rbac: {}, abac: engine.decide}", sized, 12.075);
  ends("request_transformation: {time: 20us, per_kib: 5us}", sized, 10.08);
  ends("response_transformation: {time: 20us, per_kib: 5us}", sized, 10.115);
  ends("protocol_translation: {time: 10us, per_kib: 2us}", sized, 10.093);
  // Records of 10 us and 1.741 us per KiB, both ways.
  ends("tls: {requests_per_connection: 1}", sized, 10.055 + 2.9 + 0.02 + 9 * 0.001741);
  ends("tls: {requests_per_connection: 1, resumption: 100%}", sized, 10.055 + 0.2 + 0.02 + 9 * 0.001741);
  ends("tls: {requests_per_connection: 1, handshake: 1ms, record: 5us}", sized, 11.065);
  ends("authentication: {api_key: 50us}, authorization: {rbac: 50us}", sized, 10.155);
}

TEST(Gateway, RouteLeavesFunctionsOut) {
  const std::string all =
      "authentication: {jwt: 1ms, invalid: 100%}, authorization: {rbac: 1ms, denied: 100%}, "
      "request_transformation: 1ms, response_transformation: 1ms, protocol_translation: 1ms";
  Trace none(scenario({all,
                       "{calls: api.get, authentication: false, authorization: false, transformation: false, "
                       "translation: false}"}));
  none.requests("load", {{10.055, success}});
  Trace open(scenario({all, "{calls: api.get, authentication: false, authorization: false}"}));
  open.requests("load", {{14.055, success}});
}

// After the check, and before anything behind it.
TEST(Gateway, RefusesWithoutTroublingTheService) {
  Trace invalid(scenario({"authentication: {jwt: {}, invalid: 100%}, authorization: {rbac: 1ms}"}));
  invalid.requests("load", {{0.12, rejected}});
  invalid.reached("api.get", {});
  Trace denied(scenario({"authentication: {jwt: {}}, authorization: {abac: engine.decide, denied: 100%}"}));
  denied.requests("load", {{2.12, rejected}});
  denied.reached("api.get", {});
}

// 9 and 12 are on the list, 10 is not: it costs no time and no core.
TEST(Gateway, AllowListRefusesAtTheDoor) {
  for (const auto& [key, outcome, ms] :
       {std::tuple("9", success, 10.055), {"10", rejected, 0.0}, {"12", success, 10.055}}) {
    SCOPED_TRACE(key);
    Trace t(scenario({"allow_list: [12, 1..5, 4..9]", "api.get", "0ms", key}));
    t.requests("load", {{ms, outcome}});
    EXPECT_EQ(t.policy("allow_list").counts.rejected, outcome == rejected ? 1u : 0u);
    t.is_quiet();
  }
  Trace nobody(scenario({"inbound: {allow_list: {refused: 100%}}"}));
  nobody.requests("load", {{0, rejected}});
}

TEST(Gateway, LimitsEachClientAtTheDoor) {
  Trace t(scenario({"rate_limit: {rate: 1/s, per_key: true}", "api.get", "0ms, 500ms, 1001ms", "7"}));
  t.requests("load", {{10.055, success}, {500, rate_limited}, {1011.055, success}});
}

constexpr const char* kAuthDown = "faults: [{type: pod_failure, target: auth, start: 50ms, duration: 100ms}]";

// Down from 50 to 150 ms: whoever asks fails at once, unless told to let pass; a signature needs nobody.
TEST(Gateway, AuthOutageIsEverybodysOutageOrNobodys) {
  const std::string times = "0ms, 100ms, 200ms";
  Trace asks(scenario({"authentication: {introspection: auth.introspect}", "api.get", times, "", kAuthDown}));
  asks.requests("load", {{14.055, success}, {100.04, network}, {214.055, success}});
  Trace open(scenario({"authentication: {introspection: {calls: auth.introspect, on_failure: allow}}",
                       "api.get", times, "", kAuthDown}));
  open.requests("load", {{14.055, success}, {110.055, success}, {214.055, success}});
  Trace jwt(scenario({"authentication: {jwt: {}}", "api.get", times, "", kAuthDown}));
  jwt.requests("load", {{10.135, success}, {110.135, success}, {210.135, success}});
}

// The answer of 4.04 ms is good for 120 ms: it carries the request of 100 over the outage, not that of 140.
TEST(Gateway, CachedAnswersBridgeAnOutage) {
  Trace t(scenario({"authentication: {introspection: {calls: auth.introspect, cache: tokens}}", "api.get",
                    "0ms, 100ms, 140ms, 200ms", "7",
                    std::string("caches: {tokens: {ttl: 120ms}}\n") + kAuthDown}));
  t.requests("load", {{14.055, success}, {110.055, success}, {140.04, network}, {214.055, success}});
  t.sent("edge", "auth.introspect", {0.04, 140.04, 200.04});
  t.is_quiet();
}

// The permission is withdrawn at 120 ms. The decision of 2.04 ms is kept for 300 ms, so the request that
// looks it up at 302.03 is let in, wrongly, and the one at 302.04 is not. Without a cache the first one after
// it is denied.
TEST(Gateway, DecisionsAreStaleForAtMostTheirTtl) {
  const std::string revoked = "faults: [{type: abort, target: engine, start: 120ms}]";
  const std::string times = "0ms, 100ms, 200ms, 301.99ms, 302ms, 400ms";
  Trace kept(scenario({"authorization: {abac: {calls: engine.decide, cache: decisions}}", "api.get", times,
                       "7", "caches: {decisions: {ttl: 300ms}}\n" + revoked}));
  kept.requests("load", {{12.055, success},
                         {110.055, success},
                         {210.055, success},
                         {312.045, success},
                         {302.04, error},
                         {400.04, error}});
  Trace asked(scenario({"authorization: {abac: engine.decide}", "api.get", times, "7", revoked}));
  asked.requests("load", {{12.055, success},
                          {112.055, success},
                          {200.04, error},
                          {302.03, error},
                          {302.04, error},
                          {400.04, error}});
}

// Whole responses: a hit meets the checks, the look-up and the way out, and neither the call nor its
// rewriting.
TEST(Gateway, ResponseCacheEndsHitsEarly) {
  Trace t(scenario({"authentication: {jwt: {}}, response_transformation: 1ms",
                    "{calls: api.get, response_cache: pages}", "0ms, 100ms", "",
                    "caches: {pages: {keys: [1], lookup_time: 5us, ttl: 1s}}"}));
  t.requests("load", {{11.14, success}, {100.14, success}});
  t.reached("api.get", {0.125});
}

// 10 and 4 ms at once, and 1 ms to put them together.
TEST(Gateway, AggregateWaitsForTheSlowest) {
  Trace t(scenario({"", "{aggregate: [api.get, auth.introspect], merge: 1ms}"}));
  t.requests("load", {{11.055, success}});
  Trace many(scenario({"", "{aggregate: [{calls: api.get, count: 3}]}"}));
  many.reached("api.get", {0.04, 0.04, 0.04});
  many.requests("load", {{10.055, success}});
}

TEST(Gateway, AggregateGoesOutWithoutAnOptionalPart) {
  const std::string parts =
      "{{aggregate: [auth.introspect, {{calls: api.get, timeout: 5ms{}}}], merge: 1ms}}";
  Trace partial(scenario({"", fmt::format(fmt::runtime(parts), ", optional: true")}));
  partial.requests("load", {{6.055, success}});
  EXPECT_EQ(partial.at_end().classes[0].degraded, 1u);
  Trace whole(scenario({"", fmt::format(fmt::runtime(parts), "")}));
  whole.requests("load", {{5.04, timeout}});
  // In time, nothing is missing.
  Trace quick(scenario({"", "{aggregate: [{calls: api.get, timeout: 50ms, optional: true}]}"}));
  quick.requests("load", {{10.055, success}});
  EXPECT_EQ(quick.at_end().classes[0].degraded, 0u);
}

// Two more are ordered at 1 s of 10, and there from then on, though ready 500 ms later.
TEST(Gateway, ScalesLikeAnyService) {
  Trace t(scenario({"startup_time: 500ms, autoscaling: {max_replicas: 3, schedule: [{at: 1s, replicas: 3}]}",
                    "api.get", "0s, 2s"}));
  t.requests("load", {{10.055, success}, {2010.055, success}});
  const models::StationRecord& edge = t.station("edge");
  ASSERT_EQ(edge.instances.size(), 3u);
  EXPECT_NEAR(edge.instances[0].present_s, 10, 1e-9);
  EXPECT_NEAR(edge.instances[1].present_s, 9, 1e-9);
  EXPECT_NEAR(edge.instances[2].present_s, 9, 1e-9);
}

// A header goes before a share of the clients, and that before the weights.
TEST(Gateway, VersionsAreChosenInOrder) {
  const auto goes_to = [](const std::string& stable, const std::string& canary, const std::string& target) {
    SCOPED_TRACE(stable + " | " + canary);
    Trace t(scenario(
        {"",
         fmt::format("{{versions: {{stable: {{calls: api.get, {}}}, canary: {{calls: beta.get, {}}}}}}}",
                     stable, canary),
         "0ms", "7"}));
    t.reached(target, {0.04});
    t.reached(target == "api.get" ? "beta.get" : "api.get", {});
  };
  goes_to("weight: 1", "header: 100%", "beta.get");
  goes_to("clients: 100%", "header: 100%", "beta.get");
  goes_to("weight: 1", "clients: 100%", "beta.get");
  goes_to("clients: 100%", "weight: 1", "api.get");
}

// The first of a hundred clients that are in the share always go to the canary, the others never.
TEST(Gateway, ClientAlwaysMeetsTheSameVersion) {
  int inside = 0;
  for (int key = 1; key <= 12; ++key) {
    SCOPED_TRACE(key);
    const bool canary = models::client_place(static_cast<std::uint64_t>(key)) < 0.3;
    inside += canary ? 1 : 0;
    Trace t(scenario(
        {"", "{versions: {stable: {calls: api.get, weight: 1}, canary: {calls: beta.get, clients: 30%}}}",
         "0ms, 100ms, 200ms", std::to_string(key)}));
    t.reached(canary ? "beta.get" : "api.get", {0.04, 100.04, 200.04});
  }
  EXPECT_GT(inside, 0);
  EXPECT_LT(inside, 12);
}

}  // namespace
}  // namespace tailrace::tests
