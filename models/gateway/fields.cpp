// The gateway's field tables, and where its defaults come from:
//
//   request_cost, response_cost  Apache APISIX's makers state 18,000 requests/s on one core: 55 us both ways,
//                                of which the request is taken as three quarters
//   jwt                          RS256, verified 12,303 times a second by .NET on a desktop: 81 us
//   rbac                         Casbin's own benchmark: 22 us with 5 rules, 164 us with 1100
//   api_key                      a hash and a look-up in a table: a plausible figure, not a measured one
//   tls.handshake                NGINX, ECDHE with RSA-2048: 350 full handshakes/s on one core (its makers,
//                                2014)
//   tls.resumed_handshake        OpenSSL, TLS 1.3 tickets: 4861 resumptions/s on one core (jbp.io, 2019)
//   tls.record                   NGINX on one core, requests/s over HTTP and HTTPS: 1 KB 74,091 and 40,207,
//                                100 KB 33,125 and 4,830: 11 us for the first KB, then 1.7 us for each
#include "models/field/append_fields.hpp"
#include "models/gateway/gateway.hpp"

namespace tailrace::models {

namespace {

template <class Spec>
FieldTable check_fields(const char* name, const char* about, const char* calls, bool required) {
  Fields<Spec> fields(name, about);
  fields
      .add("cost", static_cast<TimeDistribution Spec::*>(&GatewayCheckSpec::cost),
           "work at the gateway, for each request")
      .add("calls", static_cast<std::optional<Reference> Spec::*>(&GatewayCheckSpec::calls), calls);
  if (required) fields.required();
  fields
      .add("cache", static_cast<std::optional<Reference> Spec::*>(&GatewayCheckSpec::cache),
           "a cache of the answers, by the cache's keys or else the request's own; only misses call")
      .choice("on_failure", static_cast<OnNoAnswer Spec::*>(&GatewayCheckSpec::on_failure), {"deny", "allow"},
              "when the call fails for good: deny lets the request fail with it (fail closed), allow lets it "
              "pass unchecked (fail open)")
      .shorthand(required ? "calls" : "cost");
  FieldTable table = fields.table();
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<Spec*>(spec)->policies; });
  return table;
}

FieldTable authentication_fields() {
  using S = AuthenticationSpec;
  return Fields<S>("authentication", "Who is it? One of jwt, introspection, api_key.")
      .section("jwt", &S::jwt,
               check_fields<JwtSpec>("jwt", "A signed token, verified at the gateway.",
                                     "fetches the issuer's signing keys; default: they are at hand", false),
               "the token is verified by its signature, here")
      .section("introspection", &S::introspection,
               check_fields<GatewayCheckSpec>("introspection",
                                              "An opaque token: the authorization server is asked.",
                                              "the authorization server's operation", true),
               "the authorization server is asked about each token")
      .section("api_key", &S::api_key,
               check_fields<ApiKeySpec>("api_key", "A key that is looked up.",
                                        "the look-up in a store; default: a table at the gateway", false),
               "the key is looked up")
      .add("invalid", &S::invalid, "share of the requests whose credentials are bad: refused after the check")
      .table();
}

FieldTable authorization_fields() {
  using S = AuthorizationSpec;
  return Fields<S>("authorization", "May they do this? rbac, abac, or one after the other.")
      .section("rbac", &S::rbac,
               check_fields<RbacSpec>("rbac", "Roles, looked up at the gateway.",
                                      "fetches the roles; default: they are at hand", false),
               "by role, here")
      .section("abac", &S::abac,
               check_fields<GatewayCheckSpec>("abac", "Attributes, judged by a policy engine.",
                                              "the policy engine's operation", true),
               "a policy engine decides; a cache of its decisions keeps what it said before a change")
      .add("denied", &S::denied, "share of the requests that may not: refused after the checks")
      .table();
}

FieldTable tls_fields() {
  using S = TlsTerminationSpec;
  return Fields<S>("tls", "What ending TLS costs the gateway's cores.")
      .add("requests_per_connection", &S::requests_per_connection,
           "on average, so that 1 of so many requests brings a handshake", between(1, 1e9))
      .add("handshake", &S::handshake, "work of a full one")
      .add("resumed_handshake", &S::resumed_handshake, "work of one that resumes a session")
      .add("resumption", &S::resumption, "share of the handshakes that resume a session")
      .section("record", &S::record,
               message_cost_fields("record", "Work of one message; default {time: 10us, per_kib: 1.741us}."),
               "decrypting a request, and encrypting a response; default {time: 10us, per_kib: 1.741us}")
      .table();
}

FieldTable part_fields() {
  using S = AggregatePartSpec;
  FieldTable table =
      Fields<S>("part", "One of the calls whose answers are put together.")
          .add("calls", &S::calls, "component.operation")
          .required()
          .add("count", &S::count, "so many like calls, such as one to each of many providers",
               between(1, 10'000))
          .add("optional", &S::optional,
               "when it fails the answer goes out without it, and counts as degraded; otherwise all fails")
          .add("request_size", &S::request_size, "bytes on the way there, for links with bandwidth")
          .add("response_size", &S::response_size, "bytes on the way back")
          .shorthand("calls")
          .table();
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<S*>(spec)->policies; });
  return table;
}

FieldTable gateway_route_fields() {
  using S = GatewayRouteSpec;
  FieldTable table =
      Fields<S>("route", "Where requests of one name go, and which functions they meet.")
          .list_of("aggregate", &S::aggregate, part_fields(),
                   "in place of calls: several calls at once, whose answers are put together")
          .add("merge", &S::merge, "work of putting an aggregate's answers together")
          .add("response_cache", &S::response_cache,
               "a cache of whole responses, by the cache's keys or else the request's own")
          .add("authentication", &S::authentication, "false: anybody may come")
          .add("authorization", &S::authorization, "false: anybody may do it")
          .add("transformation", &S::transformation, "false: requests and responses stay as they are")
          .add("translation", &S::translation, "false: the target speaks the clients' protocol")
          .table();
  append_fields(table, entry_route_fields(),
                [](void* spec) -> void* { return &static_cast<S*>(spec)->route; });
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<S*>(spec)->route.policies; });
  table.shorthand = "calls";
  return table;
}

// The policies of a door that people look for at the gateway itself.
void add_door_fields(FieldTable& table) {
  FieldTable all;
  add_policy_fields(all, PolicyPlace::inbound,
                    [](void* spec) -> PolicySet& { return static_cast<GatewaySpec*>(spec)->door; });
  for (Field& field : all.fields) {
    if (field.name == "rate_limit" || field.name == "quota" || field.name == "allow_list")
      table.fields.push_back(std::move(field));
  }
}

}  // namespace

FieldTable gateway_fields() {
  using S = GatewaySpec;
  FieldTable table =
      Fields<S>("gateway", "")
          .section("request_cost", &S::request_cost, message_cost_fields(),
                   "reading and routing a request; default 40us")
          .section("response_cost", &S::response_cost, message_cost_fields(),
                   "passing a response back; default 15us")
          .section("tls", &S::tls, tls_fields(), "TLS ends here; default: it costs nothing")
          .section("authentication", &S::authentication, authentication_fields(), "default: anybody may come")
          .section("authorization", &S::authorization, authorization_fields(),
                   "default: anybody may do anything")
          .section("request_transformation", &S::request_transformation, message_cost_fields(),
                   "requests are rewritten (headers, bodies); default: they stay as they are")
          .section("response_transformation", &S::response_transformation, message_cost_fields(),
                   "responses are rewritten; default: they stay as they are")
          .section("protocol_translation", &S::protocol_translation, message_cost_fields(),
                   "such as JSON to protobuf, on the way there and again on the way back; default: none")
          .map_of("routes", &S::routes, gateway_route_fields(), "what clients can call, and where it goes")
          .table();
  add_door_fields(table);
  append_fields(table, front_fields(),
                [](void* spec) -> void* { return &static_cast<GatewaySpec*>(spec)->front; });
  return table;
}

}  // namespace tailrace::models
