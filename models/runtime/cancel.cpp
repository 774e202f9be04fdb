// Callers who leave: what their servers do about it, and what the work for nobody costs.
#include <algorithm>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

// The word travels as a message does; each server passes it on to whom it has called itself.
void Execution::send_cancel(std::uint32_t child, const EdgeTable& edge) {
  std::int64_t when = now_;
  if (edge.out_link != kNoId) {
    const LinkTable& link = model_->links[edge.out_link];
    std::uint32_t process = kNoId;
    if (lost_by_fault(link, process)) return;
    when = sim::saturating_add(now_, link_travel(link));
  }
  arm_own(when, Phase::expire, TimerPurpose::cancel, child);
}

// The server of this frame hears that nobody waits for it.
std::uint32_t Execution::hear_cancel(std::uint32_t slot) {
  Frame& f = frames_[slot];
  CallState& x = calls_[slot];
  if (x.flags & kReplied) return kNoId;
  // A branch is told by its own service, which then means it; at a client there is nothing to cut.
  Cancellation how = Cancellation::at_step;
  if (f.instance != kNoId) how = station_tables_[instances_[f.instance].station].cancellation;
  if (how == Cancellation::ignore && !(f.flags & kBranchFrame)) return kNoId;
  if (!(f.flags & kBranchFrame) && !(x.flags & kThere)) {  // still on its way, or paused at the door
    f.pc = model_->stop_pc;
    return kNoId;
  }
  const bool at_once = how == Cancellation::at_once;
  if (f.flags & kQueued) {
    if (!at_once && !(f.flags & kInterrupted)) {
      f.pc = model_->stop_pc;
      return kNoId;
    }
    give_up_waiting(slot);
    return stop_serving(slot);
  }
  if (timers_.cancel(f, TimerPurpose::door)) return stop_serving(slot);
  const Step16& step = steps_[f.pc - 1];
  switch (step.op) {
    case Op::call: {
      const std::uint32_t edge_id = step.first;
      drop_call(slot, edge_id, Outcome::cancelled);
      const GuardTable& g = model_->guards[edges_[edge_id].guard];
      if (f.timer != kNoId) timers_.cancel_all(frames_[slot]);
      give_back_call(slot, g, Outcome::cancelled);
      ++edge_counts_[edge_id].ended[static_cast<std::size_t>(Outcome::cancelled)];
      return stop_serving(slot);
    }
    case Op::parallel:
    case Op::loop:
      leave_branches(slot);
      return stop_serving(slot);
    case Op::cache_look:
      caching_->leave(slot);
      return stop_serving(slot);
    case Op::compute:
    case Op::sleep:
    case Op::thaw:
      if (at_once) return cut(slot, step.op == Op::compute && step.flags != 0);
      f.prev = f.pc;  // where it was
      f.pc = model_->stop_pc;
      return kNoId;
    default:
      return kNoId;
  }
}

// The branches of a frame that has stopped, or needs them no longer, are nobody's; they hear of it as a
// server does.
void Execution::leave_branches(std::uint32_t slot) {
  std::uint32_t child = calls_[slot].first_child;
  const std::int64_t left = left_at(slot);
  calls_[slot].first_child = kNoId;
  ++frames_[slot].ticket;
  while (child != kNoId) {
    const std::uint32_t next = calls_[child].next_sibling;
    frames_[child].parent = kNoId;
    calls_[child].left_at = left < 0 ? now_ : left;
    ++orphans_;
    arm_own(now_, Phase::expire, TimerPurpose::cancel, child);
    child = next;
  }
}

// Stops work in the middle. Its end is in the calendar, or its core knows of it.
std::uint32_t Execution::cut(std::uint32_t slot, bool special) {
  Frame& f = frames_[slot];
  const StationTable& station = station_tables_[instances_[f.instance].station];
  const std::uint32_t index = f.instance - station.first_instance;
  if (special && station.cores > 0 && station.cpu_scheduling == CpuScheduling::processor_sharing) {
    cpus_[station.first_cpu + index].remove(now_, slot);
    schedule_cpu(station.first_cpu + index);
    return stop_serving(slot);
  }
  if (special && station.cores > 0) {
    CoreQueue& cores = cores_[station.first_cpu + index];
    for (std::uint32_t at = cores.head, before = kNoId; at != kNoId; before = at, at = frames_[at].next) {
      if (at != slot) continue;  // waits for a core
      (before == kNoId ? cores.head : frames_[before].next) = f.next;
      if (cores.tail == slot) cores.tail = before;
      return stop_serving(slot);
    }
    pass_core(cores);
  } else if (timers_.cancel(f, TimerPurpose::work)) {
    std::vector<std::uint32_t>& running = ordered_[instances_[f.instance].ordered].running;
    running.erase(std::find(running.begin(), running.end(), slot));
    return stop_serving(slot);
  }
  end_serving(slot);
  frames_[slot].pc = model_->bury_pc;  // its event finds it there
  frames_[slot].flags &= kLive | kBranchFrame;
  return kNoId;
}

// Ends a frame whose caller has left, without an answer.
std::uint32_t Execution::stop_serving(std::uint32_t slot) {
  end_serving(slot);
  return bury(slot);
}

void Execution::end_serving(std::uint32_t slot) {
  if (!model_->saga_programs.empty()) messaging_->saga_run_ends(slot);
  Frame& f = frames_[slot];
  if (f.timer != kNoId) timers_.cancel_all(f);
  if (f.flags & kHolding) release_worker_late(slot);
  if (f.flags & kBranchFrame) return;
  const EdgeTable& edge = edges_[f.edge];
  count_end(edge, Outcome::cancelled);
  if (edge.door != kNoId) close_door(slot, Outcome::cancelled);
  if (edge.counts_outstanding) --instances_[f.instance].outstanding;
  if (edge.managed) [[unlikely]]
    request_left(slot, edge, Outcome::cancelled);
}

std::uint32_t Execution::bury(std::uint32_t slot) {
  --orphans_;
  release_frame(slot);
  return kNoId;
}

// When the one for whom the frame works, directly or through others, left; -1 while he waits.
std::int64_t Execution::left_at(std::uint32_t slot) const {
  for (;;) {
    const Frame& f = frames_[slot];
    if (f.flags & (kClientFrame | kDirect)) return -1;
    if (f.parent == kNoId) return calls_[slot].left_at;
    if (frames_[f.parent].ticket != f.parent_ticket) return -1;  // a branch that a join did not wait for
    slot = f.parent;
  }
}

// A worker is given back by a frame that may have worked for nobody.
void Execution::note_waste(std::uint32_t slot) {
  const std::int64_t left = left_at(slot);
  if (left < 0) return;
  const Frame& f = frames_[slot];
  station_extras_[instances_[f.instance].station].wasted += now_ - std::max({f.mark, left, record_.start_ns});
}

void Execution::note_unheard(std::uint32_t slot) {
  if (left_at(slot) >= 0) ++operations_[edges_[frames_[slot].edge].operation].unheard;
}

}  // namespace tailrace::models
