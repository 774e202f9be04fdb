#include "models/log/log.hpp"

#include "models/messaging/event_log/event_log.hpp"
#include "models/messaging/expand.hpp"

namespace tailrace::models {

namespace {

FieldTable consumer_fields() {
  using S = LogConsumerSpec;
  FieldTable table =
      Fields<S>("consumer group", "Who reads the topic: each group gets every message.")
          .choice(
              "subscription", &S::subscription, {"group", "exclusive", "failover", "shared", "key_shared"},
              "how instances share the messages: partitions are assigned (group, failover), one reads all "
              "(exclusive), whoever is free (shared), by key (key_shared)")
          .choice(
              "assignment", &S::assignment, {"range", "round_robin", "sticky", "cooperative_sticky"},
              "of partitions to a group's instances; with cooperative_sticky a rebalance stops only those "
              "that move")
          .add("rebalance_time", &S::rebalance_time, "how long a rebalance takes")
          .add("session_timeout", &S::session_timeout,
               "after which a dead instance is noticed; 0: at once, as when it says goodbye")
          .add("group_instance_id", &S::group_instance_id,
               "static membership: an instance that is back within session_timeout goes on without a "
               "rebalance")
          .add("max_poll_interval", &S::max_poll_interval,
               "an instance that takes longer for what it polled is thrown out of the group", more_than(0))
          .add("max_poll_records", &S::max_poll_records, "records that a poll returns at most",
               between(1, 1e6))
          .add("fetch_latency", &S::fetch_latency,
               "until new records reach an instance that has nothing to do")
          .add("batch", &S::batch, "the polled records go to one handler together")
          .choice(
              "offset_commit", &S::offset_commit, {"record", "batch", "auto", "before"},
              "after each record, after what was polled, every auto_commit_interval (all of these at least "
              "once), or before handling (at most once)")
          .add("auto_commit_interval", &S::auto_commit_interval, "of offset_commit auto")
          .choice("auto_offset_reset", &S::auto_offset_reset, {"earliest", "latest"},
                  "where a group goes on that retention has overtaken")
          .choice("on_failure", &S::on_failure, {"retry", "skip", "dead_letter"},
                  "retry keeps the partition waiting; skip drops the message; dead_letter retries up to "
                  "max_delivery_count and sends it to dead_letter_topic")
          .add("max_delivery_count", &S::max_delivery_count, "deliveries of a message until it is given up",
               between(1, 1e9))
          .add("retry_backoff", &S::retry_backoff, "until a failed message is tried again",
               between(0, 3.6e12))
          .add("dead_letter_topic", &S::dead_letter_topic, "a log or queue for what is given up")
          .add("ack_timeout", &S::ack_timeout,
               "shared and key_shared: a message that is not acknowledged by then is delivered again; "
               "default: "
               "none",
               more_than(0))
          .add("receiver_queue_size", &S::receiver_queue_size,
               "key_shared: messages that wait for a worker; beyond that they are held, see look_ahead",
               between(1, 1e6))
          .add("look_ahead_per_worker", &S::look_ahead_per_worker,
               "key_shared: so many messages of a partition, for each worker that is there, are held for "
               "workers "
               "that take no more, while others behind them are dealt; then the partition waits",
               between(0, 1e6))
          .add("look_ahead", &S::look_ahead,
               "key_shared: the most that are held of a partition, for all workers", between(0, 1e9))
          .table();
  add_consumer_fields(table, [](void* spec) -> ConsumerSpec& { return static_cast<S*>(spec)->consumer; });
  return table;
}

FieldTable log_fields(const std::string& about) {
  return Fields<LogSpec>("log", about)
      .add("cluster", &LogSpec::cluster, "a label")
      .add("partitions", &LogSpec::partitions, "each has one reader per group, and keeps its order",
           between(1, static_cast<double>(event_log::kMostPartitions)))
      .add("brokers", &LogSpec::brokers, "nodes that share the partitions; default: replication_factor",
           between(1, 1000))
      .add("replication_factor", &LogSpec::replication_factor, "copies of each partition", between(1, 100))
      .add("min_insync_replicas", &LogSpec::min_insync_replicas,
           "with fewer in sync, publications with acks all are refused", between(1, 100))
      .choice(
          "acks", &LogSpec::acks, {"0", "1", "all"},
          "who must have a message before its publisher goes on: nobody, the leader, all replicas in sync")
      .add("replication_latency", &LogSpec::replication_latency,
           "until the other replicas have a message, and consumers see it")
      .add("election_time", &LogSpec::election_time, "without a leader, after its death")
      .add("catch_up_time", &LogSpec::catch_up_time, "until a broker that returns is in sync")
      .add("unclean_leader_election", &LogSpec::unclean_leader_election,
           "a replica that is behind may lead when no other is left: what it lacks is lost")
      .add("linger", &LogSpec::linger, "that a batch waits for more messages, after its first; 0: no batches")
      .also("unlimited", &LogSpec::linger_unlimited)
      .add("batch_size", &LogSpec::batch_size, "messages that fill a producer's batch", between(1, 1e9))
      .add("batch_bytes", &LogSpec::batch_bytes, "bytes that fill it; default: no limit")
      .choice("partitioner", &LogSpec::partitioner, {"sticky", "round_robin"},
              "of messages without a key: one partition until the batch is sent, or each in turn")
      .add("enable_idempotence", &LogSpec::enable_idempotence,
           "a message that a producer sends again is recognised; default: with acks all")
      .choice("producer_identity", &LogSpec::producer_identity, {"session", "durable"},
              "what that looks at: session, the attempts of one send (Kafka: after a restart it is a new "
              "producer); durable, numbers that it gives again to what it sends again (Pulsar)")
      .add("retention", &LogSpec::retention, "after which records are deleted, read or not", more_than(0))
      .also("unlimited", &LogSpec::retention_unlimited)
      .add("retention_bytes", &LogSpec::retention_bytes, "that a partition keeps at most; default: no limit")
      .choice("cleanup_policy", &LogSpec::cleanup_policy, {"delete", "compact", "compact_and_delete"},
              "compact keeps the last record of each key")
      .add("compaction_interval", &LogSpec::compaction_interval, "between two compactions", more_than(0))
      .add("publish_time", &LogSpec::publish_time, "of a publication at its leader; default: none")
      .add("publish_workers", &LogSpec::publish_workers, "publications that a broker works on at a time",
           between(1, 1e9))
      .map_of("consumers", &LogSpec::consumers, consumer_fields(), "consumer groups")
      .table();
}

void declare(const void*, int component, TopologyBuilder& b) {
  declare_channel(b, component, {"publish"});
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const LogSpec& spec = *static_cast<const LogSpec*>(raw);
  const Component self = b.topology.components[static_cast<std::size_t>(component)];
  const int errors = b.diagnostics.errors();
  event_log::LogSettings settings = log_settings(spec, self.name, self.mark, b.path, b.diagnostics);
  for (std::size_t g = 0; g < spec.consumers.size(); ++g) {
    const LogConsumerSpec& c = spec.consumers[g].value;
    if (!c.dead_letter_topic) continue;
    if (c.dead_letter_topic->text == self.name) {
      b.diagnostics.error(c.dead_letter_topic->mark,
                          b.path + ".consumers." + spec.consumers[g].name + ".dead_letter_topic",
                          "a topic cannot take its own dead letters", "a log of its own: orders_dead");
      continue;
    }
    const ChannelEntry entry = resolve_channel(b, *c.dead_letter_topic);
    if (entry.channel == kNone) continue;
    settings.groups[g].dead_letter_channel = static_cast<std::uint32_t>(entry.channel);
    settings.groups[g].dead_letter_entry = entry.entry;
  }
  if (b.diagnostics.errors() != errors) return;
  ChannelSettings channel;
  channel.model = std::make_shared<event_log::EventLogModel>(std::move(settings));
  if (spec.publish_time) channel.publish_time = spec.publish_time->value;
  if (!spec.publish_workers.unlimited()) channel.workers = spec.publish_workers.value;
  const int index = add_channel(b, component, std::move(channel));
  const std::string path = b.path;
  for (const Named<LogConsumerSpec>& c : spec.consumers)
    add_group(b, index, c.name, bounded_by(c.value, spec.partitions), c.mark, path + ".consumers." + c.name);
}

}  // namespace

Kind log_kind() {
  Kind kind;
  kind.name = "log";
  kind.section = "logs";
  kind.about =
      "A topic of an event log: partitions, replicas, and consumer groups that read it at their own pace.";
  kind.example = "{orders: {partitions: 12, consumers: {mailers: {instances: 4}}}}";
  kind.fields = log_fields(kind.about);
  kind.make = make_spec<LogSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
