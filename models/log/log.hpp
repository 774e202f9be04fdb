#pragma once
// Kind "log": a topic of an event log (Kafka, Pulsar), with its consumer groups. A topic is one component:
// `publish: order_placed` writes to it. What it does is in models/messaging/event_log/; here is what a
// scenario says of it, and what does not go together.
//
//   logs:
//     order_placed:
//       partitions: 12
//       replication_factor: 3
//       consumers:
//         mailers: {calls: mailer.send, instances: 4}
//
// `cluster` is a label: topics of one cluster share no brokers' time yet.
#include "models/field/field.hpp"
#include "models/kind/kind.hpp"
#include "models/messaging/consumer.hpp"
#include "models/messaging/event_log/settings.hpp"

namespace tailrace::models {

struct LogConsumerSpec {
  ConsumerSpec consumer;
  event_log::Subscription subscription = event_log::Subscription::assigned;
  event_log::Assignment assignment = event_log::Assignment::range;
  sim::Duration rebalance_time{3'000'000'000};
  sim::Duration session_timeout{45'000'000'000};
  bool group_instance_id = false;
  sim::Duration max_poll_interval{300'000'000'000};
  Count max_poll_records = 500;
  sim::Duration fetch_latency{0};
  bool batch = false;
  event_log::Commit offset_commit = event_log::Commit::record;
  sim::Duration auto_commit_interval{5'000'000'000};
  event_log::OffsetReset auto_offset_reset = event_log::OffsetReset::earliest;
  event_log::LogOnFailure on_failure = event_log::LogOnFailure::retry;
  Limit max_delivery_count;
  sim::Duration retry_backoff{1'000'000'000};
  std::optional<Reference> dead_letter_topic;
  std::optional<sim::Duration> ack_timeout;
  Count receiver_queue_size = 1000;
  Count look_ahead_per_worker = 2000, look_ahead = 20'000;
};

enum class CleanupPolicy : std::uint8_t { remove, compact, both };

struct LogSpec {
  std::string cluster;
  Count partitions = 1;
  std::optional<Count> brokers;
  Count replication_factor = 1;
  Count min_insync_replicas = 1;
  event_log::Acks acks = event_log::Acks::all;
  sim::Duration replication_latency{1'000'000};
  sim::Duration election_time{1'000'000'000};
  sim::Duration catch_up_time{5'000'000'000};
  bool unclean_leader_election = false;
  sim::Duration linger{0};
  bool linger_unlimited = false;
  Limit batch_size;
  std::optional<SizeDistribution> batch_bytes;
  event_log::Keyless partitioner = event_log::Keyless::sticky;
  std::optional<bool> enable_idempotence;
  event_log::ProducerIdentity producer_identity = event_log::ProducerIdentity::session;
  sim::Duration retention{604'800'000'000'000};
  bool retention_unlimited = false;
  std::optional<SizeDistribution> retention_bytes;
  CleanupPolicy cleanup_policy = CleanupPolicy::remove;
  sim::Duration compaction_interval{15'000'000'000};
  std::optional<TimeDistribution> publish_time;
  Limit publish_workers;
  std::vector<Named<LogConsumerSpec>> consumers;
};

Kind log_kind();

// What a scenario says of a group's instances. An autoscaler adds none that would have no partition to read.
ConsumerSpec bounded_by(const LogConsumerSpec& group, Count partitions);

// Checks what the fields say together, and resolves them. What is wrong is reported; the result is legal only
// without errors.
event_log::LogSettings log_settings(const LogSpec& spec, const std::string& name, Mark mark,
                                    const std::string& path, Diagnostics& diagnostics);

}  // namespace tailrace::models
