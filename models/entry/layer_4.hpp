#pragma once
// Calls that a balancer of layer 4 passes on (Edge::passes_connections_on): it balances connections.
#include <algorithm>

#include "models/policies/transport/transport.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

// Connections that outlive a request: without a transport every request has one of its own.
inline bool connections_last(const Topology& topology) {
  return std::any_of(topology.edges.begin(), topology.edges.end(),
                     [](const Edge& e) { return transport_of(e.admissions) != nullptr; });
}

// It forwards the packets of a message and does not read it; of connections it sees that they are set up.
void leave_messages_unread(Topology& topology, Diagnostics& diagnostics);

}  // namespace tailrace::models
