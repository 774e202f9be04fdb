#include "models/steps/message_steps.hpp"

#include <fmt/format.h>

#include <utility>

#include "models/messaging/expand.hpp"
#include "models/messaging/headers.hpp"
#include "models/steps/saga_steps.hpp"
#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

void expand_await(const AwaitSpec& spec, int channel, Mark mark, TopologyBuilder& b, Steps& out) {
  if (spec.group.empty()) {
    b.diagnostics.error(mark, b.path + ".await", "await does not say whose handling it waits for",
                        "await: {group: workers}");
    return;
  }
  Step step;
  step.kind = Step::Kind::await;
  step.timeout = spec.timeout;
  step.ref = b.effect_number(b.channel_entries[static_cast<std::size_t>(channel)].first + "/" + spec.group);
  Effect& effect = b.topology.effects[static_cast<std::size_t>(step.ref)];
  if (effect.component == kNone) effect.mark = mark, effect.path = b.path + ".await.group";
  if (spec.poll) {
    step.interval = spec.poll->interval;
    step.branches.emplace_back();
    if (spec.poll->calls) {
      CallSpec call;
      call.call = *spec.poll->calls;
      expand_call_step(call, mark, b, step.branches.back().steps);
    }
  }
  out.push_back(std::move(step));
}

void expand_publish_step(const void* raw, Mark mark, TopologyBuilder& b, Steps& out) {
  expand_publish(*static_cast<const PublishSpec*>(raw), mark, b, out);
}

void expand_background(const void* raw, Mark, TopologyBuilder& b, Steps& out) {
  Steps body;
  expand_steps(static_cast<const BackgroundSpec*>(raw)->background, b, body);
  b.topology.background = true;
  out.push_back(with_branch(Step::Kind::background, std::move(body)));
}

void expand_try(const void* raw, Mark, TopologyBuilder& b, Steps& out) {
  const TrySpec& spec = *static_cast<const TrySpec*>(raw);
  Steps body, otherwise;
  expand_steps(spec.steps, b, body);
  expand_steps(spec.on_failure, b, otherwise);
  out.push_back(try_step(std::move(body), std::move(otherwise)));
}

void expand_effect_step(const void* raw, Mark mark, TopologyBuilder& b, Steps& out) {
  const EffectStepSpec& spec = *static_cast<const EffectStepSpec*>(raw);
  if (spec.effect.empty())
    return b.diagnostics.error(mark, b.path + ".effect", "an effect needs a name", "effect: charged");
  const std::string owner = b.topology.components[static_cast<std::size_t>(b.component)].name;
  const int effect = b.effect_number(owner + "/" + spec.effect);
  Steps body;
  expand_steps(spec.steps, b, body);
  expand_effect(effect, spec.idempotency, std::move(body), mark, b, out);
}

void expand_milestone(const void* raw, Mark mark, TopologyBuilder& b, Steps& out) {
  if (static_cast<const MilestoneSpec*>(raw)->milestone.empty())
    return b.diagnostics.error(mark, b.path + ".milestone", "a milestone needs a name",
                               "milestone: confirmed");
  out.push_back(milestone_step(static_cast<const MilestoneSpec*>(raw)->milestone, b));
}

FieldTable poll_fields() {
  return Fields<PollSpec>("poll", "Asks now and then.")
      .add("interval", &PollSpec::interval, "between two questions; the first is asked after one interval",
           more_than(0))
      .add("calls", &PollSpec::calls, "the operation that answers them")
      .table();
}

FieldTable await_fields() {
  return Fields<AwaitSpec>("await",
                           "Waits until the message has been handled: request and reply over a queue.")
      .add("group", &AwaitSpec::group, "the consumer group whose handling is waited for")
      .add("timeout", &AwaitSpec::timeout, "then the step fails", more_than(0))
      .section("poll", &AwaitSpec::poll, poll_fields(), "asks now and then, in place of being told at once")
      .shorthand("group")
      .table();
}

FieldTable header_fields() {
  return Fields<HeaderSpec>("header", "A header of the message.")
      .add("value", &HeaderSpec::value, "of the header")
      .required()
      .shorthand("value")
      .table();
}

FieldTable publish_fields() {
  FieldTable table =
      Fields<PublishSpec>("publish", "Publishes a message; the step ends when the broker has it.")
          .add("publish", &PublishSpec::publish, "where to: a log or topic, or broker.exchange, broker.queue")
          .required()
          .add("routing_key", &PublishSpec::routing_key, "by which exchanges route it")
          .map_of("headers", &PublishSpec::headers, header_fields(), "by which headers exchanges route it")
          .add("key", &PublishSpec::key,
               "drawn for each message: its partition, group and order; default: the request's own key; "
               "none: no key")
          .also("none", &PublishSpec::unkeyed)
          .add("size", &PublishSpec::size, "bytes; default 0")
          .add("delay", &PublishSpec::delay, "it is delivered no sooner than so long after")
          .add("ttl", &PublishSpec::ttl, "it expires so long after it was accepted; default: the queue's own",
               more_than(0))
          .add("priority", &PublishSpec::priority, "higher goes first, in queues with priorities",
               between(0, 255))
          .add("qos", &PublishSpec::level, "delivery level: 0 at most once, 1 at least once, 2 exactly once",
               between(0, 2))
          .add("poison", &PublishSpec::poison,
               "messages that no handler can handle: each try fails at its end")
          .add("confirm", &PublishSpec::confirm, "wait for the broker's word; false: send it and go on")
          .add("ignore_failure", &PublishSpec::ignore_failure, "carry on when it could not be published")
          .add("probability", &PublishSpec::probability, "of publishing at all")
          .section("await", &PublishSpec::await, await_fields(), "waits until the message has been handled")
          .table();
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<PublishSpec*>(spec)->policies; });
  return table;
}

}  // namespace

void expand_publish(const PublishSpec& spec, Mark mark, TopologyBuilder& b, Steps& out) {
  const ChannelEntry to = resolve_channel(b, spec.publish);
  if (to.channel == kNone) return;
  const auto& [name, entries] = b.channel_entries[static_cast<std::size_t>(to.channel)];
  PublishSettings p;
  p.channel = to.channel;
  p.entry = to.entry;
  Headers headers;
  for (const Named<HeaderSpec>& h : spec.headers) headers.emplace_back(h.name, h.value.value);
  p.route = routing_key(b, with_headers(spec.routing_key, headers));
  constexpr double kMostNs = 4e12;  // an envelope counts microseconds in 32 bits
  if ((spec.ttl && static_cast<double>(spec.ttl->ns) > kMostNs) ||
      (spec.delay && spec.delay->value.mean() > kMostNs))
    b.diagnostics.error(mark, b.path, "a message's own ttl or delay is at most 4000s",
                        "queues and topics have longer ones");
  p.request_key = !spec.unkeyed && !spec.key;
  if (spec.key) p.key = spec.key->value;
  if (spec.size) p.bytes = spec.size->value;
  if (spec.delay) p.delay = spec.delay->value;
  if (spec.ttl) p.ttl_us = static_cast<std::uint32_t>((spec.ttl->ns + 999) / 1000);  // 0 would be: never
  p.priority = static_cast<std::uint8_t>(spec.priority);
  p.level = static_cast<std::uint8_t>(spec.level);
  p.confirm = spec.confirm;
  p.poison = spec.poison.value;
  CallSpec call;
  call.call = {name + "." + entries[to.entry], spec.publish.mark};
  call.publishes = true;
  call.policies = spec.policies;
  call.ignore_failure = spec.ignore_failure || !spec.confirm;
  if (spec.size) call.request_size = spec.size;
  Steps sent;
  const std::size_t edge = b.topology.edges.size();
  expand_call_step(call, mark, b, sent);
  if (b.topology.edges.size() == edge) return;
  b.topology.edges[edge].publication = static_cast<int>(b.topology.publications.size());
  b.topology.publications.push_back(std::move(p));
  if (!spec.confirm) {
    if (spec.await) {
      b.diagnostics.error(mark, b.path + ".await",
                          "it waits for a message whose publication it does not wait for",
                          "leave out confirm: false");
      return;
    }
    Step background = with_branch(Step::Kind::background, std::move(sent));
    sent.clear();
    sent.push_back(std::move(background));
  }
  if (spec.await) expand_await(*spec.await, to.channel, mark, b, sent);
  append_sometimes(spec.probability, std::move(sent), out);
}

void expand_effect(int id, const std::optional<IdempotencySpec>& idempotency, Steps body, Mark mark,
                   TopologyBuilder& b, Steps& out) {
  {
    Effect& effect = b.topology.effects[static_cast<std::size_t>(id)];
    effect.component = b.component;
    if (idempotency) effect.idempotent = true, effect.ttl = idempotency->ttl;
  }
  if (idempotency) {
    const sim::Distribution& lookup = idempotency->lookup.value;
    if (!is_zero(lookup)) out.push_back(drawing_step(Step::Kind::compute, lookup));
    if (idempotency->calls) {
      CallSpec call;
      call.call = *idempotency->calls;
      expand_call_step(call, mark, b, out);
    }
  }
  Step step = with_branch(Step::Kind::effect, std::move(body));
  step.ref = id;
  out.push_back(std::move(step));
}

std::vector<StepKind> make_message_step_kinds() {
  std::vector<StepKind> kinds;
  kinds.push_back({"publish", "Publishes a message; the step ends when the broker has it.", publish_fields(),
                   make_spec<PublishSpec>, expand_publish_step});
  kinds.push_back(
      {"background", "Steps that nobody waits for.",
       Fields<BackgroundSpec>("background", "Steps that run by themselves; nobody waits for them.")
           .custom("background", FieldType::steps, reads(&BackgroundSpec::background), "the steps")
           .required()
           .table(),
       make_spec<BackgroundSpec>, expand_background});
  kinds.push_back({"try", "Steps, and others in place of their failure.",
                   Fields<TrySpec>("try", "Steps, and others in place of their failure.")
                       .custom("try", FieldType::steps, reads(&TrySpec::steps), "the steps")
                       .required()
                       .custom("on_failure", FieldType::steps, reads(&TrySpec::on_failure),
                               "what runs when they fail; then the endpoint goes on, unless these fail too")
                       .table(),
                   make_spec<TrySpec>, expand_try});
  kinds.push_back({"effect", "A business effect, which should come about once.",
                   Fields<EffectStepSpec>(
                       "effect", "A business effect: how often each cause has brought it about is counted.")
                       .add("effect", &EffectStepSpec::effect, "its name")
                       .required()
                       .custom("steps", FieldType::steps, reads(&EffectStepSpec::steps),
                               "what brings it about; it has happened when they succeed")
                       .section("idempotency", &EffectStepSpec::idempotency, idempotency_fields(),
                                "recognises repetitions, and does nothing")
                       .table(),
                   make_spec<EffectStepSpec>, expand_effect_step});
  kinds.push_back(
      {"milestone", "A point that is counted, and timed from the request's start.",
       Fields<MilestoneSpec>("milestone",
                             "A point that is counted, and timed from the start of the request that "
                             "caused it, also over messages.")
           .add("milestone", &MilestoneSpec::milestone, "its name")
           .required()
           .table(),
       make_spec<MilestoneSpec>, expand_milestone});
  kinds.push_back(saga_step_kind());
  return kinds;
}

}  // namespace tailrace::models
