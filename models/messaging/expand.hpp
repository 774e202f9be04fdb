#pragma once
// How a kind with channels becomes part of the topology. In its declare pass it names its entries (what
// `publish:` may name); in its expand pass it adds the channel and the groups, in the order of the model's
// subscriptions.
//
//   declare:  declare_channel(b, component, {"publish"})            publish: order_placed
//             declare_channel(b, component, {"orders", "invoices"}) publish: rabbit.orders
//   expand:   add_channel(b, component, settings)                   a station of `nodes`, operations
//             add_group(b, channel, "mailers", spec, mark, path)    a station of the group's instances
#include <memory>
#include <string>
#include <vector>

#include "models/kind/builder.hpp"
#include "models/messaging/channel.hpp"
#include "models/messaging/consumer.hpp"

namespace tailrace::models {

struct ChannelSettings {
  std::shared_ptr<ChannelModel> model;
  std::optional<sim::Distribution> publish_time;  // of a publication at its broker's node, ns
  std::int64_t workers = kUnlimited;              // that do this at a time per node
};

void declare_channel(TopologyBuilder& b, int component, const std::vector<std::string>& entries);
// The channel's index in Topology::channels. Its entries are ChannelModel::entries().
int add_channel(TopologyBuilder& b, int component, ChannelSettings settings);
// The next subscription of the channel. A subscription without consumers (instances 0) takes an empty spec.
void add_group(TopologyBuilder& b, int channel, const std::string& name, const ConsumerSpec& spec, Mark mark,
               const std::string& path);

// The number of a routing key within the scenario: Envelope::route. Publishers and bindings use the same
// numbers; names are kept in Topology::routing_keys, which are complete when all kinds have been expanded.
std::uint16_t routing_key(TopologyBuilder& b, const std::string& key);

// Topology::channels index of a declared channel; it may not have been expanded yet.
int channel_number(TopologyBuilder& b, const std::string& name);

// Of a channel that a field names (a dead-letter queue, say): Topology::channels index and entry, found after
// all kinds have declared theirs; reports what is missing, with the nearest name.
struct ChannelEntry {
  int channel = kNone;
  std::uint16_t entry = 0;
};
ChannelEntry resolve_channel(TopologyBuilder& b, const Reference& reference);
// The same of a field of the component `self`, which may not name this one: `itself` is what is wrong then.
ChannelEntry resolve_other_channel(TopologyBuilder& b, const Reference& reference, const std::string& field,
                                   const std::string& self, const char* itself);

}  // namespace tailrace::models
