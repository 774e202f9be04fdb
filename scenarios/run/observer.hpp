#pragma once
// Who looks on at each replication of a run (models/runtime/watch.hpp), and may end one of them early. Called
// by the threads that simulate. With an observer a run is not spread over ranks: what it sees stays here.
#include <cstdint>
#include <memory>

#include "models/runtime/record.hpp"
#include "models/runtime/watch.hpp"

namespace tailrace::scenarios {

class Observer {
 public:
  virtual ~Observer() = default;
  // For a replication that is about to run.
  virtual std::unique_ptr<models::RunWatch> begin(std::uint32_t replication, std::int64_t warmup_ns) = 0;
  // It is over.
  virtual void end(models::RunWatch& watch, models::RunRecord& record) = 0;
  // Did the watch end it? Then no later replication counts.
  virtual bool cut(std::uint32_t replication) const = 0;
};

}  // namespace tailrace::scenarios
