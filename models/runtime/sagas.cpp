// What a run knows of its sagas beyond their steps: one that has begun should end, how long it took, what an
// orchestrator forgets that begins anew, and which timers outlive it. All of it hangs on effects
// (models/topology/saga.hpp), so a saga costs the run nothing between its beginning and its end.
#include <algorithm>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

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
  if (!handles(x)) return;
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

}  // namespace tailrace::models
