#include "models/compile/wires.hpp"

#include "models/policies/transport/transport.hpp"

namespace tailrace::models {

namespace {

// Handshakes that balancers of layer 4 let through, one after the other perhaps, are work behind the last.
void hand_on(const Topology& t, std::vector<bool>& reached) {
  const auto component_of = [&](const Edge& e) {
    return static_cast<std::size_t>(t.operations[static_cast<std::size_t>(e.operation)].component);
  };
  std::vector<bool> balances(t.components.size()), handshakes(t.components.size());
  for (const Edge& e : t.edges) {
    if (e.passes_connections_on) balances[static_cast<std::size_t>(e.from_component)] = true;
    const TransportModel* transport = transport_of(e.admissions);
    if (transport != nullptr && transport->settings().hands_on && transport->settings().secured)
      handshakes[component_of(e)] = true;
  }
  for (bool more = true; more;) {
    more = false;
    for (const Edge& e : t.edges) {
      if (!e.passes_connections_on || !handshakes[static_cast<std::size_t>(e.from_component)]) continue;
      if (!balances[component_of(e)]) {
        reached[static_cast<std::size_t>(e.operation)] = true;
      } else if (!handshakes[component_of(e)]) {
        handshakes[component_of(e)] = more = true;
      }
    }
  }
}

}  // namespace

std::vector<bool> reached_by_transport(const Topology& topology) {
  std::vector<bool> reached(topology.operations.size(), false);
  for (const Edge& e : topology.edges) {
    if (transport_of(e.admissions) != nullptr) reached[static_cast<std::size_t>(e.operation)] = true;
  }
  hand_on(topology, reached);
  return reached;
}

}  // namespace tailrace::models
