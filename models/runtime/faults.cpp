// Faults in time: processes start and end them, and their effects are put on instances and links.
#include <algorithm>
#include <cmath>

#include "models/runtime/execution.hpp"
#include "models/runtime/fault_step.hpp"

namespace tailrace::models {

using sim::Phase;

namespace {

constexpr std::size_t kMostActivations = 10'000;  // that the record lists

bool comes_first(const ActiveEffect& a, const ActiveEffect& b) {
  return a.fault != b.fault     ? a.fault < b.fault
         : a.effect != b.effect ? a.effect < b.effect
                                : a.process < b.process;
}
void put(std::vector<ActiveEffect>& list, const ActiveEffect& effect) {
  list.insert(std::upper_bound(list.begin(), list.end(), effect, comes_first), effect);
}
void take(std::vector<ActiveEffect>& list, const ActiveEffect& effect) {
  std::erase_if(list, [&](const ActiveEffect& e) {
    return e.fault == effect.fault && e.effect == effect.effect && e.process == effect.process;
  });
}

}  // namespace

void Execution::start_faults() {
  const FaultTables& tables = model_->faults;
  fault_.instances.resize(tables.instances);
  if (tables.instances > 0) fault_.serving.resize(station_count());
  for (std::size_t s = 0; s < fault_.serving.size(); ++s) {
    fault_.serving[s].up = model_->stations[s].instances;
    fault_.serving[s].needed = static_cast<std::uint32_t>(model_->topology->stations[s].min_available);
  }
  fault_.links.resize(tables.links);
  fault_.processes.resize(tables.processes.size());
  fault_.spikes.resize(tables.spikes.size());
  fault_.repairs.resize(tables.faults.size());
  record_.faults.resize(tables.faults.size());
  for (std::uint32_t id = 0; id < tables.processes.size(); ++id) {
    const FaultProcessTable& process = tables.processes[id];
    const Fault& fault = model_->topology->faults[process.fault];
    if (fault.when) {
      schedule(fault.start.ns, Phase::observe, Kind::fault, id, kLook);
    } else {
      std::int64_t first = fault.start.ns;
      if (process.mtbf != kNoId)
        first = sim::saturating_add(first, sim::Duration::from_ns(sample(process.mtbf)).ns);
      schedule(first, Phase::arrive, Kind::fault, id, kStart);
    }
  }
}

void Execution::fault_event(std::uint32_t id, std::uint32_t step) {
  const Fault& fault = model_->topology->faults[model_->faults.processes[id].fault];
  switch (step) {
    case kStart:
      return begin_fault(id);
    case kEnd:
      return end_fault(id);
    case kLook:
      return look_at_condition(id);
    default:
      break;
  }
  // A kill in the course of another fault.
  for (const FaultEffect& effect : fault.effects) {
    if (!effect.after) continue;
    each_instance(id, [&](std::uint32_t instance) {
      step == kKill ? instance_down(instance, id) : instance_up(instance);
    });
    answer_for_the_dead();
    if (step == kKill && effect.lasts)
      schedule(sim::saturating_add(now_, effect.lasts->ns), Phase::arrive, Kind::fault, id, kRevive);
  }
}

// Chooses the targets: `count` of them by a shuffle that stops when it has them.
void Execution::choose_fault_targets(std::uint32_t id) {
  const FaultProcessTable& table = model_->faults.processes[id];
  const Fault& fault = model_->topology->faults[table.fault];
  FaultProcess& process = fault_.processes[id];
  process.hit.resize(table.targets);
  for (std::uint32_t i = 0; i < table.targets; ++i) process.hit[i] = table.first_target + i;
  if (!scaled_.empty()) std::erase_if(process.hit, [&](std::uint32_t t) { return nobody_there(id, t); });
  const auto there = static_cast<std::uint32_t>(process.hit.size());
  if (fault.mode == FaultMode::all) return;
  sim::Stream& random = streams_[table.choice_stream];
  const double n = static_cast<double>(there);
  double count = fault.mode == FaultMode::one ? 1 : fault.value;
  // Rounded down, but at least one where some are asked for.
  if (fault.mode == FaultMode::fixed_percent)
    count = fault.value > 0 ? std::max(1.0, std::floor(fault.value * n / 100)) : 0;
  if (fault.mode == FaultMode::random_max_percent)
    count = std::floor(random.uniform() * (fault.value * n / 100 + 1));
  const auto wanted = static_cast<std::uint32_t>(std::min(count, n));
  for (std::uint32_t i = 0; i < wanted; ++i) {
    const auto j = i + static_cast<std::uint32_t>(random.uniform() * (n - i));
    std::swap(process.hit[i], process.hit[std::min(j, there - 1)]);
  }
  process.hit.resize(wanted);
  std::sort(process.hit.begin(), process.hit.end());
}

// An instance that is not there cannot fail.
bool Execution::nobody_there(std::uint32_t process, std::uint32_t target) const {
  const FaultTable& fault = model_->faults.faults[model_->faults.processes[process].fault];
  const std::vector<std::uint32_t>& instances = fault.targets[target].instances;
  return !instances.empty() && std::all_of(instances.begin(), instances.end(), [&](std::uint32_t instance) {
    const StationTable& station = station_tables_[instances_[instance].station];
    return station.scaled != kNoId &&
           lives_[station.first_life + (instance - station.first_instance)].state ==
               InstanceLife::State::absent;
  });
}

void Execution::begin_fault(std::uint32_t id) {
  const FaultProcessTable& table = model_->faults.processes[id];
  const Fault& fault = model_->topology->faults[table.fault];
  FaultProcess& process = fault_.processes[id];
  choose_fault_targets(id);
  process.active = true;
  process.start = now_;
  ++process.times;
  FaultRecord& record = record_.faults[table.fault];
  ++record.activations;
  process.record = kNoId;
  if (record_.fault_activations.size() < kMostActivations) {
    process.record = static_cast<std::uint32_t>(record_.fault_activations.size());
    record_.fault_activations.push_back({table.fault, now_, -1, process.hit, 0, 0, {}});
  }
  find_fault_instances(id);
  apply_fault(id, true);
  answer_for_the_dead();
  std::int64_t end = INT64_MAX;
  if (table.mttr != kNoId) {
    if (crew_comes(id)) end = sim::saturating_add(now_, sim::Duration::from_ns(sample(table.mttr)).ns);
  } else if (fault.duration) {
    end = sim::saturating_add(now_, fault.duration->ns);
  }
  if (end != INT64_MAX) schedule(end, Phase::arrive, Kind::fault, id, kEnd);
  for (const FaultEffect& effect : fault.effects) {
    if (effect.after && sim::saturating_add(now_, effect.after->ns) < end)
      schedule(now_ + effect.after->ns, Phase::arrive, Kind::fault, id, kKill);
  }
  if (fault.every.ns > 0 && !fault.when && (fault.times == kUnlimited || process.times < fault.times))
    schedule(sim::saturating_add(now_, fault.every.ns), Phase::arrive, Kind::fault, id, kStart);
}

// A crew is free for what has failed; otherwise it waits for one.
bool Execution::crew_comes(std::uint32_t id) {
  const std::uint32_t fault = model_->faults.processes[id].fault;
  const std::int64_t crews = model_->topology->faults[fault].crews;
  if (crews == kUnlimited) return true;
  RepairLine& line = fault_.repairs[fault];
  if (line.busy < crews) {
    ++line.busy;
    return true;
  }
  line.waiting.push_back(id);
  return false;
}

// A repair is done: its crew goes to who has waited longest.
void Execution::crew_leaves(std::uint32_t id) {
  const std::uint32_t fault = model_->faults.processes[id].fault;
  if (model_->topology->faults[fault].crews == kUnlimited) return;
  RepairLine& line = fault_.repairs[fault];
  if (line.waiting.empty()) {
    --line.busy;
    return;
  }
  const std::uint32_t next = line.waiting.front();
  line.waiting.erase(line.waiting.begin());
  const std::int64_t repair = sim::Duration::from_ns(sample(model_->faults.processes[next].mttr)).ns;
  schedule(sim::saturating_add(now_, repair), Phase::arrive, Kind::fault, next, kEnd);
}

void Execution::end_fault(std::uint32_t id) {
  const FaultProcessTable& table = model_->faults.processes[id];
  FaultProcess& process = fault_.processes[id];
  apply_fault(id, false);
  process.active = false;
  if (process.record != kNoId) record_.fault_activations[process.record].end_ns = now_;
  record_.faults[table.fault].active_ns += now_ - process.start;
  if (table.mttr != kNoId) crew_leaves(id);
  if (table.mtbf != kNoId) {
    process.start = now_;  // of the time until it fails again
    const std::int64_t up = sim::Duration::from_ns(sample(table.mtbf)).ns;
    schedule(sim::saturating_add(now_, up), Phase::arrive, Kind::fault, id, kStart);
  }
}

// The condition must be so at every look for as long as it says. After its fault it may start another, where
// that repeats, no sooner than `every` after the last start.
void Execution::look_at_condition(std::uint32_t id) {
  const Fault& fault = model_->topology->faults[model_->faults.processes[id].fault];
  const FaultCondition& when = *fault.when;
  FaultProcess& process = fault_.processes[id];
  schedule(sim::saturating_add(now_, when.check_every.ns), Phase::observe, Kind::fault, id, kLook);
  if (process.active) return;
  if (process.times > 0) {
    if (fault.every.ns == 0 || (fault.times != kUnlimited && process.times >= fault.times)) return;
    if (now_ - process.start < fault.every.ns) return;
  }
  std::uint64_t waiting = 0;
  for (const int station : when.stations) {
    const StationTable& table = station_tables_[station];
    for (std::uint32_t i = 0; i < table.instances + (table.shared ? 1 : 0); ++i)
      waiting += instances_[table.first_instance + i].queued;
  }
  if (!(static_cast<double>(waiting) > when.above)) {
    process.waiting = false;
    return;
  }
  if (!process.waiting) {
    process.waiting = true;
    process.holds_since = now_;
  }
  if (now_ - process.holds_since < when.holds.ns) return;
  process.waiting = false;
  begin_fault(id);
}

// Who is hit is found out once, when it comes: a partition that has another leader by its end does not change
// it.
void Execution::find_fault_instances(std::uint32_t id) {
  const std::uint32_t fault = model_->faults.processes[id].fault;
  FaultProcess& process = fault_.processes[id];
  process.instances.clear();
  std::vector<std::uint32_t> leaders;
  for (std::size_t i = 0; i < process.hit.size(); ++i) {
    const FaultTarget& target = model_->topology->faults[fault].targets[process.hit[i]];
    const auto& instances = model_->faults.faults[fault].targets[process.hit[i]].instances;
    if (!target.led) {
      process.instances.insert(process.instances.end(), instances.begin(), instances.end());
      continue;
    }
    const std::uint32_t leader = messaging_->leader(static_cast<std::uint32_t>(target.channel),
                                                    static_cast<std::uint32_t>(target.partition));
    if (leader != kNoId) process.instances.push_back(leader);
    leaders.resize(i, kNoId);
    leaders.push_back(leader);
  }
  if (process.record != kNoId) record_.fault_activations[process.record].leaders = std::move(leaders);
}

template <class Each>
void Execution::each_instance(std::uint32_t process, Each each) {
  for (const std::uint32_t instance : fault_.processes[process].instances) each(instance);
}

// Puts the effects on what was chosen, or takes them off.
void Execution::apply_fault(std::uint32_t id, bool begins) {
  const FaultProcessTable& process = model_->faults.processes[id];
  const Fault& fault = model_->topology->faults[process.fault];
  const FaultTable& table = model_->faults.faults[process.fault];
  for (std::uint32_t e = 0; e < fault.effects.size(); ++e) {
    const FaultEffect& effect = fault.effects[e];
    const ActiveEffect active{process.fault, e, id, now_};
    switch (effect.action) {
      case FaultAction::down:
        if (effect.after) break;
        each_instance(id, [&](std::uint32_t i) { begins ? instance_down(i, id) : instance_up(i); });
        break;
      case FaultAction::pause:
        each_instance(id, [&](std::uint32_t i) { begins ? instance_stops(i) : instance_goes_on(i); });
        break;
      case FaultAction::latency:
      case FaultAction::loss:
      case FaultAction::bandwidth:
        for (const std::uint32_t target : fault_.processes[id].hit) {
          for (const int link : fault.targets[target].links) {
            LinkFaults& state = fault_.links[model_->links[static_cast<std::size_t>(link)].fault];
            begins ? put(state.effects, active) : take(state.effects, active);
            set_flow_speed(static_cast<std::uint32_t>(link));
          }
        }
        break;
      case FaultAction::load:
        for (const std::uint32_t target : fault_.processes[id].hit) {
          begins ? begin_spike(table.targets[target].spike, id) : end_spike(table.targets[target].spike);
        }
        break;
      case FaultAction::notify:
        for (const std::uint32_t target : fault_.processes[id].hit) {
          for (InstanceListener* listener : fault_.listeners)
            listener->fault_changed(effect.hook, process.fault, target, begins, now_);
        }
        break;
      case FaultAction::slow:
      case FaultAction::delay:
      case FaultAction::abort:
      case FaultAction::refuse:
      case FaultAction::vanish:
        each_instance(id, [&](std::uint32_t i) {
          InstanceFaults& state = faults_of(i);
          // An instance may be hit by way of several targets: once is enough.
          if (begins && std::any_of(state.effects.begin(), state.effects.end(),
                                    [&](const ActiveEffect& a) { return a.process == id && a.effect == e; }))
            return;
          begins ? put(state.effects, active) : take(state.effects, active);
        });
        break;
    }
  }
}

// How strong it is by now: from nothing to all over its ramp.
double Execution::strength(const ActiveEffect& active) const {
  const std::int64_t ramp = model_->topology->faults[active.fault].ramp.ns;
  if (ramp <= 0 || now_ - active.start >= ramp) return 1;
  return static_cast<double>(now_ - active.start) / static_cast<double>(ramp);
}

double Execution::slowness_by_faults(std::uint32_t instance) {
  double factor = 1;
  for (const ActiveEffect& active : faults_of(instance).effects) {
    const FaultEffect& effect = model_->topology->faults[active.fault].effects[active.effect];
    if (effect.action == FaultAction::slow) factor *= 1 + (effect.amount - 1) * strength(active);
  }
  return factor;
}

bool Execution::fault_strikes(const ActiveEffect& active) {
  const FaultEffectTable& table = model_->faults.faults[active.fault].effects[active.effect];
  const double grown = strength(active);
  if (table.chance == ~std::uint64_t{0} && grown >= 1) return true;
  const std::uint64_t drawn = streams_[table.stream].next();
  if (grown >= 1) return drawn <= table.chance && table.chance != 0;
  return static_cast<double>(drawn) < static_cast<double>(table.chance) * grown;
}

double Execution::fault_time(const ActiveEffect& active) {
  return sample(model_->faults.faults[active.fault].effects[active.effect].draw) * strength(active);
}

void Execution::blame(std::uint32_t process, bool delayed) {
  if (process == kNoId) return;  // no fault: the instance is not there any more
  FaultRecord& record = record_.faults[model_->faults.processes[process].fault];
  ++(delayed ? record.delayed : record.ended);
  const std::uint32_t listed = fault_.processes[process].record;
  if (listed == kNoId) return;
  FaultActivation& activation = record_.fault_activations[listed];
  ++(delayed ? activation.delayed : activation.ended);
}

// A request stands before an instance that some fault can hit. True: it may come in. Otherwise `next` is who
// runs now, if anybody. Latency is served first; whoever has served it is asked for the rest.
bool Execution::pass_faults(std::uint32_t slot, bool served, std::uint32_t& next) {
  next = kNoId;
  const EdgeTable& edge = edges_[frames_[slot].edge];
  InstanceFaults& state = faults_of(frames_[slot].instance);
  const Topology& t = *model_->topology;
  const auto concerns = [&](const ActiveEffect& active) {
    const FaultTable& table = model_->faults.faults[active.fault];
    if (!table.filtered) return true;
    for (const std::uint32_t id : fault_.processes[active.process].hit) {
      const FaultTarget& target = t.faults[active.fault].targets[id];
      const std::vector<std::uint32_t>& there = table.targets[id].instances;
      if (!std::binary_search(there.begin(), there.end(), frames_[slot].instance)) continue;
      if (target.operation != kNone && target.operation != static_cast<int>(edge.operation)) continue;
      if (target.from_component != kNone &&
          target.from_component != t.edges[frames_[slot].edge].from_component)
        continue;
      if (target.partition != kNone && !target.led &&
          messaging_->partition_of(slot) != static_cast<std::uint32_t>(target.partition))
        continue;
      return true;
    }
    return false;
  };
  const auto action = [&](const ActiveEffect& a) { return t.faults[a.fault].effects[a.effect].action; };
  if (!served) {
    double wait = 0;
    for (const ActiveEffect& active : state.effects) {
      if (action(active) != FaultAction::delay || !concerns(active) || !fault_strikes(active)) continue;
      wait += fault_time(active);
      blame(active.process, true);
    }
    const std::int64_t ns = sim::Duration::from_ns(wait).ns;
    if (ns > 0) {
      arm_own(sim::saturating_add(now_, ns), Phase::arrive, TimerPurpose::fault, slot);
      return false;
    }
  }
  for (const ActiveEffect& active : state.effects) {
    const FaultAction what = action(active);
    if (what != FaultAction::vanish && what != FaultAction::abort && what != FaultAction::refuse) continue;
    if (!concerns(active) || !fault_strikes(active)) continue;
    blame(active.process, false);
    if (what == FaultAction::vanish) {
      frames_[slot].pc = model_->lost_pc;
      if (frames_[slot].parent == kNoId) next = forget_lost(slot);  // nobody will
      return false;
    }
    next = answer_in_place(slot, what == FaultAction::abort ? Outcome::error : Outcome::network);
    return false;
  }
  if (state.down == 0) return !clocks_ || !token_refused(slot, next);
  blame(state.blame, false);
  next = answer_in_place(slot, Outcome::network);
  return false;
}

// It reached the instance's address, and got its answer there.
std::uint32_t Execution::answer_in_place(std::uint32_t slot, Outcome outcome) {
  const EdgeTable& edge = edges_[frames_[slot].edge];
  ++operations_[edge.operation].arrived;
  calls_[slot].flags |= kThere;
  if (edge.managed) request_came(slot, edge);
  if (orphans_ != 0) note_unheard(slot);
  count_end(edge, outcome);
  return reply_late(slot, outcome);
}

// An attempt that vanished, and that nobody waits for any more.
std::uint32_t Execution::forget_lost(std::uint32_t slot) {
  Frame& f = frames_[slot];
  if (f.timer != kNoId) timers_.cancel_all(f);
  if (edges_[f.edge].counts_outstanding) --instances_[f.instance].outstanding;
  return bury(slot);
}

// A fault has kept it waiting.
std::uint32_t Execution::arrive_after_delay(std::uint32_t slot) {
  std::uint32_t next = kNoId;
  if (frames_[slot].pc != model_->stop_pc && !pass_faults(slot, true, next)) return next;
  return let_in(slot);
}

// --- links

double Execution::link_ns_per_byte(const LinkTable& table) const {
  double ns = table.ns_per_byte;
  if (table.fault == kNoId) return ns;
  for (const ActiveEffect& active : fault_.links[table.fault].effects) {
    const FaultEffect& effect = model_->topology->faults[active.fault].effects[active.effect];
    if (effect.action == FaultAction::bandwidth) ns = std::max(ns, 8e9 / effect.amount);
  }
  return ns;
}

std::int64_t Execution::link_travel(const LinkTable& table) {
  double travel = table.latency == kNoId ? 0 : sample(table.latency);
  if (table.jitter != kNoId) travel += sample(table.jitter);
  if (table.fault != kNoId) {
    std::uint32_t last = kNoId;
    for (const ActiveEffect& active : fault_.links[table.fault].effects) {
      if (model_->topology->faults[active.fault].effects[active.effect].action != FaultAction::latency)
        continue;
      travel += fault_time(active);
      if (active.process != last) blame(active.process, true);
      last = active.process;
    }
  }
  return sim::Duration::from_ns(travel).ns;
}

// One transmission.
bool Execution::lost_by_fault(const LinkTable& table, std::uint32_t& process) {
  if (table.fault == kNoId) return false;
  bool lost = false;
  for (const ActiveEffect& active : fault_.links[table.fault].effects) {
    if (model_->topology->faults[active.fault].effects[active.effect].action != FaultAction::loss) continue;
    if (!fault_strikes(active)) continue;
    lost = true;
    process = active.process;
  }
  return lost;
}

// At the end of the run: what is still on.
void Execution::record_faults() {
  for (std::size_t i = 0; i < fault_.processes.size(); ++i) {
    const FaultProcess& process = fault_.processes[i];
    if (process.active) record_.faults[model_->faults.processes[i].fault].active_ns += now_ - process.start;
  }
  for (std::size_t s = 0; s < station_count(); ++s) {
    const StationTable& station = model_->stations[s];
    StationRecord& record = record_.stations[s];
    record.up_s = record_.seconds() * static_cast<double>(station.instances);
    record.available_s = record_.seconds();
    if (station.first_fault == kNoId) continue;
    Serving& serving = fault_.serving[s];
    serving.settle(now_);
    record.up_s = static_cast<double>(serving.up_area) * 1e-9;
    record.available_s = static_cast<double>(serving.good_ns) * 1e-9;
    record.outages = serving.outages;
    for (std::uint32_t i = 0; i < station.instances; ++i) {
      const InstanceFaults& state = fault_.instances[station.first_fault + i];
      const std::int64_t down = state.down_total + (state.down > 0 ? now_ - state.down_since : 0);
      record.instances[i].down_s = static_cast<double>(down) * 1e-9;
    }
  }
}

}  // namespace tailrace::models
