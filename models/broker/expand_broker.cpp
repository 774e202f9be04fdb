#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "models/broker/broker.hpp"
#include "models/messaging/expand.hpp"
#include "models/messaging/queue_broker/queue_broker.hpp"

namespace tailrace::models {

namespace {

constexpr std::size_t kMostEntries = 60'000;  // an Envelope counts them in 16 bits

class Expansion {
 public:
  Expansion(const BrokerSpec& spec, int component, TopologyBuilder& b)
      : spec_(spec),
        component_(component),
        b_(b),
        self_(of(component).name),
        path_(b.path),
        mark_(of(component).mark) {}

  void run() {
    const Mark mark = mark_;
    if (spec_.queues.empty()) {
      return b_.diagnostics.error(mark, path_, "a broker needs at least one queue", "queues: {mails: {}}");
    }
    if (spec_.queues.size() + spec_.exchanges.size() > kMostEntries) {
      return b_.diagnostics.error(mark, path_,
                                  fmt::format("a broker has at most {} exchanges and queues", kMostEntries));
    }
    BrokerSettings settings;
    settings.nodes = static_cast<std::uint32_t>(spec_.nodes);
    settings.memory_limit = spec_.memory_limit ? spec_.memory_limit->value : kNoLimit;
    settings.replication_latency_ns = spec_.replication_latency.ns;
    settings.election_time_ns = spec_.election_time.ns;
    for (const auto& e : spec_.exchanges) settings.exchanges.push_back(exchange(e));
    for (std::size_t k = 0; k < spec_.queues.size(); ++k)
      settings.queues.push_back(queue(spec_.queues[k], static_cast<std::uint32_t>(k)));

    ChannelSettings channel;
    channel.model = std::make_shared<QueueBrokerModel>(std::move(settings));
    if (spec_.publish_time) channel.publish_time = spec_.publish_time->value;
    channel.workers = spec_.publish_workers.value;
    const int id = add_channel(b_, component_, std::move(channel));
    for (const auto& q : spec_.queues) {
      ConsumerSpec nobody;
      nobody.instances = 0;
      const std::string path = path_ + ".queues." + q.name + ".consumers";
      add_group(b_, id, q.name, q.value.consumers ? q.value.consumers->consumer : nobody, mark_, path);
    }
  }

 private:
  const Component& of(int component) const {
    return b_.topology.components[static_cast<std::size_t>(component)];
  }

  // The index of a name in `all`; what is missing is reported.
  template <class T>
  std::uint32_t find(const Reference& name, const std::vector<Named<T>>& all, const char* what,
                     const std::string& path) {
    std::vector<std::string_view> known;
    for (std::size_t k = 0; k < all.size(); ++k) {
      if (all[k].name == name.text) return static_cast<std::uint32_t>(k);
      known.push_back(all[k].name);
    }
    if (b_.operations_unread.count(component_) != 0) return kNobody;
    const std::string near = nearest_word(name.text, known);
    b_.diagnostics.error(name.mark, path,
                         fmt::format("\"{}\" has no {} \"{}\"", escaped(self_), what, escaped(name.text)),
                         near.empty() ? "" : fmt::format("did you mean {}?", escaped(near)));
    return kNobody;
  }

  ExchangeSettings exchange(const Named<ExchangeSpec>& spec) {
    const std::string path = path_ + ".exchanges." + spec.name;
    ExchangeSettings out{spec.name, spec.value.type, {}, kNobody};
    for (const auto& q : spec_.queues) {
      if (q.name != spec.name) continue;
      b_.diagnostics.error(mark_, path, fmt::format("a queue has the name \"{}\" too", escaped(spec.name)),
                           "publishers name both alike; rename one");
    }
    for (std::size_t k = 0; k < spec.value.bindings.size(); ++k) {
      const BrokerBindingSpec& binding = spec.value.bindings[k];
      const std::string at = fmt::format("{}.bindings[{}]", path, k);
      if (binding.queue.has_value() == binding.exchange.has_value()) {
        b_.diagnostics.error(mark_, at, "a binding goes to one queue or to one exchange",
                             "bindings: [{key: \"order.*\", queue: mails}]");
        continue;
      }
      if (out.type == ExchangeType::fanout && !binding.key.empty()) {
        b_.diagnostics.warning(mark_, at + ".key", "a fanout exchange does not look at keys",
                               "type: topic matches patterns");
      }
      if (out.type == ExchangeType::direct && binding.key.find_first_of("*#") != std::string::npos) {
        b_.diagnostics.warning(mark_, at + ".key",
                               fmt::format("a direct exchange takes \"{}\" literally", escaped(binding.key)),
                               "type: topic matches patterns");
      }
      if (out.type == ExchangeType::headers && !binding.key.empty()) {
        b_.diagnostics.warning(mark_, at + ".key", "a headers exchange does not look at keys",
                               "arguments: {type: invoice}");
      }
      if (out.type != ExchangeType::headers && !binding.arguments.empty()) {
        b_.diagnostics.error(mark_, at + ".arguments", "only a headers exchange looks at headers",
                             "type: headers");
      }
      if (out.type == ExchangeType::headers && binding.x_match == HeaderMatch::any &&
          binding.arguments.empty()) {
        b_.diagnostics.warning(mark_, at + ".arguments", "none of no arguments ever matches",
                               "arguments: {type: invoice}");
      }
      BindingSettings to;
      to.key = binding.key;
      for (const auto& a : binding.arguments) to.arguments.emplace_back(a.name, a.value.value);
      to.match_any = binding.x_match == HeaderMatch::any;
      if (binding.queue) to.queue = find(*binding.queue, spec_.queues, "queue", at + ".queue");
      if (binding.exchange)
        to.exchange = find(*binding.exchange, spec_.exchanges, "exchange", at + ".exchange");
      out.bindings.push_back(std::move(to));
    }
    if (spec.value.alternate)
      out.alternate = find(*spec.value.alternate, spec_.exchanges, "exchange", path + ".alternate_exchange");
    return out;
  }

  QueueSettings queue(const Named<BrokerQueueSpec>& named, std::uint32_t index) {
    const BrokerQueueSpec& spec = named.value;
    const std::string path = path_ + ".queues." + named.name;
    const auto error = [&](const std::string& field, std::string message, std::string hint) {
      b_.diagnostics.error(mark_, path + field, std::move(message), std::move(hint));
    };
    const auto warning = [&](const std::string& field, std::string message, std::string hint) {
      b_.diagnostics.warning(mark_, path + field, std::move(message), std::move(hint));
    };
    QueueSettings out;
    out.name = named.name;
    out.type = spec.type;
    out.durable = spec.durable;
    out.home = index % static_cast<std::uint32_t>(spec_.nodes);
    if (spec.node && *spec.node >= spec_.nodes) {
      error(".node", fmt::format("the broker has nodes 0 to {}, found {}", spec_.nodes - 1, *spec.node),
            fmt::format("nodes: {}", *spec.node + 1));
    } else if (spec.node) {
      out.home = static_cast<std::uint32_t>(*spec.node);
    }
    const bool quorum = spec.type == QueueType::quorum;
    if (spec.replicas && !quorum && *spec.replicas != 1) {
      error(".replicas", "a classic queue is on one node", "type: quorum replicates");
    } else if (spec.replicas && *spec.replicas > spec_.nodes) {
      error(".replicas", fmt::format("{} replicas need as many nodes, found {}", *spec.replicas, spec_.nodes),
            fmt::format("nodes: {}", *spec.replicas));
    } else if (quorum) {
      out.replicas = static_cast<std::uint32_t>(spec.replicas.value_or(std::min<Count>(3, spec_.nodes)));
      if (out.replicas % 2 == 0) {
        warning(".replicas",
                fmt::format("{} replicas survive as few failures as {}", out.replicas, out.replicas - 1),
                "odd numbers make use of each");
      }
    }
    if (quorum && !spec.durable)
      error(".durable", "quorum queues are durable", "type: classic may be transient");
    out.message_ttl_ns = spec.message_ttl ? spec.message_ttl->ns : kNoTime;
    out.queue_ttl_ns = spec.queue_ttl ? spec.queue_ttl->ns : kNoTime;
    out.max_length = spec.max_length.unlimited() ? kNoLimit : spec.max_length.value;
    out.max_bytes = spec.max_bytes ? spec.max_bytes->value : kNoLimit;
    out.overflow = spec.overflow;
    if (spec.overflow != Overflow::drop_head && out.max_length == kNoLimit && out.max_bytes == kNoLimit) {
      warning(".overflow", "nothing overflows: the queue has no limit", "max_length: 10000");
    }
    if (spec.overflow == Overflow::reject_publish_dlx && !spec.dead_letter) {
      error(".overflow", "reject_publish_dlx needs a dead-letter target", "dead_letter: a queue's name");
    }
    out.max_priority = static_cast<std::uint8_t>(spec.max_priority);
    out.max_delivery_count = spec.max_delivery_count.unlimited() ? kNoLimit : spec.max_delivery_count.value;
    out.redelivery_delays_ns = redelivery_delays(
        spec.redelivery_delay.base.ns, spec.redelivery_delay.multiplier, spec.redelivery_delay.max.ns);
    out.instant_failure_ns = spec.redelivery_delay.instant_failure.ns;
    if (spec.dead_letter) out.dead_letter = dead_letter(*spec.dead_letter, path + ".dead_letter");
    out.consumers.instances = 0;
    if (spec.consumers) {
      const QueueConsumerSpec& group = *spec.consumers;
      const std::string at = ".consumers";
      out.consumers.instances = group.consumer.laid_out();
      out.consumers.concurrency = group.consumer.concurrency;
      out.ack = group.ack;
      out.on_failure = group.on_failure;
      out.ack_failure = probability_bits(group.ack_failure.value);
      out.single_active_consumer = group.single_active_consumer;
      out.prefetch = group.consumer.concurrency;
      if (group.prefetch) out.prefetch = group.prefetch->unlimited() ? kNoLimit : group.prefetch->value;
      if (group.prefetch && group.prefetch->value == 0) {
        error(at + ".prefetch", "with a prefetch of 0 nothing is delivered", "at least 1, or unlimited");
      } else if (out.prefetch != kNoLimit && out.prefetch < out.consumers.concurrency &&
                 group.ack == AckMode::manual) {
        warning(at + ".prefetch",
                fmt::format("{} handlers per instance, and {} of them have a message at most",
                            out.consumers.concurrency, out.prefetch),
                fmt::format("prefetch: {}", out.consumers.concurrency));
      }
      if (group.ack == AckMode::automatic) {
        if (group.prefetch) warning(at + ".prefetch", "automatic acknowledgement knows no prefetch", "");
        if (group.ack_failure.value > 0 || out.max_delivery_count != kNoLimit) {
          warning(at + ".ack", "automatic acknowledgement never delivers a message twice",
                  "ack: manual redelivers");
        }
      } else if (group.ack_failure.value >= 1 && out.max_delivery_count == kNoLimit) {
        error(at + ".ack_failure", "no message is ever acknowledged",
              "less than 100%, or max_delivery_count");
      }
    } else if (out.max_delivery_count != kNoLimit) {
      warning(".max_delivery_count", "the queue has no consumers", "");
    }
    return out;
  }

  // A channel of one entry goes by its own name; this broker's own names go first.
  bool is_channel(const std::string& name) const {
    const auto called = [&](const auto& item) { return item.name == name; };
    if (std::any_of(spec_.queues.begin(), spec_.queues.end(), called) ||
        std::any_of(spec_.exchanges.begin(), spec_.exchanges.end(), called))
      return false;
    return std::any_of(b_.channel_entries.begin(), b_.channel_entries.end(), [&](const auto& channel) {
      return channel.first == name && channel.second == std::vector<std::string>{"publish"};
    });
  }

  DeadLetterSettings dead_letter(const DeadLetterSpec& spec, const std::string& path) {
    DeadLetterSettings out;
    Reference name = spec.to;
    const std::size_t dot = name.text.find('.');
    if (dot != std::string::npos && name.text.substr(0, dot) == self_) name.text.erase(0, dot + 1);
    if (name.text.find('.') != std::string::npos || is_channel(name.text)) {
      const ChannelEntry other = resolve_channel(b_, name);
      if (other.channel == kNone) return out;
      out.to = DeadLetterSettings::To::elsewhere;
      out.channel = static_cast<std::uint32_t>(other.channel);
      out.entry = other.entry;
    } else {
      std::vector<Named<bool>> entries;
      for (const auto& e : spec_.exchanges) entries.push_back({e.name, e.mark, true});
      for (const auto& q : spec_.queues) entries.push_back({q.name, q.mark, true});
      const std::uint32_t entry = find(name, entries, "queue or exchange", path);
      if (entry == kNobody) return out;
      out.to = DeadLetterSettings::To::here;
      out.entry = static_cast<std::uint16_t>(entry);
    }
    out.own_key = spec.key.has_value();
    if (spec.key) out.route = routing_key(b_, *spec.key);
    return out;
  }

  const BrokerSpec& spec_;
  int component_;
  TopologyBuilder& b_;
  const std::string self_, path_;
  const Mark mark_;  // the component's: what is said of a path in it is shown at that path
};

}  // namespace

void expand_broker(const void* raw, int component, TopologyBuilder& b) {
  Expansion(*static_cast<const BrokerSpec*>(raw), component, b).run();
}

}  // namespace tailrace::models
