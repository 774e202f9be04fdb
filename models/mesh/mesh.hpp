#pragma once
// A service mesh: sidecars on both ends of the calls between its members, configured from one place.
//
// A call from member to member becomes two: from the caller to its own sidecar, with the application's
// policies, and from there to the target, with the mesh's. So what both do multiplies, as it does in life.
// The caller's sidecar is a station with as many instances as its service, each used by its own instance
// only; the target's stands at its door (sidecar.hpp).
//
// Left out: ingress and egress gateways of the mesh.
#include <optional>
#include <string>
#include <vector>

#include "models/kind/kind.hpp"
#include "models/mesh/sidecar_memory.hpp"
#include "models/policies/certificate/certificate.hpp"
#include "models/policies/transport/settings.hpp"

namespace tailrace::models {

// Istio 1.16.2's own benchmark (1000 requests/s, 1 KB, 16 connections): 0.35 vCPU per 1000 requests/s of one
// proxy, so 350 us a request, half for each of its two messages. The two proxies of a call add 1.7 ms to its
// 90th percentile: what is not their work is spread over their four messages.
struct SidecarSpec {
  sim::Duration cpu_per_message{175'000};
  sim::Duration latency{250'000};
  Count concurrency = 2;  // threads
  SidecarMemorySpec memory;
};
struct SplitSpec {
  std::string to;
  double weight = 1;
};
struct MirrorSpec {
  std::string to;
  Fraction share{1};
};
struct RouteSpec {
  std::vector<SplitSpec> split;
  std::optional<MirrorSpec> mirror;
  PolicySet outbound;
};
struct MeshChangeSpec {
  sim::Duration at{0};
  PolicySet outbound;
  std::vector<Named<RouteSpec>> routes;
};
struct MeshSpec {
  std::vector<std::pair<std::string, Mark>> members;  // none: all services
  SidecarSpec sidecar;
  bool mtls = true;
  TlsSpec tls;
  PolicySet outbound, target;
  std::vector<Named<RouteSpec>> routes;
  std::vector<MeshChangeSpec> changes;
  std::optional<CertificateSpec> certificates;
  TimeDistribution push_delay{sim::Distribution::constant(100'000'000)};
};

inline constexpr std::size_t kMostMeshChanges = 100;

void expand_mesh(const MeshSpec& spec, int component, TopologyBuilder& b);
Kind mesh_kind();

}  // namespace tailrace::models
