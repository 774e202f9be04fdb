#pragma once
// Blast radius: what somebody who has taken over one component can reach from it, hop by hop, over the
// connections that segmentation leaves open; beside it, what the component reaches by the calls that it is
// written to make, which is the least that any rules must leave open. Workloads and other components without
// instances are no stepping stones. Boost.Graph; O(components x connections).
#include <string>
#include <vector>

#include "models/topology/topology.hpp"

namespace tailrace::analysis {

struct ReachOf {
  int component = 0;
  int direct = 0;              // components that it may open a connection to
  std::vector<int> reachable;  // over any number of hops, ascending; itself left out
  std::vector<int> called;     // the same by its calls
};
struct ReachReport {
  int components = 0;                       // that can be taken over
  std::vector<ReachOf> from;                // in the order of the components
  double mean_reach = 0;                    // of `reachable`
  std::vector<std::pair<int, int>> unused;  // connections that rules allow by name, and no call needs
};

ReachReport reach_of(const models::Topology& topology);

}  // namespace tailrace::analysis
