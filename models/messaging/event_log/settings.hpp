#pragma once
// What a scenario says of one topic of an event log and of its consumer groups, in whole nanoseconds and
// resolved numbers. Immutable; shared by replications. Checked by whoever fills it (models/log/).
#include <cstdint>
#include <string>
#include <vector>

#include "models/messaging/channel.hpp"
#include "sim/base/time.hpp"

namespace tailrace::models::event_log {

inline constexpr std::int64_t kNever = sim::Duration::max().ns;
inline constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
inline constexpr std::size_t kMostGroups = 32;  // a record has one bit for each
inline constexpr std::int64_t kMostPartitions = 100'000;
inline constexpr std::int64_t kMostWorkers = 1 << 24;  // of all groups, instances times concurrency
inline constexpr std::int64_t kMostBackoff = 3'600'000'000'000;

enum class Acks : std::uint8_t { none, leader, all };
enum class Keyless : std::uint8_t { sticky, round_robin };
enum class Subscription : std::uint8_t { assigned, exclusive, failover, shared, key_shared };
enum class Assignment : std::uint8_t { range, round_robin, sticky, cooperative_sticky };
// When offsets are committed: after each record, after each polled batch, every so often at a poll, or before
// handling (at most once).
enum class Commit : std::uint8_t { record, batch, automatic, before };
enum class LogOnFailure : std::uint8_t { retry, skip, dead_letter };
// What an idempotent producer is recognised by: the sequence of its sends, which knows the attempts of one
// send (Kafka's producer id and epoch are new after a restart), or numbers of its own making, which it gives
// again to what it sends again (Pulsar's producer name and sequence ids).
enum class ProducerIdentity : std::uint8_t { session, durable };
enum class OffsetReset : std::uint8_t { earliest, latest };

struct LogGroup {
  std::string name;
  std::uint32_t instances = 1, concurrency = 1;
  std::uint32_t present = kNobody;  // of the instances, so many are there at the start; at most all
  Subscription type = Subscription::assigned;
  Assignment assignment = Assignment::range;
  std::int64_t rebalance_time = 0;
  std::int64_t session_timeout = 0;  // 0: a death is noticed at once
  bool static_members = false;
  std::int64_t max_poll_interval = kNever;
  std::uint32_t max_poll_records = 500;
  std::int64_t fetch_latency = 0;
  bool batch = false;
  Commit commit = Commit::record;
  std::int64_t auto_commit_interval = 0;
  LogOnFailure on_failure = LogOnFailure::retry;
  std::uint64_t max_deliveries = kNoLimit;
  std::int64_t retry_backoff = 0;
  std::uint32_t dead_letter_channel = kNobody;
  std::uint16_t dead_letter_entry = 0;
  OffsetReset reset = OffsetReset::earliest;
  std::int64_t ack_timeout = kNever;         // shared types
  std::uint32_t receiver_queue_size = 1000;  // key_shared: kept for each worker
  // key_shared: of a partition's messages so many are held for workers that take no more, while others behind
  // them are dealt: for each worker that is there, and in all.
  std::uint64_t look_ahead_per_worker = 2000, look_ahead = 20'000;
};

struct LogSettings {
  std::string name;
  std::uint32_t partitions = 1;
  std::uint32_t nodes = 1;
  std::uint32_t replication_factor = 1;
  std::uint32_t min_insync_replicas = 1;
  Acks acks = Acks::all;
  std::int64_t replication_latency = 0;
  std::int64_t election_time = 0;
  std::int64_t catch_up_time = 0;
  bool unclean_election = false;
  std::int64_t linger = 0;  // 0: every message at once; kNever: full batches only
  std::uint64_t batch_size = kNoLimit, batch_bytes = kNoLimit;
  Keyless keyless = Keyless::sticky;
  bool idempotence = false;
  ProducerIdentity producer_identity = ProducerIdentity::session;
  std::int64_t retention = kNever;
  std::uint64_t retention_bytes = kNoLimit;  // of each partition
  std::int64_t compaction_interval = 0;      // 0: not compacted
  std::vector<LogGroup> groups;
};

// The node that has copy r of a partition; the first is the leader that it prefers.
inline std::uint32_t replica_node(const LogSettings& s, std::uint32_t partition, std::uint32_t r) {
  return (partition + r) % s.nodes;
}

}  // namespace tailrace::models::event_log
