#pragma once
// A queue broker, after RabbitMQ 4 (ActiveMQ and Service Bus differ in names more than in kind): publications
// go through exchanges into queues, each of which gives every message to one of its consumers.
//
//   publish ─► exchange ─► ... ─► queue: [committing] ─► [delayed] ─► ready ─► unacked, with an instance
//                                   ▲                                  │  │        │ ack ─► consumed
//                                   └── nack, crash, lost ack ─────────┼──┼────────┘
//                                       expired, overflow, given up ◄──┘──┘ ─► dead-letter entry
//
// - One subscription and one place per queue, in the order of the settings.
// - Consumers with free prefetch take turns, as the product's list of active consumers does.
// - A message comes back to where it was, near the head; automatic acknowledgement loses it instead.
// - Messages expire at the head of their queue only, their TTL running from when they entered it, also
//   behind others with longer ones, and keep their time when given back. Limits count ready messages only.
// - A dead-lettered message starts a new life: no delay, no TTL of its own, no deliveries. One that would
//   come round to a queue without having been rejected on its way is dropped (in a broker of more than 64
//   queues at the latest after as many steps as it has queues).
// - Classic queue: its node's death makes it unavailable; what is transient is lost, unacked messages are
//   redelivered when it is back. Quorum queue: accepted when a majority has it, a replication latency later;
//   the leader's death loses what was not confirmed and costs an election.
// - Over memory_limit all publishers are held back until it falls below.
//
// Left out: mandatory publications, transactions, paging to disk, flow control by credit
// (the memory alarm is kept), unequal consumer priorities, a quorum queue's resending of what its leader had
// not committed.
//
// Cost: O(1) per publication per queue, delivery and acknowledgement, plus the number of messages given back
// that stand before one that is given back; O(messages of the queue) when a node dies. Memory is what the
// queues hold (see state.hpp for the sizes) and nothing is allocated once they have been as long before.
#include <memory>
#include <string>
#include <vector>

#include "models/messaging/channel.hpp"
#include "models/messaging/extras.hpp"
#include "models/messaging/queue_broker/settings.hpp"

namespace tailrace::models {

class QueueBrokerModel : public ChannelModel {
 public:
  explicit QueueBrokerModel(BrokerSettings settings);

  void routing_keys(const std::vector<std::string>& keys) override { keys_ = keys; }

  std::unique_ptr<Channel> start(ChannelHost& host) const override;
  const std::vector<GroupSettings>& groups() const override { return groups_; }
  std::vector<std::string> place_names() const override;
  std::vector<std::uint32_t> place_subscriptions() const override;
  std::vector<std::string> entries() const override;
  std::vector<std::string> event_names() const override;
  std::uint32_t nodes() const override { return settings_.nodes; }
  std::uint32_t streams() const override;  // one per queue
  bool delivers_once(std::uint32_t queue) const override {
    const QueueSettings& q = settings_.queues[queue];
    return q.ack_failure == 0 && q.message_ttl_ns == kNoTime && q.queue_ttl_ns == kNoTime &&
           q.max_length == kNoLimit && q.max_bytes == kNoLimit;
  }

  const BrokerSettings& settings() const { return settings_; }
  const std::vector<std::string>& keys() const { return keys_; }

 private:
  BrokerSettings settings_;
  std::vector<GroupSettings> groups_;
  std::vector<std::string> keys_;
};

}  // namespace tailrace::models
