#pragma once
// A cloud queue with a host of its own, for tests that say when what is published and how handlers end.
#include <memory>
#include <utility>

#include "fake_host.hpp"
#include "models/messaging/cloud_queue/cloud_queue.hpp"

namespace tailrace::models {

struct CloudQueueWorld {
  FakeHost host;
  CloudQueueModel model;
  std::unique_ptr<Channel> channel;

  explicit CloudQueueWorld(CloudQueueSettings settings) : model(std::move(settings)) {
    channel = model.start(host);
    host.channel = channel.get();
  }
  static CloudQueueSettings settings(std::int64_t instances = 1, std::int64_t concurrency = 1) {
    CloudQueueSettings s;
    s.group = {"workers", instances, concurrency};
    s.place = "jobs";
    return s;
  }

  CloudQueue& queue() { return static_cast<CloudQueue&>(*channel); }
  PlaceCounts counts() const { return channel->record().places[0]; }
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
  // Every handler takes this long and succeeds.
  void handlers_take(std::int64_t ns) {
    host.handling = [ns](const FakeHost::Started&) { return std::pair{ns, Outcome::success}; };
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
