#pragma once
// The station of whatever stands between clients and services: a balancer, a proxy, a gateway. An event loop
// (the default) holds any number of connections, at most `max_connections` of them with a request inside, and
// its cores work on one piece of one request at a time, whole; with `workers` a thread belongs to a request
// from its arrival to its reply. A request that finds no connection (thread) waits in the queue, as in the
// backlog of a listening socket, and is refused when that is full.
//
// Left out: connections without a request, which hold memory and nothing else here; the connection to the
// target, which is the pool of the calls (`connection_pool`).
#include <optional>

#include "models/autoscaling/autoscaling.hpp"
#include "models/kind/builder.hpp"
#include "models/kind/labels.hpp"
#include "models/policy/policy.hpp"
#include "models/station/queue.hpp"

namespace tailrace::models {

struct FrontSpec {
  std::optional<Count> replicas;
  Count min_available = 1;
  std::optional<AutoscalingSpec> autoscaling;
  TimeDistribution startup_time{sim::Distribution::constant(0)};
  sim::Duration grace_period{30'000'000'000};
  double cpus = 1;
  Limit max_connections;
  std::optional<Count> workers;
  QueueSpec queue;
  LabelsSpec labels;
  PolicySet target;    // how callers reach the instances
  PolicySet inbound;   // at its door
  PolicySet outbound;  // of the calls it makes
};

FieldTable front_fields();
// Adds the station and makes it the one whose steps are expanded next, with its outbound policies. `door`
// holds policies of the door that the kind reads at a place of its own.
int add_front(const FrontSpec& spec, const PolicySet& door, TopologyBuilder& b);

}  // namespace tailrace::models
