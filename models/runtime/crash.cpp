// Instances that die, stand still, and come back.
//
// When one dies, everything in it ends at one instant. A frame that sits in a list (a queue, a core's line, a
// policy's line) is taken out of it; one whose event is in the calendar is left to that event, as nothing but
// a grave, and a fresh frame carries its answer. All of them, at all instances that die together, are stopped
// before the first is answered, so that no answer wakes anybody who is about to die.
#include <algorithm>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

namespace {

// What the caller of a frame has armed on it; everything else is the server's.
constexpr std::uint32_t kOfTheCaller = timer_bit(TimerPurpose::try_timeout) | timer_bit(TimerPurpose::cancel);

}  // namespace

void Execution::instance_down(std::uint32_t instance, std::uint32_t process) {
  InstanceFaults& state = faults_of(instance);
  if (upkeep_) upkeep_->went_down(instance);
  if (state.down++ > 0) return;
  if (state.paused == 0) fault_.serving[instances_[instance].station].change(now_, -1);
  state.down_since = now_;
  state.blame = process;
  const StationTable& station = station_tables_[instances_[instance].station];
  // Where it is counted that nobody is inside, nobody need be looked for.
  if (station.scaled == kNoId || lives_[station.first_life + (instance - station.first_instance)].inside > 0)
    kill_frames(instance, process);
  for (InstanceListener* listener : fault_.listeners) listener->instance_changed(instance, false, now_);
}

void Execution::instance_up(std::uint32_t instance) {
  if (upkeep_ && upkeep_->holds_back(instance)) return;
  InstanceFaults& state = faults_of(instance);
  if (--state.down > 0) return;
  if (state.paused == 0) fault_.serving[instances_[instance].station].change(now_, 1);
  state.down_total += now_ - state.down_since;
  if (station_tables_[instances_[instance].station].shared) serve_shared(instances_[instance].station);
  for (InstanceListener* listener : fault_.listeners) listener->instance_changed(instance, true, now_);
}

bool Execution::down(std::uint32_t instance) const {
  const StationTable& station = station_tables_[instances_[instance].station];
  return station.first_fault != kNoId &&
         fault_.instances[station.first_fault + (instance - station.first_instance)].down > 0;
}

bool Execution::answers_probes(std::uint32_t instance) const {
  const StationTable& station = station_tables_[instances_[instance].station];
  if (station.first_fault == kNoId) return true;
  const InstanceFaults& state = fault_.instances[station.first_fault + (instance - station.first_instance)];
  return state.down == 0 && state.paused == 0;
}

void Execution::kill_frames(std::uint32_t instance, std::uint32_t process) {
  const StationTable& station = station_tables_[instances_[instance].station];
  const std::uint32_t index = instance - station.first_instance;
  InstanceFaults& state = faults_of(instance);
  std::vector<std::uint32_t>& victims = fault_.victims;
  std::vector<std::uint32_t>& answers = fault_.answers;
  std::vector<std::uint32_t>& pendings = fault_.pending;  // in the order of the victims
  victims.clear();
  pendings.clear();
  // Whoever stands still has no event: what was buried while it did is gone now.
  for (const InstanceFaults::Frozen& frozen : state.frozen) {
    if (frames_[frozen.slot].ticket == frozen.ticket && frames_[frozen.slot].pc == model_->bury_pc)
      bury(frozen.slot);
  }
  for (std::uint32_t slot = 0; slot < frames_.slots(); ++slot) {
    const Frame& f = frames_[slot];
    if (!(f.flags & kLive) || f.instance != instance || f.pc == model_->bury_pc) continue;
    if (!(f.flags & kBranchFrame) && (!(calls_[slot].flags & kThere) || calls_[slot].flags & kReplied))
      continue;
    victims.push_back(slot);
  }
  fault_.in_core_line.clear();
  if (station.cores > 0 && station.cpu_scheduling == CpuScheduling::per_core) {
    CoreQueue& cores = cores_[station.first_cpu + index];
    for (std::uint32_t at = cores.head; at != kNoId; at = frames_[at].next) fault_.in_core_line.push_back(at);
    cores.head = cores.tail = kNoId;
  }
  // Those in line first, so that no worker given back wakes one of them.
  std::vector<bool>& waited = fault_.waited;
  waited.assign(victims.size(), false);
  for (std::size_t i = 0; i < victims.size(); ++i) {
    if (!(frames_[victims[i]].flags & kQueued)) continue;
    waited[i] = true;
    give_up_waiting(victims[i]);
    frames_[victims[i]].flags &= static_cast<std::uint8_t>(~kInterrupted);
  }
  for (std::size_t i = 0; i < victims.size(); ++i) {
    const std::uint32_t slot = victims[i];
    if (messaging_ && !model_->sagas.empty()) messaging_->orchestrator_dies(slot);
    const bool pending = !waited[i] && stop_frame(slot, station, index);
    if (pending) pendings.push_back(slot);
    Frame& f = frames_[slot];
    if (f.timer != kNoId) timers_.cancel_some(f, ~kOfTheCaller);
    if (f.flags & kHolding) release_worker_late(slot);
    if (!(f.flags & kBranchFrame)) {
      if (orphans_ != 0) note_unheard(slot);
      count_end(edges_[f.edge], Outcome::network);
      blame(process, false);
    }
  }
  if (instances_[instance].ordered < kByRule) ordered_[instances_[instance].ordered].running.clear();
  state.frozen.clear();
  if (station.cores > 0 && station.cpu_scheduling == CpuScheduling::processor_sharing)
    schedule_cpu(station.first_cpu + index);
  std::size_t next_pending = 0;
  for (const std::uint32_t slot : victims) {
    const bool pending = next_pending < pendings.size() && pendings[next_pending] == slot;
    if (pending) ++next_pending;
    if (frames_[slot].flags & kBranchFrame) {
      lay_down(slot, pending);
    } else {
      answers.push_back(pending ? stand_in(slot) : slot);
    }
  }
}

// After all instances that go down at this instant have gone.
void Execution::answer_for_the_dead() {
  if (messaging_) messaging_->start_postponed();
  for (const std::uint32_t slot : fault_.answers) {
    const std::uint32_t next = reply_late(slot, Outcome::network);
    if (next != kNoId) wake(next);
  }
  fault_.answers.clear();
}

// Takes the frame out of whatever it is doing; true when its event is still to come.
bool Execution::stop_frame(std::uint32_t slot, const StationTable& station, std::uint32_t index) {
  Frame& f = frames_[slot];
  CallState& x = calls_[slot];
  if (timers_.cancel(f, TimerPurpose::door)) return false;
  // Told to stop after its step: the step is where it was.
  const Step16& step = steps_[(f.pc == model_->stop_pc ? f.prev : f.pc) - 1];
  switch (step.op) {
    case Op::call: {
      const std::uint32_t edge_id = step.first;
      drop_call(slot, edge_id, Outcome::cancelled);
      give_back_call(slot, model_->guards[edges_[edge_id].guard], Outcome::cancelled);
      ++edge_counts_[edge_id].ended[static_cast<std::size_t>(Outcome::cancelled)];
      return false;
    }
    case Op::parallel:
    case Op::loop: {
      // Its branches are among the dead, and nobody's.
      std::uint32_t child = x.first_child;
      const std::int64_t left = left_at(slot);
      x.first_child = kNoId;
      ++f.ticket;
      while (child != kNoId) {
        const std::uint32_t next = calls_[child].next_sibling;
        frames_[child].parent = kNoId;
        calls_[child].left_at = left < 0 ? now_ : left;
        ++orphans_;
        child = next;
      }
      return false;
    }
    case Op::deposit:
    case Op::await:
      ++f.ticket;  // the channel's word, or the handling that it waits for, is for nobody
      return false;
    case Op::thaw:
      return !thawed(slot) && !timers_.cancel(f, TimerPurpose::work);
    case Op::compute: {
      if (step.flags == 0) return true;
      if (station.cores > 0 && station.cpu_scheduling == CpuScheduling::processor_sharing) {
        cpus_[station.first_cpu + index].remove(now_, slot);
        return false;
      }
      if (station.cores > 0) {
        const auto& line = fault_.in_core_line;
        if (std::find(line.begin(), line.end(), slot) != line.end()) return false;
        pass_core(cores_[station.first_cpu + index]);
        return !thawed(slot);
      }
      return !timers_.cancel(f, TimerPurpose::work);
    }
    case Op::sleep:
      return true;
    case Op::cache_look:
      caching_->leave(slot);
      return false;
    default:
      return false;
  }
}

// The frame stood still, so that no event of it is to come.
bool Execution::thawed(std::uint32_t slot) {
  if (calls_[slot].pause != kFrozen) return false;
  calls_[slot].pause = 0;
  return true;
}

// Nothing is left of the frame, or no more than its event will take away.
void Execution::lay_down(std::uint32_t slot, bool pending) {
  Frame& f = frames_[slot];
  if (caching_) caching_->died(slot);
  // Work that nobody waited for is nobody's, too.
  if (f.parent != kNoId || (f.flags & kRootFrame) == kRootFrame) {
    f.parent = kNoId;
    ++orphans_;
  }
  if (!pending) {
    bury(slot);
    return;
  }
  f.pc = model_->bury_pc;
  f.flags &= kLive | kBranchFrame;
}

// A frame in place of another, which its own event keeps from being used again.
std::uint32_t Execution::stand_in(std::uint32_t slot) {
  const std::uint32_t fresh = allocate_frame();
  Frame& old = frames_[slot];  // not before: the slab may have moved
  Frame& f = frames_[fresh];
  const std::uint32_t ticket = f.ticket;
  f = old;
  f.ticket = ticket;
  calls_[fresh] = calls_[slot];
  timers_.move(f, fresh);
  old.timer = kNoId;
  if (messaging_) messaging_->stand_in(slot, fresh);
  if (caching_) caching_->stand_in(slot, fresh);
  const bool rootless = f.parent == kNoId || f.flags & kDirect;  // in nobody's list of attempts
  if (rootless) {
    ++orphans_;  // the grave; who left it goes with the other
  } else {
    std::uint32_t* link = &calls_[f.parent].first_child;
    while (*link != slot) link = &calls_[*link].next_sibling;
    *link = fresh;
  }
  if (rootless) {
    old.parent = kNoId;
    old.pc = model_->bury_pc;
    old.flags &= kLive | kBranchFrame;
  } else {
    lay_down(slot, true);
  }
  return fresh;
}

// --- standing still

void Execution::instance_stops(std::uint32_t instance) {
  InstanceFaults& state = faults_of(instance);
  if (state.paused++ > 0) return;
  if (state.down == 0) fault_.serving[instances_[instance].station].change(now_, -1);
  state.paused_since = now_;
  set_cpu_speed(instance, 0);
}

void Execution::instance_goes_on(std::uint32_t instance) {
  InstanceFaults& state = faults_of(instance);
  if (--state.paused > 0) return;
  if (state.down == 0) fault_.serving[instances_[instance].station].change(now_, 1);
  state.paused_total += now_ - state.paused_since;
  set_cpu_speed(instance, 1);
  for (const InstanceFaults::Frozen& frozen : state.frozen) {
    if (frames_[frozen.slot].ticket != frozen.ticket) continue;
    calls_[frozen.slot].pause = state.paused_total - frozen.left;
    if (held_by_pause(frozen.slot, true, frozen.core)) continue;
    schedule(now_, Phase::finish, frozen.core ? Kind::core_done : Kind::resume, frozen.slot);
  }
  state.frozen.clear();
  if (station_tables_[instances_[instance].station].shared) serve_shared(instances_[instance].station);
}

void Execution::set_cpu_speed(std::uint32_t instance, double speed) {
  const StationTable& station = station_tables_[instances_[instance].station];
  if (station.cores == 0 || station.cpu_scheduling != CpuScheduling::processor_sharing) return;
  const std::uint32_t cpu = station.first_cpu + (instance - station.first_instance);
  cpus_[cpu].set_speed(now_, speed);
  cpus_[cpu].scheduled = -1;
  schedule_cpu(cpu);
}

// The frame has come to the end of what it did. While its instance stands still it waits there; work is late
// by as long as the instance has stood still since it began.
bool Execution::held_by_pause(std::uint32_t slot, bool worked, bool core) {
  Frame& f = frames_[slot];
  InstanceFaults& state = faults_of(f.instance);
  CallState& x = calls_[slot];
  if (state.paused > 0) {
    state.frozen.push_back({slot, f.ticket, worked ? state.stopped(now_) - x.pause : 0, core});
    x.pause = kFrozen;
    return true;
  }
  if (!worked || state.paused_total <= x.pause) return false;
  const std::int64_t late = state.paused_total - x.pause;
  x.pause = state.paused_total;
  const bool preemptive =
      station_tables_[instances_[f.instance].station].discipline == Discipline::preemptive_priority;
  if (preemptive && f.flags & kHolding) {
    work_preemptibly(slot, late);
  } else {
    schedule(sim::saturating_add(now_, late), Phase::finish, core ? Kind::core_done : Kind::resume, slot);
  }
  return true;
}

}  // namespace tailrace::models
