#include "models/webhook/webhook.hpp"

#include <memory>
#include <utility>

#include "models/messaging/cloud_queue/cloud_queue_model.hpp"
#include "models/messaging/expand.hpp"
#include "models/messaging/handler_steps.hpp"

namespace tailrace::models {

namespace {

FieldTable disable_fields() {
  return Fields<DisableSpec>("disable", "Leaves a failing endpoint alone for a while.")
      .add("after", &DisableSpec::after, "failures in a row", between(1, 1e6))
      .add("disabled_for", &DisableSpec::disabled_for, "how long nothing is delivered", more_than(0))
      .table();
}

void declare(const void*, int component, TopologyBuilder& b) {
  declare_channel(b, component, {"publish"});
}

CloudQueueSettings delivery_settings(const WebhookSpec& spec, const std::string& name) {
  CloudQueueSettings s;
  s.group = {"senders", spec.senders, spec.concurrency};
  s.place = name;
  s.at_its_place = true;
  s.visibility_timeout_ns = s.retention_ns = CloudQueueSettings::kNever;
  s.release_on_crash = true;
  s.free_workers_only = true;
  s.on_failure = CloudOnFailure::make_visible;
  s.backoff = pause_model(spec.backoff);
  s.max_receives = spec.max_attempts;
  s.give_up_at_failure = true;
  if (spec.disable) {
    s.pause_after_failures = spec.disable->after;
    s.pause_ns = spec.disable->disabled_for.ns;
  }
  return s;
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const WebhookSpec& spec = *static_cast<const WebhookSpec*>(raw);
  const Component self = b.topology.components[static_cast<std::size_t>(component)];
  const std::string path = b.path;
  CloudQueueSettings settings = delivery_settings(spec, self.name);
  if (spec.dead_letter) {
    const ChannelEntry found = resolve_other_channel(b, *spec.dead_letter, "dead_letter", self.name,
                                                     "a webhook cannot be its own dead-letter queue");
    settings.dead_letter = found.channel;
    settings.dead_letter_entry = found.entry;
  }
  ChannelSettings channel;
  channel.model = std::make_shared<CloudQueueModel>(std::move(settings));
  const int id = add_channel(b, component, std::move(channel));
  ConsumerSpec sender;
  sender.instances = spec.senders;
  sender.concurrency = spec.concurrency;
  sender.cpus = spec.cpus;
  sender.steps.push_back(compute_step(spec.signature, self.mark, path + ".signature"));
  sender.steps.push_back(call_step(spec.receiver, spec.policies, false, path + ".receiver"));
  add_group(b, id, "senders", sender, self.mark, path);
}

}  // namespace

Kind webhook_kind() {
  Kind kind;
  kind.name = "webhook";
  kind.section = "webhooks";
  kind.about =
      "Signed calls to a receiver outside, accepted at once, delivered later, and tried again while it is "
      "out.";
  kind.example = "{partner_events: {receiver: cart.get, signature: 50us, timeout: 5s}}";
  FieldTable table =
      Fields<WebhookSpec>("webhook", kind.about)
          .add("receiver", &WebhookSpec::receiver, "the operation that is called with each message")
          .required()
          .add("signature", &WebhookSpec::signature, "what signing a delivery computes at the sender")
          .add("max_attempts", &WebhookSpec::max_attempts,
               "deliveries of a message, the first included; then it is given up", between(1, 1000))
          .section("backoff", &WebhookSpec::backoff, pause_fields("backoff"), "the pause before the next")
          .add("dead_letter", &WebhookSpec::dead_letter,
               "the channel for what is given up; default: it is only counted")
          .add("senders", &WebhookSpec::senders, "instances that deliver", between(1, 1e5))
          .add("concurrency", &WebhookSpec::concurrency, "deliveries at a time of each", between(1, 1e5))
          .add("cpus", &WebhookSpec::cpus, "cores of a sender that signing shares; default: no contention",
               between(1e-6, 1e6))
          .section("disable", &WebhookSpec::disable, disable_fields(),
                   "stops deliveries to an endpoint that keeps failing; default: never")
          .table();
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<WebhookSpec*>(spec)->policies; });
  kind.fields = std::move(table);
  kind.make = make_spec<WebhookSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
