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
  bool drop_expired = false;
};

FieldTable queue_fields();
// Reports what does not go together with the rest of the station, which must be filled in already.
void apply_queue(const QueueSpec& spec, Station& station, Mark mark, const std::string& path,
                 Diagnostics& diagnostics);

}  // namespace tailrace::models
