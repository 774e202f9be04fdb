#pragma once
// Kind "egress": what traffic between zones costs. Every attempt from an instance in one zone to an instance
// in another pays for its request and its answer by the GiB, at their mean sizes (1 KiB unless the call says
// otherwise). Instances without a zone, and workloads, are in none and cost nothing. The summary has the
// money, per hour of simulated time and per million requests.
#include <string>
#include <vector>

#include "models/field/field.hpp"
#include "models/kind/kind.hpp"

namespace tailrace::models {

struct EgressPriceSpec {
  Reference zones;  // "west -> east"
  double per_gib = 0;
};
struct EgressSpec {
  std::vector<EgressPriceSpec> prices;
  double between_zones = 0;
};

Kind egress_kind();

}  // namespace tailrace::models
