#include "models/proxy/proxy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/entry/layer_4.hpp"
#include "models/field/append_fields.hpp"

namespace tailrace::models {

namespace {

// Work of a request and of its response, on one core. Layer 7: HAProxy 2.4 forwarded 2.08 million small HTTP
// requests per second on 64 cores (its makers' blog, 2021): 31 us for both ways, of which the request, with
// its parsing and its choice of a server, is taken as two thirds. Layer 4: Maglev spends 350 ns on a packet
// (Eisenbud et al., NSDI 2016); a small exchange is about six packets towards the server and six back.
constexpr double kLayer7RequestNs = 20'000, kLayer7ResponseNs = 11'000;
constexpr double kLayer4RequestNs = 2'000, kLayer4ResponseNs = 2'000;

// What only somebody who sees requests can do.
constexpr std::array<const char*, 5> kOfRequests = {"retries", "retry_budget", "hedge", "fallback",
                                                    "retry_pushback"};

bool of_requests(const WrittenPolicy& written) {
  return written.spec != nullptr && std::any_of(kOfRequests.begin(), kOfRequests.end(),
                                                [&](const char* name) { return written.info->name == name; });
}

void refuse_requests(const PolicySet& set, Diagnostics& diagnostics) {
  for (const WrittenPolicy& written : set) {
    if (!of_requests(written)) continue;
    diagnostics.error(
        written.mark, written.path,
        fmt::format("a balancer of layer 4 sees connections, not requests: no {}", written.info->name),
        "layer: 7");
  }
}

void declare(const void* raw, int component, TopologyBuilder& b) {
  for (const auto& route : static_cast<const ProxySpec*>(raw)->routes)
    b.declare_operation(component, route.name);
}

void check_layer_4(const ProxySpec& spec, TopologyBuilder& b) {
  refuse_requests(spec.front.outbound, b.diagnostics);
  for (const Named<EntryRouteSpec>& route : spec.routes) {
    refuse_requests(route.value.policies, b.diagnostics);
    if (route.value.versions.empty()) continue;
    b.diagnostics.error(route.mark, b.path + ".routes." + route.name + ".versions",
                        "a balancer of layer 4 cannot tell requests apart", "layer: 7");
  }
  // What is inherited from the scenario's defaults is simply not there.
  b.outbound.erase(std::remove_if(b.outbound.begin(), b.outbound.end(), of_requests), b.outbound.end());
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const ProxySpec& spec = *static_cast<const ProxySpec*>(raw);
  const Component self = b.topology.components[static_cast<std::size_t>(component)];
  const int station = add_front(spec.front, {}, b);
  const bool l7 = spec.layer == ProxyLayer::l7;
  if (!l7) check_layer_4(spec, b);
  if (l7 && spec.connection_cost.ns > 0) {
    b.diagnostics.error(self.mark, b.path + ".connection_cost",
                        "who reads requests ends connections: their cost is the callers' transport and tls",
                        "layer: 4");
  }
  if (spec.routes.empty())
    b.diagnostics.error(self.mark, b.path, "it needs at least one route", "routes: {checkout: orders.place}");
  const HopCost request = cost_or(spec.request_cost, l7 ? kLayer7RequestNs : kLayer4RequestNs);
  const HopCost response = cost_or(spec.response_cost, l7 ? kLayer7ResponseNs : kLayer4ResponseNs);
  const std::string outer = b.path;
  for (const Named<EntryRouteSpec>& route : spec.routes) {
    b.path = outer + ".routes." + route.name;
    if (!check_entry_route(route.value, route.mark, b) ||
        !check_message_size(spec.request_cost, route.value.request_size, "request_size", route.mark, b.path,
                            b.diagnostics) ||
        !check_message_size(spec.response_cost, route.value.response_size, "response_size", route.mark,
                            b.path, b.diagnostics))
      continue;
    Steps steps;
    HopWork work;
    work.add(request, route.value.request_size);
    work.flush(steps);
    const std::size_t first_edge = b.topology.edges.size();
    expand_entry_route(route.value, b, steps);
    for (std::size_t e = first_edge; !l7 && e < b.topology.edges.size(); ++e)
      b.topology.edges[e].passes_connections_on = true,
      b.topology.edges[e].connection_cost = spec.connection_cost;
    work.add(response, route.value.response_size);
    work.flush(steps);
    Operation& operation =
        b.topology.operations[static_cast<std::size_t>(b.find_operation(self.name + "." + route.name))];
    operation.station = station;
    operation.steps = std::move(steps);
  }
  b.path = outer;
}

FieldTable proxy_route_fields() {
  FieldTable table = entry_route_fields();
  table.shorthand = "calls";
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<EntryRouteSpec*>(spec)->policies; });
  return table;
}

}  // namespace

Kind proxy_kind() {
  Kind kind;
  kind.name = "proxy";
  kind.section = "proxies";
  kind.about =
      "A load balancer, reverse proxy or ingress: passes requests on, at a cost, with limits of its own.";
  kind.example = "{ingress: {replicas: 2, routes: {get: cart.get}}}";
  kind.fields =
      Fields<ProxySpec>("proxy", kind.about)
          .choice("layer", &ProxySpec::layer, {"4", "7"},
                  "4 forwards packets and knows connections; 7 reads requests and responses")
          .section("request_cost", &ProxySpec::request_cost, message_cost_fields(),
                   "work of passing a request on; default 20us at layer 7, 2us at layer 4")
          .section("response_cost", &ProxySpec::response_cost, message_cost_fields(),
                   "work of passing its response back; default 11us at layer 7, 2us at layer 4")
          .add("connection_cost", &ProxySpec::connection_cost,
               "layer 4: work of each new connection of a caller with a transport: choosing where it "
               "leads, an entry in the table")
          .map_of("routes", &ProxySpec::routes, proxy_route_fields(),
                  "what others can call, and where it goes")
          .table();
  append_fields(kind.fields, front_fields(),
                [](void* spec) -> void* { return &static_cast<ProxySpec*>(spec)->front; });
  kind.make = make_spec<ProxySpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
