#include "models/messaging/consumer.hpp"

#include <utility>

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

FieldTable consumer_fields() {
  FieldTable table =
      Fields<ConsumerSpec>("consumer", "Who handles the messages.")
          .add("instances", &ConsumerSpec::instances, "of the consumer group", between(0, 1e5))
          .add("concurrency", &ConsumerSpec::concurrency, "messages that an instance handles at a time",
               between(1, 1e5))
          .add("calls", &ConsumerSpec::calls, "the operation that handles a message; or write steps")
          .custom(
              "steps", FieldType::steps,
              [](const Node& n, ConsumerSpec& s, ReadContext& c) { read_steps(n, s.steps, c); },
              "what handling a message does; the message is handled when they succeed")
          .add("cpus", &ConsumerSpec::cpus, "cores of an instance that its handlers share",
               between(1e-6, 1e6))
          .add("error_rate", &ConsumerSpec::error_rate, "handlings that fail after their work")
          .section("idempotency", &ConsumerSpec::idempotency, idempotency_fields(),
                   "recognises messages that were handled before")
          .add("transactional", &ConsumerSpec::transactional,
               "what a handler publishes appears when it succeeds, or not at all")
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
