#pragma once
// What a scenario says of a consumer group, the same for every kind of channel: how many instances, what each
// message makes them do, and how repetitions are recognised. Kinds with channels read it as a section of
// their own (`consumers:`), and hand it to expand.hpp.
//
// The group's instances are a station of their own, named "<channel>/<group>": faults hit them, cores and
// speeds apply, utilisation is reported. A handler runs there, with as many workers as `concurrency`.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "models/autoscaling/autoscaling.hpp"
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

// When the group stops fetching for a while: by the clock, or while another group is behind.
struct ConsumerPauseSpec {
  std::optional<sim::Duration> at, duration, every;
  std::string while_behind;  // a group, "invoices/billing"
  Count above = 0;           // messages that it has not finished with
  std::optional<Count> below;
  std::optional<sim::Duration> interval;
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
  std::vector<ConsumerPauseSpec> pauses;
  std::optional<AutoscalingSpec> autoscaling;
  TimeDistribution startup_time;               // of an instance that is added
  sim::Duration grace_period{30'000'000'000};  // of one that leaves

  // Instances that there can ever be, and those that are there at the start.
  Count laid_out() const { return autoscaling ? std::max(at_start(), autoscaling->max_replicas) : instances; }
  Count at_start() const { return autoscaling ? std::max(instances, autoscaling->min_replicas) : instances; }
};

FieldTable idempotency_fields();

// Adds these fields to the table of a Spec that has a ConsumerSpec somewhere.
void add_consumer_fields(FieldTable& table, ConsumerSpec& (*member)(void*));

}  // namespace tailrace::models
