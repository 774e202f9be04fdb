// What a run knows of its sagas beyond their steps: one that has begun should end, how long it took, and what
// an orchestrator forgets that begins anew. All of it hangs on effects (models/topology/saga.hpp), so a saga
// costs the run nothing between its beginning and its end.
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

}  // namespace tailrace::models
