#pragma once
// What a scenario says of a consumer group, the same for every kind of channel: how many instances, what each
// message makes them do, and how repetitions are recognised. Kinds with channels read it as a section of
// their own (`consumers:`), and hand it to expand.hpp.
//
// The group's instances are a station of their own, named "<channel>/<group>": faults hit them, cores and
// speeds apply, utilisation is reported. A handler runs there, with as many workers as `concurrency`.
#include <optional>
#include <string>

#include "models/field/field.hpp"
#include "models/policy/policy.hpp"
#include "models/steps/steps.hpp"

namespace tailrace::models {

// Recognises messages that were handled before, by a store of identities: asked before the handler, and
// written with its effect, so that of two which overlap one finds the other's.
struct IdempotencySpec {
  std::optional<sim::Duration> ttl;  // how long an identity is remembered; none: for good
  std::optional<Reference> calls;    // the store: an operation that is called before each handler
  TimeDistribution lookup;           // and what the check takes at the consumer itself
};

struct ConsumerSpec {
  Count instances = 1;
  Count concurrency = 1;           // handlers at a time per instance
  std::optional<Reference> calls;  // what handles a message: one call, or `steps`
  PolicySet policies;              // of that call
  StepList steps;
  std::optional<double> cpus;
  Fraction error_rate{0};
  std::optional<IdempotencySpec> idempotency;
  bool transactional = false;  // what its handlers publish appears when they succeed, or not at all
};

FieldTable idempotency_fields();

// Adds these fields to the table of a Spec that has a ConsumerSpec somewhere.
void add_consumer_fields(FieldTable& table, ConsumerSpec& (*member)(void*));

}  // namespace tailrace::models
