#pragma once
// Which nodes have which partition, who leads it, and who is in sync. Partition p has its replicas on the
// nodes p, p + 1, ... (mod nodes) and prefers the first as leader. A node that dies leaves the in-sync set of
// its partitions, unless it is the last: then the partition waits for it, or (unclean election) goes on with
// a copy that is behind. A node that returns is in sync after the catch-up time and leads only what has no
// leader.
//
// It decides; what becomes of records is the topic's. Left out: reassignment, preferred-leader election,
// replicas that fall behind without dying. Cost: O(partitions) per change of a node.
#include <cstdint>
#include <vector>

#include "models/messaging/event_log/core.hpp"

namespace tailrace::models::event_log {

class Replication {
 public:
  explicit Replication(Core& core);

  std::uint32_t in_sync(std::uint32_t partition) const { return in_sync_[partition]; }
  // Returns the partitions that lost their leader and have a replica in sync that can follow it.
  const std::vector<std::uint32_t>& node_down(std::uint32_t node);
  void node_up(std::uint32_t node);
  void catch_up_timer(std::uint32_t node, std::uint32_t generation);

  struct Elected {
    bool leader = false;
    bool unclean = false;
    std::uint64_t has = 0;  // of an unclean one: records up to here
  };
  Elected election_timer(std::uint32_t partition, std::uint32_t generation);
  std::uint64_t elections() const { return elections_; }
  void reset() { elections_ = 0; }

 private:
  struct Replica {
    std::uint32_t node = 0;
    bool in_sync = true;
    std::uint64_t has = 0;  // when it fell out
  };
  Replica* replicas(std::uint32_t partition) {
    return &replicas_[partition * core_.settings.replication_factor];
  }
  Replica* on(std::uint32_t partition, std::uint32_t node);
  void call_election(std::uint32_t partition);

  Core& core_;
  std::vector<Replica> replicas_;
  std::vector<std::uint32_t> in_sync_;
  std::vector<std::uint32_t> election_, generation_;  // by partition; by node
  std::vector<char> up_;
  std::vector<std::uint32_t> bereft_;
  std::uint64_t elections_ = 0;
};

}  // namespace tailrace::models::event_log
