// Sidecars that are killed at their memory's limit (models/mesh/sidecar_memory.hpp), and take their instance
// with them. A connection that has just been opened is what makes one grow, so it is looked at then and only
// then.
#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

// The connection that the last admission opened, for the call of this frame.
void Execution::connection_opened(std::uint32_t slot, const Connections& connections) {
  wires_->owe(slot, *connections.opened());
  for (const Peer* end : {connections.self(), connections.peer()}) {
    if (end == nullptr || end->memory == nullptr || !end->memory->must_die()) continue;
    const std::uint32_t pod = end->pod;
    const sim::Duration away = wires_->pod(pod).memory->killed({now_});
    schedule(now_, Phase::arrive, Kind::sidecar, pod, 0);
    schedule(sim::saturating_add(now_, away.ns), Phase::arrive, Kind::sidecar, pod, 1);
  }
}

void Execution::sidecar_event(std::uint32_t pod, bool back) {
  const Wires::Pod& p = wires_->pod(pod);
  if (back) p.memory->restarted({now_});
  for (const std::uint32_t instance : {p.instance, p.sidecar}) {
    if (instance == kNoId) continue;
    back ? instance_up(instance) : instance_down(instance, kNoId);
  }
  if (!back) answer_for_the_dead();
}

}  // namespace tailrace::models
