#include "models/cloud_queue/cloud_queue_kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "models/messaging/expand.hpp"

namespace tailrace::models {

namespace {

constexpr std::int64_t kDefaultInFlight = 120'000, kDefaultInFlightFifo = 20'000;
constexpr std::int64_t kDeduplication = 300'000'000'000;
constexpr double kTwelveHours = 12 * 3.6e12;

FieldTable extend_fields() {
  return Fields<ExtendVisibilitySpec>(
             "extend_visibility",
             "Heartbeats: while a consumer has a message, its visibility timeout begins anew.")
      .add("interval", &ExtendVisibilitySpec::interval,
           "between extensions; default a third of the visibility timeout", more_than(0))
      .add("until", &ExtendVisibilitySpec::until, "none later than so long after the receive",
           between(0, kTwelveHours))
      .shorthand("interval")
      .table();
}

FieldTable delete_batch_fields() {
  return Fields<DeleteBatchSpec>("delete_batch", "Deletes that an instance sends together.")
      .add("size", &DeleteBatchSpec::size, "sent when there are so many", between(1, 10))
      .add("max_wait", &DeleteBatchSpec::max_wait, "or so long after the first", more_than(0))
      .shorthand("size")
      .table();
}

FieldTable consumers_fields() {
  FieldTable table =
      Fields<CloudConsumersSpec>("consumers", "Who receives, handles and deletes the messages.")
          .add("receive_batch", &CloudConsumersSpec::receive_batch,
               "messages of one receive, at most; the visibility timeout of all runs from then",
               between(1, 10))
          .add("free_workers_only", &CloudConsumersSpec::free_workers_only,
               "a receive asks for no more messages than there are free workers")
          .choice("batch_handling", &CloudConsumersSpec::batch_handling, {"one_by_one", "together"},
                  "together: one handler for all messages of a receive, which fail as one")
          .add("skip_expired", &CloudConsumersSpec::skip_expired,
               "a message whose visibility timeout ended while it waited at its consumer is not begun")
          .add("wait_time", &CloudConsumersSpec::wait_time,
               "long polling: an empty receive waits so long; 0s is short polling", between(0, 20e9))
          .add("poll_interval", &CloudConsumersSpec::poll_interval,
               "short polling: the pause after an empty receive; default 1s", more_than(0))
          .add("short_poll_miss", &CloudConsumersSpec::short_poll_miss,
               "a short poll asks some of the servers only: the share of messages that it does not see")
          .add("receive_latency", &CloudConsumersSpec::receive_latency,
               "from the queue's giving a message to its being there; the visibility timeout runs")
          .add("delete_latency", &CloudConsumersSpec::delete_latency,
               "from a handler's end to the delete's reaching the queue")
          .section("delete_batch", &CloudConsumersSpec::delete_batch, delete_batch_fields(),
                   "deletes that are sent together; default: each at once")
          .section("extend_visibility", &CloudConsumersSpec::extend_visibility, extend_fields(),
                   "heartbeats that keep a message hidden while its consumer has it")
          .choice("on_failure", &CloudConsumersSpec::on_failure, {"wait", "make_visible"},
                  "of a handler: wait for the visibility timeout, or set it to the back-off's pause")
          .section("backoff", &CloudConsumersSpec::backoff, pause_fields("backoff"),
                   "under on_failure: make_visible")
          .table();
  add_consumer_fields(
      table, [](void* spec) -> ConsumerSpec& { return static_cast<CloudConsumersSpec*>(spec)->consumer; });
  return table;
}

FieldTable throughput_fields() {
  return Fields<ThroughputLimitSpec>("throughput_limit",
                                     "Requests that the queue takes; a second's worth may come at once. "
                                     "Sends over it are refused, receives and deletes wait.")
      .add("transactions", &ThroughputLimitSpec::transactions, "of each of send, receive and delete",
           more_than(0))
      .add("send_batch", &ThroughputLimitSpec::send_batch, "messages that publishers send in one transaction",
           between(1, 10))
      .choice("per", &ThroughputLimitSpec::per, {"queue", "message_group"},
              "message_group is the high-throughput mode: of each group's sends, nothing else")
      .shorthand("transactions")
      .table();
}

FieldTable redrive_fields() {
  return Fields<RedriveSpec>("redrive", "Moves a dead-letter queue's messages back, until none is visible.")
      .add("to", &RedriveSpec::to, "the queue that they go to")
      .required()
      .add("start", &RedriveSpec::start, "when, from the start of the run")
      .required()
      .add("rate", &RedriveSpec::rate, "messages moved per second", more_than(0))
      .table();
}

void declare(const void*, int component, TopologyBuilder& b) {
  declare_channel(b, component, {"publish"});
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const CloudQueueSpec& spec = *static_cast<const CloudQueueSpec*>(raw);
  const Component self = b.topology.components[static_cast<std::size_t>(component)];
  const std::string path = b.path;
  CloudQueueSettings settings = cloud_queue_settings(spec, self.name, self.mark, path, b.diagnostics);
  const auto resolve = [&](const Reference& reference, const std::string& field, int& channel,
                           std::uint16_t& entry) {
    const ChannelEntry found =
        resolve_other_channel(b, reference, field, self.name, "a queue cannot move its messages to itself");
    channel = found.channel;
    entry = found.entry;
  };
  if (spec.dead_letter)
    resolve(*spec.dead_letter, "dead_letter", settings.dead_letter, settings.dead_letter_entry);
  if (spec.redrive) resolve(spec.redrive->to, "redrive.to", settings.redrive_to, settings.redrive_entry);
  ChannelSettings channel;
  if (spec.publish_time) channel.publish_time = spec.publish_time->value;
  channel.model = std::make_shared<CloudQueueModel>(std::move(settings));
  const int id = add_channel(b, component, std::move(channel));
  ConsumerSpec nobody;
  nobody.instances = 0;
  add_group(b, id, "consumers", spec.consumers ? spec.consumers->consumer : nobody, self.mark,
            path + ".consumers");
}

}  // namespace

CloudQueueSettings cloud_queue_settings(const CloudQueueSpec& spec, const std::string& name, Mark mark,
                                        const std::string& path, Diagnostics& diagnostics) {
  const CloudConsumersSpec none;
  const CloudConsumersSpec& c = spec.consumers ? *spec.consumers : none;
  const auto error = [&](const char* field, std::string message, std::string hint) {
    diagnostics.error(mark, path + field, std::move(message), std::move(hint));
  };
  CloudQueueSettings s;
  s.group = {"consumers", spec.consumers ? c.consumer.laid_out() : 0, c.consumer.concurrency};
  s.place = name;
  s.fifo = spec.type == CloudQueueType::fifo;
  if (s.fifo) s.deduplication_ns = spec.deduplication_interval.value_or(sim::Duration{kDeduplication}).ns;
  if (!s.fifo && spec.deduplication_interval)
    error(".deduplication_interval", "standard queues do not deduplicate",
          "type: fifo, or idempotency at the consumers");
  if (s.fifo && spec.late_delete == LateDelete::accepted)
    error(".late_delete", "a FIFO queue takes no receipt whose visibility timeout is over",
          "leave it out, or type: standard");
  if (s.fifo && spec.duplicate_probability.value > 0)
    error(".duplicate_probability", "a FIFO queue delivers no duplicates by chance", "type: standard");
  s.visibility_timeout_ns = spec.visibility_timeout.ns;
  s.delivery_delay_ns = spec.delivery_delay.ns;
  s.retention_ns = spec.retention.ns;
  s.late_delete = spec.late_delete;
  s.duplicate_probability = spec.duplicate_probability.value;
  s.in_flight_limit =
      spec.in_flight_limit.value_or(Limit{s.fifo ? kDefaultInFlightFifo : kDefaultInFlight}).value;
  if (s.in_flight_limit == 0)
    error(".in_flight_limit", "with 0 messages in flight nothing is ever received", "at least 1");

  if (spec.max_receive_count && !spec.dead_letter)
    error(".max_receive_count", "nothing says where a message goes that was received so often",
          "dead_letter: another queue");
  if (spec.dead_letter && !spec.max_receive_count)
    error(".dead_letter", "nothing says when a message is left for it", "max_receive_count: 5");
  if (spec.max_receive_count) s.max_receives = *spec.max_receive_count;
  if (spec.redrive) {
    s.redrive_start_ns = spec.redrive->start.ns;
    s.redrive_spacing_ns =
        std::max<std::int64_t>(1, sim::Duration::from_seconds(1 / spec.redrive->rate.per_s).ns);
  }
  if (spec.throughput_limit) {
    s.transactions_per_s = spec.throughput_limit->transactions.per_s;
    s.send_batch = spec.throughput_limit->send_batch;
    s.limit_per_group = spec.throughput_limit->per == LimitScope::message_group;
    if (s.limit_per_group && !s.fifo)
      diagnostics.warning(mark, path + ".throughput_limit.per", "only FIFO queues have message groups",
                          "type: fifo");
  }

  s.receive_batch = c.receive_batch;
  s.free_workers_only = c.free_workers_only;
  s.whole_batch = c.batch_handling == BatchHandling::together;
  s.skip_expired = c.skip_expired;
  s.wait_time_ns = c.wait_time.ns;
  s.poll_interval_ns = c.poll_interval.value_or(sim::Duration{1'000'000'000}).ns;
  if (c.poll_interval && s.wait_time_ns > 0)
    error(".consumers.poll_interval", "long polling waits at the queue and has no interval",
          "wait_time: 0s is short polling");
  s.short_poll_miss = c.short_poll_miss.value;
  if (s.short_poll_miss > 0 && s.wait_time_ns > 0)
    error(".consumers.short_poll_miss", "long polling asks every server", "wait_time: 0s is short polling");
  if (s.short_poll_miss >= 1)
    error(".consumers.short_poll_miss", "a poll that sees nothing never receives", "below 100%");
  s.receive_latency = c.receive_latency.value;
  s.delete_latency_ns = c.delete_latency.ns;
  if (c.delete_batch) {
    s.delete_batch = c.delete_batch->size;
    s.delete_max_wait_ns = c.delete_batch->max_wait.ns;
  }
  if (c.extend_visibility) {
    const std::int64_t third = std::max<std::int64_t>(1, s.visibility_timeout_ns / 3);
    s.extend_interval_ns = c.extend_visibility->interval.value_or(sim::Duration{third}).ns;
    s.extend_until_ns = c.extend_visibility->until.ns;
    if (s.extend_interval_ns >= s.visibility_timeout_ns)
      error(".consumers.extend_visibility.interval",
            fmt::format("the visibility timeout ({}) is over before the first extension",
                        show_value(spec.visibility_timeout)),
            "shorter than visibility_timeout");
  }
  s.on_failure = c.on_failure;
  s.backoff = pause_model(c.backoff.value_or(PauseSpec{}));
  if (c.backoff && s.on_failure == CloudOnFailure::wait)
    error(".consumers.backoff", "a failed message waits for its visibility timeout, not for this",
          "on_failure: make_visible");
  if (s.on_failure == CloudOnFailure::make_visible && s.backoff.base.ns == 0 && s.receive_latency.mean() == 0)
    error(".consumers.backoff.base_interval",
          "a handler that fails at once would be begun again at the same instant, for ever",
          "a pause, or receive_latency");
  return s;
}

Kind cloud_queue_kind() {
  Kind kind;
  kind.name = "cloud_queue";
  kind.section = "cloud_queues";
  kind.about = "A managed queue with visibility timeouts (Amazon SQS): standard or FIFO with message groups.";
  kind.example = "{invoices: {consumers: {steps: [compute: exp(5ms)]}}}";
  kind.fields =
      Fields<CloudQueueSpec>("cloud_queue", kind.about)
          .choice("type", &CloudQueueSpec::type, {"standard", "fifo"},
                  "fifo: in order per message group (the key), one receive of a group at a time")
          .add("visibility_timeout", &CloudQueueSpec::visibility_timeout,
               "how long a received message is hidden from others", {1, kTwelveHours, false})
          .add("delivery_delay", &CloudQueueSpec::delivery_delay,
               "before a message can be received; a message's own delay goes before it (standard)",
               between(0, 900e9))
          .add("retention", &CloudQueueSpec::retention, "older messages expire", more_than(0))
          .add("deduplication_interval", &CloudQueueSpec::deduplication_interval,
               "FIFO: a repetition of a message so soon is accepted and dropped; default 5min")
          .add("max_receive_count", &CloudQueueSpec::max_receive_count,
               "receives of a message, after which it goes to dead_letter", between(1, 1000))
          .add("dead_letter", &CloudQueueSpec::dead_letter, "the queue for what was received so often")
          .section("redrive", &CloudQueueSpec::redrive, redrive_fields(),
                   "of a dead-letter queue: moves its messages back")
          .add("in_flight_limit", &CloudQueueSpec::in_flight_limit,
               "messages received and not deleted, at most; default 120000, FIFO 20000")
          .section("throughput_limit", &CloudQueueSpec::throughput_limit, throughput_fields(),
                   "requests per second; a FIFO queue has 300/s. Default: none")
          .choice("late_delete", &CloudQueueSpec::late_delete, {"latest", "ignored", "accepted"},
                  "a delete after the visibility timeout counts: until the message is received again; never "
                  "(always so in FIFO queues); also after that")
          .add("duplicate_probability", &CloudQueueSpec::duplicate_probability,
               "a delete misses one server's copy, which becomes visible again (standard)", {0, 0.999, false})
          .add("publish_time", &CloudQueueSpec::publish_time, "what a send takes at the queue; default none")
          .section("consumers", &CloudQueueSpec::consumers, consumers_fields(),
                   "who handles the messages; default nobody, as of a dead-letter queue")
          .table();
  kind.make = make_spec<CloudQueueSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
