#pragma once
// Kind "vpcs": virtual private networks, who is in which, and the routes between them. Inside a VPC everybody
// reaches everybody. Between two there is a way only where a route says so, and it is not transitive: who
// peers with a neighbour does not reach the neighbour's neighbours. A route adds its latency to each message,
// on top of the network's own, and a price to each GiB either way; the summary has the sum beside that of
// zones.
//
// Components that are in no VPC (workloads, usually) are outside: they reach all, as over the internet. A
// call without a route is an error of the scenario or, with `unrouted: refuse`, is refused at once (outcome
// network). Cost: nothing per call but a policy that is never asked. Left out: bandwidth of a gateway (a
// link's), routes that fail over (faults on the network do that), addresses that overlap.
#include <memory>
#include <string>
#include <vector>

#include "models/field/field.hpp"
#include "models/kind/kind.hpp"
#include "models/policy/seams.hpp"

namespace tailrace::models {

enum class VpcRouteBy : std::uint8_t {
  peering,     // of two, either way
  transit,     // any two of those attached to it
  privatelink  // from the first to named services of the second; calls go one way only
};
enum class Unrouted : std::uint8_t { error, refuse };

struct VpcName {
  std::string text;
  Mark mark;
};
struct VpcNetworkSpec {
  std::vector<VpcName> members;
};
struct VpcRouteSpec {
  VpcRouteBy by = VpcRouteBy::peering;
  std::vector<VpcName> between, services;
  TimeDistribution latency;
  double per_gib = 0;
};
struct VpcSpec {
  std::vector<Named<VpcNetworkSpec>> networks;
  std::vector<VpcRouteSpec> routes;
  Unrouted unrouted = Unrouted::error;
};

// On each call that leaves its VPC: which way it takes. The report reads the prices here.
class VpcPassage final : public AdmissionModel {
 public:
  std::string from, to, by;
  double per_gib = 0;
  bool refused = false;
  std::unique_ptr<AdmissionPolicy> start() const override;
};
const VpcPassage* vpc_passage_of(const std::vector<AdmissionUse>& admissions);

Kind vpc_kind();

}  // namespace tailrace::models
