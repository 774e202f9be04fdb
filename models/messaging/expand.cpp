#include "models/messaging/expand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/steps/message_steps.hpp"
#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

constexpr std::size_t kMostRoutingKeys = 60'000;  // an envelope numbers them in 16 bits

template <class List>
auto& at(List& list, int index) {
  return list[static_cast<std::size_t>(index)];
}
Effect& at_effect(TopologyBuilder& b, int id) {
  return at(b.topology.effects, id);
}

}  // namespace

void declare_channel(TopologyBuilder& b, int component, const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) b.declare_operation(component, entry);
  const std::string& name = at(b.topology.components, component).name;
  b.channel_entries.push_back({name, entries});
}

int add_channel(TopologyBuilder& b, int component, ChannelSettings settings) {
  const std::string name = at(b.topology.components, component).name;
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
    if (settings.publish_time)
      operation.steps.push_back(drawing_step(Step::Kind::compute, *settings.publish_time));
    Step deposit;
    deposit.kind = Step::Kind::deposit;
    deposit.ref = id;
    operation.steps.push_back(std::move(deposit));
  }
  MessageChannel& channel = at(b.topology.channels, id);
  channel.name = name;
  channel.component = component;
  channel.station = station;
  channel.model = std::move(settings.model);
  return id;
}

namespace {

// Checks them, and hands them to the channel, whose next subscription the group is.
void add_pauses(TopologyBuilder& b, MessageChannel& channel, const ConsumerSpec& spec, Mark mark,
                const std::string& path) {
  for (std::size_t i = 0; i < spec.pauses.size(); ++i) {
    const ConsumerPauseSpec& p = spec.pauses[i];
    const std::string at = fmt::format("{}.pauses[{}]", path, i);
    const auto error = [&](const char* field, const char* message, const char* hint) {
      b.diagnostics.error(mark, at + field, message, hint);
    };
    PauseSettings s;
    s.subscription = static_cast<std::uint32_t>(channel.groups.size());
    if (p.while_behind.empty()) {
      if (!p.at || !p.duration) {
        error("", "a pause is at a time and for a time, or while another group is behind",
              "at: 60s, duration: 30s");
        continue;
      }
      if (p.every && p.every->ns <= p.duration->ns) {
        error(".every", "it would not be over when the next begins", "longer than duration");
        continue;
      }
      if (p.above > 0 || p.below || p.interval)
        error("", "looks at a group that is not named", "while_behind: invoices/billing");
      s.at_ns = p.at->ns, s.length_ns = p.duration->ns, s.every_ns = p.every ? p.every->ns : 0;
    } else {
      if (p.at || p.duration || p.every)
        error("", "both times and a group to look at", "two pauses, if both are meant");
      if (p.below.value_or(p.above) > p.above)
        error(".resume_below", "it would be over before it begins", "at most above");
      s.watched = b.effect_number(p.while_behind);
      Effect& effect = at_effect(b, s.watched);
      if (effect.component == kNone) effect.mark = mark, effect.path = at + ".while_behind";
      s.above = static_cast<std::uint64_t>(p.above);
      s.below = static_cast<std::uint64_t>(p.below.value_or(p.above));
      if (p.interval) s.interval_ns = p.interval->ns;
    }
    channel.model->pauses.push_back(s);
  }
}

}  // namespace

void add_group(TopologyBuilder& b, int channel, const std::string& name, const ConsumerSpec& spec, Mark mark,
               const std::string& path) {
  ConsumerGroup group;
  group.name = at(b.topology.channels, channel).name + "/" + name;
  const int component = at(b.topology.channels, channel).component;
  if (spec.laid_out() == 0) {
    at(b.topology.channels, channel).groups.push_back(std::move(group));
    return;
  }
  add_pauses(b, at(b.topology.channels, channel), spec, mark, path);
  if (spec.calls && !spec.steps.empty())
    b.diagnostics.error(mark, path, "both calls and steps are given", "calls is short for one call step");
  Station station;
  station.name = group.name;
  station.component = component;
  station.instances = spec.laid_out();
  station.groups.push_back({spec.laid_out(), 1, 1, 0, {}});
  station.workers = spec.concurrency;
  station.cpus = spec.cpus;
  station.startup = spec.startup_time.value;
  station.grace = spec.grace_period;
  if (spec.autoscaling) {
    apply_autoscaling(*spec.autoscaling, spec.at_start(), station, mark, path + ".autoscaling",
                      b.diagnostics);
    if (const auto& looks = station.scaling->looks;
        looks && looks->metric == ScaleMetric::queue && looks->window.ns > 0)
      b.diagnostics.error(mark, path + ".autoscaling",
                          "the lag of a group is taken as it is at the look, not as a mean",
                          "hpa: {metric: queue, target: 100}, without metrics_window");
    if (spec.autoscaling->on_demand || spec.autoscaling->concurrency)
      b.diagnostics.error(mark, path + ".autoscaling",
                          "nobody sends a message to a consumer that is not there",
                          "hpa with metric: queue looks at what waits for the group");
  }
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

ChannelEntry resolve_other_channel(TopologyBuilder& b, const Reference& reference, const std::string& field,
                                   const std::string& self, const char* itself) {
  const std::string outer = std::exchange(b.path, b.path + "." + field);
  const ChannelEntry found = resolve_channel(b, reference);
  if (found.channel != kNone && reference.text.substr(0, reference.text.find('.')) == self)
    b.diagnostics.error(reference.mark, b.path, itself, "name another channel");
  b.path = outer;
  return found;
}

}  // namespace tailrace::models
