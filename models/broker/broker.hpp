#pragma once
// Kind "broker": a queue broker (RabbitMQ, ActiveMQ) with exchanges, queues and their consumers, as
// models/messaging/queue_broker simulates it. Publishers name an exchange or a queue: `publish:
// rabbit.orders`. Here are the fields and what must hold between them; queues are spread over the nodes in
// the order of their names unless they say where they are.
#include <optional>
#include <string>
#include <vector>

#include "models/kind/kind.hpp"
#include "models/messaging/consumer.hpp"
#include "models/messaging/queue_broker/settings.hpp"

namespace tailrace::models {

struct BindingArgumentSpec {
  std::string value;
};
enum class HeaderMatch : std::uint8_t { all, any };
struct BrokerBindingSpec {
  std::string key;
  std::vector<Named<BindingArgumentSpec>> arguments;
  HeaderMatch x_match = HeaderMatch::all;
  std::optional<Reference> queue, exchange;
};

struct ExchangeSpec {
  ExchangeType type = ExchangeType::direct;
  std::vector<BrokerBindingSpec> bindings;
  std::optional<Reference> alternate;
};

struct RedeliveryDelaySpec {
  sim::Duration base{0};
  double multiplier = 1;
  sim::Duration max{3'600'000'000'000};
  sim::Duration instant_failure{1'000'000};
};

struct DeadLetterSpec {
  Reference to;
  std::optional<std::string> key;
};

struct QueueConsumerSpec {
  ConsumerSpec consumer;
  std::optional<Limit> prefetch;
  AckMode ack = AckMode::manual;
  BrokerOnFailure on_failure = BrokerOnFailure::requeue;
  Fraction ack_failure;
  bool single_active_consumer = false;
};

struct BrokerQueueSpec {
  QueueType type = QueueType::classic;
  bool durable = true;
  std::optional<Count> node;
  std::optional<Count> replicas;
  std::optional<sim::Duration> message_ttl, queue_ttl;
  Limit max_length;
  std::optional<Bytes> max_bytes;
  Overflow overflow = Overflow::drop_head;
  Count max_priority = 0;
  Limit max_delivery_count;
  RedeliveryDelaySpec redelivery_delay;
  std::optional<DeadLetterSpec> dead_letter;
  std::optional<QueueConsumerSpec> consumers;
};

struct BrokerSpec {
  Count nodes = 1;
  std::optional<Bytes> memory_limit;
  sim::Duration replication_latency{2'000'000};
  sim::Duration election_time{1'000'000'000};
  std::optional<TimeDistribution> publish_time;
  Limit publish_workers;
  std::vector<Named<ExchangeSpec>> exchanges;
  std::vector<Named<BrokerQueueSpec>> queues;
};

Kind broker_kind();

// Checks what holds between the fields and adds the channel; expand of the kind.
void expand_broker(const void* spec, int component, TopologyBuilder& b);

}  // namespace tailrace::models
