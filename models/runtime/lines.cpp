// Calls that are being admitted and wait for it: in a policy's line, or in the pause that it asked for. Who
// is next in a line, and what becomes of a call that gives up.
#include "models/runtime/execution.hpp"

namespace tailrace::models {

// Whoever is first in line asks again, until one has to stay.
void Execution::drain_line(std::uint32_t state_id) {
  policies_.admissions[state_id].drain_scheduled = false;
  while (!policies_.admissions[state_id].line.empty()) {
    const WaitLine::Entry entry = policies_.admissions[state_id].line.front();
    if (frames_[entry.slot].ticket != entry.ticket || !(calls_[entry.slot].flags & kInLine)) {
      policies_.admissions[state_id].line.pop();  // has left
      continue;
    }
    trace_touch(entry.slot);
    const std::uint32_t next = pursue(entry.slot, steps_[frames_[entry.slot].pc - 1].first, true);
    if (next != kNoId) wake(next);
    if (calls_[entry.slot].flags & kInLine && frames_[entry.slot].ticket == entry.ticket) {
      const WaitLine& line = policies_.admissions[state_id].line;
      if (!line.empty() && line.front().slot == entry.slot) return;  // still first: not admitted
    }
  }
}

// Takes itself out of the line it waits in; its entry goes stale.
void Execution::leave_line(std::uint32_t slot, std::uint32_t state_id) {
  CallState& x = calls_[slot];
  x.flags &= static_cast<std::uint8_t>(~kInLine);
  timers_.cancel(frames_[slot], TimerPurpose::line);
  ++frames_[slot].ticket;
  --policies_.admissions[state_id].line.live;
}

// Gives back what the last policy admitted for later, before it has begun.
void Execution::leave_pause(std::uint32_t slot, const GuardTable& g, Outcome reason) {
  CallState& x = calls_[slot];
  CallFacts facts = facts_of(slot);
  facts.outcome = reason;
  facts.began = false;
  if (x.stage <= g.outer) facts.took = {now_ - frames_[slot].call_start()};
  give_back(slot, g, x.stage - 1u, x.stage, x.chosen, facts);
  --x.stage;
}

// Ends whatever the call is doing: its place in a line, the attempt that is being admitted, those under way.
void Execution::drop_call(std::uint32_t slot, std::uint32_t edge_id, Outcome reason) {
  const GuardTable& g = model_->guards[edges_[edge_id].guard];
  CallState& x = calls_[slot];
  if (x.flags & kInLine) leave_line(slot, admission_state(slot, g, x.stage, x.chosen));
  if (timers_.cancel(frames_[slot], TimerPurpose::pause)) leave_pause(slot, g, reason);
  CallFacts facts = facts_of(slot);
  facts.outcome = reason;
  if (x.stage > g.outer) {
    give_back(slot, g, g.outer, x.stage, x.chosen, facts);
    x.stage = static_cast<std::uint8_t>(g.outer);
  }
  if (x.flags & kNextIsRetry && g.budget != kNoId)  // in its pause, or being admitted
    budget_of(slot, g, g.budget).extra_ended(facts);
  leave_all(slot, edge_id, reason);
}

}  // namespace tailrace::models
