#include "models/entry/front.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tailrace::models {

namespace {

void lay_out(const FrontSpec& spec, Mark mark, Station& station, TopologyBuilder& b) {
  station.groups.push_back({spec.replicas.value_or(1), 1, 1, 0, {}});
  station.startup = spec.startup_time.value;
  station.grace = spec.grace_period;
  if (spec.autoscaling) {
    apply_autoscaling(*spec.autoscaling, spec.replicas, station, mark, b.path + ".autoscaling",
                      b.diagnostics);
    station.groups.front().count = std::max(station.scaling->most, station.scaling->initial);
    station.shared_queue = station.scaling->least == 0 || station.scaling->idle_timeout.has_value();
  }
  station.instances = station.groups.front().count;
  station.min_available = spec.min_available;
  if (station.min_available > station.instances) {
    b.diagnostics.error(
        mark, b.path + ".min_available",
        fmt::format("{} of {} instances can never be up", station.min_available, station.instances));
  }
}

// As services have, but for disciplines that need a worker who can be interrupted or a known job.
FieldTable backlog_fields() {
  return Fields<QueueSpec>("backlog", "Where requests wait for a connection or a thread.")
      .add("capacity", &QueueSpec::capacity,
           "places per instance; a full queue rejects at once; 0 never waits")
      .choice("discipline", &QueueSpec::discipline, {"fifo", "lifo", "priority"},
              "who is next; priority classes come from the workload")
      .add("timeout", &QueueSpec::timeout, "a request that has waited this long leaves unserved")
      .add("drop_expired", &QueueSpec::drop_expired,
           "a request whose deadline is over when its turn comes is not served")
      .shorthand("capacity")
      .table();
}

PolicySet at_the_door(const FrontSpec& spec, const PolicySet& door, TopologyBuilder& b) {
  for (const WrittenPolicy& own : door) {
    const auto twice = std::find_if(spec.inbound.begin(), spec.inbound.end(),
                                    [&](const WrittenPolicy& other) { return other.info == own.info; });
    if (twice == spec.inbound.end()) continue;
    b.diagnostics.error(twice->mark, twice->path, fmt::format("{} is written twice", own.info->name),
                        "here or at the gateway itself: they are one door");
  }
  return merge_policies(merge_policies(door, spec.inbound), b.default_inbound);
}

}  // namespace

FieldTable front_fields() {
  FieldTable table =
      Fields<FrontSpec>("front", "What stands between clients and services.")
          .add("replicas", &FrontSpec::replicas,
               "like instances; default 1; with autoscaling: at the start, default min_replicas",
               between(1, 1e6))
          .add("min_available", &FrontSpec::min_available,
               "instances that must be up for it to count as available", between(1, 1e6))
          .section("autoscaling", &FrontSpec::autoscaling, autoscaling_fields(),
                   "the number of instances changes with the load")
          .add("startup_time", &FrontSpec::startup_time, "of an instance that is added, until it is ready")
          .add("grace_period", &FrontSpec::grace_period,
               "for an instance that is taken away to finish its work; the rest is cut off")
          .add("cpus", &FrontSpec::cpus,
               "cores per instance, each with an event loop that does one piece of work at a time; a "
               "fraction is a limit that shares the core",
               between(1e-6, 1e6))
          .add("max_connections", &FrontSpec::max_connections,
               "requests that an instance holds at a time, each on a connection of its own; further ones "
               "queue",
               at_least(1))
          .add("workers", &FrontSpec::workers,
               "threads of an instance, each held by one request until its reply; default: event loops",
               between(1, 1e9))
          .section("queue", &FrontSpec::queue, backlog_fields(),
                   "where requests wait for a connection or a thread: the backlog")
          .section("inbound", &FrontSpec::inbound,
                   policy_set_fields(PolicyPlace::inbound, "inbound", "Policies at a service's door."),
                   "policies for the requests that arrive, before they cost anything")
          .section("outbound", &FrontSpec::outbound,
                   policy_set_fields(PolicyPlace::call, "outbound",
                                     "Policies of every call that a service makes."),
                   "policies of all calls that it makes, where a route does not say otherwise")
          .table();
  add_policy_fields(table, PolicyPlace::target,
                    [](void* spec) -> PolicySet& { return static_cast<FrontSpec*>(spec)->target; });
  add_label_fields(table, true,
                   [](void* spec) -> LabelsSpec& { return static_cast<FrontSpec*>(spec)->labels; });
  return table;
}

int add_front(const FrontSpec& spec, const PolicySet& door, TopologyBuilder& b) {
  const Component& self = b.topology.components[static_cast<std::size_t>(b.component)];
  const Mark mark = self.mark;
  Station station;
  station.name = self.name;
  station.component = b.component;
  station.workers = spec.workers.value_or(spec.max_connections.value);
  station.cpus = spec.cpus;
  const bool whole = spec.cpus == static_cast<double>(static_cast<std::int64_t>(spec.cpus));
  station.cpu_scheduling =
      whole && !spec.workers ? CpuScheduling::per_core : CpuScheduling::processor_sharing;
  if (spec.workers && !spec.max_connections.unlimited()) {
    b.diagnostics.error(mark, b.path + ".max_connections",
                        "a thread serves one connection, so the threads are the limit",
                        "workers or max_connections");
  }
  lay_out(spec, mark, station, b);
  apply_queue(spec.queue, station, mark, b.path, b.diagnostics);
  if (station.workers == kUnlimited && (station.queue_capacity != kUnlimited || station.patience)) {
    b.diagnostics.warning(mark, b.path + ".queue", "nobody waits: the connections are unlimited",
                          "max_connections: 512");
  }
  const PolicyTarget at_station{nullptr, &station, mark, b.path, nullptr, b.diagnostics};
  apply_policies(merge_policies(spec.target, b.default_target), at_station);
  apply_policies(at_the_door(spec, door, b), at_station);
  check_scaling(station, mark, b.path, b.diagnostics);
  if (station.balancer.health && !station.balancer.health->operation_name.empty()) {
    b.diagnostics.error(mark, b.path + ".health_check.operation",
                        "balancers, proxies and gateways have shallow health checks only",
                        "leave the operation out");
  }
  note_labels(spec.labels, b.component, b);
  b.station = b.add_station(std::move(station));
  b.outbound = merge_policies(spec.outbound, b.default_outbound);
  return b.station;
}

}  // namespace tailrace::models
