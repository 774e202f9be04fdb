// Beside the straight way of a call with policies: what its request carries, the attempt after a pause, the
// one sent beside another, and the one that nobody waits for any more.
#include "models/caching/key_law.hpp"
#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

// What a request carries through all its calls.
void Execution::begin_request(std::uint32_t slot, const ClassTable& cls) {
  begin_root(slot, cls.key == kNoId ? 0 : key_of(sample(cls.key)));
  if (messaging_) messaging_->begin_request(slot, cls.key != kNoId);
}

void Execution::begin_root(std::uint32_t slot, std::uint64_t key) {
  CallState& x = calls_[slot];
  x.flags = 0;
  x.first_child = kNoId;
  x.deadline = kNever;
  x.key = key;
  if (caching_) caching_->begin_root(slot, key);
}

// Beside whoever started it; nobody is its caller.
std::uint32_t Execution::root_frame(std::uint32_t instance, std::uint32_t pc, std::uint64_t key,
                                    std::uint8_t priority, std::uint8_t depth) {
  const std::uint32_t slot = allocate_frame();
  Frame& f = frames_[slot];
  f.start = now_;
  f.pc = pc;
  f.parent = kNoId;
  f.instance = instance;
  f.timer = kNoId;
  f.edge = pc;
  f.flags = kRootFrame | kLive;
  f.outcome = Outcome::success;
  f.priority = priority;
  f.depth = depth;
  begin_root(slot, key);
  calls_[slot].left_at = -1;
  return slot;
}

// The pause that a policy asked for is over.
std::uint32_t Execution::pursue_after_pause(std::uint32_t slot, std::uint32_t edge_id) {
  const GuardTable& g = model_->guards[edges_[edge_id].guard];
  return calls_[slot].stage == g.outer && calls_[slot].attempts == 0 ? begin_try(slot, edge_id)
                                                                     : pursue(slot, edge_id, false);
}

// The last attempt has taken long: another goes out beside it.
std::uint32_t Execution::hedge(std::uint32_t slot, std::uint32_t edge_id) {
  const GuardTable& g = model_->guards[edges_[edge_id].guard];
  CallState& x = calls_[slot];
  if (x.first_child == kNoId || x.hedges >= g.most_hedges) return kNoId;
  if (g.hedge_budget != kNoId && !budget_of(slot, g, g.hedge_budget).take(facts_of(slot))) {
    ++guard_counts_[edges_[edge_id].guard].budget_denied;
    return kNoId;
  }
  ++x.hedges;
  x.flags |= kNextIsHedge;
  return begin_try(slot, edge_id);
}

// Nobody waits for this attempt now; it goes on for nobody, unless its server listens.
void Execution::leave(std::uint32_t child) {
  Frame& f = frames_[child];
  CallState& y = calls_[child];
  timers_.cancel(f, TimerPurpose::try_timeout);
  // Who leaves because he has been left himself has worked for nobody since then, and so has this attempt.
  const std::int64_t before = orphans_ == 0 ? -1 : left_at(f.parent);
  f.parent = kNoId;
  y.left_at = before < 0 ? now_ : before;
  ++orphans_;
  const EdgeTable& edge = edges_[f.edge];
  if (edge.faulted && f.pc == model_->lost_pc) [[unlikely]] {
    forget_lost(child);
    return;
  }
  if (model_->guards[edge.guard].cancels && !(y.flags & kReplied)) send_cancel(child, edge);
}

}  // namespace tailrace::models
