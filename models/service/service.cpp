#include "models/service/service.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tailrace::models {

namespace {

FieldTable endpoint_fields() {
  return Fields<EndpointSpec>("endpoint", "What a request to this endpoint does.")
      .custom(
          "steps", FieldType::steps,
          [](const Node& n, EndpointSpec& s, ReadContext& c) { read_steps(n, s.steps, c); },
          "the steps, in order")
      .add("error_rate", &EndpointSpec::error_rate, "requests that end in an error after their work")
      .list_of("telemetry", &EndpointSpec::telemetry, telemetry_fields(),
               "what is written down of each request, on top of the service's")
      .custom(
          "port", FieldType::text,
          [](const Node& n, EndpointSpec& s, ReadContext& c) { read_port(n, s.port, c); },
          "at which it listens, where that is not the service's")
      .shorthand("steps")
      .table();
}

FieldTable instance_fields() {
  return Fields<InstanceSpec>("instance", "A group of like instances.")
      .add("count", &InstanceSpec::count, "how many", between(1, 1e6))
      .add("weight", &InstanceSpec::weight,
           "share of the calls under load_balancer: weighted or least_request", between(0, 1e9))
      .add("error_rate", &InstanceSpec::error_rate,
           "of what these instances answer, on top of the endpoint's")
      .add("zone", &InstanceSpec::zone, "where they are, for zone-aware balancing")
      .add("speed", &InstanceSpec::speed, "work takes 1/speed of its time here", between(1e-6, 1e6))
      .table();
}

void declare(const void* raw, int component, TopologyBuilder& b) {
  const ServiceSpec& spec = *static_cast<const ServiceSpec*>(raw);
  for (const Named<EndpointSpec>& e : spec.endpoints) b.declare_operation(component, e.name);
}

// A deep health check calls an endpoint of the service.
void add_probe(const Component& self, int station_id, TopologyBuilder& b) {
  Station& station = b.topology.stations[static_cast<std::size_t>(station_id)];
  if (!station.balancer.health || station.balancer.health->operation_name.empty()) return;
  HealthCheckSettings& health = *station.balancer.health;
  const std::string path = b.path + ".health_check.operation";
  health.operation = b.find_operation(self.name + "." + health.operation_name);
  if (health.operation == kNone) {
    std::vector<std::string_view> known;
    const std::string prefix = self.name + ".";
    for (auto op = b.operation_ids.lower_bound(prefix);
         op != b.operation_ids.end() && op->first.starts_with(prefix); ++op)
      known.push_back(std::string_view(op->first).substr(prefix.size()));
    const std::string near = nearest_word(health.operation_name, known);
    b.diagnostics.error(
        self.mark, path,
        fmt::format("\"{}\" has no endpoint \"{}\"", escaped(self.name), escaped(health.operation_name)),
        near.empty() ? "" : fmt::format("did you mean {}?", escaped(near)));
    return;
  }
  Edge edge;
  edge.from_component = b.component;
  edge.operation = health.operation;
  edge.path = b.path + ".health_check";
  edge.mark = self.mark;
  edge.timeout = health.timeout;
  edge.probe = true;
  health.edge = static_cast<int>(b.topology.edges.size());
  b.topology.edges.push_back(std::move(edge));
}

// As many instances are laid out as there can ever be.
void scale(const ServiceSpec& spec, const Component& self, Station& station, TopologyBuilder& b) {
  apply_autoscaling(*spec.autoscaling, spec.replicas, station, self.mark, b.path + ".autoscaling",
                    b.diagnostics);
  if (!spec.instances.empty()) {
    b.diagnostics.error(self.mark, b.path + ".instances", "instances that come and go are all alike",
                        "replicas: 2");
    return;
  }
  station.groups.front().count = std::max(station.scaling->most, station.scaling->initial);
}

// Its instances: how many, which, and what happens when one comes or goes.
void lay_out(const ServiceSpec& spec, const Component& self, Station& station, TopologyBuilder& b) {
  if (spec.replicas && !spec.instances.empty()) {
    b.diagnostics.error(self.mark, b.path, "both replicas and instances are given",
                        "instances lists every replica");
  }
  for (const InstanceSpec& i : spec.instances)
    station.groups.push_back({i.count, i.weight, i.speed, i.error_rate.value, i.zone});
  if (spec.instances.empty()) station.groups.push_back({spec.replicas.value_or(1), 1, 1, 0, {}});
  station.startup = spec.startup_time.value;
  station.grace = spec.grace_period;
  station.workers = spec.workers.value;
  station.cpus = spec.cpus;
  if (spec.autoscaling) scale(spec, self, station, b);
  station.shared_queue = spec.shared_queue || (station.scaling && station.scaling->least == 0) ||
                         (station.scaling && station.scaling->idle_timeout);
  station.instances = 0;
  for (const InstanceGroup& g : station.groups) station.instances += g.count;
  station.min_available = spec.min_available;
  if (station.min_available > station.instances) {
    b.diagnostics.error(
        self.mark, b.path + ".min_available",
        fmt::format("{} of {} instances can never be up", station.min_available, station.instances));
  }
}

int add_station(const ServiceSpec& spec, const Component& self, TopologyBuilder& b) {
  Station station;
  station.name = self.name;
  station.component = b.component;
  lay_out(spec, self, station, b);
  if (spec.workers.value == 0) {
    b.diagnostics.error(self.mark, b.path + ".workers", "a service with 0 workers serves nobody",
                        "at least 1, or unlimited");
  }
  station.cpu_scheduling = spec.cpu_scheduling;
  if (spec.cpus && spec.cpu_scheduling == CpuScheduling::per_core &&
      *spec.cpus != static_cast<double>(static_cast<std::int64_t>(*spec.cpus))) {
    b.diagnostics.error(self.mark, b.path + ".cpus",
                        fmt::format("per_core scheduling needs whole cores, found {}", *spec.cpus),
                        "processor_sharing shares fractions of a core");
  }
  station.blocking = spec.mode == WorkerMode::blocking;
  station.cancellation = spec.cancellation;
  apply_queue(spec.queue, station, self.mark, b.path, b.diagnostics);
  const PolicyTarget at_station{nullptr, &station, self.mark, b.path, nullptr, b.diagnostics};
  apply_policies(merge_policies(spec.target, b.default_target), at_station);
  apply_policies(merge_policies(spec.inbound, b.default_inbound), at_station);
  station.gates = start_gates(spec.image_scan, spec.secrets, b.path, self.mark, b.diagnostics);
  check_scaling(station, self.mark, b.path, b.diagnostics);
  if (station.balancer.policy == Balancing::weighted &&
      std::none_of(station.groups.begin(), station.groups.end(),
                   [](const InstanceGroup& g) { return g.weight > 0; })) {
    b.diagnostics.error(self.mark, b.path + ".instances", "the weights of all instances sum to 0");
  }
  if (station.workers == kUnlimited && station.patience) {
    b.diagnostics.warning(self.mark, b.path + ".queue.timeout", "nobody waits: the workers are unlimited");
  }
  return b.add_station(std::move(station));
}

void expand_endpoints(const ServiceSpec& spec, const Component& self, TopologyBuilder& b) {
  if (spec.endpoints.empty()) {
    b.diagnostics.error(self.mark, b.path, "a service needs at least one endpoint",
                        "endpoints: {get: [compute: 5ms]}");
  }
  add_probe(self, b.station, b);
  note_labels(spec.labels, b.component, b);
  const std::string outer = b.path;
  for (const Named<EndpointSpec>& e : spec.endpoints) {
    const int op = b.find_operation(self.name + "." + e.name);
    Operation& operation = b.topology.operations[static_cast<std::size_t>(op)];
    operation.station = b.station;
    operation.error_rate = 1 - (1 - spec.error_rate.value) * (1 - e.value.error_rate.value);
    b.path = outer + ".endpoints." + e.name;
    if (e.value.port) b.ports[op] = e.value.port->code;
    Steps steps;
    expand_steps(e.value.steps, b, steps);
    expand_telemetry(spec.telemetry, outer + ".telemetry", self.mark, b, steps);
    expand_telemetry(e.value.telemetry, b.path + ".telemetry", self.mark, b, steps);
    b.topology.operations[static_cast<std::size_t>(op)].steps = std::move(steps);
  }
  b.path = outer;
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const ServiceSpec& spec = *static_cast<const ServiceSpec*>(raw);
  Component& self = b.topology.components[static_cast<std::size_t>(component)];
  self.context = spec.context;
  b.station = add_station(spec, self, b);
  b.outbound = merge_policies(spec.outbound, b.default_outbound);
  expand_endpoints(spec, self, b);
}

}  // namespace

Kind service_kind() {
  Kind kind;
  kind.name = "service";
  kind.section = "services";
  kind.about = "Replicas with workers, a queue and cores; each endpoint is a list of steps.";
  kind.example = "{cart: {workers: 8, endpoints: {get: [compute: exp(5ms)]}}}";
  FieldTable table =
      Fields<ServiceSpec>("service", kind.about)
          .add("replicas", &ServiceSpec::replicas,
               "like instances; default 1; with autoscaling: at the start, default min_replicas",
               between(1, 1e6))
          .list_of("instances", &ServiceSpec::instances, instance_fields(),
                   "groups of unlike instances, in place of replicas")
          .add("min_available", &ServiceSpec::min_available,
               "instances that must be up for the service to count as available", between(1, 1e6))
          .add("workers", &ServiceSpec::workers, "requests that one instance serves at a time (threads)",
               at_least(0))
          .section("autoscaling", &ServiceSpec::autoscaling, autoscaling_fields(),
                   "the number of instances changes with the load")
          .add("startup_time", &ServiceSpec::startup_time, "of an instance that is added, until it is ready")
          .add("grace_period", &ServiceSpec::grace_period,
               "for an instance that is taken away to finish its work; the rest is cut off")
          .choice("mode", &ServiceSpec::mode, {"blocking", "async"},
                  "blocking holds the worker across calls and sleeps; async gives it back and "
                  "queues again to compute")
          .section("queue", &ServiceSpec::queue, queue_fields(),
                   "where requests wait for a worker, per instance")
          .add(
              "shared_queue", &ServiceSpec::shared_queue,
              "one queue before all instances, from which free workers take, in place of one each; so always "
              "with min_replicas 0 and on_demand")
          .add("cpus", &ServiceSpec::cpus,
               "cores per instance that computing shares (0.2 is a limit of 200m); default: a "
               "worker is enough",
               between(1e-6, 1e6))
          .choice("cpu_scheduling", &ServiceSpec::cpu_scheduling, {"processor_sharing", "per_core"},
                  "processor_sharing: n computing requests each run at min(1, cpus/n); per_core: "
                  "each gets a core of its own, "
                  "the others wait in line")
          .choice("cancellation", &ServiceSpec::cancellation, {"ignore", "at_step", "at_once"},
                  "when a caller says that it has left: works on, stops between steps, or stops at "
                  "once")
          .section("inbound", &ServiceSpec::inbound,
                   policy_set_fields(PolicyPlace::inbound, "inbound", "Policies at a service's door."),
                   "policies for the requests that arrive, before they queue")
          .section("outbound", &ServiceSpec::outbound,
                   policy_set_fields(PolicyPlace::call, "outbound",
                                     "Policies of every call that a service makes."),
                   "policies of all calls that it makes, where a call does not say otherwise")
          .add("error_rate", &ServiceSpec::error_rate, "of every endpoint, on top of its own")
          .add("context", &ServiceSpec::context,
               "the bounded context (the team, the domain) that it belongs to; calls between contexts are "
               "counted")
          .section("image_scan", &ServiceSpec::image_scan, image_scan_fields(),
                   "what must look at its image before an instance starts")
          .section("secrets", &ServiceSpec::secrets, secrets_fields(),
                   "the secret that an instance fetches before it serves, and renews")
          .list_of("telemetry", &ServiceSpec::telemetry, telemetry_fields(),
                   "what is written down of each request, at every endpoint")
          .map_of("endpoints", &ServiceSpec::endpoints, endpoint_fields(), "what others can call")
          .table();
  add_policy_fields(table, PolicyPlace::target,
                    [](void* spec) -> PolicySet& { return static_cast<ServiceSpec*>(spec)->target; });
  add_label_fields(table, true,
                   [](void* spec) -> LabelsSpec& { return static_cast<ServiceSpec*>(spec)->labels; });
  kind.fields = std::move(table);
  kind.make = make_spec<ServiceSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
