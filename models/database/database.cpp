#include "models/database/database.hpp"

#include <fmt/format.h>

#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

FieldTable operation_fields() {
  return Fields<DatabaseOperationSpec>("operation", "What callers ask of the database.")
      .add("time", &DatabaseOperationSpec::time, "how long it holds its connection on an idle database")
      .required()
      .add("read", &DatabaseOperationSpec::read, "may be served by a read replica")
      .add("error_rate", &DatabaseOperationSpec::error_rate,
           "operations that end in an error after their work")
      .shorthand("time")
      .table();
}

void declare(const void* raw, int component, TopologyBuilder& b) {
  for (const auto& op : static_cast<const DatabaseSpec*>(raw)->operations)
    b.declare_operation(component, op.name);
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const DatabaseSpec& spec = *static_cast<const DatabaseSpec*>(raw);
  const Component& self = b.topology.components[static_cast<std::size_t>(component)];
  if (spec.connections.value == 0) {
    b.diagnostics.error(self.mark, b.path + ".connections", "a database with 0 connections serves nobody",
                        "at least 1, or unlimited");
  }
  if (spec.operations.empty()) {
    b.diagnostics.error(self.mark, b.path, "a database needs at least one operation",
                        "operations: {read: 2ms}");
  }
  Station primary;
  primary.name = self.name;
  primary.component = component;
  primary.groups.emplace_back();
  primary.workers = spec.connections.value;
  primary.cpus = spec.cpus;
  apply_queue(spec.queue, primary, self.mark, b.path, b.diagnostics);
  const PolicyTarget at_station{nullptr, &primary, self.mark, b.path, nullptr, b.diagnostics};
  apply_policies(merge_policies(spec.target, b.default_target), at_station);
  apply_policies(merge_policies(spec.inbound, b.default_inbound), at_station);
  Station replicas = primary;
  if (primary.balancer.health && !primary.balancer.health->operation_name.empty()) {
    b.diagnostics.error(self.mark, b.path + ".health_check.operation",
                        "databases have shallow health checks only", "leave the operation out");
  }
  const int primary_id = b.add_station(std::move(primary));
  int replica_id = primary_id;
  if (spec.read_replicas > 0) {
    replicas.name = self.name + "/replicas";
    if (b.component_ids.count(replicas.name) != 0) {
      b.diagnostics.error(
          self.mark, b.path,
          fmt::format("\"{}\" is how the read replicas are called, and a component has that name",
                      escaped(replicas.name)));
    }
    replicas.groups.front().count = spec.read_replicas;
    replicas.instances = spec.read_replicas;
    replica_id = b.add_station(std::move(replicas));
  }
  note_labels(spec.labels, component, b);
  for (const Named<DatabaseOperationSpec>& op : spec.operations) {
    Operation& operation =
        b.topology.operations[static_cast<std::size_t>(b.find_operation(self.name + "." + op.name))];
    operation.station = op.value.read ? replica_id : primary_id;
    operation.error_rate = op.value.error_rate.value;
    operation.steps = {drawing_step(Step::Kind::compute, op.value.time.value)};
  }
}

}  // namespace

Kind database_kind() {
  Kind kind;
  kind.name = "database";
  kind.section = "databases";
  kind.about = "Operations over a pool of connections, with read replicas.";
  kind.example = "{ledger: {connections: 50, operations: {write: exp(4ms)}}}";
  FieldTable table =
      Fields<DatabaseSpec>("database", kind.about)
          .add("connections", &DatabaseSpec::connections,
               "operations that run at a time, on the primary and on each replica", at_least(0))
          .section("queue", &DatabaseSpec::queue, queue_fields(),
                   "where callers wait for a connection; queue.timeout is the acquire timeout")
          .add("cpus", &DatabaseSpec::cpus, "cores that running operations share; default: no contention",
               between(1e-6, 1e6))
          .add("read_replicas", &DatabaseSpec::read_replicas, "copies that serve the operations marked read",
               between(0, 1e4))
          .section("inbound", &DatabaseSpec::inbound,
                   policy_set_fields(PolicyPlace::inbound, "inbound", "Policies at a service's door."),
                   "policies for the operations that arrive, before they queue")
          .map_of("operations", &DatabaseSpec::operations, operation_fields(), "what callers can ask")
          .table();
  add_policy_fields(table, PolicyPlace::target,
                    [](void* spec) -> PolicySet& { return static_cast<DatabaseSpec*>(spec)->target; });
  add_label_fields(table, true,
                   [](void* spec) -> LabelsSpec& { return static_cast<DatabaseSpec*>(spec)->labels; });
  kind.fields = std::move(table);
  kind.make = make_spec<DatabaseSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
