#pragma once
// What the producing and the consuming side of a topic share: partitions with their records, and the books of
// every place (a partition as one group sees it). All copies come in and go out through here, so a copy is
// counted once, whatever ended it.
#include <cstdint>
#include <vector>

#include "models/messaging/channel.hpp"
#include "models/messaging/event_log/records.hpp"
#include "models/messaging/event_log/settings.hpp"
#include "models/messaging/partitions.hpp"

namespace tailrace::models::event_log {

enum class LogEvent : std::uint32_t {
  leader_lost,
  leader_elected,
  unclean_election,
  rebalancing,
  rebalanced,
  member_lost,
  member_thrown_out,
  member_joined,
  member_left
};

enum class TimerKind : std::uint8_t {
  linger,      // index: batch
  replicated,  // partition
  retention,
  compaction,
  election,
  catch_up,  // node
  fetch,     // member
  session,
  poll_due,
  auto_commit,
  rebalance,  // group
  lane,       // a lane's wait
  redeliver,  // a delivery
  read_on,
  ack_timeout
};
// kind | group | index | generation
inline constexpr std::uint64_t timer_tag(TimerKind kind, std::uint32_t group, std::uint32_t index,
                                         std::uint32_t generation) {
  return static_cast<std::uint64_t>(kind) << 60 | static_cast<std::uint64_t>(group) << 55 |
         static_cast<std::uint64_t>(index & 0x7ffffffu) << 28 | (generation & 0xfffffffu);
}

struct Place {
  PlaceCounts counts;
  std::int64_t changed = 0;  // area is up to here
};

struct PartitionLog {
  RecordRing records;
  std::uint64_t start = 0;    // retention has taken what is before it
  std::uint64_t visible = 0;  // consumers see what is before it: replicated
  std::uint64_t bytes = 0;    // of start..end, when retention looks at bytes
  std::uint32_t leader = 0;   // kNobody: none now
};

class Core {
 public:
  Core(const LogSettings& s, ChannelHost& h);

  const LogSettings& settings;
  ChannelHost& host;
  std::vector<PartitionLog> partitions;
  ChannelCounts counts;
  std::size_t group_count;  // a topic without groups has one that never reads

  std::uint32_t place_of(std::uint32_t partition, std::size_t group) const {
    return partition * static_cast<std::uint32_t>(group_count) + static_cast<std::uint32_t>(group);
  }
  Place& place(std::uint32_t partition, std::size_t group) { return places[place_of(partition, group)]; }
  bool alive(std::uint32_t partition, std::size_t group, std::uint64_t offset) const {
    const RecordRing& r = partitions[partition].records;
    return r.holds(offset) && (r[offset].alive >> group & 1u) != 0;
  }

  // A record at the end of the log, with a copy for every group.
  void append(std::uint32_t partition, const Envelope& message);
  // The group has finished with it; `fetched`: it was with a consumer.
  void end_copy(std::uint32_t partition, std::size_t group, std::uint64_t offset, Fate fate, bool fetched);
  // From waiting to a consumer, or back.
  void fetch(std::uint32_t partition, std::size_t group, std::uint64_t n);
  void give_back(std::uint32_t partition, std::size_t group, std::uint64_t n);
  // Handed to a handler.
  void delivered(std::uint32_t partition, std::size_t group, Record& record);
  // To the dead-letter topic; a copy that was refused there is dropped.
  void dead_letter(std::uint32_t partition, std::size_t group, std::uint64_t offset, bool fetched);
  // Drops the first records that nobody needs.
  void trim(std::uint32_t partition);

  // How long what its leader does takes now, where it takes `ns` of a leader that is well.
  std::int64_t by_leader(std::uint32_t partition, std::int64_t ns) const {
    return speeds_ == nullptr ? ns : slowed(partition, ns);
  }
  void note(LogEvent what, std::uint32_t about);
  void reset();
  ChannelRecord record() const;
  std::uint64_t depth(std::size_t group) const { return depths[group]; }
  // Exact: the first live copies of all partitions are compared.
  std::int64_t oldest_born(std::size_t group) const;

  std::vector<Place> places;
  std::vector<std::uint64_t> depths;  // by group
  std::vector<ChannelEvent> events;
  mutable std::vector<std::uint64_t> first_alive;  // by place: no live copy before it

 private:
  __extension__ using Wide = __int128;
  std::int64_t slowed(std::uint32_t partition, std::int64_t ns) const;
  void accrue(Place& p) {
    const std::int64_t now = host.now();
    p.counts.area += static_cast<Wide>(p.counts.ready + p.counts.in_flight) * (now - p.changed);
    p.changed = now;
  }

  const NodeSpeeds* speeds_;  // of the host; none: its nodes are always well
};

}  // namespace tailrace::models::event_log
