#pragma once
// One topic of an event log: the channel. A publication goes through its producer's batch, waits for the
// replicas (acks all), is appended by the leader, becomes visible when it is replicated, and is read by every
// group.
//
//   publish ─► batch (linger, size) ─► replicas (acks all) ─► records ─► visible ─► groups
//
// acks none and leader: appended at once; what is younger than the replication latency when its leader dies
// is lost. acks all: counted as published when the replicas have it; if the leader dies before, the publisher
// is told so and nothing was published. So what was acknowledged is lost only by an unclean election.
//
// Left out: segments (retention and compaction look at single records), quotas, tiered storage, transactions'
// markers (the host holds back what a transaction publishes). A batch's messages reach the leader one by one
// and wait there, which takes the same time as waiting at the producer.
// Cost: about 100 ns a message and group; memory is what groups have not finished and retention_bytes keeps.
#include <memory>
#include <vector>

#include "models/messaging/event_log/core.hpp"
#include "models/messaging/event_log/group.hpp"
#include "models/messaging/event_log/recent_set.hpp"
#include "models/messaging/event_log/replication.hpp"
#include "models/messaging/extras.hpp"
#include "models/messaging/partitions.hpp"
#include "models/messaging/ring.hpp"

namespace tailrace::models::event_log {

class EventLog final : public Channel, public Fencing, public Partitions {
 public:
  EventLog(const LogSettings& settings, ChannelHost& host);

  std::uint32_t place(Envelope& message) override;
  Publication publish(const Envelope& message, bool confirmed, std::uint64_t ticket) override;
  void handled(std::uint64_t token, Outcome outcome) override;
  bool fenced(std::uint64_t token) const override;
  void timer(std::uint64_t what) override;
  void instance_changed(std::uint32_t subscription, std::uint32_t instance, bool up) override;
  void set_intake(std::uint32_t subscription, std::uint32_t instance, Intake intake) override {
    groups_[subscription]->set_intake(instance, intake);
  }
  void node_changed(std::uint32_t node, bool up) override;
  std::uint32_t leader(std::uint32_t partition) const override { return core_.partitions[partition].leader; }
  std::uint64_t depth(std::uint32_t subscription) const override { return core_.depth(subscription); }
  std::int64_t oldest_born(std::uint32_t subscription) const override {
    return core_.oldest_born(subscription);
  }
  void reset_counts() override;
  ChannelRecord record() const override;
  std::size_t bytes() const override;

 private:
  struct Waiting {  // a publication on its way into the log
    Envelope message;
    std::uint64_t ticket = 0;
    std::int64_t time = 0;  // of publication, in a batch; when the replicas have it, after that
    bool confirmed = false;
  };
  struct Batch {
    std::vector<Waiting> messages;
    std::uint64_t bytes = 0;
    std::uint32_t generation = 0;
  };
  struct Side {  // of a partition, beside its records
    Ring<Waiting> replicating;
    RecentSet seen;
    bool replicated_armed = false, retention_armed = false, compaction_armed = false;
  };

  // event_log.cpp
  Group& group_of(std::uint32_t lane) const;
  std::uint32_t next_partition(std::uint32_t producer);
  std::uint32_t batch_of(std::uint32_t producer, std::uint32_t partition);
  Publication flush(std::uint32_t batch, bool filled);
  Publication admit(Waiting& w);
  void append(const Envelope& message);
  void announce(std::uint32_t partition);
  void arm_replicated(std::uint32_t partition, std::int64_t when);
  void replicated(std::uint32_t partition);
  // keeping.cpp: what the log forgets
  void arm_keeping(std::uint32_t partition);
  void expire(std::uint32_t partition);
  void compact(std::uint32_t partition);
  void lose(std::uint32_t partition, std::uint64_t from);
  void leader_lost(std::uint32_t partition);
  bool yields(std::size_t group, std::uint32_t partition, std::uint64_t offset) {
    return groups_.empty() || groups_[group]->yields(partition, offset);
  }

  const LogSettings& s_;
  const Foresight* foresight_;  // of the host; none: it has no use for it
  Core core_;
  Replication replication_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<std::uint32_t> first_lanes_;
  std::vector<Side> sides_;
  std::vector<Batch> batches_;
  std::vector<std::uint32_t> rows_;    // by producer: its first batch; kNobody: none yet
  std::vector<std::uint32_t> sticky_;  // by producer: partition of messages without key
};

class EventLogModel final : public ChannelModel, public Partitioned {
 public:
  explicit EventLogModel(LogSettings settings);
  std::unique_ptr<Channel> start(ChannelHost& host) const override;
  const std::vector<GroupSettings>& groups() const override { return groups_; }
  std::vector<std::string> place_names() const override;
  std::vector<std::uint32_t> place_subscriptions() const override;
  std::vector<std::string> event_names() const override;
  std::uint32_t nodes() const override { return settings_.nodes; }
  std::uint32_t streams() const override { return 0; }
  std::uint32_t partitions() const override { return settings_.partitions; }
  std::vector<std::uint32_t> nodes_of(std::uint32_t partition) const override;
  const LogSettings& settings() const { return settings_; }

 private:
  LogSettings settings_;
  std::vector<GroupSettings> groups_;
};

}  // namespace tailrace::models::event_log
