#include "models/station/queue.hpp"

namespace tailrace::models {

FieldTable queue_fields() {
  return Fields<QueueSpec>("queue", "Where requests wait for a worker.")
      .add("capacity", &QueueSpec::capacity,
           "places per instance; a full queue rejects at once; 0 never waits")
      .choice("discipline", &QueueSpec::discipline,
              {"fifo", "lifo", "priority", "preemptive_priority", "shortest_job_first"},
              "who is next; priority classes come from the workload; preemptive_priority interrupts "
              "computing, which "
              "resumes later; shortest_job_first knows the exact time of the first compute step")
      .add("timeout", &QueueSpec::timeout, "a request that has waited this long leaves unserved")
      .add("drop_expired", &QueueSpec::drop_expired,
           "a request whose deadline is over when its turn comes is not served")
      .shorthand("capacity")
      .table();
}

void apply_queue(const QueueSpec& spec, Station& station, Mark mark, const std::string& path,
                 Diagnostics& diagnostics) {
  station.queue_capacity = spec.capacity.value;
  station.discipline = spec.discipline;
  station.drop_expired = spec.drop_expired;
  if (spec.timeout) station.patience = spec.timeout->value;
  if (spec.discipline == Discipline::preemptive_priority && station.cpus) {
    diagnostics.error(mark, path + ".queue.discipline",
                      "preemptive_priority together with cpus is not modelled",
                      "leave out cpus (a worker is enough to compute), or use priority");
  }
}

}  // namespace tailrace::models
