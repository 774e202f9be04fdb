// What a run knows of its sagas beyond their steps: one that has begun should end, how long it took, what an
// orchestrator forgets that begins anew, which timers outlive it, and who takes up what it has stored. All of
// it hangs on effects (models/topology/saga.hpp), so a saga costs the run nothing between its beginning and
// its end.
#include <algorithm>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

void Messaging::start_sagas() {
  saga_begins_.assign(model_.effects.size(), kNoId);
  saga_ends_.assign(model_.effects.size(), kNoId);
  milestone_since_.assign(model_.milestone_series.size(), kNoId);
  for (std::uint32_t s = 0; s < model_.sagas.size(); ++s) {
    saga_begins_[model_.sagas[s].begun] = s;
    saga_ends_[model_.sagas[s].ended] = s;
    const Saga& saga = model_.topology->sagas[s];
    if (saga.undone != kNone)
      milestone_since_[static_cast<std::size_t>(saga.undone)] = static_cast<std::uint32_t>(saga.undoing);
  }
}

// It should end, whoever leads it: while it has not it is pending.
void Messaging::saga_begun(std::uint32_t effect, const Envelope& message) {
  const SagaTable& saga = model_.sagas[saga_begins_[effect]];
  ledger_.at(saga.ended, message.identity, message.journey).expected = true;
  for (const std::uint32_t kept : saga.memory) ledger_.forget(kept, message.identity, message.journey);
}

void Messaging::saga_ended(std::uint32_t effect, const Envelope& message) {
  const SagaTable& saga = model_.sagas[saga_ends_[effect]];
  const auto applied_at = [&](std::uint32_t of) -> std::int64_t {
    const Ledger::Entry* entry = ledger_.find(of, message.identity, message.journey);
    return entry == nullptr || entry->applied == 0 ? -1 : entry->applied_at;
  };
  const std::int64_t began = applied_at(saga.begun);
  if (began < 0) return;
  run_.observe(applied_at(saga.undoing) < 0 ? saga.completed_series : saga.undone_series, run_.now_ - began);
}

// The timers of a durable saga are stored with it. The next of them that would have rung for this
// orchestrator rings for the queue that it has the saga's message from: the lease of the dead lasts until
// then at most.
void Messaging::orchestrator_dies(std::uint32_t slot) {
  const Cause& x = causes_[slot];
  if (!handles(x)) return saga_run_ends(slot);
  std::int64_t rings = INT64_MAX;
  const auto from = [&](std::uint32_t effect, std::int64_t ns) {
    const std::int64_t began = came_about(slot, effect);
    if (began < 0) return;
    const std::int64_t when = sim::saturating_add(began, ns);
    if (when >= run_.now_) rings = std::min(rings, when);
  };
  for (const SagaTable& saga : model_.sagas) {
    const bool goes_forward = came_about(slot, saga.undoing) < 0 && came_about(slot, saga.ended) < 0;
    if (saga.timeout_ns >= 0 && goes_forward) from(saga.begun, saga.timeout_ns);
  }
  const Frame& f = run_.frames_[slot];
  const Step16& step = run_.steps_[(f.pc == model_.stop_pc ? f.prev : f.pc) - 1];
  if (step.op == Op::parallel && (step.flags & kTimed) != 0) {
    const LimitTable& limit = model_.limits[step.stream];
    if (limit.stored && limit.step_lane != kNoId) from(limit.step_since, model_.lanes[limit.step_lane].ns);
  }
  if (rings == INT64_MAX) return;
  const Delivery& delivery = deliveries_[x.delivery];
  const std::uint32_t channel = model_.groups[delivery.group].channel;
  if (auto* const leases = dynamic_cast<Leases*>(channels_[channel].get()))
    leases->ends_by(delivery.token, rings);
}

// --- a stored saga of a service is taken up by the service

// The frame is where it was when its run ended: in the steps of a stored saga that has begun and not ended,
// it has led that one. What a queue leases comes again from the queue, and a client has nobody to go on.
void Messaging::saga_run_ends(std::uint32_t slot) {
  const Frame& f = run_.frames_[slot];
  const Cause& x = causes_[slot];
  if (f.instance == kNoId || handles(x)) return;
  const bool stopped = f.pc == model_.stop_pc || f.pc == model_.stop_pc + 1;
  const std::uint32_t step = (stopped ? f.prev : f.pc) - 1;
  for (std::uint32_t p = 0; p < model_.saga_programs.size(); ++p) {
    const SagaProgram& program = model_.saga_programs[p];
    const SagaTable& saga = model_.sagas[program.saga];
    if (step < program.first || step > program.last || came_about(slot, saga.begun) < 0 ||
        came_about(slot, saga.ended) >= 0)
      continue;
    led_by(saga.begun, x);
    ledger_.hold(x.journey);
    unled_.push_back({x.identity, x.key, run_.calls_[slot].key, ++resumptions_, x.journey, p, f.instance,
                      f.priority, f.depth});
    run_.schedule(sim::saturating_add(run_.now_, saga.resume_after_ns), Phase::expire,
                  Execution::Kind::channel, new_timer(resumptions_, kSagaTimer));
  }
}

// Somebody leads it: its caller has repeated, say.
void Messaging::led_by(std::uint32_t effect, const Cause& x) {
  std::erase_if(unled_, [&](const Unled& u) {
    if (u.identity != x.identity || model_.sagas[model_.saga_programs[u.program].saga].begun != effect)
      return false;
    let_go(u.journey);
    return true;
  });
}

void Messaging::take_up(std::size_t which, std::uint32_t instance) {
  const Unled u = unled_[which];
  unled_.erase(unled_.begin() + static_cast<std::ptrdiff_t>(which));
  const std::uint32_t slot =
      run_.root_frame(instance, model_.saga_programs[u.program].entry, u.request_key, u.priority, u.depth);
  Cause& x = causes_[slot];
  x = {};
  x.identity = u.identity;
  x.key = u.key;
  x.journey = u.journey;  // which it holds from now on
  x.delivery = kNoId;
  run_.wake(slot);
}

// By the instance that led it or, while that is down, the next that is up. Where none is, the first that
// comes back does it.
void Messaging::resume_timer(std::uint64_t number) {
  const auto at =
      std::find_if(unled_.begin(), unled_.end(), [&](const Unled& u) { return u.number == number; });
  if (at == unled_.end()) return;
  at->number = 0;
  const StationTable& station = model_.stations[model_.instance_station[at->instance]];
  for (std::uint32_t i = 0; i < station.instances; ++i) {
    const std::uint32_t instance =
        station.first_instance + (at->instance - station.first_instance + i) % station.instances;
    if (!run_.down(instance)) return take_up(static_cast<std::size_t>(at - unled_.begin()), instance);
  }
}

void Messaging::resume_at(std::uint32_t instance) {
  const std::uint32_t station = model_.instance_station[instance];
  for (std::size_t i = 0; i < unled_.size();) {
    const bool overdue = unled_[i].number == 0 && model_.instance_station[unled_[i].instance] == station;
    unled_[i].instance == instance || overdue ? take_up(i, instance) : void(++i);
  }
}

}  // namespace tailrace::models
