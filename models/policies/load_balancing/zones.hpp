#pragma once
// Zone-aware routing, as Envoy computes it. The aim is that every instance gets the same number of requests
// and as few of them as possible leave their zone. With l and u the local zone's shares of the callers and of
// the instances:
//
//   u >= l   all requests stay
//   u <  l   u / l of them stay; the others go to the zones that have more instances than their callers need,
//            in proportion to what is left there: max(0, u_z - l_z)
//
// Shares are fractions of whole counts, compared exactly.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/topology/topology.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {

// Zones are numbered in the order in which the groups name them. -1: none of the instances is there.
int zone_number(const std::vector<InstanceGroup>& groups, const std::string& zone);
int zone_count(const std::vector<InstanceGroup>& groups);

struct ZoneShares {
  bool on = false;                   // otherwise zones are not looked at
  std::uint64_t local = 0, of = 1;   // the part that stays, as a fraction
  std::vector<std::uint64_t> spill;  // running sums over the zones of what is left there

  // `callers` may have more entries than `instances`: callers in zones without instances.
  void compute(std::span<const std::int64_t> callers, std::span<const std::int64_t> instances, int zone);
  int choose(int zone, sim::Stream& random) const;
};

}  // namespace tailrace::models
