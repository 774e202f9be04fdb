// What an instance must have before it serves. An instance that waits at its gates counts as down: by the
// count of the faults it has, one of which is then the gate's (`held`), or because it is not there yet.
#include "models/runtime/execution.hpp"
#include "models/runtime/upkeep.hpp"

namespace tailrace::models {

using sim::Phase;
using State = InstanceLife::State;

const GatedTable& Upkeep::gated_of(std::uint32_t gate) const {
  return model_.gated[model_.stations[run_.instances_[gates_[gate].instance].station].gated];
}
const std::vector<StartGate>& Upkeep::gates_of(std::uint32_t gate) const {
  return model_.topology->stations[run_.instances_[gates_[gate].instance].station].gates;
}
GatedRecord& Upkeep::counts_of(std::uint32_t gate) {
  return gated_[model_.stations[run_.instances_[gates_[gate].instance].station].gated];
}
std::uint32_t Upkeep::gate_number(std::uint32_t instance) const {
  const StationTable& station = model_.stations[run_.instances_[instance].station];
  if (station.gated == kNoId) return kNoId;
  return model_.gated[station.gated].first_state + (instance - station.first_instance);
}

// The instances of the start have passed, one after another: their leases end spread over time.
void Upkeep::start_gates() {
  for (const GatedTable& table : model_.gated) {
    const StationTable& station = model_.stations[table.station];
    const StartGate& last = model_.topology->stations[table.station].gates.back();
    for (std::uint32_t i = 0; i < station.instances; ++i) {
      const std::uint32_t id = table.first_state + i;
      Gate& g = gates_[id];
      g.passed = !run_.down(g.instance);
      if (!g.passed || !last.lease) continue;
      const double lease = static_cast<double>(last.lease->ns);
      const double gone = lease * last.renew_after * i / station.instances;
      g.lease_until = sim::Duration::from_ns(lease - gone).ns;
      schedule(sim::Duration::from_ns(lease * last.renew_after - gone).ns, Phase::arrive, id, kRenew,
               g.epoch);
      schedule(g.lease_until, Phase::expire, id, kExpire, g.epoch);
    }
  }
}

bool Upkeep::begins(std::uint32_t instance) {
  const std::uint32_t id = gate_number(instance);
  if (id == kNoId) return false;
  gates_[id].passed = false;
  begin(id);
  return true;
}

bool Upkeep::holds_back(std::uint32_t instance) {
  const std::uint32_t id = gate_number(instance);
  if (id == kNoId || gates_[id].passed) return false;
  Gate& g = gates_[id];
  const StationTable& station = model_.stations[run_.instances_[instance].station];
  InstanceFaults& faults = run_.faults_of(instance);
  bool absent = false, starting = false;
  if (station.scaled != kNoId) {
    const State state = run_.lives_[station.first_life + (instance - station.first_instance)].state;
    absent = state == State::absent;
    starting = state == State::starting;
  }
  const std::uint32_t own = (g.held ? 1 : 0) + (absent || starting ? 1 : 0);  // not by faults
  if (faults.down - own > 1) {
    --faults.down;
    return true;
  }
  if (own == 0) {
    g.held = true;
  } else {
    --faults.down;
  }
  if (!absent) begin(id);
  return true;
}

void Upkeep::went_down(std::uint32_t instance) {
  const std::uint32_t id = gate_number(instance);
  if (id == kNoId) return;
  gates_[id].passed = false;
  gates_[id].waits = false;
  ++gates_[id].epoch;
}

void Upkeep::begin(std::uint32_t id) {
  Gate& g = gates_[id];
  ++g.epoch;
  g.stage = 0;
  g.began = run_.now_;
  g.waits = true;
  knock(id);
}

void Upkeep::knock(std::uint32_t id) {
  const Gate& g = gates_[id];
  ++counts_of(id).asks;
  send(gated_of(id).pcs[g.stage], {Errand::gate, id, g.epoch});
}

void Upkeep::knocked(std::uint32_t id, bool good) {
  Gate& g = gates_[id];
  const StartGate& gate = gates_of(id)[g.stage];
  if (!good) {
    ++counts_of(id).failed_asks;
    if (!gate.fail_open)
      return schedule(sim::saturating_add(run_.now_, gate.retry_every.ns), Phase::arrive, id, kAskAgain,
                      g.epoch);
    ++counts_of(id).passed_open;
  }
  if (++g.stage < gates_of(id).size()) return knock(id);
  pass(id);
}

void Upkeep::pass(std::uint32_t id) {
  Gate& g = gates_[id];
  const std::uint32_t instance = g.instance;
  const StationTable& station = model_.stations[run_.instances_[instance].station];
  const StartGate& last = gates_of(id).back();
  GatedRecord& counts = counts_of(id);
  g.passed = true;
  g.waits = false;
  ++counts.starts;
  counts.waited.add(run_.now_ - g.began);
  if (last.lease) {
    const double wait = static_cast<double>(last.lease->ns) * last.renew_after;
    g.lease_until = sim::saturating_add(run_.now_, last.lease->ns);
    schedule(sim::saturating_add(run_.now_, sim::Duration::from_ns(wait).ns), Phase::arrive, id, kRenew,
             g.epoch);
    schedule(g.lease_until, Phase::expire, id, kExpire, g.epoch);
  }
  if (g.held) {
    g.held = false;
    run_.instance_up(instance);
  }
  if (station.scaled != kNoId &&
      run_.lives_[station.first_life + (instance - station.first_instance)].state == State::starting)
    run_.go_on_starting(run_.scaled_[station.scaled], instance);
}

// --- leases

void Upkeep::renew(std::uint32_t id) {
  const Gate& g = gates_[id];
  if (!g.passed) return;
  ++counts_of(id).renewals;
  send(gated_of(id).pcs.back(), {Errand::renewal, id, g.epoch});
}

void Upkeep::renewed(std::uint32_t id, bool good) {
  Gate& g = gates_[id];
  const StartGate& last = gates_of(id).back();
  if (!good) {
    ++counts_of(id).failed_renewals;
    return schedule(sim::saturating_add(run_.now_, last.retry_every.ns), Phase::arrive, id, kRenew, g.epoch);
  }
  const double wait = static_cast<double>(last.lease->ns) * last.renew_after;
  g.lease_until = sim::saturating_add(run_.now_, last.lease->ns);
  schedule(sim::saturating_add(run_.now_, sim::Duration::from_ns(wait).ns), Phase::arrive, id, kRenew,
           g.epoch);
}

// Without a secret it serves nobody, and begins at its gates again.
void Upkeep::expire(std::uint32_t id) {
  Gate& g = gates_[id];
  if (!g.passed) return;
  if (run_.now_ < g.lease_until) return schedule(g.lease_until, Phase::expire, id, kExpire, g.epoch);
  ++counts_of(id).expiries;
  run_.instance_down(g.instance, kNoId);
  g.held = true;
  begin(id);
  run_.answer_for_the_dead();
}

}  // namespace tailrace::models
