#include "models/messaging/consumer.hpp"

#include <utility>

#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

FieldTable idempotency_fields() {
  return Fields<IdempotencySpec>("idempotency",
                                 "A store of what was done already: a repetition is recognised, and skipped.")
      .add("ttl", &IdempotencySpec::ttl, "how long it remembers; default: for good", more_than(0))
      .add("calls", &IdempotencySpec::calls, "the store, an operation that is called before each handling")
      .add("lookup", &IdempotencySpec::lookup, "what the check takes at whoever asks")
      .table();
}

namespace {

FieldTable pause_fields() {
  return Fields<ConsumerPauseSpec>("pause", "The group fetches nothing, and keeps what it was assigned.")
      .add("at", &ConsumerPauseSpec::at, "from the start of the run")
      .add("duration", &ConsumerPauseSpec::duration, "for so long", more_than(0))
      .add("every", &ConsumerPauseSpec::every, "and again after so long; default: once", more_than(0))
      .add("while_behind", &ConsumerPauseSpec::while_behind,
           "in place of times: while this consumer group is behind, such as invoices/billing")
      .add("above", &ConsumerPauseSpec::above, "it is behind with more messages than this", at_least(0))
      .add("resume_below", &ConsumerPauseSpec::below, "and no longer with at most so many; default: above",
           at_least(0))
      .add("interval", &ConsumerPauseSpec::interval, "between two looks at it; default 1s", at_least(1e6))
      .table();
}

FieldTable consumer_fields() {
  FieldTable table =
      Fields<ConsumerSpec>("consumer", "Who handles the messages.")
          .add("instances", &ConsumerSpec::instances, "of the consumer group", between(0, 1e5))
          .add("concurrency", &ConsumerSpec::concurrency, "messages that an instance handles at a time",
               between(1, 1e5))
          .add("calls", &ConsumerSpec::calls, "the operation that handles a message; or write steps")
          .custom("steps", FieldType::steps, reads(&ConsumerSpec::steps),
                  "what handling a message does; the message is handled when they succeed")
          .add("cpus", &ConsumerSpec::cpus, "cores of an instance that its handlers share",
               between(1e-6, 1e6))
          .add("error_rate", &ConsumerSpec::error_rate, "handlings that fail after their work")
          .section("idempotency", &ConsumerSpec::idempotency, idempotency_fields(),
                   "recognises messages that were handled before")
          .add("transactional", &ConsumerSpec::transactional,
               "what a handler publishes appears when it succeeds, or not at all")
          .list_of("pauses", &ConsumerSpec::pauses, pause_fields(),
                   "when it stops fetching for a while; what it has fetched it handles")
          .section("autoscaling", &ConsumerSpec::autoscaling, autoscaling_fields(),
                   "instances that come and go; queue is what the group has not finished with (its lag)")
          .add("startup_time", &ConsumerSpec::startup_time, "until an instance that is added takes part")
          .add("grace_period", &ConsumerSpec::grace_period,
               "for an instance that leaves to finish what it has fetched")
          .table();
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<ConsumerSpec*>(spec)->policies; });
  return table;
}

}  // namespace

void add_consumer_fields(FieldTable& table, ConsumerSpec& (*member)(void*)) {
  for (Field field : consumer_fields().fields) {
    field.read = [member, read = std::move(field.read)](const Field& self, const Node& node, void* spec,
                                                        ReadContext& context) {
      read(self, node, &member(spec), context);
    };
    table.fields.push_back(std::move(field));
  }
}

}  // namespace tailrace::models
