#pragma once
// The consuming side of a topic, one object per group: who reads which records, and what is committed. Two
// machines: partitions assigned to members (assigned_group.hpp) and messages handed to whoever is free
// (shared_group.hpp). A worker's place is a lane: one handler at a time; instance i has the lanes
// i * concurrency and on.
#include <cstdint>
#include <memory>

#include "models/messaging/event_log/core.hpp"
#include "models/messaging/extras.hpp"

namespace tailrace::models::event_log {

// Of a handler that was started: the lane, and how often it was started. Old ones meet no running handler.
inline constexpr std::uint64_t token_of(std::uint32_t lane, std::uint64_t serial) {
  return static_cast<std::uint64_t>(lane) << 36 | (serial & 0xfffffffffu);
}
inline constexpr std::uint32_t lane_of(std::uint64_t token) {
  return static_cast<std::uint32_t>(token >> 36);
}

class Group {
 public:
  virtual ~Group() = default;
  // There may be something new to read: records became visible, or a leader is back.
  virtual void readable(std::uint32_t partition) = 0;
  virtual void handled(std::uint32_t lane, std::uint64_t token, Outcome outcome) = 0;
  // What that handler works at is another's by now, or will be handled again.
  virtual bool fenced(std::uint32_t lane, std::uint64_t token) const = 0;
  virtual void timer(TimerKind kind, std::uint32_t index, std::uint32_t generation) = 0;
  virtual void instance_changed(std::uint32_t instance, bool up) = 0;
  virtual void set_intake(std::uint32_t instance, Intake intake) = 0;
  // Retention and compaction may take a live copy that nobody has in his hands: true, and the group has
  // forgotten it.
  virtual bool yields(std::uint32_t partition, std::uint64_t offset) = 0;
  // Retention took records that the group had not read yet.
  virtual void overtaken(std::uint32_t partition) = 0;
  // A live copy went with its leader.
  virtual void lost(std::uint32_t partition, std::uint64_t offset) = 0;
  virtual void count(ChannelCounts& counts) const = 0;  // rebalances and their time
  virtual void reset() = 0;
};

// Lanes are numbered over all groups; `first_lane` is the group's first.
std::unique_ptr<Group> make_assigned_group(Core& core, std::uint32_t group, std::uint32_t first_lane);
std::unique_ptr<Group> make_shared_group(Core& core, std::uint32_t group, std::uint32_t first_lane);

}  // namespace tailrace::models::event_log
