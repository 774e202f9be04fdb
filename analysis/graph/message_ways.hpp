#pragma once
// Where messages go on from: an operation that publishes hands its message to a channel, and the channel's
// consumer groups handle it later. These are the arcs that no caller waits along; the calls themselves are in
// the steps. Which of a broker's queues an exchange routes to is the channel's own business, so an arc to a
// group says that messages may come this way.
#include <algorithm>
#include <string_view>
#include <vector>

#include "models/messaging/extras.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::analysis {

// Groups with consumers that may be given what is published through the operation.
inline std::vector<const models::ConsumerGroup*> handlers_of(const models::Topology& t, int operation) {
  std::vector<const models::ConsumerGroup*> groups;
  const int channel = t.operations[static_cast<std::size_t>(operation)].channel;
  if (channel == models::kNone) return groups;
  for (const models::ConsumerGroup& g : t.channels[static_cast<std::size_t>(channel)].groups) {
    if (g.operation != models::kNone) groups.push_back(&g);
  }
  return groups;
}

// Whether the group is given every message that is published through the operation: a channel with a single
// entry gives each of its groups all (as a log does) unless some are published with a routing key, and a
// queue that is published to by its name gives them to its own consumers. What an exchange or a filter lets
// through is not known here.
enum class Share : char { none, all, unknown };
inline Share share_of(const models::Topology& t, int operation, const models::ConsumerGroup& group) {
  const models::Operation& op = t.operations[static_cast<std::size_t>(operation)];
  const models::MessageChannel& channel = t.channels[static_cast<std::size_t>(op.channel)];
  if (dynamic_cast<const models::SumsUp*>(channel.model.get()) != nullptr) return Share::unknown;
  if (channel.model == nullptr || channel.model->entries().size() == 1) {
    const bool plain = std::none_of(t.publications.begin(), t.publications.end(),
                                    [&](const auto& p) { return p.channel == op.channel && p.route != 0; });
    return plain ? Share::all : Share::unknown;
  }
  const auto slash = std::string_view(group.name).substr(channel.name.size());
  const auto is_queue = [&](std::string_view entry) { return !slash.empty() && slash.substr(1) == entry; };
  if (is_queue(op.name)) return Share::all;
  for (const models::ConsumerGroup& g : channel.groups) {
    if (g.name == channel.name + "/" + op.name) return Share::none;  // another queue's messages
  }
  return Share::unknown;
}

}  // namespace tailrace::analysis
