#include "models/messaging/expand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/steps/message_steps.hpp"

namespace tailrace::models {

namespace {

constexpr std::size_t kMostRoutingKeys = 60'000;  // an envelope numbers them in 16 bits

template <class List>
auto& at(List& list, int index) {
  return list[static_cast<std::size_t>(index)];
}

}  // namespace

void declare_channel(TopologyBuilder& b, int component, const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) b.declare_operation(component, entry);
  const std::string& name = at(b.topology.components, component).name;
  b.channel_entries.push_back({name, entries});
}

int add_channel(TopologyBuilder& b, int component, ChannelSettings settings) {
  const Component self = at(b.topology.components, component);
  const std::string name = self.name;
  const int id = channel_number(b, name);
  Station nodes;
  nodes.name = name;
  nodes.component = component;
  nodes.instances = settings.model->nodes();
  nodes.groups.push_back({nodes.instances, 1, 1, 0, {}});
  nodes.workers = settings.workers;
  nodes.blocking = false;  // a publication that waits for its batch or its replicas holds nobody up
  const int station = b.add_station(std::move(nodes));
  const std::vector<std::string> entries = settings.model->entries();
  for (std::size_t e = 0; e < entries.size(); ++e) {
    const int op = b.find_operation(name + "." + entries[e]);
    if (op == kNone) continue;  // its name was refused
    Operation& operation = at(b.topology.operations, op);
    operation.station = station;
    operation.channel = id;
    operation.entry = static_cast<std::uint16_t>(e);
    if (settings.publish_time) {
      Step work;
      work.kind = Step::Kind::compute;
      work.distribution = *settings.publish_time;
      operation.steps.push_back(std::move(work));
    }
    Step deposit;
    deposit.kind = Step::Kind::deposit;
    deposit.ref = id;
    if (settings.publish_calls) {
      Steps steps = std::move(operation.steps);
      CallSpec call;
      call.call = *settings.publish_calls;
      const int outer = std::exchange(b.station, station);
      expand_call_step(call, self.mark, b, steps);
      b.station = outer;
      steps.push_back(std::move(deposit));
      at(b.topology.operations, op).steps = std::move(steps);
      continue;
    }
    operation.steps.push_back(std::move(deposit));
  }
  MessageChannel& channel = at(b.topology.channels, id);
  channel.name = name;
  channel.component = component;
  channel.station = station;
  channel.model = std::move(settings.model);
  return id;
}

void add_group(TopologyBuilder& b, int channel, const std::string& name, const ConsumerSpec& spec, Mark mark,
               const std::string& path) {
  ConsumerGroup group;
  group.name = at(b.topology.channels, channel).name + "/" + name;
  const int component = at(b.topology.channels, channel).component;
  if (spec.instances == 0) {
    at(b.topology.channels, channel).groups.push_back(std::move(group));
    return;
  }
  if (spec.calls && !spec.steps.empty())
    b.diagnostics.error(mark, path, "both calls and steps are given", "calls is short for one call step");
  Station station;
  station.name = group.name;
  station.component = component;
  station.instances = spec.instances;
  station.groups.push_back({spec.instances, 1, 1, 0, {}});
  station.workers = spec.concurrency;
  station.cpus = spec.cpus;
  group.station = b.add_station(std::move(station));
  group.transactional = spec.transactional;

  Operation operation;
  operation.name = name;
  operation.component = component;
  operation.station = group.station;
  operation.error_rate = spec.error_rate.value;
  const std::string outer_path = std::exchange(b.path, path);
  const int outer_station = std::exchange(b.station, group.station);
  const int outer_component = std::exchange(b.component, component);
  Steps handler;
  if (spec.calls) {
    CallSpec call;
    call.call = *spec.calls;
    call.policies = spec.policies;
    expand_call_step(call, mark, b, handler);
  } else {
    expand_steps(spec.steps, b, handler);
  }
  group.effect = b.effect_number(group.name);
  expand_effect(group.effect, spec.idempotency, std::move(handler), mark, b, operation.steps);
  b.path = outer_path;
  b.station = outer_station;
  b.component = outer_component;
  group.operation = static_cast<int>(b.topology.operations.size());
  b.topology.operations.push_back(std::move(operation));
  Edge delivery;
  delivery.from_component = component;
  delivery.operation = group.operation;
  delivery.path = path;
  delivery.mark = mark;
  group.edge = static_cast<int>(b.topology.edges.size());
  b.topology.edges.push_back(std::move(delivery));
  at(b.topology.channels, channel).groups.push_back(std::move(group));
}

std::uint16_t routing_key(TopologyBuilder& b, const std::string& key) {
  std::vector<std::string>& keys = b.topology.routing_keys;
  const auto it = std::find(keys.begin(), keys.end(), key);
  if (it != keys.end()) return static_cast<std::uint16_t>(it - keys.begin());
  if (keys.size() >= kMostRoutingKeys) {
    b.diagnostics.error({}, b.path, fmt::format("more than {} routing keys", kMostRoutingKeys));
    return 0;
  }
  keys.push_back(key);
  return static_cast<std::uint16_t>(keys.size() - 1);
}

int channel_number(TopologyBuilder& b, const std::string& name) {
  const auto it = std::find_if(b.channel_entries.begin(), b.channel_entries.end(),
                               [&](const auto& c) { return c.first == name; });
  const auto id = static_cast<std::size_t>(it - b.channel_entries.begin());
  if (b.topology.channels.size() < b.channel_entries.size())
    b.topology.channels.resize(b.channel_entries.size());
  return static_cast<int>(id);
}

ChannelEntry resolve_channel(TopologyBuilder& b, const Reference& reference) {
  const std::string& text = reference.text;
  const std::string name = text.substr(0, text.find('.'));
  const bool whole = name.size() == text.size();
  std::vector<std::string> known;
  for (std::size_t c = 0; c < b.channel_entries.size(); ++c) {
    const auto& [channel, entries] = b.channel_entries[c];
    for (std::size_t e = 0; e < entries.size(); ++e) {
      const bool only = entries.size() == 1 && entries[0] == "publish";
      if (channel == name && (whole ? only : text.substr(name.size() + 1) == entries[e])) {
        b.topology.channels[static_cast<std::size_t>(channel_number(b, name))].named = true;
        return {static_cast<int>(c), static_cast<std::uint16_t>(e)};
      }
      known.push_back(only ? channel : channel + "." + entries[e]);
    }
  }
  if (b.components_unread) return {};
  const std::string near = nearest_word(text, std::vector<std::string_view>(known.begin(), known.end()));
  const bool component = b.component_ids.count(name) != 0;
  b.diagnostics.error(reference.mark, b.path,
                      component
                          ? fmt::format("\"{}\" is nothing that messages are published to", escaped(text))
                          : fmt::format("there is no channel \"{}\"", escaped(text)),
                      near.empty() ? (known.empty() ? "" : fmt::format("there is {}", escaped(known.front())))
                      : near == text ? ""
                                     : fmt::format("did you mean {}?", escaped(near)));
  return {};
}

}  // namespace tailrace::models
