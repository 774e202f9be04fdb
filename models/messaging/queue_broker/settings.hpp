#pragma once
// What a scenario says of a queue broker: nodes, exchanges with their bindings, queues with their limits and
// their consumers. Plain data; models/broker reads it from YAML. Limits that are not set are kNoLimit, times
// that are not set are kNoTime. Entries (Envelope::entry) are the exchanges, then the queues, in this order.
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "models/messaging/channel.hpp"
#include "models/messaging/headers.hpp"

namespace tailrace::models {

inline constexpr std::int64_t kNoLimit = -1;
inline constexpr std::int64_t kNoTime = -1;

enum class ExchangeType : std::uint8_t { direct, topic, fanout, headers };
enum class QueueType : std::uint8_t {
  classic,  // on one node
  quorum    // a replicated log: a majority of its nodes has what was confirmed
};
enum class Overflow : std::uint8_t { drop_head, reject_publish, reject_publish_dlx };
enum class AckMode : std::uint8_t {
  manual,    // after the handler; a failed one gives the message back
  automatic  // on delivery: whatever happens to it then
};
enum class BrokerOnFailure : std::uint8_t { requeue, reject };

// To a queue or to another exchange of the broker; the other index is kNobody.
struct BindingSettings {
  std::string key;
  std::uint32_t queue = kNobody;
  std::uint32_t exchange = kNobody;
  Headers arguments{};  // of a headers exchange: all of them must be there, or any
  bool match_any = false;
};

struct ExchangeSettings {
  std::string name;
  ExchangeType type = ExchangeType::direct;
  std::vector<BindingSettings> bindings;
  std::uint32_t alternate = kNobody;  // exchange for what no binding matches
};

// Where a queue's dead letters go: nowhere, an entry of this broker, or an entry of another channel.
struct DeadLetterSettings {
  enum class To : std::uint8_t { nowhere, here, elsewhere };
  To to = To::nowhere;
  std::uint32_t channel = kNobody;
  std::uint16_t entry = 0;
  bool own_key = false;  // in place of the message's
  std::uint16_t route = 0;
};

struct QueueSettings {
  std::string name;
  QueueType type = QueueType::classic;
  bool durable = true;
  std::uint32_t home = 0;      // its node; of a quorum queue the first leader
  std::uint32_t replicas = 1;  // nodes home, home + 1, ...
  std::int64_t message_ttl_ns = kNoTime;
  std::int64_t queue_ttl_ns = kNoTime;
  std::int64_t max_length = kNoLimit;
  std::int64_t max_bytes = kNoLimit;
  Overflow overflow = Overflow::drop_head;
  std::uint8_t max_priority = 0;  // at most kMostPriority
  std::int64_t max_delivery_count = kNoLimit;
  std::vector<std::int64_t>
      redelivery_delays_ns;             // after the first failure, the second, ...; the last repeats
  std::int64_t instant_failure_ns = 0;  // no less where the handler failed at the instant at which it began
  DeadLetterSettings dead_letter;
  AckMode ack = AckMode::manual;
  BrokerOnFailure on_failure = BrokerOnFailure::requeue;
  std::uint64_t ack_failure = 0;     // probability in units of 2^-64 that an ack gets lost
  std::int64_t prefetch = kNoLimit;  // unacknowledged messages per instance; of no effect with automatic
  bool single_active_consumer = false;
  GroupSettings consumers;  // instances 0: nobody consumes
  static constexpr std::uint8_t kMostPriority = 63;
};

struct BrokerSettings {
  std::uint32_t nodes = 1;
  std::int64_t memory_limit = kNoLimit;  // bytes of message bodies in all queues
  std::int64_t replication_latency_ns = 0;
  std::int64_t election_time_ns = 0;
  std::vector<ExchangeSettings> exchanges;
  std::vector<QueueSettings> queues;
};

// base, base * multiplier, ... up to max.
std::vector<std::int64_t> redelivery_delays(std::int64_t base_ns, double multiplier, std::int64_t max_ns);
// A probability in units of 2^-64.
std::uint64_t probability_bits(double probability);

}  // namespace tailrace::models
