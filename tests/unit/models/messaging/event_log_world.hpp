#pragma once
// A topic under test: settings, the fake host, and the checks that hold after every step.
#include <string>
#include <vector>

#include "fake_host.hpp"
#include "models/messaging/event_log/event_log.hpp"

namespace tailrace::models::event_log {

// Also knows in which order copies were made: the order of the log.
struct LogHost : FakeHost {
  void copy_made(std::uint32_t subscription, const Envelope& message) override {
    FakeHost::copy_made(subscription, message);
    made.emplace_back(subscription, message);
  }
  std::vector<std::pair<std::uint32_t, Envelope>> made;
};

struct LogWorld : ChannelWorld<EventLogModel, LogHost> {
  using ChannelWorld::ChannelWorld;

  // Published now; its identity is its number. The answer's outcome is in host.answered when it is pending.
  Publication publish(std::uint64_t key = kNoKey, std::uint32_t producer = 0, std::uint32_t bytes = 0) {
    Envelope m;
    m.born = host.now();
    m.key = key;
    m.identity = m.sequence = published++;
    m.producer = producer;
    m.bytes = bytes;
    return send(m);
  }
  Publication send(Envelope m) {
    leader = channel->place(m);
    part = m.part;
    return channel->publish(m, true, m.identity);
  }
  std::uint64_t ended(Fate fate) const {
    std::uint64_t sum = 0;
    for (const PlaceCounts& p : channel->record().places) sum += p.ended[static_cast<std::size_t>(fate)];
    return sum;
  }
  std::uint64_t redeliveries() const {
    std::uint64_t sum = 0;
    for (const PlaceCounts& p : channel->record().places) sum += p.redeliveries;
    return sum;
  }
  // Conservation in every place, and the copies that the host was told of are those that are there.
  void check() const {
    const ChannelRecord record = channel->record();
    std::uint64_t resident = 0;
    for (std::size_t i = 0; i < record.places.size(); ++i) {
      ASSERT_TRUE(record.places[i].conserved()) << model.place_names()[i];
      resident += record.places[i].ready + record.places[i].in_flight;
    }
    if (model.groups().empty()) return;
    ASSERT_EQ(static_cast<std::uint64_t>(host.copies), resident);
    std::uint64_t depths = 0;
    for (std::uint32_t g = 0; g < model.groups().size(); ++g) {
      depths += channel->depth(g);
      ASSERT_EQ(channel->depth(g) == 0, channel->oldest_born(g) < 0);
    }
    ASSERT_EQ(depths, resident);
  }

  std::uint64_t published = 0;
  std::uint32_t leader = 0, part = 0;
};

inline LogSettings topic(std::uint32_t partitions) {
  LogSettings s;
  s.name = "orders";
  s.partitions = partitions;
  return s;
}
inline LogGroup group(std::uint32_t instances, const std::string& name = "mailers") {
  LogGroup g;
  g.name = name;
  g.instances = instances;
  return g;
}
// One subscription whose instances share its messages.
inline LogSettings shared(Subscription type, std::uint32_t instances, std::uint32_t partitions = 1) {
  LogSettings s = topic(partitions);
  s.groups = {group(instances)};
  s.groups[0].type = type;
  return s;
}

}  // namespace tailrace::models::event_log
