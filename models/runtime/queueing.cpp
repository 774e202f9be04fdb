// Queues and cores with rules of their own: disciplines other than first-in-first-out, interruption, shared
// cores.
#include <algorithm>

#include "models/runtime/entering.hpp"
#include "models/runtime/execution.hpp"
#include "models/runtime/tracing.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

using sim::Phase;

// --- disciplines

void Execution::enqueue(std::uint32_t slot, InstanceState& instance, bool front) {
  Frame& f = frames_[slot];
  switch (station_tables_[instance.station].discipline) {
    case Discipline::fifo:
    case Discipline::lifo:  // the head is the newest
      f.prev = kNoId;
      f.next = instance.head;
      (instance.head == kNoId ? instance.tail : frames_[instance.head].prev) = slot;
      instance.head = slot;
      return;
    case Discipline::priority:
    case Discipline::preemptive_priority: {
      OrderedQueue& queue = ordered_[instance.ordered];
      front ? queue.push_front(-f.priority, slot, frames_) : queue.push(-f.priority, slot, frames_);
      return;
    }
    case Discipline::shortest_job_first: {
      // The size is known on arrival: the first compute step is drawn now and used when it starts.
      if (!(f.flags & (kPresampled | kBranchFrame))) {
        const std::uint32_t draw = operation_tables_[edges_[f.edge].operation].presample;
        if (draw != kNoId) {
          f.aux = sim::Duration::from_ns(sample(draw)).ns;
          f.flags |= kPresampled;
        }
      }
      ordered_[instance.ordered].push(f.flags & kPresampled ? f.aux : 0, slot, frames_);
      return;
    }
  }
}

// Takes a frame out of the middle of its queue.
void Execution::leave_queue(std::uint32_t slot) {
  Frame& f = frames_[slot];
  InstanceState& instance = instances_[f.instance];
  if (instance.ordered < kByRule) {
    ordered_[instance.ordered].remove(slot, frames_);
  } else {
    (f.prev == kNoId ? instance.head : frames_[f.prev].next) = f.next;
    (f.next == kNoId ? instance.tail : frames_[f.next].prev) = f.prev;
  }
  take_out(slot, instance);
}

// --- interruption (preemptive resume)

void Execution::work_preemptibly(std::uint32_t slot, std::int64_t work_ns) {
  Frame& f = frames_[slot];
  trace_touch(slot);
  const std::int64_t end = sim::saturating_add(now_, work_ns);
  f.aux = end;
  if (station_tables_[instances_[f.instance].station].pauses) [[unlikely]]
    calls_[slot].pause = faults_of(f.instance).stopped(now_);
  schedule(end, Phase::finish, Kind::node, timers_.arm_own(TimerPurpose::work, end, slot, f));
  ordered_[instances_[f.instance].ordered].running.push_back(slot);
}

// Takes the worker of the lowest-priority request that computes here, if its priority is below the
// newcomer's. Of equals the one that started last loses: it has done the least.
bool Execution::interrupt_lower(std::uint32_t slot) {
  Frame& f = frames_[slot];
  InstanceState& instance = instances_[f.instance];
  std::vector<std::uint32_t>& running = ordered_[instance.ordered].running;
  std::size_t victim = running.size();
  for (std::size_t i = 0; i < running.size(); ++i) {
    if (frames_[running[i]].priority >= f.priority) continue;
    if (victim == running.size() || frames_[running[i]].priority <= frames_[running[victim]].priority)
      victim = i;
  }
  if (victim == running.size()) return false;
  const std::uint32_t loser = running[victim];
  running.erase(running.begin() + static_cast<std::ptrdiff_t>(victim));
  trace_touch(loser);
  Frame& l = frames_[loser];
  timers_.cancel(l, TimerPurpose::work);
  l.aux -= now_;                                              // the work that is left
  if (station_tables_[instance.station].pauses) [[unlikely]]  // and what it is late by
    l.aux += faults_of(f.instance).stopped(now_) - calls_[loser].pause;
  instance.hold_sum += now_ - l.mark;
  l.mark = now_;
  l.flags = static_cast<std::uint8_t>((l.flags & ~kHolding) | kQueued | kInterrupted);
  ++instance.queued;
  instance.peak = std::max(instance.peak, instance.queued);
  instance.queue_area -= now_;
  enqueue(loser, instance, true);
  // The worker changes hands: it stays busy.
  ++instance.grants;
  f.mark = now_;
  f.flags |= kHolding;
  return true;
}

// --- work that is more than time passing

bool Execution::begin_special_work(std::uint32_t slot, double work_ns) {
  Frame& f = frames_[slot];
  const InstanceState& instance = instances_[f.instance];
  const StationTable& station = station_tables_[instance.station];
  const std::uint32_t index = f.instance - station.first_instance;
  if (station.first_fault != kNoId) [[unlikely]] {
    work_ns *= slowness_by_faults(f.instance);
    if (station.scaled != kNoId) work_ns *= version_slowness(station, f.instance);
    if (station.pauses) calls_[slot].pause = faults_of(f.instance).stopped(now_);
  }
  if (station.uneven_speed) work_ns *= station.slowness[index];
  const auto work = sim::Duration::from_ns(work_ns);
  if (work.ns == 0) return false;
  if (station.cores > 0 && station.cpu_scheduling == CpuScheduling::processor_sharing) {
    const std::uint32_t cpu = station.first_cpu + index;
    if (tracing_) tracer_->shares_core(slot, work.ns);
    cpus_[cpu].add(now_, slot, static_cast<double>(work.ns));
    schedule_cpu(cpu);
    return true;
  }
  if (station.cores > 0) {
    CoreQueue& cores = cores_[station.first_cpu + index];
    if (cores.free > 0) {
      --cores.free;
      cores.busy_area -= now_;
      schedule(sim::saturating_add(now_, work.ns), Phase::finish, Kind::core_done, slot);
      return true;
    }
    if (tracing_) tracer_->waits_for_core(slot, true);
    f.aux = work.ns;
    f.next = kNoId;
    (cores.tail == kNoId ? cores.head : frames_[cores.tail].next) = slot;
    cores.tail = slot;
    return true;
  }
  if (station.discipline == Discipline::preemptive_priority && (f.flags & kHolding)) {
    work_preemptibly(slot, work.ns);
    return true;
  }
  schedule(sim::saturating_add(now_, work.ns), Phase::finish, Kind::resume, slot);
  return true;
}

// The calendar must hold an entry at or before the next end; a later one than needed is wrong, an earlier one
// is not.
void Execution::schedule_cpu(std::uint32_t id) {
  Cpu& cpu = cpus_[id];
  const std::int64_t end = cpu.next_end(now_);
  if (end < 0 || (cpu.scheduled >= 0 && cpu.scheduled <= end)) return;
  cpu.scheduled = end;
  schedule(end, Phase::finish, Kind::cpu, id);
}

void Execution::cpu_event(std::uint32_t id, std::int64_t time) {
  Cpu& cpu = cpus_[id];
  if (cpu.scheduled != time) return;  // superseded by an earlier one
  cpu.scheduled = -1;
  std::uint32_t slot = 0;
  while (cpu.take(now_, slot)) wake(slot);
  schedule_cpu(id);
}

void Execution::core_done(std::uint32_t slot) {
  const Frame& f = frames_[slot];
  if (f.pc == model_->bury_pc) return advance(slot);  // it was stopped, and has given its core back
  const StationTable& station = station_tables_[instances_[f.instance].station];
  if (station.pauses && held_by_pause(slot, true, true)) return;
  pass_core(cores_[station.first_cpu + (f.instance - station.first_instance)]);
  advance(slot);
}

// A core is free: the next in line gets it.
void Execution::pass_core(CoreQueue& cores) {
  if (cores.head == kNoId) {
    ++cores.free;
    cores.busy_area += now_;
    return;
  }
  const std::uint32_t next = cores.head;
  if (tracing_) tracer_->waits_for_core(next, false);
  const std::uint32_t instance = frames_[next].instance;
  if (station_tables_[instances_[instance].station].pauses) [[unlikely]]
    calls_[next].pause = faults_of(instance).stopped(now_);
  cores.head = frames_[next].next;
  if (cores.head == kNoId) cores.tail = kNoId;
  schedule(sim::saturating_add(now_, frames_[next].aux), Phase::finish, Kind::core_done, next);
}

std::int64_t Execution::crowded_ns(const Frame& f, const Step16& step) const {
  const InstanceState& instance = instances_[f.instance];
  const std::int32_t working = station_tables_[instance.station].workers - instance.free;
  const double inside = static_cast<double>(working) + static_cast<double>(instance.queued);
  return static_cast<std::int64_t>(std::min(static_cast<double>(step.amount()) * inside, 1e18));
}

// No worker is free. A continuation (an async request that wants to compute again) is never turned away.
std::uint32_t Execution::wait_for_worker(std::uint32_t slot, bool continuation) {
  Frame& f = frames_[slot];
  InstanceState& instance = instances_[f.instance];
  const StationTable& station = station_tables_[instance.station];
  if (station.discipline == Discipline::preemptive_priority && interrupt_lower(slot)) return slot;
  if (instance.queued >= station.queue_capacity && !continuation) {
    ++instance.rejected;
    count_end(live_edges_[f.edge], Outcome::rejected);
    return turn_away(slot, Outcome::rejected);
  }
  if (station.discipline == Discipline::fifo) {
    join_queue(slot, f, instance);
  } else {
    f.mark = now_;
    f.flags |= kQueued;
    ++instance.queued;
    instance.peak = std::max(instance.peak, instance.queued);
    instance.queue_area -= now_;
    enqueue(slot, instance, false);
  }
  if (continuation) return kNoId;
  if (station.patience_lane != kNoId) {
    arm(station.patience_lane, slot, f);
  } else if (station.patience != kNoId) {
    const std::int64_t deadline =
        sim::saturating_add(now_, sim::Duration::from_ns(sample(station.patience)).ns);
    schedule(deadline, Phase::expire, Kind::node, timers_.arm_own(TimerPurpose::patience, deadline, slot, f));
  }
  return kNoId;
}

}  // namespace tailrace::models
