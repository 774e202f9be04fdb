#pragma once
// Kind "proxy": what passes requests on and does nothing else: a load balancer, a reverse proxy, an ingress.
// One kind, because they differ in what they know and cost, not in what they are:
//
//   layer 4  forwards packets: a few per request, no look into them. It knows connections, not requests, so
//            it cannot repeat, divide or replace them, and sends every operation of a route one way. A new
//            connection costs it an entry in its table; handshakes of TLS go through it to its target
//   layer 7  reads each request and response: dearer, but with the whole set of policies of calls
//
// Each route is an operation: a piece of work, the call, a piece of work. Its failures are those of any
// service (faults name it), its connections are limited, its cores can be busy.
//
// Messages pass whole, as with buffering on both sides; what streams through is left out.
#include "models/entry/front.hpp"
#include "models/entry/route.hpp"
#include "models/entry/work.hpp"
#include "models/kind/kind.hpp"

namespace tailrace::models {

enum class ProxyLayer : std::uint8_t { l4, l7 };

struct ProxySpec {
  FrontSpec front;
  ProxyLayer layer = ProxyLayer::l7;
  std::optional<HopCost> request_cost, response_cost;  // none: the layer's
  sim::Duration connection_cost{0};                    // layer 4
  std::vector<Named<EntryRouteSpec>> routes;
};

Kind proxy_kind();

}  // namespace tailrace::models
