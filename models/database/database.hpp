#pragma once
// Kind "database": operations over a pool of connections, with read replicas.
// A connection is held for one operation; who finds none free waits in the acquire queue. Operations marked
// `read` go to the read replicas when there are any, each with a pool of its own. Replication lag is not
// modelled here.
#include "models/field/field.hpp"
#include "models/kind/kind.hpp"
#include "models/kind/labels.hpp"
#include "models/policy/policy.hpp"
#include "models/station/queue.hpp"

namespace tailrace::models {

struct DatabaseOperationSpec {
  TimeDistribution time;
  bool read = false;
  Fraction error_rate;
};

struct DatabaseSpec {
  Limit connections{100};
  QueueSpec queue;
  std::optional<double> cpus;
  Count read_replicas = 0;
  LabelsSpec labels;
  PolicySet target;   // how a read replica is chosen
  PolicySet inbound;  // at its door
  std::vector<Named<DatabaseOperationSpec>> operations;
};

Kind database_kind();

}  // namespace tailrace::models
