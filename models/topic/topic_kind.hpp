#pragma once
// Kind "topic": publish and subscribe with delivery levels (MQTT's quality of service 0, 1, 2; AMQP's
// settlement modes), as models/messaging/topic simulates it. Publishers name the topic: `publish: orders`.
#include <optional>
#include <string>
#include <vector>

#include "models/kind/kind.hpp"
#include "models/messaging/consumer.hpp"

namespace tailrace::models {

enum class DeliveryLevel : std::uint8_t { at_most_once, at_least_once, exactly_once };

struct WillSpec {
  std::string routing_key;
  Count level = 1;
  sim::Duration delay{0};
};
struct TopicSubscriptionSpec {
  ConsumerSpec consumer;
  std::string filter = "#";
  DeliveryLevel level = DeliveryLevel::at_least_once;
  bool clean_session = false;
  Limit receive_maximum{20};
  Limit max_queued;
  Limit buffer;
  sim::Duration retransmit_interval{30'000'000'000};
  bool never_retransmits = false;
  Fraction ack_failure;
  std::optional<WillSpec> will;
};

struct TopicSpec {
  DeliveryLevel level = DeliveryLevel::exactly_once;
  sim::Duration handshake{1'000'000};
  bool retained = false;
  std::optional<TimeDistribution> publish_time;
  Limit publish_workers;
  std::vector<Named<TopicSubscriptionSpec>> subscriptions;
};

Kind topic_kind();

}  // namespace tailrace::models
