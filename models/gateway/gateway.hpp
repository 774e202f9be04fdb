#pragma once
// Kind "gateway": an API gateway. A request meets its functions in this order; each is a section of its own
// and costs nothing where it is not written:
//
//   the door           allow list, quota, rate limit: no work at all
//   request_cost       reading and routing
//   tls                records, and a handshake on a new connection
//   authentication     jwt | introspection | api_key; then `invalid` of the requests are refused
//   authorization      rbac and abac; then `denied` of the requests are refused
//   response_cache     of a route: hits end here
//   the request        transformed, translated
//   the route          one target, one of several versions, or an aggregate of several answers
//   the response       translated, transformed, encrypted, passed back
//
// Refusals are Outcome::rejected. A request that fails costs what it has met so far; its error message goes
// back for nothing. Everything here becomes work, calls, branches and cache look-ups: the runtime knows no
// gateway.
#include "models/entry/front.hpp"
#include "models/entry/route.hpp"
#include "models/entry/work.hpp"
#include "models/kind/kind.hpp"

namespace tailrace::models {

enum class OnNoAnswer : std::uint8_t { deny, allow };

// A check of each request: work here, and perhaps a call, whose answers may be cached.
struct GatewayCheckSpec {
  TimeDistribution cost{sim::Distribution::constant(0)};
  std::optional<Reference> calls;
  std::optional<Reference> cache;
  OnNoAnswer on_failure = OnNoAnswer::deny;
  PolicySet policies;
};
struct JwtSpec : GatewayCheckSpec {
  JwtSpec() { cost = {sim::Distribution::constant(80'000)}; }
};
struct ApiKeySpec : GatewayCheckSpec {
  ApiKeySpec() { cost = {sim::Distribution::constant(5'000)}; }
};
struct RbacSpec : GatewayCheckSpec {
  RbacSpec() { cost = {sim::Distribution::constant(20'000)}; }
};

struct AuthenticationSpec {
  std::optional<JwtSpec> jwt;
  std::optional<GatewayCheckSpec> introspection;
  std::optional<ApiKeySpec> api_key;
  Fraction invalid;
};
struct AuthorizationSpec {
  std::optional<RbacSpec> rbac;
  std::optional<GatewayCheckSpec> abac;
  Fraction denied;
};

struct TlsTerminationSpec {
  Count requests_per_connection = 100;
  TimeDistribution handshake{sim::Distribution::constant(2'900'000)};
  TimeDistribution resumed_handshake{sim::Distribution::constant(200'000)};
  Fraction resumption;
  std::optional<HopCost> record;  // none: 10 us, and 1.741 us per KiB
};

struct AggregatePartSpec {
  Reference calls;
  Count count = 1;
  bool optional = false;
  std::optional<SizeDistribution> request_size, response_size;
  PolicySet policies;
};

struct GatewayRouteSpec {
  EntryRouteSpec route;
  std::vector<AggregatePartSpec> aggregate;
  TimeDistribution merge{sim::Distribution::constant(0)};
  std::optional<Reference> response_cache;
  bool authentication = true, authorization = true, transformation = true, translation = true;
};

struct GatewaySpec {
  FrontSpec front;
  PolicySet door;
  std::optional<HopCost> request_cost, response_cost;  // none: 40 us and 15 us
  std::optional<TlsTerminationSpec> tls;
  std::optional<AuthenticationSpec> authentication;
  std::optional<AuthorizationSpec> authorization;
  std::optional<HopCost> request_transformation, response_transformation, protocol_translation;
  std::vector<Named<GatewayRouteSpec>> routes;
};

FieldTable gateway_fields();  // models/gateway/fields.cpp
Kind gateway_kind();

}  // namespace tailrace::models
