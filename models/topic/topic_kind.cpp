#include "models/topic/topic_kind.hpp"

#include <fmt/format.h>

#include "models/messaging/expand.hpp"
#include "models/messaging/queue_broker/settings.hpp"
#include "models/messaging/topic/topic.hpp"

namespace tailrace::models {

namespace {

const std::vector<std::string> kLevels = {"at_most_once", "at_least_once", "exactly_once"};

FieldTable will_fields() {
  return Fields<WillSpec>("last will", "Published by the broker for an instance that died.")
      .add("routing_key", &WillSpec::routing_key, "by which subscriptions get it")
      .required()
      .add("qos", &WillSpec::level, "its delivery level: 0, 1, 2", between(0, 2))
      .add("delay", &WillSpec::delay, "not before so long, and not if the instance is back by then")
      .table();
}

FieldTable subscription_fields() {
  FieldTable table =
      Fields<TopicSubscriptionSpec>("topic subscription",
                                    "Gets its own copy of the messages, for its instances.")
          .add("filter", &TopicSubscriptionSpec::filter,
               "routing keys that it wants, words between dots: * is one word, # any number")
          .choice("level", &TopicSubscriptionSpec::level, kLevels,
                  "delivery; the lower of this, the publication's and the topic's holds (MQTT QoS 0, 1, 2)")
          .add("clean_session", &TopicSubscriptionSpec::clean_session,
               "true: nothing is kept while no instance is there")
          .add("receive_maximum", &TopicSubscriptionSpec::receive_maximum,
               "messages that an instance may have unacknowledged", at_least(1))
          .add("max_queued", &TopicSubscriptionSpec::max_queued,
               "messages that wait in the session; those that come then are dropped", at_least(0))
          .add("buffer", &TopicSubscriptionSpec::buffer,
               "messages delivered at most once that wait in an instance; those that come then are dropped",
               at_least(0))
          .add("retransmit_interval", &TopicSubscriptionSpec::retransmit_interval,
               "without an acknowledgement for so long, at_least_once sends again; failed handlers are tried "
               "again after it",
               more_than(0))
          .also("never", &TopicSubscriptionSpec::never_retransmits)
          .add("ack_failure", &TopicSubscriptionSpec::ack_failure, "acknowledgements that get lost")
          .section("will", &TopicSubscriptionSpec::will, will_fields(),
                   "published by the broker when an instance is gone and has not said so (MQTT's last will)")
          .table();
  add_consumer_fields(
      table, [](void* spec) -> ConsumerSpec& { return static_cast<TopicSubscriptionSpec*>(spec)->consumer; });
  return table;
}

void declare(const void*, int component, TopologyBuilder& b) {
  declare_channel(b, component, {"publish"});
}

SubscriptionSettings subscription(const Named<TopicSubscriptionSpec>& named, const TopicSpec& topic,
                                  const std::string& path, Mark mark, TopologyBuilder& b) {
  const TopicSubscriptionSpec& spec = named.value;
  SubscriptionSettings out;
  out.filter = spec.filter;
  out.level = static_cast<std::uint8_t>(spec.level);
  out.clean_session = spec.clean_session;
  out.receive_maximum = spec.receive_maximum.value;
  out.max_queued = spec.max_queued.value;
  out.buffer = spec.buffer.value;
  out.retransmit_interval_ns = spec.never_retransmits ? -1 : spec.retransmit_interval.ns;
  out.ack_failure = probability_bits(spec.ack_failure.value);
  if (spec.will) {
    out.will = {routing_key(b, spec.will->routing_key), static_cast<std::uint8_t>(spec.will->level),
                spec.will->delay.ns};
  }
  out.present = spec.consumer.at_start();
  out.consumers = {named.name, spec.consumer.laid_out(), spec.consumer.concurrency};
  if (spec.level > topic.level) {
    b.diagnostics.warning(
        mark, path + ".level",
        fmt::format("the topic grants {} and no more", kLevels[static_cast<std::size_t>(topic.level)]),
        fmt::format("level: {} at the topic", kLevels[static_cast<std::size_t>(spec.level)]));
  }
  if (spec.ack_failure.value >= 1 && spec.level != DeliveryLevel::at_most_once) {
    b.diagnostics.error(mark, path + ".ack_failure", "no message is ever acknowledged", "less than 100%");
  }
  const auto& scaling = spec.consumer.autoscaling;
  if (scaling && scaling->hpa && scaling->min_replicas == 0 && (spec.clean_session || out.level == 0)) {
    b.diagnostics.error(mark, path + ".autoscaling.min_replicas",
                        "nothing is kept while no instance is there, so nothing asks for the first",
                        "1; or level: at_least_once without clean_session");
  }
  if (spec.never_retransmits && spec.ack_failure.value > 0) {
    b.diagnostics.warning(
        mark, path + ".ack_failure",
        "a message whose acknowledgement is lost stays with its instance until that crashes",
        "retransmit_interval: 30s");
  }
  return out;
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const TopicSpec& spec = *static_cast<const TopicSpec*>(raw);
  const Component& self = b.topology.components[static_cast<std::size_t>(component)];
  const std::string path = b.path;
  if (spec.subscriptions.empty()) {
    return b.diagnostics.error(self.mark, path, "a topic without subscriptions reaches nobody",
                               "subscriptions: {mails: {calls: mailer.send}}");
  }
  TopicSettings settings;
  settings.level = static_cast<std::uint8_t>(spec.level);
  settings.handshake_ns = spec.handshake.ns;
  settings.retained = spec.retained;
  for (const auto& s : spec.subscriptions)
    settings.subscriptions.push_back(subscription(s, spec, path + ".subscriptions." + s.name, self.mark, b));
  ChannelSettings channel;
  channel.model = std::make_shared<TopicModel>(std::move(settings));
  if (spec.publish_time) channel.publish_time = spec.publish_time->value;
  channel.workers = spec.publish_workers.value;
  const int id = add_channel(b, component, std::move(channel));
  for (const auto& s : spec.subscriptions)
    add_group(b, id, s.name, s.value.consumer, self.mark, path + ".subscriptions." + s.name);
}

}  // namespace

Kind topic_kind() {
  Kind kind;
  kind.name = "topic";
  kind.section = "topics";
  kind.about = "Publish and subscribe with delivery levels: at most once, at least once, exactly once.";
  kind.example = "{order_events: {subscriptions: {mails: {level: at_least_once, steps: [{compute: 1ms}]}}}}";
  kind.fields =
      Fields<TopicSpec>("topic", kind.about)
          .choice("level", &TopicSpec::level, kLevels, "the most that it grants")
          .add("handshake", &TopicSpec::handshake,
               "the further round trip of exactly_once, with the publisher and with each subscriber")
          .add("retained", &TopicSpec::retained,
               "the last message is kept, for clean sessions that come back")
          .add("publish_time", &TopicSpec::publish_time, "work of a publication; default: takes no time")
          .add("publish_workers", &TopicSpec::publish_workers, "publications at a time", at_least(1))
          .map_of("subscriptions", &TopicSpec::subscriptions, subscription_fields(), "who gets the messages")
          .table();
  kind.make = make_spec<TopicSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
