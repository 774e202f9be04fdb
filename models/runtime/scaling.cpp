// Instances come, serve, drain and go. Autoscalers look at what is measured in the last phase of an instant;
// instances become ready in the phase of arrivals, after the work that ends then.
#include "models/runtime/execution.hpp"

#include <algorithm>
#include <numeric>

namespace tailrace::models {

using sim::Phase;
using State = InstanceLife::State;

namespace {

enum ScaleStep : std::uint32_t { kSample, kAppointment, kReady, kGraceOver, kIdle };
constexpr std::uint32_t kStepBits = 3;
constexpr std::uint32_t kEpochs = 1u << (24 - kStepBits);
constexpr std::size_t kMostScaleEvents = 10'000;  // that the record lists

double mean_of(Area area, std::int64_t ns) {
  return ns > 0 ? static_cast<double>(area) / static_cast<double>(ns) : 0;
}

}  // namespace

void Execution::start_scaling() {
  lives_.resize(model_->lives);
  scaled_.resize(model_->scaled.size());
  for (std::uint32_t id = 0; id < scaled_.size(); ++id) {
    ScaledStation& sc = scaled_[id];
    sc.station = model_->scaled[id].station;
    const StationTable& station = station_tables_[sc.station];
    const ScalingSettings& s = scaling_of(station);
    for (std::uint32_t i = 0; i < station.instances; ++i) {
      InstanceLife& life = lives_[station.first_life + i];
      if (i < s.initial) {
        life.state = State::ready;
        ++sc.ready;
        continue;
      }
      InstanceFaults& faults = fault_.instances[station.first_fault + i];
      ++faults.down;
      faults.blame = kNoId;
      fault_.serving[sc.station].change(0, -1);
      tell_present(sc.station, i, false);
    }
    fault_.serving[sc.station].outages = 0;
    sc.record.station = sc.station;
    sc.record.least = sc.record.most = sc.ready;
    for (std::uint32_t k = 0; k < s.schedule.size(); ++k) {
      schedule(s.schedule[k].at.ns, Phase::arrive, Kind::scale, id, kAppointment | k << kStepBits);
    }
    if (s.idle_timeout) {
      for (std::uint32_t i = 0; i < s.initial; ++i) fell_idle(sc, station.first_instance + i);
    }
    if (!s.looks) continue;
    sc.autoscaler = s.looks->model->start();
    sc.step_ns = std::gcd(std::gcd(s.looks->period.ns, s.looks->window.ns),
                          std::gcd(s.looks->quick_window.ns, s.looks->lag.ns));
    sc.samples.push_back(sample_of(sc));
    schedule(sc.step_ns, Phase::observe, Kind::scale, id, kSample);
  }
}

void Execution::scale_event(std::uint32_t target, std::uint32_t extra) {
  const std::uint32_t step = extra & ((1u << kStepBits) - 1);
  const std::uint32_t number = extra >> kStepBits;
  if (step == kSample) return take_sample(target);
  if (step == kAppointment) return keep_appointment(target, number);
  const StationTable& station = station_tables_[instances_[target].station];
  const InstanceLife& life = lives_[station.first_life + (target - station.first_instance)];
  ScaledStation& sc = scaled_[station.scaled];
  if (step == kIdle) {
    const std::int64_t timeout = scaling_of(station).idle_timeout->ns;
    if (life.state != State::ready || life.inside > 0 || now_ - life.idle_since < timeout) return;
    return idle_for_long(sc, target);
  }
  if (life.epoch % kEpochs != number) return;
  step == kReady ? become_ready(sc, target) : gone(sc, target);
}

// --- what autoscalers see

Area Execution::busy_until_now(const StationTable& station, std::uint32_t instance) const {
  const InstanceState& state = instances_[instance];
  return state.busy_area + static_cast<Area>(station.workers - state.free) * now_;
}

double Execution::cpu_until_now(const StationTable& station, std::uint32_t instance) {
  if (station.first_cpu == kNoId) return 0;
  const std::uint32_t cpu = station.first_cpu + (instance - station.first_instance);
  if (station.cpu_scheduling == CpuScheduling::processor_sharing) return cpus_[cpu].busy(now_);
  const auto busy = static_cast<std::int32_t>(station.cores) - cores_[cpu].free;
  return static_cast<double>(cores_[cpu].busy_area + static_cast<Area>(busy) * now_);
}

// What it has done since it became ready goes into the station's sums, or counts from here on.
void Execution::account_ready(ScaledStation& sc, std::uint32_t instance, bool into_sums) {
  const StationTable& station = station_tables_[sc.station];
  InstanceLife& life = lives_[station.first_life + (instance - station.first_instance)];
  const Area busy = busy_until_now(station, instance);
  const double cpu = cpu_until_now(station, instance);
  if (into_sums) {
    sc.busy_area += busy - life.busy_mark;
    sc.cpu_area += cpu - life.cpu_mark;
  }
  life.busy_mark = busy;
  life.cpu_mark = cpu;
}

ScaleSample Execution::sample_of(ScaledStation& sc) {
  const StationTable& station = station_tables_[sc.station];
  sc.settle(now_);
  ScaleSample s;
  s.at = now_;
  s.queued = sc.queue_carry;
  const std::uint32_t places = station.instances + (station.shared ? 1 : 0);
  for (std::uint32_t i = 0; i < places; ++i) {
    const InstanceState& instance = instances_[station.first_instance + i];
    s.queued += instance.queue_area + static_cast<Area>(instance.queued) * now_;
    s.queued_now += instance.queued;
    if (i < station.instances && lives_[station.first_life + i].state == State::ready)
      account_ready(sc, station.first_instance + i, true);
  }
  // What waits for a consumer group waits in its channel.
  if (messaging_) s.queued_now += static_cast<std::uint32_t>(messaging_->lag_of_station(sc.station));
  s.busy = sc.busy_area;
  s.cpu = sc.cpu_area;
  s.ready = sc.ready_area;
  s.inside = sc.inside_area;
  s.inside_now = sc.inside;
  s.arrived = sc.arrived;
  return s;
}

double Execution::measured(const ScaledStation& sc, sim::Duration window) const {
  const StationTable& station = station_tables_[sc.station];
  const ScaleLooks& looks = *scaling_of(station).looks;
  const auto at = [&](std::int64_t when) -> const ScaleSample& {
    auto it = sc.samples.rbegin();
    while (it->at > when && std::next(it) != sc.samples.rend()) ++it;
    return *it;
  };
  const ScaleSample& b = at(now_ - looks.lag.ns);
  const ScaleSample& a = at(now_ - looks.lag.ns - window.ns);
  const std::int64_t ns = b.at - a.at;
  const Area ready = b.ready - a.ready;
  switch (looks.metric) {
    case ScaleMetric::workers:
      return ready > 0 ? static_cast<double>(b.busy - a.busy) / static_cast<double>(ready) / station.workers
                       : 0;
    case ScaleMetric::cpu:
      return ready > 0 ? (b.cpu - a.cpu) / static_cast<double>(ready) / station.cores : 0;
    case ScaleMetric::requests:
      return ns > 0 ? static_cast<double>(b.arrived - a.arrived) * 1e9 / static_cast<double>(ns) : 0;
    case ScaleMetric::queue:
      return window.ns == 0 ? b.queued_now : mean_of(b.queued - a.queued, ns);
    case ScaleMetric::concurrency:
      return window.ns == 0 ? b.inside_now : mean_of(b.inside - a.inside, ns);
  }
  return 0;
}

void Execution::take_sample(std::uint32_t id) {
  ScaledStation& sc = scaled_[id];
  const StationTable& station = station_tables_[sc.station];
  const ScaleLooks& looks = *scaling_of(station).looks;
  schedule(sim::saturating_add(now_, sc.step_ns), Phase::observe, Kind::scale, id, kSample);
  sc.samples.push_back(sample_of(sc));
  const std::int64_t kept = looks.lag.ns + std::max(looks.window.ns, looks.quick_window.ns);
  while (sc.samples.size() > 1 && sc.samples[1].at <= now_ - kept) sc.samples.pop_front();
  if (now_ % looks.period.ns != 0) return;
  ScaleFacts facts;
  facts.now = {now_};
  facts.current = sc.current();
  for (std::uint32_t i = 0; i < station.instances; ++i) {
    if (lives_[station.first_life + i].state == State::ready &&
        fault_.instances[station.first_fault + i].down == 0)
      ++facts.ready;
  }
  facts.value = measured(sc, looks.window);
  if (looks.quick_window.ns > 0) facts.quick = measured(sc, looks.quick_window);
  const ScaleAdvice advice = sc.autoscaler->look(facts);
  set_wanted(sc, advice.wanted, advice.reason,
             advice.reason == ScaleReason::panic ? facts.quick : facts.value);
}

void Execution::keep_appointment(std::uint32_t id, std::uint32_t number) {
  ScaledStation& sc = scaled_[id];
  const ScalingSettings& s = scaling_of(station_tables_[sc.station]);
  const ScaleAppointment& a = s.schedule[number];
  if (a.every.ns > 0)
    schedule(sim::saturating_add(now_, a.every.ns), Phase::arrive, Kind::scale, id,
             kAppointment | number << kStepBits);
  sc.floor = a.instances;
  const std::int64_t wanted = s.looks ? std::max<std::int64_t>(sc.current(), a.instances) : a.instances;
  set_wanted(sc, static_cast<std::uint32_t>(wanted), ScaleReason::schedule, 0);
}

// --- how many there are

void Execution::set_wanted(ScaledStation& sc, std::uint32_t wanted, ScaleReason reason, double value) {
  const ScalingSettings& s = scaling_of(station_tables_[sc.station]);
  const std::int64_t least = std::max(s.least, std::min(sc.floor, s.most));
  const auto n = static_cast<std::uint32_t>(std::clamp<std::int64_t>(wanted, least, s.most));
  const std::uint32_t current = sc.current();
  if (n == current) return;
  // The last one stays while somebody is inside; the clock does not ask.
  if (n == 0 && sc.inside > 0 && reason != ScaleReason::schedule) return;
  note_scaling(sc, current, n, reason, value);
  for (std::uint32_t k = current; k < n; ++k) add_instance(sc);
  for (std::uint32_t k = n; k < current; ++k) take_instance(sc);
}

void Execution::note_scaling(ScaledStation& sc, std::uint32_t from, std::uint32_t to, ScaleReason reason,
                             double value) {
  ++(to > from ? sc.record.ups : sc.record.downs);
  if (sc.record.events.size() < kMostScaleEvents) sc.record.events.push_back({now_, from, to, reason, value});
  sc.record.least = std::min(sc.record.least, to);
  sc.record.most = std::max(sc.record.most, to);
}

// The first that is not there; where none is left, one that still drains is kept after all.
void Execution::add_instance(ScaledStation& sc) {
  const StationTable& station = station_tables_[sc.station];
  std::uint32_t chosen = kNoId;
  for (std::uint32_t i = 0; i < station.instances && chosen == kNoId; ++i) {
    if (lives_[station.first_life + i].state == State::absent) chosen = i;
  }
  sc.settle(now_);
  if (chosen == kNoId) {
    for (std::uint32_t i = 0; i < station.instances && chosen == kNoId; ++i) {
      if (lives_[station.first_life + i].state == State::draining) chosen = i;
    }
    InstanceLife& life = lives_[station.first_life + chosen];
    ++life.epoch;
    --sc.draining;
    life.state = State::ready;
    ++sc.ready;
    account_ready(sc, station.first_instance + chosen, false);
    tell_present(sc.station, chosen, true);
    if (messaging_) messaging_->instance_leaves(station.first_instance + chosen, false);
    if (station.shared) serve_shared(sc.station);
    return;
  }
  start_instance(sc, station.first_instance + chosen);
}

void Execution::start_instance(ScaledStation& sc, std::uint32_t instance) {
  const StationTable& station = station_tables_[sc.station];
  InstanceLife& life = lives_[station.first_life + (instance - station.first_instance)];
  sc.settle(now_);
  life.state = State::starting;
  life.present_since = now_;
  ++sc.starting;
  ++sc.record.started;
  if (upkeep_ && upkeep_->begins(instance)) return;
  go_on_starting(sc, instance);
}

// It has what it needs to start.
void Execution::go_on_starting(ScaledStation& sc, std::uint32_t instance) {
  const StationTable& station = station_tables_[sc.station];
  const InstanceLife& life = lives_[station.first_life + (instance - station.first_instance)];
  const std::int64_t wait = sim::Duration::from_ns(sample(model_->scaled[station.scaled].startup)).ns;
  if (wait == 0) return become_ready(sc, instance);
  schedule(sim::saturating_add(now_, wait), Phase::arrive, Kind::scale, instance,
           kReady | (life.epoch % kEpochs) << kStepBits);
}

void Execution::become_ready(ScaledStation& sc, std::uint32_t instance) {
  const StationTable& station = station_tables_[sc.station];
  const std::uint32_t index = instance - station.first_instance;
  InstanceLife& life = lives_[station.first_life + index];
  sc.settle(now_);
  --sc.starting;
  ++sc.ready;
  life.state = State::ready;
  account_ready(sc, instance, false);
  if (!life.hidden) tell_present(sc.station, index, true);
  instance_up(instance);
  if (station.shared) serve_shared(sc.station);
  if (life.inside == 0) fell_idle(sc, instance);
  go_on_deploying(sc);
}

// The last that starts, or else the last that is ready.
void Execution::take_instance(ScaledStation& sc) {
  const StationTable& station = station_tables_[sc.station];
  for (const State state : {State::starting, State::ready}) {
    for (std::uint32_t i = station.instances; i-- > 0;) {
      if (lives_[station.first_life + i].state == state) return retire(sc, station.first_instance + i);
    }
  }
}

void Execution::retire(ScaledStation& sc, std::uint32_t instance) {
  const StationTable& station = station_tables_[sc.station];
  const std::uint32_t index = instance - station.first_instance;
  InstanceLife& life = lives_[station.first_life + index];
  sc.settle(now_);
  ++life.epoch;
  ++sc.record.stopped;
  if (life.state == State::starting) {
    --sc.starting;
    life.state = State::absent;
    life.present_ns += now_ - life.present_since;
    return;
  }
  account_ready(sc, instance, true);
  --sc.ready;
  ++sc.draining;
  life.state = State::draining;
  tell_present(sc.station, index, false);
  if (messaging_) messaging_->instance_leaves(instance, true);
  if (life.inside == 0) return gone(sc, instance);
  schedule(sim::saturating_add(now_, scaling_of(station).grace.ns), Phase::arrive, Kind::scale, instance,
           kGraceOver | (life.epoch % kEpochs) << kStepBits);
}

// Its work is done, or its time is over: what is still inside ends as in a crash.
void Execution::gone(ScaledStation& sc, std::uint32_t instance) {
  const StationTable& station = station_tables_[sc.station];
  InstanceLife& life = lives_[station.first_life + (instance - station.first_instance)];
  sc.settle(now_);
  --sc.draining;
  ++life.epoch;
  life.state = State::absent;
  life.present_ns += now_ - life.present_since;
  const std::uint32_t cut = life.inside;
  sc.record.cut_off += cut;
  instance_down(instance, kNoId);
  if (cut > 0) {
    answer_for_the_dead();
  } else if (messaging_) {
    messaging_->start_postponed();  // what its channels hand on since they heard of it
  }
  go_on_deploying(sc);
}

void Execution::tell_present(std::uint32_t station, std::uint32_t index, bool present) {
  if (wires_) wires_->present(station_tables_[station].first_instance + index, present);
  if (station_tables_[station].directory != kNoId) upkeep_->set_present(station, index, present);
  for (const BalancerGroup& group : model_->balancers) {
    if (group.station != station || group.viewed) continue;
    for (std::uint32_t i = 0; i < group.callers; ++i)
      policies_.balancers[group.first_state + i]->set_present(index, present, {now_});
  }
}

// --- requests

// A request is at the station; at a shared queue it is at no instance yet.
void Execution::request_came(std::uint32_t slot, const EdgeTable& edge) {
  const StationTable& station = station_tables_[edge.station];
  if (station.scaled == kNoId) return;
  ScaledStation& sc = scaled_[station.scaled];
  sc.settle(now_);
  ++sc.inside;
  ++sc.arrived;
  ++sc.record.requests;
  if (station.shared) return;
  if (sc.ready == 0) ++sc.record.cold;
  ++lives_[station.first_life + (frames_[slot].instance - station.first_instance)].inside;
}

void Execution::request_left(std::uint32_t slot, const EdgeTable& edge, Outcome outcome) {
  const StationTable& station = station_tables_[edge.station];
  const std::uint32_t instance = frames_[slot].instance;
  if (station.shared) serve_shared(edge.station);
  if (station.scaled == kNoId) return;
  ScaledStation& sc = scaled_[station.scaled];
  sc.settle(now_);
  --sc.inside;
  if (instance == queue_place(station)) return;
  InstanceLife& life = lives_[station.first_life + (instance - station.first_instance)];
  if (life.version > 0 && outcome != Outcome::cancelled) {
    DeploymentRecord& deployment = record_.deployments[life.version - 1];
    ++deployment.requests;
    if (outcome != Outcome::success) ++deployment.failed;
  }
  if (--life.inside > 0) return;
  if (life.state == State::draining) return gone(sc, instance);
  if (life.state == State::ready) fell_idle(sc, instance);
}

void Execution::note_cold(const StationTable& station, bool waits) {
  ScaledStation& sc = scaled_[station.scaled];
  if (sc.ready == 0 || (waits && scaling_of(station).idle_timeout)) ++sc.record.cold;
}

// At a shared queue, without a free worker.
void Execution::someone_waits(const StationTable& station) {
  ScaledStation& sc = scaled_[station.scaled];
  const ScalingSettings& s = scaling_of(station);
  if (s.idle_timeout) {
    const std::uint64_t waiting = instances_[queue_place(station)].queued;
    const auto places = static_cast<std::uint64_t>(station.workers);
    if (waiting > places * sc.starting && sc.current() < s.most)
      set_wanted(sc, sc.current() + 1, ScaleReason::request, static_cast<double>(waiting));
  } else if (sc.current() == 0 && s.looks && s.looks->wakes_at_once) {
    set_wanted(sc, 1, ScaleReason::request, 1);
  }
}

void Execution::fell_idle(ScaledStation& sc, std::uint32_t instance) {
  const StationTable& station = station_tables_[sc.station];
  const ScalingSettings& s = scaling_of(station);
  if (!s.idle_timeout) return;
  lives_[station.first_life + (instance - station.first_instance)].idle_since = now_;
  if (s.idle_timeout->ns == 0) return idle_for_long(sc, instance);
  schedule(sim::saturating_add(now_, s.idle_timeout->ns), Phase::arrive, Kind::scale, instance, kIdle);
}

void Execution::idle_for_long(ScaledStation& sc, std::uint32_t instance) {
  const std::uint32_t current = sc.current();
  if (static_cast<std::int64_t>(current) <= scaling_of(station_tables_[sc.station]).least) return;
  note_scaling(sc, current, current - 1, ScaleReason::idle, 0);
  retire(sc, instance);
}

// --- statistics

// The sums of instances and queues are about to begin anew.
void Execution::before_statistics_begin() {
  for (ScaledStation& sc : scaled_) {
    sc.queue_carry = sample_of(sc).queued;
    sc.present_mark = sc.present_area;
    sc.window_mark = sc.ready_area;
    const std::uint32_t current = sc.current();
    sc.record = {};
    sc.record.station = sc.station;
    sc.record.least = sc.record.most = current;
  }
  for (InstanceLife& life : lives_) {
    life.present_ns = 0;
    life.present_since = now_;
  }
}

void Execution::statistics_have_begun() {
  for (ScaledStation& sc : scaled_) {
    const StationTable& station = station_tables_[sc.station];
    const std::uint32_t places = station.instances + (station.shared ? 1 : 0);
    for (std::uint32_t i = 0; i < places; ++i) {
      const InstanceState& instance = instances_[station.first_instance + i];
      sc.queue_carry -= instance.queue_area + static_cast<Area>(instance.queued) * now_;
      if (i < station.instances && lives_[station.first_life + i].state == State::ready)
        account_ready(sc, station.first_instance + i, false);
    }
  }
}

// Mean number of ready instances since the last call.
double Execution::instances_over(std::size_t station_id, double seconds) {
  const StationTable& station = model_->stations[station_id];
  if (station.scaled == kNoId || !(seconds > 0)) return station.instances;
  ScaledStation& sc = scaled_[station.scaled];
  sc.settle(now_);
  const double mean = static_cast<double>(sc.ready_area - sc.window_mark) * 1e-9 / seconds;
  sc.window_mark = sc.ready_area;
  return mean;
}

void Execution::record_scaling() {
  for (ScaledStation& sc : scaled_) {
    const StationTable& station = station_tables_[sc.station];
    sc.settle(now_);
    sc.record.present_s = static_cast<double>(sc.present_area - sc.present_mark) * 1e-9;
    for (std::uint32_t i = 0; i < station.instances; ++i) {
      const InstanceLife& life = lives_[station.first_life + i];
      const std::int64_t now_present = life.state == State::absent ? 0 : now_ - life.present_since;
      record_.stations[sc.station].instances[i].present_s =
          static_cast<double>(life.present_ns + now_present) * 1e-9;
    }
    record_.scaling.push_back(std::move(sc.record));
  }
}

}  // namespace tailrace::models
