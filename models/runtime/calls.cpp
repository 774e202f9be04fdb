// Calls that carry policies: asking for admission, sending attempts, and what follows when one ends. The
// frame of the caller is the call; its CallState says how far it has got; its attempts hang on it as a list.
#include <algorithm>

#include "models/policies/load_balancing/load_balancing.hpp"
#include "models/policies/retry/retry.hpp"
#include "models/runtime/delay.hpp"
#include "models/runtime/entering.hpp"
#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

namespace {

// Timers of the call; the others on the caller's frame belong to the attempt that it serves.
constexpr std::uint32_t kOfTheCall = timer_bit(TimerPurpose::call_timeout) |
                                     timer_bit(TimerPurpose::deadline) | timer_bit(TimerPurpose::hedge) |
                                     timer_bit(TimerPurpose::backoff) | timer_bit(TimerPurpose::line) |
                                     timer_bit(TimerPurpose::pause);

}  // namespace

CallFacts Execution::facts_of(std::uint32_t slot) const {
  const Frame& f = frames_[slot];
  const CallState& x = calls_[slot];
  CallFacts facts;
  facts.now = {now_};
  facts.attempt = x.attempts;
  facts.priority = f.priority;
  if (model_->context) {
    facts.key = x.key;
    facts.deadline = {x.deadline};
  }
  return facts;
}

std::uint32_t Execution::caller_index(std::uint32_t slot, const GuardTable& g) const {
  const std::uint32_t instance = frames_[slot].instance;
  return instance == kNoId ? 0 : instance - g.first_caller;
}

// `first`: the guard's budget or hedge_budget, which it has.
RetryBudget& Execution::budget_of(std::uint32_t slot, const GuardTable& g, std::uint32_t first) {
  return *policies_.budgets[first + caller_index(slot, g)];
}

std::uint32_t Execution::admission_state(std::uint32_t slot, const GuardTable& g, std::uint32_t stage,
                                         std::uint32_t instance) const {
  const AdmissionTable& a = model_->admissions[g.first_admission + stage];
  return a.first_state + (a.per_caller ? caller_index(slot, g) * a.targets : 0) +
         (a.per_instance ? instance : 0);
}

// When the call must be over, by the request's deadline and its own.
std::int64_t Execution::call_deadline(std::uint32_t slot, const GuardTable& g) const {
  std::int64_t deadline = model_->context ? calls_[slot].deadline : kNever;
  if (deadline != kNever) deadline -= ahead(frames_[slot].instance, true);  // by its own clock
  if (g.deadline_ns >= 0)
    deadline = std::min(deadline, sim::saturating_add(frames_[slot].call_start(), g.deadline_ns));
  return deadline;
}

void Execution::arm_own(std::int64_t when, Phase phase, TimerPurpose purpose, std::uint32_t slot) {
  schedule(when, phase, Kind::node, timers_.arm_own(purpose, when, slot, frames_[slot]));
}

inline std::uint32_t Execution::choose_instance(std::uint32_t slot, const EdgeTable& edge,
                                                const GuardTable& g) {
  if (g.publication != kNoId) return messaging_->choose_node(slot, g);
  if (g.cache != kNoId) return caching_->choose_node(slot, g);
  if (edge.shared) return edge.instances;  // no instance yet
  if (messaging_ && messaging_->stays_at_home(static_cast<std::uint32_t>(&edge - edges_))) [[unlikely]]
    return caller_index(slot, g);
  if (wires_ && wires_->paired(static_cast<std::uint32_t>(&edge - edges_))) [[unlikely]]
    return caller_index(slot, g);
  if (edge.instances == 1 && !edge.managed) return 0;
  if (wires_ && wires_->passing_on().passes(static_cast<std::uint32_t>(&edge - edges_))) [[unlikely]] {
    const auto id = static_cast<std::uint32_t>(&edge - edges_);
    std::uint32_t end = wires_->end_of_connection(slot, id);
    if (end != PassingOn::kNowhere) return end;
    end = choose_by_balancer(slot, edge, g);
    if (end != kNoInstance) wires_->connection_leads_to(slot, id, end);
    return end;
  }
  return choose_by_balancer(slot, edge, g);
}

inline std::uint32_t Execution::choose_by_balancer(std::uint32_t slot, const EdgeTable& edge,
                                                   const GuardTable& g) {
  if (is_probe(frames_[slot])) return frames_[slot].edge - edge.first_instance;
  if (g.balancer == kNoId) return select(edge);
  // What this call has tried and still waits for: a hedge goes elsewhere.
  std::array<std::uint32_t, 8> tried;
  std::size_t n = 0;
  for (std::uint32_t c = calls_[slot].first_child; c != kNoId && n < tried.size(); c = calls_[c].next_sibling)
    tried[n++] = frames_[c].instance - edge.first_instance;
  return policies_.balancers[g.balancer + caller_index(slot, g)]->select(facts_of(slot), tried.data(), n,
                                                                         streams_[edge.select_stream]);
}

std::uint32_t Execution::choose_instance_late(std::uint32_t slot, const EdgeTable& edge,
                                              const GuardTable& g) {
  return choose_instance(slot, edge, g);
}

void Execution::wake_line(std::uint32_t state_id) {
  AdmissionState& state = policies_.admissions[state_id];
  if (state.line.empty() || state.drain_scheduled) return;
  state.drain_scheduled = true;
  schedule(now_, Phase::finish, Kind::line, state_id);
}

// What holds admissions from `from` to `to` has ended: they are told, the innermost first.
void Execution::give_back(std::uint32_t slot, const GuardTable& g, std::uint32_t from, std::uint32_t to,
                          std::uint32_t instance, const CallFacts& facts) {
  while (to > from) {
    --to;
    const std::uint32_t id = admission_state(slot, g, to, instance);
    if (wires_) [[unlikely]] {
      if (Connections* c = wires_->connections(id)) c->aim(instance);
    }
    policies_.admissions[id].policy->ended(facts);
    wake_line(id);
  }
}

// All policies of an attempt that was sent learn how it ended, as the caller sees it.
inline void Execution::tell(std::uint32_t slot, std::uint32_t edge_id, std::uint32_t instance,
                            Outcome outcome, std::int64_t took, std::uint32_t number, std::uint8_t flags) {
  const GuardTable& g = model_->guards[edges_[edge_id].guard];
  ++guard_counts_[edges_[edge_id].guard].attempt_ended[static_cast<std::size_t>(outcome)];
  if (!g.tells) return;
  CallFacts facts = facts_of(slot);
  facts.outcome = outcome;
  facts.took = {took};
  facts.attempt = number;
  if (g.all != g.outer) give_back(slot, g, g.outer, g.all, instance, facts);
  const std::uint32_t caller = caller_index(slot, g);
  if (g.balancer != kNoId) policies_.balancers[g.balancer + caller]->ended(instance, facts);
  if (g.hedge != kNoId && outcome == Outcome::success) policies_.hedges[g.hedge + caller]->succeeded(facts);
  const auto tell_budget = [&](std::uint32_t first, std::uint8_t extra) {
    if (first == kNoId) return;
    RetryBudget& budget = budget_of(slot, g, first);
    budget.attempt_ended(facts);
    if (flags & extra) budget.extra_ended(facts);
  };
  tell_budget(g.budget, kRetry);
  tell_budget(g.hedge_budget, kHedge);
}

// The call has its outcome: the caller goes on, falls back, or fails.
inline std::uint32_t Execution::finish_call(std::uint32_t slot, std::uint32_t edge_id, Outcome outcome) {
  const EdgeTable& edge = edges_[edge_id];
  const GuardTable& g = model_->guards[edge.guard];
  GuardCounts& counts = guard_counts_[edge.guard];
  Frame& f = frames_[slot];
  ++edge_counts_[edge_id].ended[static_cast<std::size_t>(outcome)];
  if (edge.series != kNoId) observe(edge.series, now_ - f.call_start());
  if (outcome == Outcome::success) {
    if (g.stale_ns >= 0) counts.last_success = now_;
    return slot;
  }
  if (g.fallback && outcome != Outcome::cancelled) {
    const bool fresh =
        g.stale_ns < 0 || (counts.last_success >= 0 && now_ - counts.last_success <= g.stale_ns);
    if (fresh || g.fallback_steps) {
      ++counts.fallbacks;
      calls_[slot].flags |= kDegraded;
      if (!fresh || (g.fallback_steps && g.stale_ns < 0)) ++f.pc;  // past the jump, to the steps
      return slot;
    }
  }
  if (edge.ignore_failure) return slot;
  return fail_frame(slot, outcome);
}

// What the call as a whole holds is given back, and its budgets learn that it is over.
void Execution::give_back_call(std::uint32_t slot, const GuardTable& g, Outcome outcome) {
  if (g.outer == 0 && g.budget == kNoId && g.hedge_budget == kNoId) return;
  const CallState& x = calls_[slot];
  CallFacts facts = facts_of(slot);
  facts.outcome = outcome;
  facts.took = {now_ - frames_[slot].call_start()};
  give_back(slot, g, 0, std::min<std::uint32_t>(x.stage, g.outer), x.chosen, facts);
  for (const std::uint32_t budget : {g.budget, g.hedge_budget}) {
    if (budget != kNoId) budget_of(slot, g, budget).call_ended(facts);
  }
}

inline std::uint32_t Execution::end_call(std::uint32_t slot, std::uint32_t edge_id, Outcome outcome) {
  const GuardTable& g = model_->guards[edges_[edge_id].guard];
  Frame& f = frames_[slot];
  if (f.timer != kNoId) timers_.cancel_some(f, kOfTheCall);
  give_back_call(slot, g, outcome);
  return finish_call(slot, edge_id, outcome);
}

// The caller no longer waits for its attempts.
void Execution::leave_all(std::uint32_t slot, std::uint32_t edge_id, Outcome reason) {
  while (calls_[slot].first_child != kNoId) {
    const std::uint32_t child = calls_[slot].first_child;
    const CallState& y = calls_[child];
    calls_[slot].first_child = y.next_sibling;
    tell(slot, edge_id, frames_[child].instance - edges_[edge_id].first_instance, reason, now_ - y.sent,
         y.attempts, y.flags);
    leave(child);
  }
}

// A request is at its server.
inline std::uint32_t Execution::arrive_guarded(std::uint32_t slot) {
  const Frame& f = frames_[slot];
  const EdgeTable& edge = edges_[f.edge];
  if (edge.faulted && f.pc != model_->stop_pc) [[unlikely]] {
    std::uint32_t next = kNoId;
    if (!pass_faults(slot, false, next)) return next;
  }
  return let_in(slot);
}

std::uint32_t Execution::let_in(std::uint32_t slot) {
  const Frame& f = frames_[slot];
  const EdgeTable& edge = edges_[f.edge];
  ++operations_[edge.operation].arrived;
  calls_[slot].flags |= kThere;
  if (edge.managed) [[unlikely]]
    request_came(slot, edge);
  if (f.pc == model_->stop_pc) return stop_serving(slot);  // its caller left while it travelled
  if (edge.shared) [[unlikely]]
    return enter_shared(slot, station_tables_[edge.station]);
  return edge.door == kNoId ? enter(slot, edge.worker_first) : knock(slot);
}

std::uint32_t Execution::enter_late(std::uint32_t slot, bool worker_first) {
  return enter(slot, worker_first);
}

// From the network.
std::uint32_t Execution::arrive_late(std::uint32_t slot) {
  return arrive_guarded(slot);
}

inline std::uint32_t Execution::send(std::uint32_t slot, std::uint32_t edge_id) {
  const EdgeTable& edge = edges_[edge_id];
  const GuardTable& g = model_->guards[edge.guard];
  std::uint32_t instance = calls_[slot].chosen;
  if (!g.per_instance) instance = choose_instance(slot, edge, g);
  if (instance == kNoInstance) return refused(slot, edge_id, Outcome::unavailable);
  std::uint8_t depth = frames_[slot].depth;
  if (edge.deepens) {
    if (depth >= model_->depth_limit) return refused(slot, edge_id, Outcome::depth_limit);
    ++depth;
  }
  ++edge_counts_[edge_id].attempts;
  const std::uint32_t child = new_attempt(slot, edge_id);
  Frame& c = frames_[child];
  c.instance += instance;
  c.depth = depth;
  CallState& x = calls_[slot];
  CallState& y = calls_[child];
  y.first_child = kNoId;
  y.stage = 0;
  y.door_stage = 0;
  y.pushed_back = false;
  y.sent = now_;
  y.left_at = -1;
  y.next_sibling = x.first_child;
  x.first_child = child;
  y.attempts = x.attempts;
  y.flags = static_cast<std::uint8_t>((x.flags & kNextIsHedge ? kHedge : 0) |
                                      (x.flags & kNextIsRetry ? kRetry : 0));
  if (x.flags & kNextIsHedge) ++guard_counts_[edges_[edge_id].guard].hedges;
  x.flags &= static_cast<std::uint8_t>(~(kNextIsHedge | kNextIsRetry));
  x.stage = static_cast<std::uint8_t>(g.outer);
  if (model_->context) {
    y.key = x.key;
    y.deadline = deadline_sent(slot, g);
  }
  if (messaging_) messaging_->begin_attempt(slot, child);
  if (caching_) caching_->begin_attempt(slot, child, g);
  if (wires_) wires_->carry(slot, child, edge_id);
  if (edge.counts_outstanding) ++instances_[c.instance].outstanding;
  if (!record_.egress.empty()) count_egress(slot, edge_id, c.instance);
  if (g.balancer != kNoId)
    policies_.balancers[g.balancer + caller_index(slot, g)]->sent(instance, facts_of(slot));
  if (edge.try_lane != kNoId) arm(edge.try_lane, child, c);
  if (g.hedge != kNoId && x.hedges < g.most_hedges) {
    const sim::Duration delay = policies_.hedges[g.hedge + caller_index(slot, g)]->delay(facts_of(slot));
    if (delay.ns != kNever)
      arm_own(sim::saturating_add(now_, delay.ns), Phase::expire, TimerPurpose::hedge, slot);
  }
  const std::int64_t bytes = wires_ && wires_->of(edge_id) ? send_over_wire(slot, child, edge_id) : -1;
  if (edge.out_link == kNoId) return arrive_guarded(child);
  frames_[child].aux =
      bytes >= 0 ? bytes
                 : (edge.request_bytes == kNoId ? 0 : sim::Duration::from_ns(sample(edge.request_bytes)).ns);
  transmit(child, edge.out_link, Kind::arrive);
  return kNoId;
}

// Asks from the stage that has been reached, and sends when all have admitted.
std::uint32_t Execution::pursue(std::uint32_t slot, std::uint32_t edge_id, bool from_line) {
  const EdgeTable& edge = edges_[edge_id];
  const GuardTable& g = model_->guards[edge.guard];
  while (calls_[slot].stage < g.all) {
    const std::uint32_t id = admission_state(slot, g, calls_[slot].stage, calls_[slot].chosen);
    AdmissionState& state = policies_.admissions[id];
    // Who waits in line has the first word about what has just become free.
    if (state.drain_scheduled && !from_line) drain_line(id);
    CallState& x = calls_[slot];  // not before: the slab may have moved
    AdmissionCounts& counts = admission_counts_[state.group];
    CallFacts facts = facts_of(slot);
    facts.waiting = state.line.live;
    facts.from_line = from_line;
    Connections* const connections = wires_ ? wires_->connections(id) : nullptr;
    if (connections != nullptr && !aim(slot, edge_id, *connections)) {
      if (from_line) leave_line(slot, id);
      return refused(slot, edge_id, Outcome::unavailable);
    }
    const Admission answer = state.policy->admit(facts, streams_[g.admission_stream]);
    if (connections != nullptr) {
      if (connections->sticks()) x.chosen = connections->aimed();
      if (connections->opened() != nullptr) connection_opened(slot, *connections);
      if (answer.kind == Admission::Kind::admit || answer.kind == Admission::Kind::delay)
        wires_->passing_on().took(slot, id, connections->taken());
    }
    if (answer.kind == Admission::Kind::reject) {
      ++counts.rejected;
      if (from_line) leave_line(slot, id);
      return refused(slot, edge_id, answer.reason);
    }
    if (answer.kind == Admission::Kind::wait) {
      if (from_line) return kNoId;  // not yet: stays first
      if (x.flags & kNextIsHedge) return refused(slot, edge_id, answer.reason);
      ++counts.waited;
      state.line.push({slot, frames_[slot].ticket});
      ++state.line.live;
      x.flags |= kInLine;
      x.reason = answer.reason;
      if (answer.time.ns != kNever)
        arm_own(sim::saturating_add(now_, answer.time.ns), Phase::expire, TimerPurpose::line, slot);
      return kNoId;
    }
    ++counts.admitted, ++x.stage;
    if (from_line) {
      from_line = false;
      state.line.pop();
      --state.line.live;
      x.flags &= static_cast<std::uint8_t>(~kInLine);
      timers_.cancel(frames_[slot], TimerPurpose::line);
    }
    const std::int64_t pause = delay_of(answer, *state.policy, now_, [&] { return round_trip(edge); });
    if (pause > 0) {
      ++counts.delayed;
      if (x.flags & kNextIsHedge) {  // does not pause
        leave_pause(slot, g, Outcome::rejected);
        return refused(slot, edge_id, Outcome::rejected);
      }
      arm_own(sim::saturating_add(now_, pause), Phase::arrive, TimerPurpose::pause, slot);
      return kNoId;
    }
    if (x.stage == g.outer) return begin_try(slot, edge_id);
  }
  return send(slot, edge_id);
}

// One more attempt: asks for admission first.
std::uint32_t Execution::begin_try(std::uint32_t slot, std::uint32_t edge_id) {
  const EdgeTable& edge = edges_[edge_id];
  const GuardTable& g = model_->guards[edge.guard];
  CallState& x = calls_[slot];
  if (x.attempts != ~0u) ++x.attempts;
  if (g.per_instance) {
    const TransportSettings* transport = wires_ ? wires_->of(edge_id) : nullptr;
    x.chosen = transport != nullptr && transport->sticks ? 0 : choose_instance(slot, edge, g);
    if (x.chosen == kNoInstance) return refused(slot, edge_id, Outcome::unavailable);
  }
  return pursue(slot, edge_id, false);
}

// The straight way of most calls: a timeout, retries, per-attempt policies, the run's balancers, no network.
inline std::uint32_t Execution::begin_simple_call(std::uint32_t slot, std::uint32_t edge_id,
                                                  const EdgeTable& edge, const GuardTable& g) {
  if (edge.timeout_lane != kNoId) arm(edge.timeout_lane, slot, frames_[slot]);
  CallState& x = calls_[slot];
  x.attempts = 1;
  for (std::uint32_t stage = 0; stage < g.all; ++stage) {
    AdmissionState& state = policies_.admissions[admission_state(slot, g, stage, 0)];
    if (!state.policy->quiet()) return pursue(slot, edge_id, false);
    ++admission_counts_[state.group].admitted;
    x.stage = static_cast<std::uint8_t>(stage + 1);
  }
  const std::uint32_t instance = edge.instances == 1 ? 0 : select(edge);
  ++edge_counts_[edge_id].attempts;
  const std::uint32_t child = new_attempt(slot, edge_id);
  Frame& c = frames_[child];
  c.instance += instance;
  CallState& y = calls_[child];
  y.sent = now_;
  y.left_at = -1;
  y.first_child = kNoId;
  y.next_sibling = kNoId;
  y.attempts = 1;
  y.stage = 0;
  y.door_stage = 0;
  y.pushed_back = false;
  y.flags = kThere;
  calls_[slot].first_child = child;
  calls_[slot].stage = 0;
  if (edge.counts_outstanding) ++instances_[c.instance].outstanding;
  if (edge.try_lane != kNoId) arm(edge.try_lane, child, c);
  ++operations_[edge.operation].arrived;
  return enter(child, edge.worker_first);
}

std::uint32_t Execution::begin_guarded_call(std::uint32_t slot, std::uint32_t edge_id) {
  const EdgeTable& edge = edges_[edge_id];
  const GuardTable& g = model_->guards[edge.guard];
  Frame& f = frames_[slot];
  f.set_call_start(now_);
  CallState& x = calls_[slot];
  x.pause = 0;
  x.attempts = 0;
  x.first_child = kNoId;
  x.stage = 0;
  x.hedges = 0;
  x.restarted = 0;
  x.flags &= static_cast<std::uint8_t>(~(kInLine | kNextIsHedge | kNextIsRetry));
  if (g.simple) return begin_simple_call(slot, edge_id, edge, g);
  if (messaging_) messaging_->begin_call(slot, edge_id, g);
  const std::int64_t deadline = call_deadline(slot, g);
  if (deadline <= now_) return finish_call(slot, edge_id, Outcome::deadline);
  if (deadline != kNever && (g.timeout_ns < 0 || deadline < sim::saturating_add(now_, g.timeout_ns))) {
    arm_own(deadline, Phase::expire, TimerPurpose::deadline, slot);
  } else if (edge.timeout_lane != kNoId) {
    arm(edge.timeout_lane, slot, f);
  }
  if (g.budget != kNoId) budget_of(slot, g, g.budget).call_started(facts_of(slot));
  if (g.hedge_budget != kNoId) budget_of(slot, g, g.hedge_budget).call_started(facts_of(slot));
  if (g.outer == 0) return begin_try(slot, edge_id);
  return pursue(slot, edge_id, false);
}

// A policy, or the choice of an instance, said no.
std::uint32_t Execution::refused(std::uint32_t slot, std::uint32_t edge_id, Outcome reason) {
  const GuardTable& g = model_->guards[edges_[edge_id].guard];
  CallState& x = calls_[slot];
  CallFacts facts = facts_of(slot);
  facts.outcome = reason;
  if (x.attempts == 0) return end_call(slot, edge_id, reason);  // before the first attempt: the whole call
  give_back(slot, g, g.outer, x.stage, x.chosen, facts);
  x.stage = static_cast<std::uint8_t>(g.outer);
  if (x.flags & kNextIsRetry && g.budget != kNoId) budget_of(slot, g, g.budget).extra_ended(facts);
  if (x.flags & kNextIsHedge && g.hedge_budget != kNoId)
    budget_of(slot, g, g.hedge_budget).extra_ended(facts);
  x.flags &= static_cast<std::uint8_t>(~(kNextIsHedge | kNextIsRetry));
  return attempt_failed(slot, edge_id, reason);
}

inline std::uint32_t Execution::attempt_over(std::uint32_t slot, std::uint32_t edge_id,
                                             std::uint32_t instance, Outcome outcome, std::int64_t took,
                                             std::uint32_t number, std::uint8_t flags, bool pushed_back) {
  tell(slot, edge_id, instance, outcome, took, number, flags);
  if (outcome != Outcome::success) return attempt_failed(slot, edge_id, outcome, pushed_back);
  if (flags & kHedge) ++guard_counts_[edges_[edge_id].guard].hedges_won;
  if (calls_[slot].first_child != kNoId) leave_all(slot, edge_id, Outcome::cancelled);
  return end_call(slot, edge_id, Outcome::success);
}

// The caller no longer counts this attempt among those under way.
inline void Execution::unlink(std::uint32_t slot, std::uint32_t child) {
  std::uint32_t* link = &calls_[slot].first_child;
  while (*link != child) link = &calls_[*link].next_sibling;
  *link = calls_[child].next_sibling;
}

// The answer to an attempt, or what came of it, is with the caller.
std::uint32_t Execution::answered(std::uint32_t child, Outcome outcome) {
  Frame& f = frames_[child];
  if (f.timer != kNoId) timers_.cancel_all(f);
  if (f.parent == kNoId) {  // for nobody
    --orphans_;
    release_frame(child);
    return kNoId;
  }
  const std::uint32_t slot = f.parent;
  const std::uint32_t edge_id = f.edge;
  const EdgeTable& edge = edges_[edge_id];
  const std::uint32_t instance = f.instance - edge.first_instance;
  if (levels_) [[unlikely]]
    learn_level(slot, child);
  const CallState& y = calls_[child];
  const std::int64_t took = now_ - y.sent;
  if (const GuardTable& g = model_->guards[edge.guard]; g.simple && outcome == Outcome::success) {
    CallFacts facts;
    facts.now = {now_};
    facts.attempt = y.attempts;
    facts.priority = f.priority;
    facts.took = {took};
    release_frame(child);
    calls_[slot].first_child = kNoId;
    ++guard_counts_[edge.guard].attempt_ended[0];
    for (std::uint32_t stage = g.all; stage-- > 0;) {
      const std::uint32_t id = admission_state(slot, g, stage, instance);
      policies_.admissions[id].policy->ended(facts);
      wake_line(id);
    }
    ++edge_counts_[edge_id].ended[0];
    Frame& caller = frames_[slot];
    if (caller.timer != kNoId) timers_.cancel_some(caller, kOfTheCall);
    observe(edge.series, now_ - caller.call_start());
    return slot;
  }
  const std::uint8_t flags = y.flags;
  const std::uint32_t number = y.attempts;
  const bool pushed_back = y.pushed_back;
  if (wires_) [[unlikely]]
    wires_->line(slot).in = wires_->line(child).in;
  unlink(slot, child);
  calls_[slot].flags |= flags & kDegraded;
  release_frame(child);
  return attempt_over(slot, edge_id, instance, outcome, took, number, flags, pushed_back);
}

std::uint32_t Execution::attempt_failed(std::uint32_t slot, std::uint32_t edge_id, Outcome outcome,
                                        bool pushed_back) {
  const EdgeTable& edge = edges_[edge_id];
  const GuardTable& g = model_->guards[edge.guard];
  CallState& x = calls_[slot];
  std::int64_t told = -1;  // by the server: to wait this long, or for ever
  if (pushed_back && g.honors_pushback) {
    told = station_tables_[edge.station].pushback_ns;
    ++guard_counts_[edge.guard].pushbacks;
  }
  if (x.first_child != kNoId) {  // another attempt is under way
    if (told >= 0 && timers_.cancel(frames_[slot], TimerPurpose::hedge) && told != kNever)
      arm_own(sim::saturating_add(now_, told), Phase::expire, TimerPurpose::hedge, slot);
    return kNoId;
  }
  if (edge.retry_stream != kNoId && told != kNever) {
    const std::uint32_t tries = x.attempts - x.hedges;  // the first and the retries
    Reaction reaction = react(model_->topology->edges[edge_id], tries, outcome, {x.pause},
                              streams_[edge.retry_stream], x.restarted);
    if (told >= 0) reaction.delay = {told};
    const std::int64_t when = sim::saturating_add(now_, reaction.delay.ns);
    if (reaction.retry && when < call_deadline(slot, g)) {
      const bool granted = g.budget == kNoId || budget_of(slot, g, g.budget).take(facts_of(slot));
      if (granted) {
        x.pause = told >= 0 ? 0 : reaction.delay.ns;
        if (told >= 0) x.restarted = static_cast<std::uint16_t>(std::min(tries, 0xffffu));
        x.flags |= kNextIsRetry;
        timers_.cancel(frames_[slot], TimerPurpose::hedge);
        arm_own(when, Phase::arrive, TimerPurpose::backoff, slot);
        return kNoId;
      }
      ++guard_counts_[edges_[edge_id].guard].budget_denied;
    }
  }
  return end_call(slot, edge_id, outcome);
}

// The per-try timeout of the attempt that `child` serves.
std::uint32_t Execution::attempt_timed_out(std::uint32_t child) {
  const std::uint32_t slot = frames_[child].parent;
  const std::uint32_t edge_id = frames_[child].edge;
  const GuardTable& g = model_->guards[edges_[edge_id].guard];
  if (g.on_try_timeout && calls_[slot].hedges < g.most_hedges) return hedge(slot, edge_id);
  const CallState& y = calls_[child];
  unlink(slot, child);
  const std::int64_t took = now_ - y.sent;
  const std::uint32_t instance = frames_[child].instance - edges_[edge_id].first_instance;
  const std::uint32_t number = y.attempts;
  const std::uint8_t flags = y.flags;
  leave(child);
  return attempt_over(slot, edge_id, instance, Outcome::timeout, took, number, flags);
}

// The time of the whole call is over.
std::uint32_t Execution::call_timed_out(std::uint32_t slot, std::uint32_t edge_id, Outcome reason) {
  drop_call(slot, edge_id, reason);
  return end_call(slot, edge_id, reason);
}

}  // namespace tailrace::models
