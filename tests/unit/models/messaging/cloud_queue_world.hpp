#pragma once
// A cloud queue with a host of its own, for tests that say when what is published and how handlers end.
#include <vector>

#include "fake_host.hpp"
#include "models/messaging/cloud_queue/cloud_queue.hpp"

namespace tailrace::models {

struct CloudQueueWorld : ChannelWorld<CloudQueueModel> {
  using ChannelWorld::ChannelWorld;

  static CloudQueueSettings settings(std::int64_t instances = 1, std::int64_t concurrency = 1) {
    CloudQueueSettings s;
    s.group = {"workers", instances, concurrency};
    s.place = "jobs";
    return s;
  }

  CloudQueue& queue() { return static_cast<CloudQueue&>(*channel); }
  PlaceCounts counts() const { return place(); }
  Publication publish(std::uint64_t identity, std::uint64_t key = kNoKey) {
    Envelope m;
    m.identity = m.sequence = identity;
    m.key = key;
    m.born = host.now();
    return channel->publish(m, true, identity);
  }
  void publish_at(std::int64_t when, std::uint64_t identity, std::uint64_t key = kNoKey) {
    host.at(when, [this, identity, key] { publish(identity, key); });
  }
  std::uint64_t ended(Fate fate) const { return counts().ended[static_cast<std::size_t>(fate)]; }
  std::vector<std::uint64_t> order() const {  // of the starts, batches one after the other
    std::vector<std::uint64_t> identities;
    for (const FakeHost::Started& s : host.started)
      for (const Envelope& m : s.messages) identities.push_back(m.identity);
    return identities;
  }
};

}  // namespace tailrace::models
