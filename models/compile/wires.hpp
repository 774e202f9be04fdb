#pragma once
// Work that crossing a network takes of a caller and of a server (models/policies/transport), as compute
// steps around the call and around the operation. How long each takes is known when it begins, by the size of
// its message, so these steps have no draw: `flags` has kWireWork, `count` says which of the four it is,
// `first` is the call's edge.
#include <cstdint>
#include <vector>

#include "models/topology/topology.hpp"

namespace tailrace::models {

inline constexpr std::uint8_t kWireWork = 2;  // Step16::flags of compute, beside 1
enum class WireWork : std::uint16_t { send_request, read_answer, read_request, send_answer };

// Op::branch, flags: the way is the number of the configuration that the sidecar has (models/mesh).
inline constexpr std::uint8_t kByVersion = 1;
inline constexpr int kVersionBranch = -2;  // Step::ref of such a branch; an effect has 0 or more

// Per operation: is it reached over a transport, or by handshakes that a balancer of layer 4 hands on?
std::vector<bool> reached_by_transport(const Topology& topology);

}  // namespace tailrace::models
