#include "models/broker/broker.hpp"

#include "models/messaging/expand.hpp"

namespace tailrace::models {

namespace {

FieldTable argument_fields() {
  return Fields<BindingArgumentSpec>("header value", "What a header must be.")
      .add("value", &BindingArgumentSpec::value, "of the header")
      .required()
      .shorthand("value")
      .table();
}

FieldTable binding_fields() {
  return Fields<BrokerBindingSpec>("binding", "From an exchange to a queue, or to another exchange.")
      .add("key", &BrokerBindingSpec::key,
           "routing key; in a topic exchange a pattern of words between dots: * is one word, # any number")
      .map_of("arguments", &BrokerBindingSpec::arguments, argument_fields(),
              "of a headers exchange: headers of the publication, and what they must be")
      .choice("x_match", &BrokerBindingSpec::x_match, {"all", "any"},
              "all arguments must match, which is so where there are none; or one of them")
      .add("queue", &BrokerBindingSpec::queue, "a queue of this broker")
      .add("exchange", &BrokerBindingSpec::exchange,
           "or an exchange of this broker; cycles are followed once")
      .table();
}

FieldTable exchange_fields() {
  return Fields<ExchangeSpec>("exchange", "Copies publications into the queues that are bound to it.")
      .choice(
          "type", &ExchangeSpec::type, {"direct", "topic", "fanout", "headers"},
          "direct compares keys, topic matches patterns, fanout takes every binding, headers looks at the "
          "publication's headers")
      .list_of("bindings", &ExchangeSpec::bindings, binding_fields(), "where publications go")
      .add("alternate_exchange", &ExchangeSpec::alternate,
           "an exchange of this broker for what no binding matches; default: that is dropped")
      .table();
}

FieldTable redelivery_fields() {
  return Fields<RedeliveryDelaySpec>("redelivery delay", "How long a failed message waits for its next try.")
      .add("base", &RedeliveryDelaySpec::base, "after the first failure")
      .add("multiplier", &RedeliveryDelaySpec::multiplier, "each further delay is so many times the last",
           between(1, 1000))
      .add("max", &RedeliveryDelaySpec::max, "and no longer than this")
      .add("instant_failure", &RedeliveryDelaySpec::instant_failure,
           "no less where the handler failed at the instant at which it began, as when whom it calls is "
           "down: such a "
           "message would go round for ever at one instant",
           more_than(0))
      .shorthand("base")
      .table();
}

FieldTable dead_letter_fields() {
  return Fields<DeadLetterSpec>("dead letter target", "Where messages go that a queue gives up.")
      .add("to", &DeadLetterSpec::to,
           "a queue or exchange of this broker, or `other.entry` of another channel")
      .required()
      .add("key", &DeadLetterSpec::key, "routing key there; default: the message's own")
      .shorthand("to")
      .table();
}

FieldTable consumer_fields() {
  FieldTable table =
      Fields<QueueConsumerSpec>("queue consumers", "Who handles a queue's messages, each by one of them.")
          .add("prefetch", &QueueConsumerSpec::prefetch,
               "messages that an instance may have unacknowledged; default: as many as it handles at a time "
               "(the product's own default is unlimited); of no effect with ack: automatic")
          .choice("ack", &QueueConsumerSpec::ack, {"manual", "automatic"},
                  "manual acknowledges after the handler; automatic on delivery, and a crash loses what the "
                  "instance had")
          .choice("on_failure", &QueueConsumerSpec::on_failure, {"requeue", "reject"},
                  "a message whose handler failed comes back to its place in the queue, or is dead-lettered")
          .add("ack_failure", &QueueConsumerSpec::ack_failure,
               "acknowledgements of handled messages that get lost: the message is delivered again")
          .add("single_active_consumer", &QueueConsumerSpec::single_active_consumer,
               "one instance at a time gets messages; the next takes over when it dies")
          .table();
  add_consumer_fields(
      table, [](void* spec) -> ConsumerSpec& { return static_cast<QueueConsumerSpec*>(spec)->consumer; });
  return table;
}

FieldTable queue_table() {
  return Fields<BrokerQueueSpec>("broker queue",
                                 "Keeps messages until one of its consumers has handled them.")
      .choice("type", &BrokerQueueSpec::type, {"classic", "quorum"},
              "classic lives on one node; quorum on several, and confirms what a majority of them has")
      .add("durable", &BrokerQueueSpec::durable, "false: its node's death loses its messages")
      .add("node", &BrokerQueueSpec::node, "its node, from 0; of a quorum queue the first leader",
           at_least(0))
      .add("replicas", &BrokerQueueSpec::replicas, "nodes of a quorum queue; default: 3, or all of fewer",
           at_least(1))
      .add("message_ttl", &BrokerQueueSpec::message_ttl,
           "messages expire after so long, at the head of the queue")
      .add("queue_ttl", &BrokerQueueSpec::queue_ttl,
           "a queue without consumers for so long is deleted with its messages", more_than(0))
      .add("max_length", &BrokerQueueSpec::max_length, "ready messages")
      .add("max_bytes", &BrokerQueueSpec::max_bytes, "bytes of ready messages; default: no limit")
      .choice("overflow", &BrokerQueueSpec::overflow, {"drop_head", "reject_publish", "reject_publish_dlx"},
              "over its limits: the oldest go to the dead letters, or publications are refused, or refused "
              "and dead-lettered")
      .add("max_priority", &BrokerQueueSpec::max_priority,
           "messages of higher priority pass; 0: all are alike", between(0, QueueSettings::kMostPriority))
      .add("max_delivery_count", &BrokerQueueSpec::max_delivery_count,
           "deliveries, the first included, after which a message is dead-lettered", at_least(1))
      .section("redelivery_delay", &BrokerQueueSpec::redelivery_delay, redelivery_fields(),
               "of messages whose handler failed")
      .section("dead_letter", &BrokerQueueSpec::dead_letter, dead_letter_fields(),
               "where expired, rejected and overflowing messages go; default: nowhere")
      .section("consumers", &BrokerQueueSpec::consumers, consumer_fields(),
               "who handles them; default: nobody")
      .table();
}

void declare(const void* raw, int component, TopologyBuilder& b) {
  const BrokerSpec& spec = *static_cast<const BrokerSpec*>(raw);
  std::vector<std::string> entries;
  for (const auto& e : spec.exchanges) entries.push_back(e.name);
  for (const auto& q : spec.queues) entries.push_back(q.name);
  declare_channel(b, component, entries);
}

}  // namespace

Kind broker_kind() {
  Kind kind;
  kind.name = "broker";
  kind.section = "brokers";
  kind.about = "A queue broker: exchanges, queues, competing consumers, dead letters.";
  kind.example = "{rabbit: {queues: {mails: {max_length: 10000}}}}";
  kind.fields =
      Fields<BrokerSpec>("broker", kind.about)
          .add("nodes", &BrokerSpec::nodes, "of the cluster", between(1, 1000))
          .add("memory_limit", &BrokerSpec::memory_limit,
               "message bytes over which publishers are held back until it falls below; default: no limit")
          .add("replication_latency", &BrokerSpec::replication_latency,
               "until a majority of a quorum queue's nodes has a message")
          .add("election_time", &BrokerSpec::election_time, "until a quorum queue has its next leader")
          .add("publish_time", &BrokerSpec::publish_time,
               "work of a publication at its node; default: takes no time")
          .add("publish_workers", &BrokerSpec::publish_workers, "publications that a node works on at a time",
               at_least(1))
          .map_of("exchanges", &BrokerSpec::exchanges, exchange_fields(), "publications go to these by name")
          .map_of("queues", &BrokerSpec::queues, queue_table(), "or straight to these")
          .table();
  kind.make = make_spec<BrokerSpec>;
  kind.declare = declare;
  kind.expand = expand_broker;
  return kind;
}

}  // namespace tailrace::models
