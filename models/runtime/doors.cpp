// The server's side of policies: what is asked of a request at the door, and who is next when a worker is
// free and more than the head of the line counts.
#include <algorithm>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

CallFacts Execution::door_facts(std::uint32_t slot) const {
  CallFacts facts = facts_of(slot);
  facts.waiting = instances_[frames_[slot].instance].queued;
  return facts;
}

AdmissionPolicy& Execution::at_door(std::uint32_t slot, const DoorTable& door, std::uint32_t stage) {
  const AdmissionTable& a = model_->admissions[door.first_admission + stage];
  const EdgeTable& edge = edges_[frames_[slot].edge];
  return *policies_
              .admissions[a.first_state + (a.per_caller ? frames_[slot].instance - edge.first_instance : 0)]
              .policy;
}

// The server refuses a request, and may say when to try again.
std::uint32_t Execution::turn_away(std::uint32_t slot, Outcome reason) {
  trace_touch(slot);
  const Frame& f = frames_[slot];
  if (!(f.flags & kBranchFrame) && edges_[f.edge].guard != kNoId)
    calls_[slot].pushed_back = station_tables_[edges_[f.edge].station].pushback_ns >= 0;
  return reply_late(slot, reason);
}

// Asks the policies at the door, from where it has got to.
std::uint32_t Execution::knock(std::uint32_t slot) {
  const EdgeTable& edge = edges_[frames_[slot].edge];
  const DoorTable& door = model_->doors[edge.door];
  CallState& x = calls_[slot];
  while (x.door_stage < door.count) {
    AdmissionCounts& counts =
        admission_counts_[model_->admissions[door.first_admission + x.door_stage].group];
    const Admission answer = at_door(slot, door, x.door_stage).admit(door_facts(slot), streams_[door.stream]);
    if (answer.kind == Admission::Kind::reject || answer.kind == Admission::Kind::wait) {
      ++counts.rejected;
      ++instances_[frames_[slot].instance].rejected;
      count_end(edge, answer.reason);
      return turn_away(slot, answer.reason);
    }
    ++counts.admitted;
    ++x.door_stage;
    if (answer.kind == Admission::Kind::delay && answer.time.ns > 0) {
      ++counts.delayed;
      arm_own(sim::saturating_add(now_, answer.time.ns), Phase::arrive, TimerPurpose::door, slot);
      return kNoId;
    }
  }
  if (edge.worker_first && instances_[frames_[slot].instance].free > 0) tell_served(slot, 0);
  return enter_late(slot, edge.worker_first);
}

void Execution::tell_served(std::uint32_t slot, std::int64_t waited) {
  const DoorTable& door = model_->doors[edges_[frames_[slot].edge].door];
  CallFacts facts = door_facts(slot);
  facts.waited = {waited};
  for (std::uint32_t i = 0; i < door.count; ++i) at_door(slot, door, i).served(facts);
}

// The server has answered: what the door admitted is over.
void Execution::close_door(std::uint32_t slot, Outcome outcome) {
  const DoorTable& door = model_->doors[edges_[frames_[slot].edge].door];
  CallState& x = calls_[slot];
  CallFacts facts = door_facts(slot);
  facts.outcome = outcome;
  facts.took = {now_ - frames_[slot].start};
  while (x.door_stage > 0) {
    --x.door_stage;
    at_door(slot, door, x.door_stage).ended(facts);
  }
}

// The answer of a server to a call with policies sets out.
std::uint32_t Execution::reply_guarded(std::uint32_t slot, Outcome outcome) {
  Frame& f = frames_[slot];
  const EdgeTable& edge = edges_[f.edge];
  if (edge.door != kNoId) close_door(slot, outcome);
  if (levels_) [[unlikely]]
    tell_level(slot, outcome);
  if (edge.counts_outstanding) --instances_[f.instance].outstanding;
  if (edge.managed) [[unlikely]]
    request_left(slot, edge, outcome);
  calls_[slot].flags |= kReplied;
  if (edge.back_link == kNoId) return answered(slot, outcome);
  f.outcome = outcome;
  const bool wired = wires_ && wires_->of(f.edge) != nullptr;
  f.aux = wired                          ? answer_over_wire(slot)
          : edge.response_bytes == kNoId ? 0
                                         : sim::Duration::from_ns(sample(edge.response_bytes)).ns;
  transmit(slot, edge.back_link, Kind::reply);
  return kNoId;
}

// One draw: an error of the operation, or else of the instance.
bool Execution::error_happens(std::uint32_t slot, const OperationTable& op) {
  const StationTable& at = station_tables_[op.station];
  if (at.scaled != kNoId && version_fails(at, frames_[slot].instance)) return true;
  if (at.skewed && contract_broken(slot)) return true;
  if (op.error_stream == kNoId) return false;
  const std::uint64_t drawn = streams_[op.error_stream].next();
  if (!op.uneven_errors) return drawn <= op.error_chance;
  const StationTable& station = station_tables_[op.station];
  const std::uint64_t own = station.error_chance[frames_[slot].instance - station.first_instance];
  const double good =
      (1 - static_cast<double>(op.error_chance) * 0x1p-64) * (1 - static_cast<double>(own) * 0x1p-64);
  return static_cast<double>(drawn) * 0x1p-64 >= good;
}

// --- who is next

QueuePolicy* Execution::queue_policy_of(const InstanceState& instance) {
  const StationTable& station = station_tables_[instance.station];
  if (station.first_queue_policy == kNoId) return nullptr;
  const auto index = static_cast<std::uint32_t>(&instance - instances_.data()) - station.first_instance;
  return policies_.queues[station.first_queue_policy + index].get();
}

// Leaves the queue unserved.
void Execution::give_up_waiting(std::uint32_t slot) {
  leave_queue(slot);
  const InstanceState& instance = instances_[frames_[slot].instance];
  if (instance.queued > 0) return;
  CallFacts facts;
  facts.now = {now_};
  if (QueuePolicy* policy = queue_policy_of(instance)) policy->emptied(facts);
}

// A worker of the instance is free and somebody waits: the next who is worth it gets it.
void Execution::serve_next(InstanceState& instance) {
  const StationTable& station = station_tables_[instance.station];
  QueuePolicy* policy = queue_policy_of(instance);
  while (instance.queued > 0) {
    CallFacts facts;
    facts.now = {now_};
    facts.waiting = instance.queued - 1;
    std::uint32_t next = instance.head;
    if (instance.ordered < kByRule) {
      next = ordered_[instance.ordered].pop(frames_);
      take_out(next, instance);
    } else {
      if (policy != nullptr) {
        facts.waited = {now_ - frames_[instance.head].mark};
        if (policy->newest_first(facts)) next = instance.tail;
      }
      leave_queue(next);
    }
    Frame& n = frames_[next];
    const std::int64_t wait = now_ - n.mark;
    if (n.timer != kNoId) timers_.cancel(n, TimerPurpose::patience);
    // What has begun is not thrown away: only requests that wait for their first worker.
    const bool fresh =
        !(n.flags & (kInterrupted | kBranchFrame)) && n.pc == operation_tables_[edges_[n.edge].operation].pc;
    Outcome reason = Outcome::success;
    if (fresh && policy != nullptr) {
      facts.waited = {wait};
      facts.priority = n.priority;
      AdmissionCounts& counts = admission_counts_[station.queue_group];
      if (policy->serve(facts)) {
        ++counts.admitted;
      } else {
        ++counts.rejected;
        reason = Outcome::shed;
      }
    }
    if (fresh && station.drop_expired && model_->context && !(n.flags & kDirect) &&
        calls_[next].deadline <= now_ + ahead(n.instance, true))
      reason = Outcome::deadline;
    if (policy != nullptr && instance.queued == 0) policy->emptied(facts);
    if (reason != Outcome::success) {
      ++station_extras_[instance.station].dropped;
      count_end(edges_[n.edge], reason);
      const std::uint32_t runs = turn_away(next, reason);
      if (runs != kNoId) wake(runs);
      continue;
    }
    if (!(n.flags & kInterrupted)) {
      ++instance.grants;
      if (wait > 0) observe(instance.wait_series, wait);
    }
    n.flags |= kHolding;
    n.mark = now_;
    if (station.door != kNoId && fresh) tell_served(next, wait);
    wake(next);
    return;
  }
  ++instance.free;
  instance.busy_area += now_;
}

// Out of the queue, for good or to be served; the disciplines have let it go.
void Execution::take_out(std::uint32_t slot, InstanceState& instance) {
  Frame& f = frames_[slot];
  --instance.queued;
  instance.queue_area += now_;
  instance.wait_sum += now_ - f.mark;
  f.flags &= static_cast<std::uint8_t>(~kQueued);
}

}  // namespace tailrace::models
