// From what a scenario says of a log to the settings of its channel.
#include <fmt/format.h>

#include <algorithm>

#include "models/log/log.hpp"

namespace tailrace::models {

namespace {

using namespace event_log;

std::uint64_t constant_size(const std::optional<SizeDistribution>& size, Mark mark, const std::string& path,
                            Diagnostics& diagnostics) {
  if (!size) return kNoLimit;
  if (!size->value.is_constant() || size->value.mean() < 1) {
    diagnostics.error(mark, path, "expected one size of at least a byte", "16kB");
    return kNoLimit;
  }
  return static_cast<std::uint64_t>(size->value.mean());
}

bool shared(Subscription s) {
  return s == Subscription::shared || s == Subscription::key_shared;
}

LogGroup group_settings(const Named<LogConsumerSpec>& named, Count partitions, Mark mark,
                        const std::string& path, Diagnostics& diagnostics) {
  LogConsumerSpec c = named.value;
  c.consumer = bounded_by(c, partitions);
  LogGroup g;
  g.name = named.name;
  g.instances = static_cast<std::uint32_t>(c.consumer.laid_out());
  g.present = static_cast<std::uint32_t>(c.consumer.at_start());
  g.concurrency = static_cast<std::uint32_t>(c.consumer.concurrency);
  g.type = c.subscription;
  g.assignment = c.assignment;
  g.rebalance_time = c.rebalance_time.ns;
  g.session_timeout = c.session_timeout.ns;
  g.static_members = c.group_instance_id;
  g.max_poll_interval = c.max_poll_interval.ns;
  g.max_poll_records = static_cast<std::uint32_t>(c.max_poll_records);
  g.fetch_latency = c.fetch_latency.ns;
  g.batch = c.batch;
  g.commit = c.offset_commit;
  g.auto_commit_interval = c.auto_commit_interval.ns;
  // A transaction commits the offsets of what it has read with what it publishes.
  if (c.consumer.transactional && g.commit != Commit::before)
    g.commit = g.batch ? Commit::batch : Commit::record;
  g.on_failure = c.on_failure;
  if (!c.max_delivery_count.unlimited())
    g.max_deliveries = static_cast<std::uint64_t>(c.max_delivery_count.value);
  g.retry_backoff = c.retry_backoff.ns;
  g.reset = c.auto_offset_reset;
  if (c.ack_timeout) g.ack_timeout = c.ack_timeout->ns;
  g.receiver_queue_size = static_cast<std::uint32_t>(c.receiver_queue_size);
  g.look_ahead_per_worker = static_cast<std::uint64_t>(c.look_ahead_per_worker);
  g.look_ahead = static_cast<std::uint64_t>(c.look_ahead);

  if (shared(g.type) && g.batch) {
    diagnostics.error(mark, path + ".batch", "messages of a shared subscription are acknowledged one by one",
                      "leave batch out, or use subscription: group");
  }
  if (c.ack_timeout && !shared(g.type)) {
    diagnostics.error(mark, path + ".ack_timeout", "only shared and key_shared subscriptions have one",
                      "subscription: shared; in a group, max_poll_interval limits slow handlers");
  }
  if (c.dead_letter_topic && g.on_failure != LogOnFailure::dead_letter) {
    diagnostics.error(mark, path + ".dead_letter_topic", "nothing is sent there",
                      "on_failure: dead_letter, and max_delivery_count: 3");
  }
  if (!c.dead_letter_topic && g.on_failure == LogOnFailure::dead_letter) {
    diagnostics.error(mark, path + ".on_failure", "dead letters need a dead_letter_topic",
                      "dead_letter_topic: orders_dead");
  }
  if (g.on_failure == LogOnFailure::dead_letter && c.max_delivery_count.unlimited()) {
    diagnostics.error(mark, path + ".max_delivery_count",
                      "with unlimited deliveries no message becomes a dead letter", "max_delivery_count: 3");
  }
  if (!shared(g.type) && c.consumer.instances > partitions) {
    diagnostics.warning(mark, path + ".instances",
                        fmt::format("{} of {} instances have nothing to read: a partition has one reader",
                                    c.consumer.instances - partitions, c.consumer.instances),
                        fmt::format("partitions: {}", c.consumer.instances));
  } else if (g.type == Subscription::exclusive && c.consumer.instances > 1) {
    diagnostics.warning(mark, path + ".instances",
                        "one instance of an exclusive subscription works, the rest wait",
                        "subscription: failover spreads the partitions");
  }
  return g;
}

}  // namespace

ConsumerSpec bounded_by(const LogConsumerSpec& group, Count partitions) {
  ConsumerSpec consumer = group.consumer;
  if (consumer.autoscaling && !shared(group.subscription)) {
    AutoscalingSpec& a = *consumer.autoscaling;
    const Count most = std::max(partitions, consumer.at_start());
    for (AppointmentSpec& appointment : a.schedule) {
      if (appointment.replicas <= a.max_replicas) appointment.replicas = std::min(appointment.replicas, most);
    }
    a.max_replicas = std::min(a.max_replicas, most);
  }
  return consumer;
}

LogSettings log_settings(const LogSpec& spec, const std::string& name, Mark mark, const std::string& path,
                         Diagnostics& d) {
  LogSettings s;
  s.name = name;
  const Count brokers = spec.brokers.value_or(spec.replication_factor);
  s.partitions = static_cast<std::uint32_t>(spec.partitions);
  s.nodes = static_cast<std::uint32_t>(brokers);
  s.replication_factor = static_cast<std::uint32_t>(std::min(spec.replication_factor, brokers));
  s.min_insync_replicas = static_cast<std::uint32_t>(spec.min_insync_replicas);
  s.acks = spec.acks;
  s.replication_latency = spec.replication_latency.ns;
  s.election_time = spec.election_time.ns;
  s.catch_up_time = spec.catch_up_time.ns;
  s.unclean_election = spec.unclean_leader_election;
  s.linger = spec.linger_unlimited ? kNever : spec.linger.ns;
  if (!spec.batch_size.unlimited()) s.batch_size = static_cast<std::uint64_t>(spec.batch_size.value);
  s.batch_bytes = constant_size(spec.batch_bytes, mark, path + ".batch_bytes", d);
  s.keyless = spec.partitioner;
  s.idempotence = spec.enable_idempotence.value_or(spec.acks == Acks::all);
  const bool deletes = spec.cleanup_policy != CleanupPolicy::compact;
  s.producer_identity = spec.producer_identity;
  s.retention = spec.retention_unlimited || !deletes ? kNever : spec.retention.ns;
  s.retention_bytes =
      deletes ? constant_size(spec.retention_bytes, mark, path + ".retention_bytes", d) : kNoLimit;
  if (spec.cleanup_policy != CleanupPolicy::remove) s.compaction_interval = spec.compaction_interval.ns;

  if (spec.replication_factor > brokers) {
    d.error(
        mark, path + ".replication_factor",
        fmt::format("{} replicas need as many brokers, and there are {}", spec.replication_factor, brokers),
        fmt::format("brokers: {}", spec.replication_factor));
  }
  if (spec.min_insync_replicas > spec.replication_factor) {
    d.error(mark, path + ".min_insync_replicas",
            fmt::format("more than the {} replicas that there are: every publication would be refused",
                        spec.replication_factor),
            fmt::format("at most {}", spec.replication_factor));
  }
  if (spec.min_insync_replicas > 1 && spec.acks != Acks::all)
    d.warning(mark, path + ".min_insync_replicas", "says nothing unless acks is all", "acks: all");
  if (spec.enable_idempotence.value_or(false) && spec.acks != Acks::all)
    d.error(mark, path + ".enable_idempotence", "an idempotent producer waits for all replicas", "acks: all");
  if (spec.producer_identity == ProducerIdentity::durable && !s.idempotence)
    d.error(mark, path + ".producer_identity", "nothing that is sent again is recognised",
            "enable_idempotence: true, with acks: all");
  if (s.linger == kNever && s.batch_size == kNoLimit && s.batch_bytes == kNoLimit)
    d.error(mark, path + ".linger", "a batch that is never full is never sent", "batch_size: 20");
  if (s.linger == 0 && (s.batch_size != kNoLimit || s.batch_bytes != kNoLimit)) {
    d.warning(mark, path, "without linger every message is sent at once: the batch size says nothing",
              "linger: 5ms");
  }
  if (!deletes && spec.retention_bytes) {
    d.warning(mark, path + ".retention_bytes", "a compacted topic keeps the last record of each key for good",
              "cleanup_policy: compact_and_delete");
  }
  if (spec.consumers.size() > kMostGroups) {
    d.error(mark, path + ".consumers", fmt::format("more than {} consumer groups", kMostGroups),
            "split the topic in two");
  }
  std::int64_t workers = 0;
  for (const Named<LogConsumerSpec>& c : spec.consumers) {
    s.groups.push_back(group_settings(c, spec.partitions, mark, path + ".consumers." + c.name, d));
    workers += c.value.consumer.laid_out() * c.value.consumer.concurrency;
  }
  if (workers > kMostWorkers)
    d.error(mark, path + ".consumers", fmt::format("more than {} workers in all groups", kMostWorkers));
  return s;
}

}  // namespace tailrace::models
