#pragma once
// Calls that a balancer of layer 4 passes on: it balances connections, so whatever comes over one of its
// callers' connections goes to one instance. Such a call can never be repeated, and says so in its back-off.
#include <algorithm>

#include "models/policies/transport/transport.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

inline void pass_connections_on(Edge& edge) {
  edge.backoff.base = sim::Duration{-1};
}
inline bool passes_connections_on(const Edge& edge) {
  return edge.backoff.base.ns < 0;
}
// Connections that outlive a request: without a transport every request has one of its own.
inline bool connections_last(const Topology& topology) {
  return std::any_of(topology.edges.begin(), topology.edges.end(),
                     [](const Edge& e) { return transport_of(e.admissions) != nullptr; });
}

// It forwards the packets of a message and does not read it.
void leave_messages_unread(Topology& topology);

}  // namespace tailrace::models
