// Attempts whose time has a limit (models/topology/saga.hpp). The attempt is a branch of the frame that waits
// for it. When the time is over the frame goes on without it, and the branch goes on for nobody: whoever does
// its work has not been told. If it still succeeds, that is counted as late, and changes nothing.
#include <algorithm>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

namespace {

// When a limit ends that is counted from an effect (kNoId: from now on).
std::int64_t end_of(const CompiledModel& model, const Messaging& messaging, std::uint32_t slot,
                    std::uint32_t lane, std::uint32_t since, std::int64_t now) {
  if (lane == kNoId) return kNever;
  const std::int64_t began = since == kNoId ? -1 : messaging.came_about(slot, since);
  return sim::saturating_add(began < 0 ? now : began, model.lanes[lane].ns);
}

}  // namespace

// Before the attempt begins; false when its time is over already, and the frame goes on behind it.
bool Execution::limit_attempt(std::uint32_t slot, const Step16& step) {
  const LimitTable& l = model_->limits[step.stream];
  if (l.identity != kNoId) messaging_->inside(slot, l.identity);
  const std::int64_t saga = end_of(*model_, *messaging_, slot, l.saga_lane, l.saga_since, now_);
  const std::int64_t single = end_of(*model_, *messaging_, slot, l.step_lane, l.step_since, now_);
  const std::int64_t end = std::min(saga, single);
  Frame& f = frames_[slot];
  if (end <= now_) {
    f.pc = saga <= now_ ? l.saga_over_pc : l.step_over_pc;
    return false;
  }
  if (end == kNever) return true;
  // Lanes hold one length each; whoever goes on with a stored saga has less left.
  const std::uint32_t lane = saga <= single ? l.saga_lane : l.step_lane;
  if (end == sim::saturating_add(now_, model_->lanes[lane].ns)) {
    arm(lane, slot, f);
  } else {
    arm_own(end, Phase::expire, TimerPurpose::await, slot);
  }
  return true;
}

std::uint32_t Execution::limit_over(std::uint32_t slot) {
  Frame& f = frames_[slot];
  const LimitTable& l = model_->limits[steps_[f.pc - 1].stream];
  const std::int64_t left = orphans_ == 0 ? -1 : left_at(slot);
  const std::uint32_t child = calls_[slot].first_child;
  calls_[slot].first_child = kNoId;
  ++f.ticket;
  frames_[child].parent = kNoId;
  calls_[child].left_at = left < 0 ? now_ : left;
  calls_[child].sent = l.late == kNoId ? -1 : -2 - static_cast<std::int64_t>(l.late);
  ++orphans_;
  const std::int64_t saga = end_of(*model_, *messaging_, slot, l.saga_lane, l.saga_since, now_);
  f.pc = saga <= now_ ? l.saga_over_pc : l.step_over_pc;
  return slot;
}

}  // namespace tailrace::models
