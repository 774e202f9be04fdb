// Active health checks: one prober per station asks its instances in turn, each at a fixed period, and tells
// every caller's balancer when its verdict changes.
#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

// The instances' probes are spread over the period.
void Execution::start_probes() {
  for (const ProberTable& prober : model_->probers) {
    const StationTable& station = model_->stations[prober.station];
    for (std::uint32_t i = 0; i < station.instances; ++i) {
      const double part = static_cast<double>(i + 1) / static_cast<double>(station.instances);
      schedule(sim::Duration::from_ns(part * static_cast<double>(prober.interval_ns)).ns, Phase::arrive,
               Kind::probe, station.first_instance + i);
    }
  }
}

std::uint32_t Execution::probe(std::uint32_t instance) {
  const StationTable& station = station_tables_[instances_[instance].station];
  const ProberTable& prober = model_->probers[station.prober];
  schedule(sim::saturating_add(now_, prober.interval_ns), Phase::arrive, Kind::probe, instance);
  // Who is not there is not asked.
  if (station.scaled != kNoId &&
      lives_[station.first_life + (instance - station.first_instance)].state < InstanceLife::State::ready)
    return kNoId;
  if (prober.pc == kNoId) {
    heard_of(instance, answers_probes(instance));  // is the process there?
    return kNoId;
  }
  const std::uint32_t slot = allocate_frame();
  begin_request(slot, {});
  Frame& f = frames_[slot];
  f.start = now_;
  f.timer = kNoId;
  f.priority = 0;
  f.depth = 0;
  f.pc = prober.pc;
  f.parent = kNoId;
  f.instance = kNoId;
  f.edge = instance;
  f.flags = kClientFrame | kDirect | kLive;
  return slot;
}

void Execution::probe_ended(std::uint32_t slot, bool good) {
  const std::uint32_t instance = frames_[slot].edge;
  release_frame(slot);
  if (instance & kErrandBit) return upkeep_->errand_ended(instance & ~kErrandBit, good);
  heard_of(instance, good);
}

void Execution::heard_of(std::uint32_t instance, bool good) {
  const std::uint32_t station_id = instances_[instance].station;
  const StationTable& station = station_tables_[station_id];
  const std::uint32_t index = instance - station.first_instance;
  Health& health = health_[model_->probers[station.prober].first_state + index];
  if (!health.state.probed(good)) return;
  health.log.change(health.state.healthy() ? 0 : 1, {now_});
  for (const BalancerGroup& group : model_->balancers) {
    if (group.station != station_id) continue;
    for (std::uint32_t i = 0; i < group.callers; ++i)
      policies_.balancers[group.first_state + i]->set_healthy(index, health.state.healthy(), {now_});
  }
}

}  // namespace tailrace::models
