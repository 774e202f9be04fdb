#pragma once
// The queue before a pool of workers or connections: the fields that every kind with such a pool shares.
#include <optional>

#include "models/field/field.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

struct QueueSpec {
  Limit capacity;
  Discipline discipline = Discipline::fifo;
  std::optional<TimeDistribution> timeout;
};

FieldTable queue_fields();
void apply_queue(const QueueSpec& spec, Station& station);

}  // namespace tailrace::models
