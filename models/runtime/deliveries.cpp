// Messages in the hands of their handlers.
#include <utility>

#include "models/messaging/extras.hpp"
#include "models/runtime/execution.hpp"
#include "models/runtime/identity.hpp"

namespace tailrace::models {

// Somebody has a message in hand whose last copy is gone, as one thrown out of its group that works on. That
// copy was handled, and its journey judged: this is one time more.
void Messaging::revive(Envelope& message, std::uint32_t effect) {
  message.journey = ledger_.begin(run_.now_, message.sequence);
  Ledger::Entry& entry = ledger_.at(effect, message.identity, message.journey);
  entry.applied = 1;
  entry.applied_at = run_.now_;
}

void Messaging::start_delivery(std::uint32_t channel, std::uint32_t subscription, std::uint32_t instance,
                               std::span<const Envelope> messages, std::uint64_t token) {
  if (postponing_) [[unlikely]] {
    postponed_.push_back({channel, subscription, instance, token, {messages.begin(), messages.end()}});
    return;
  }
  const std::uint32_t group_id = model_.channels[channel].first_group + subscription;
  const GroupTable& group = model_.groups[group_id];
  std::uint32_t id = free_delivery_;
  if (id != kNoId) {
    free_delivery_ = deliveries_[id].next_free;
  } else {
    id = static_cast<std::uint32_t>(deliveries_.size());
    deliveries_.emplace_back();
  }
  Delivery& delivery = deliveries_[id];
  delivery.token = token;
  delivery.group = group_id;
  delivery.messages.assign(messages.begin(), messages.end());
  delivery.transaction.clear();
  for (Envelope& message : delivery.messages) {
    if (!ledger_.lives(message.journey, message.sequence)) revive(message, group.effect);
    ledger_.hold(message.journey);
  }
  const EdgeTable& edge = run_.edges_[group.edge];
  ++run_.live_edges_[group.edge].calls;
  ++run_.edge_counts_[group.edge].attempts;
  ++run_.operations_[edge.operation].arrived;
  const std::uint32_t slot = run_.allocate_frame();
  Frame& f = run_.frames_[slot];
  f.start = run_.now_;
  f.pc = edge.pc;
  f.parent = kDeliveryBit | id;
  f.instance = edge.first_instance + instance;
  f.timer = kNoId;
  f.edge = group.edge;
  f.flags = kDirect | kLive;
  f.priority = 0;
  f.depth = 0;
  const Envelope first = delivery.messages.front();
  run_.begin_root(slot, first.key == kNoKey ? 0 : first.key);
  run_.calls_[slot].flags = kThere;
  run_.calls_[slot].door_stage = 0;
  Cause& x = causes_[slot];
  x.identity = mix(first.identity, group_id);
  x.key = first.key;
  x.journey = first.journey;
  x.ordinal = 0;
  x.delivery = id;
  x.handling = ++deliveries_[id].serial;
  ledger_.hold(x.journey);
  if (edge.managed) [[unlikely]]
    run_.request_came(slot, edge);
  const std::uint32_t next = run_.enter_late(slot, edge.worker_first);
  if (next != kNoId) run_.wake(next);
}

void Messaging::delivered(std::uint32_t slot, Outcome outcome) {
  Frame& f = run_.frames_[slot];
  const std::uint32_t id = f.parent & ~kDeliveryBit;
  const std::uint32_t edge = f.edge;
  if (f.timer != kNoId) run_.timers_.cancel_all(f);
  const GroupTable& group = model_.groups[deliveries_[id].group];
  ++run_.edge_counts_[edge].ended[static_cast<std::size_t>(outcome)];
  ++run_.guard_counts_[run_.edges_[edge].guard].attempt_ended[static_cast<std::size_t>(outcome)];
  if (outcome == Outcome::success) {
    for (const Envelope& message : deliveries_[id].messages)
      run_.observe(group.end_to_end_series, run_.now_ - message.born);
    // By index: what is published may start further deliveries. Who has lost its messages to another since
    // commits nothing.
    const auto* const fencing = deliveries_[id].transaction.empty()
                                    ? nullptr
                                    : dynamic_cast<const Fencing*>(channels_[group.channel].get());
    const bool fenced = fencing != nullptr && fencing->fenced(deliveries_[id].token);
    for (std::size_t i = 0; i < deliveries_[id].transaction.size() && !fenced; ++i) {
      auto [channel, message] = deliveries_[id].transaction[i];
      publish(channel, message, false, kNoTicket);
    }
  }
  const std::uint64_t token = deliveries_[id].token;
  const std::uint32_t instance = f.instance;
  run_.release_frame(slot);
  channels_[group.channel]->handled(token, outcome);
  for (const Envelope& message : deliveries_[id].messages) let_go(message.journey);
  ++deliveries_[id].serial;
  deliveries_[id].next_free = free_delivery_;
  free_delivery_ = id;
  if (run_.edges_[edge].managed) [[unlikely]]
    left(instance);
}

// After its channel has heard of it, so that an instance which leaves has begun nothing more.
void Messaging::left(std::uint32_t instance) {
  const StationTable& station = model_.stations[model_.instance_station[instance]];
  if (station.scaled == kNoId) return;
  ScaledStation& sc = run_.scaled_[station.scaled];
  sc.settle(run_.now_);
  --sc.inside;
  InstanceLife& life = run_.lives_[station.first_life + (instance - station.first_instance)];
  if (--life.inside == 0 && life.state == InstanceLife::State::draining) run_.gone(sc, instance);
}

}  // namespace tailrace::models
