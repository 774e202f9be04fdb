#pragma once
// A queue broker with the host under test around it.
#include <string>
#include <utility>
#include <vector>

#include "models/messaging/queue_broker/queue_broker.hpp"
#include "tests/unit/models/messaging/fake_host.hpp"

namespace tailrace::models {

// A queue named `name` with consumers; prefetch as many as are handled at a time.
inline QueueSettings queue_of(std::string name, std::int64_t instances = 0, std::int64_t concurrency = 1) {
  QueueSettings queue;
  queue.name = std::move(name);
  queue.consumers.instances = instances;
  queue.consumers.concurrency = concurrency;
  queue.prefetch = concurrency;
  return queue;
}

inline DeadLetterSettings dead_letters_to(std::uint16_t entry) {
  DeadLetterSettings target;
  target.to = DeadLetterSettings::To::here;
  target.entry = entry;
  return target;
}

struct BrokerWorld : ChannelWorld<QueueBrokerModel> {
  using ChannelWorld::ChannelWorld;

  Publication publish(std::uint64_t identity, std::uint16_t entry = 0, std::uint16_t route = 0,
                      bool confirmed = true) {
    Envelope message;
    message.identity = message.sequence = identity;
    message.entry = entry;
    message.route = route;
    message.bytes = 100;
    message.born = host.now();
    return publish(message, confirmed);
  }
  Publication publish(const Envelope& message, bool confirmed = true) {
    return channel->publish(message, confirmed, message.identity);
  }
  // Identities of what was started, in order.
  std::vector<std::uint64_t> order() const {
    std::vector<std::uint64_t> ids;
    for (const FakeHost::Started& s : host.started) ids.push_back(s.messages.front().identity);
    return ids;
  }
  std::uint64_t ended(std::size_t q, Fate fate) const {
    return place(q).ended[static_cast<std::size_t>(fate)];
  }
  // As of every channel; and a queue is a subscription.
  void expect_conserved() const {
    ChannelWorld::expect_conserved();
    const ChannelRecord record = channel->record();
    for (std::uint32_t q = 0; q < record.places.size(); ++q)
      EXPECT_EQ(channel->depth(q), record.places[q].ready + record.places[q].in_flight);
  }
};

using Ids = std::vector<std::uint64_t>;

}  // namespace tailrace::models
