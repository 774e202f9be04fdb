// Inside a call: branches that run at the same time, loops that run again, and which instance a call goes to.
#include "models/compile/lent_worker.hpp"
#include "models/policies/load_balancing/load_balancing.hpp"
#include "models/runtime/execution.hpp"

namespace tailrace::models {

namespace {

// Where the one frame holds a worker, the other does from now on; for the instance nothing has changed.
void pass_worker(Frame& from, Frame& to) {
  to.mark = from.mark;
  to.flags |= from.flags & kHolding;
  from.flags &= static_cast<std::uint8_t>(~kHolding);
}

}  // namespace

// Starts the frames of a parallel or loop step, which its frame waits for; false when a loop has no rounds,
// or the time of an attempt is over.
bool Execution::fork(std::uint32_t slot, const Step16& step) {
  const bool loop = step.op == Op::loop;
  std::uint32_t forks = step.count;
  std::int64_t rounds = 0;
  if (loop) {
    const double times = sample(step.first);
    rounds = times < 1e18 ? static_cast<std::int64_t>(times + 0.5) : std::int64_t{1} << 60;
    if (rounds <= 0) return false;
    forks = 1;
  }
  if (step.flags & kTimed && !limit_attempt(slot, step)) return false;
  const std::uint32_t needed = loop ? 1 : step.needed;
  if (messaging_) messaging_->next_fork(slot);
  frames_[slot].aux = static_cast<std::int64_t>(static_cast<std::uint64_t>(forks) << 32 | needed);
  for (std::uint32_t k = 0; k < forks; ++k) {
    const std::uint32_t child = allocate_frame();
    Frame& parent = frames_[slot];  // the slab may have moved
    Frame& c = frames_[child];
    c.start = loop ? rounds - 1 : 0;
    c.pc = loop ? step.needed : model_->forks[step.first + k];
    c.parent = slot;
    c.parent_ticket = parent.ticket;
    c.instance = parent.instance;
    c.timer = kNoId;
    c.edge = c.pc;
    c.flags = kBranchFrame | kLive;
    c.outcome = Outcome::success;
    c.priority = parent.priority;
    c.depth = parent.depth;
    if (step.flags & kLendsWorker) pass_worker(parent, c);
    if (with_calls_) begin_branch(slot, child, k == 0);
    if (messaging_) messaging_->begin_branch(slot, child, k);
    if (caching_) caching_->begin_branch(slot, child);
    wake(child);
  }
  if (steps_taken_ += forks; steps_taken_ > kMaxStepsInOneEvent) stalled();
  return true;
}

// A branch carries what its request carries, and can be found by it.
void Execution::begin_branch(std::uint32_t slot, std::uint32_t child, bool first) {
  CallState& x = calls_[slot];
  CallState& y = calls_[child];
  y.flags = 0;
  y.first_child = kNoId;
  y.left_at = -1;
  y.key = x.key;
  y.deadline = x.deadline;
  y.next_sibling = first ? kNoId : x.first_child;
  y.sent = kNoId;
  if (y.next_sibling != kNoId) calls_[y.next_sibling].sent = child;
  x.first_child = child;
}

void Execution::end_branch(std::uint32_t slot, std::uint32_t child) {
  CallState& x = calls_[slot];
  const CallState& y = calls_[child];
  x.flags |= y.flags & kDegraded;
  const auto before = static_cast<std::uint32_t>(y.sent);
  (before == kNoId ? x.first_child : calls_[before].next_sibling) = y.next_sibling;
  if (y.next_sibling != kNoId) calls_[y.next_sibling].sent = before;
}

// A branch of a parallel or loop is over. The parent goes on when enough have succeeded, fails when enough no
// longer can.
std::uint32_t Execution::branch_ended(std::uint32_t slot, Outcome outcome) {
  Frame& f = frames_[slot];
  const std::uint32_t parent = f.parent;
  const std::uint32_t ticket = f.parent_ticket;
  if (f.flags & kHolding) {
    const bool awaited = parent != kNoId && frames_[parent].ticket == ticket;
    if (awaited && steps_[frames_[parent].pc - 1].flags & kLendsWorker) {
      pass_worker(f, frames_[parent]);
    } else {
      release_worker_late(slot);
    }
  }
  if (parent == kNoId) {  // what it was a branch of has stopped, or goes on without it
    if (outcome == Outcome::success && calls_[slot].sent < -1)
      messaging_->late(slot, static_cast<std::uint32_t>(-2 - calls_[slot].sent));
    return stop_serving(slot);
  }
  if (with_calls_ && frames_[parent].ticket == ticket) end_branch(parent, slot);
  release_frame(slot);
  Frame& p = frames_[parent];
  if (p.ticket != ticket) return kNoId;
  const auto state = static_cast<std::uint64_t>(p.aux);
  std::uint64_t needed = state & 0xffffffffu;
  const std::uint64_t left = (state >> 32) - 1;
  if (outcome == Outcome::success) --needed;
  p.aux = static_cast<std::int64_t>(left << 32 | needed);
  if (needed != 0 && left >= needed) return kNoId;
  ++p.ticket;  // the branches that still run are nobody's now
  const Step16& step = steps_[p.pc - 1];
  if (step.flags & kTimed) timers_.cancel(p, TimerPurpose::await);
  if (step.flags & kCancelRest && calls_[parent].first_child != kNoId) leave_branches(parent);
  if (needed == 0) return parent;
  if (step.flags & kAttempt) {
    ++p.pc;  // past the jump, to what runs in its place
    return parent;
  }
  return fail_frame(parent, outcome);
}

std::uint32_t Execution::select(const EdgeTable& edge) {
  const StationTable& station = station_tables_[edge.station];
  sim::Stream& random = streams_[edge.select_stream];
  switch (station.balancing) {
    case Balancing::round_robin:
      return choose_round_robin(edge.instances, positions_[edge.select_position]);
    case Balancing::random:
      return choose_random(edge.instances, random);
    case Balancing::weighted:
      return choose_weighted(station.cumulative_weight, random);
    case Balancing::peak_ewma:  // these three always have a balancer
    case Balancing::ring_hash:
    case Balancing::maglev:
      break;
    case Balancing::least_request:
      return choose_least_request(
          edge.instances, station.choice_count,
          [&](std::uint32_t i) { return instances_[edge.first_instance + i].outstanding; }, random,
          station.distinct_choices);
  }
  return 0;
}

}  // namespace tailrace::models
