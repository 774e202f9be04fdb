#pragma once
// Timers of frames. A constant length makes deadlines that are sorted already, so each such timer is a FIFO
// lane with one entry in the calendar: arming and cancelling are O(1) and leave nothing dead behind. A timer
// of drawn length has a calendar entry of its own; cancelled, its node stays until that entry fires, so no
// entry ever meets a reused node.
#include <cstdint>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/runtime/frame.hpp"
#include "sim/engine/calendar.hpp"
#include "sim/engine/growing_array.hpp"

namespace tailrace::models {

// In a set of purposes.
constexpr std::uint32_t timer_bit(TimerPurpose purpose) {
  return 1u << static_cast<unsigned>(purpose);
}

struct TimerNode {
  std::int64_t deadline;
  std::uint32_t frame;       // kNoId: cancelled, waiting for its calendar entry
  std::uint32_t next, prev;  // in its lane; `next` also in the free list
  std::uint32_t sibling;     // the frame's next timer
  std::uint32_t lane;        // kNoId: has a calendar entry of its own
  TimerPurpose purpose;
};
static_assert(sizeof(TimerNode) == 32);

class Timers {
 public:
  struct Lane {
    std::int64_t length = 0;
    std::uint32_t head = kNoId, tail = kNoId;
    bool scheduled = false;
    TimerPurpose purpose = TimerPurpose::call_timeout;
  };

  void start(const CompiledModel& model) {
    lanes_.resize(model.lanes.size());
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      lanes_[i].length = model.lanes[i].ns;
      lanes_[i].purpose = static_cast<TimerPurpose>(model.lane_kind[i]);
    }
  }

  // `schedule(time, lane)` puts the lane's one entry into the calendar.
  template <class Schedule>
  void arm_lane(std::uint32_t lane_id, std::int64_t now, std::uint32_t slot, Frame& frame,
                Schedule schedule) {
    Lane& lane = lanes_[lane_id];
    const std::uint32_t id = allocate();
    TimerNode& node = nodes_[id];
    node.deadline = sim::saturating_add(now, lane.length);
    node.frame = slot;
    node.next = kNoId;
    node.prev = lane.tail;
    node.lane = lane_id;
    node.purpose = lane.purpose;
    node.sibling = frame.timer;
    frame.timer = id;
    if (lane.tail == kNoId) {
      lane.head = id;
    } else {
      nodes_[lane.tail].next = id;
    }
    lane.tail = id;
    if (!lane.scheduled) {
      lane.scheduled = true;
      schedule(node.deadline, lane_id);
    }
  }
  // A timer with its own calendar entry, which the caller schedules for the returned node.
  std::uint32_t arm_own(TimerPurpose purpose, std::int64_t deadline, std::uint32_t slot, Frame& frame) {
    const std::uint32_t id = allocate();
    TimerNode& node = nodes_[id];
    node = {deadline, slot, kNoId, kNoId, frame.timer, kNoId, purpose};
    frame.timer = id;
    return id;
  }

  // Cancels the frame's timers for the purpose; true when there was one.
  bool cancel(Frame& frame, TimerPurpose purpose) {
    bool found = false;
    std::uint32_t* link = &frame.timer;
    while (*link != kNoId) {
      const std::uint32_t id = *link;
      TimerNode& node = nodes_[id];
      if (node.purpose != purpose) {
        link = &node.sibling;
        continue;
      }
      *link = node.sibling;
      drop(id);
      found = true;
    }
    return found;
  }
  bool has(const Frame& frame, TimerPurpose purpose) const {
    for (std::uint32_t id = frame.timer; id != kNoId; id = nodes_[id].sibling) {
      if (nodes_[id].purpose == purpose) return true;
    }
    return false;
  }
  // Those for any of the purposes.
  void cancel_some(Frame& frame, std::uint32_t purposes) {
    std::uint32_t* link = &frame.timer;
    while (*link != kNoId) {
      const std::uint32_t id = *link;
      TimerNode& node = nodes_[id];
      if ((purposes & timer_bit(node.purpose)) == 0) {
        link = &node.sibling;
        continue;
      }
      *link = node.sibling;
      drop(id);
    }
  }
  void cancel_all(Frame& frame) {
    while (frame.timer != kNoId) {
      const std::uint32_t id = frame.timer;
      frame.timer = nodes_[id].sibling;
      drop(id);
    }
  }

  // The frame has got another slot, and its timers with it.
  void move(const Frame& frame, std::uint32_t slot) {
    for (std::uint32_t id = frame.timer; id != kNoId; id = nodes_[id].sibling) nodes_[id].frame = slot;
  }

  struct Fired {
    std::uint32_t frame = kNoId;
    TimerPurpose purpose = TimerPurpose::call_timeout;
  };
  // The lane's entry fired. Takes the head if it is due (the frame no longer has it); call again until frame
  // is kNoId, then reschedule with next_deadline().
  Fired take_due(std::uint32_t lane_id, std::int64_t now, FrameSlab& frames) {
    Lane& lane = lanes_[lane_id];
    const std::uint32_t id = lane.head;
    if (id == kNoId || nodes_[id].deadline > now) return {};
    const TimerNode node = nodes_[id];
    unlink_from_frame(frames[node.frame], id);
    drop(id);
    return {node.frame, node.purpose};
  }
  // When the lane fires next, or -1: then it has no entry in the calendar.
  std::int64_t next_deadline(std::uint32_t lane_id) {
    Lane& lane = lanes_[lane_id];
    lane.scheduled = lane.head != kNoId;
    return lane.scheduled ? nodes_[lane.head].deadline : -1;
  }
  // A node's own entry fired: frees the node.
  Fired take_own(std::uint32_t id, FrameSlab& frames) {
    const TimerNode node = nodes_[id];
    if (node.frame != kNoId) unlink_from_frame(frames[node.frame], id);
    free_node(id);
    return {node.frame, node.purpose};
  }
  std::size_t bytes() const { return nodes_.bytes(); }

 private:
  std::uint32_t allocate() {
    const std::uint32_t id = free_;
    if (id != kNoId) {
      free_ = nodes_[id].next;
      return id;
    }
    return nodes_.append();
  }
  void free_node(std::uint32_t id) {
    nodes_[id].next = free_;
    free_ = id;
  }
  void drop(std::uint32_t id) {
    TimerNode& node = nodes_[id];
    if (node.lane == kNoId) {
      node.frame = kNoId;  // freed when its entry fires
      return;
    }
    Lane& lane = lanes_[node.lane];
    (node.prev == kNoId ? lane.head : nodes_[node.prev].next) = node.next;
    (node.next == kNoId ? lane.tail : nodes_[node.next].prev) = node.prev;
    free_node(id);
  }
  void unlink_from_frame(Frame& frame, std::uint32_t id) {
    std::uint32_t* link = &frame.timer;
    while (*link != id) link = &nodes_[*link].sibling;
    *link = nodes_[id].sibling;
  }

  sim::GrowingArray<TimerNode> nodes_;
  std::uint32_t free_ = kNoId;
  std::vector<Lane> lanes_;
};

}  // namespace tailrace::models
