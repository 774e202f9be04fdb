#pragma once
// How a call gets to its server: part of the hot loop, and of the calls that carry policies. Only their two
// files include this, to have it inlined.
#include "models/runtime/execution.hpp"

namespace tailrace::models {

// The frame of one attempt, at the edge's first instance.
[[gnu::always_inline]] inline std::uint32_t Execution::new_attempt(std::uint32_t slot,
                                                                   std::uint32_t edge_id) {
  const LiveEdge& edge = live_edges_[edge_id];
  const std::uint32_t child = allocate_frame();
  const Frame& parent = frames_[slot];  // the slab may have moved
  Frame& c = frames_[child];
  c.start = now_;
  c.pc = edge.pc;
  c.parent = slot;
  c.parent_ticket = parent.ticket;
  c.instance = edge.first_instance;
  c.timer = kNoId;
  c.edge = edge_id;
  c.flags = kLive;
  c.priority = parent.priority;
  c.depth = parent.depth;
  return child;
}

[[gnu::always_inline]] inline void Execution::grant(InstanceState& instance, Frame& frame) {
  --instance.free;
  instance.busy_area -= now_;
  frame.mark = now_;
  frame.flags |= kHolding;
  ++instance.grants;
}

// At the end of a queue in order of arrival.
[[gnu::always_inline]] inline void Execution::join_queue(std::uint32_t slot, Frame& f,
                                                         InstanceState& instance) {
  f.mark = now_;
  f.flags |= kQueued;
  if (++instance.queued > instance.peak) [[unlikely]]
    instance.peak = instance.queued;
  instance.queue_area -= now_;
  f.next = kNoId;
  f.prev = instance.tail;
  (instance.tail == kNoId ? instance.head : frames_[instance.tail].next) = slot;
  instance.tail = slot;
}

// A request has reached its instance: it runs (its slot comes back), waits, or is turned away.
[[gnu::always_inline]] inline std::uint32_t Execution::enter(std::uint32_t slot, bool worker_first) {
  Frame& f = frames_[slot];
  if (!worker_first) return slot;
  InstanceState& instance = instances_[f.instance];
  if (instance.free > 0) [[likely]] {
    grant(instance, f);
    return slot;
  }
  if (instance.queued >= instance.plain_capacity) [[unlikely]]
    return wait_for_worker(slot, false);
  join_queue(slot, f, instance);
  return kNoId;
}

}  // namespace tailrace::models
