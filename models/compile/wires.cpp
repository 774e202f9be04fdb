#include "models/compile/wires.hpp"

#include "models/policies/transport/transport.hpp"

namespace tailrace::models {

std::vector<bool> reached_by_transport(const Topology& topology) {
  std::vector<bool> reached(topology.operations.size(), false);
  for (const Edge& e : topology.edges) {
    if (transport_of(e.admissions) != nullptr) reached[static_cast<std::size_t>(e.operation)] = true;
  }
  return reached;
}

}  // namespace tailrace::models
