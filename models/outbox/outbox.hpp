#pragma once
// Kind "outbox": the transactional outbox. Publishing into it is a call of the database operation that writes
// the business data, and the row is written in the same transaction: either both are there or neither. A
// relay polls the table, publishes each row and marks it. A relay that dies between publishing and marking
// publishes again; nothing is lost, and consumers see repetitions of one identity.
//
// The table is a queue without visibility timeouts (models/messaging/cloud_queue): rows that a dead relay had
// are there for the next poll. What the poll's own query costs is not modelled; the mark's is.
#include <optional>

#include "models/field/field.hpp"
#include "models/kind/kind.hpp"
#include "models/messaging/redelivery.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

enum class OutboxOrder : std::uint8_t { all, key, none };

struct OutboxSpec {
  Reference database;
  Reference publish;
  std::optional<Reference> mark;
  PolicySet policies;  // of the calls to the database
  sim::Duration poll_interval{100'000'000};
  Count batch = 100;
  Count relay_instances = 1;
  Count relay_concurrency = 1;
  OutboxOrder order = OutboxOrder::all;
  std::optional<PauseSpec> retry;
};

Kind outbox_kind();

}  // namespace tailrace::models
