#pragma once
// The instances of a target as one caller sees them, and its choice among them: everything that
// BalancerSettings says, in this order.
//
//   subset     the caller knows subset_size of the instances; what follows is about those
//   available  healthy and not ejected; fewer than panic_threshold of them: all are (panic)
//   zone       the caller's zone or the one to spill to (zones.hpp); in panic, below zone_minimum and for
//              callers outside the instances' zones: anywhere
//   sticky     where the key went before, if that is available
//   picker     by policy (load_balancing.hpp); least_request over instances of different weights takes turns
//              by weight / (own calls there + 1)^active_request_bias (edf_schedule.hpp), as Envoy does
//
// Never an instance that the call has tried if another is available, in its zone or else anywhere. The load
// of an instance is the number of the caller's own calls there. An instance that has come back within
// slow_start is taken with probability max(10 %, time since / slow_start) where it comes up, so that its
// share grows; where turns are taken, its weight grows instead.
//
// Candidate lists are made anew when an instance comes or goes, O(instances); a choice between two costs a
// few tens of nanoseconds for any number of them. Choosing O(n): choice_count 0.
#include <memory>
#include <span>
#include <vector>

#include "models/policy/seams.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

// Does a caller need a memory for this? Otherwise the functions of load_balancing.hpp are enough.
bool needs_balancer(const BalancerSettings& settings, std::span<const InstanceGroup> groups = {});
bool needs_balancer(const Station& station);  // by its settings, or as its instances come and go

// Instances are numbered through the groups, zones in the order in which the groups name them
// (zone_number()). `callers` is how many instances of the caller each zone has, with further entries for
// zones that have none of the target's; empty: as many everywhere.
std::shared_ptr<const BalancerModel> make_balancer(const BalancerSettings& settings,
                                                   const std::vector<InstanceGroup>& groups,
                                                   std::span<const std::int64_t> callers = {});

}  // namespace tailrace::models
