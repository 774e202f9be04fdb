#pragma once
// A queue broker with the host under test around it.
#include <gtest/gtest.h>

#include <memory>
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

struct BrokerWorld {
  explicit BrokerWorld(BrokerSettings settings, const std::vector<std::string>& keys = {""})
      : model(std::move(settings)) {
    model.routing_keys(keys);
    channel = model.start(host);
    host.channel = channel.get();
  }

  // Handlers take so long and end well.
  void handle_in(std::int64_t ns) {
    host.handling = [ns](const FakeHost::Started&) { return std::pair{ns, Outcome::success}; };
  }
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
  PlaceCounts place(std::size_t q) const { return channel->record().places[q]; }
  std::uint64_t ended(std::size_t q, Fate fate) const {
    return place(q).ended[static_cast<std::size_t>(fate)];
  }
  // Nothing is lost or created, and the host has heard of every copy.
  void expect_conserved() const {
    const ChannelRecord record = channel->record();
    std::int64_t here = 0;
    for (std::size_t q = 0; q < record.places.size(); ++q) {
      EXPECT_TRUE(record.places[q].conserved()) << model.place_names()[q];
      here += static_cast<std::int64_t>(record.places[q].ready + record.places[q].in_flight);
      EXPECT_EQ(channel->depth(static_cast<std::uint32_t>(q)),
                record.places[q].ready + record.places[q].in_flight);
    }
    EXPECT_EQ(host.copies, here);
  }

  FakeHost host;
  QueueBrokerModel model;
  std::unique_ptr<Channel> channel;
};

using Ids = std::vector<std::uint64_t>;

}  // namespace tailrace::models
