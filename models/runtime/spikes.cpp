// Load that faults add to a workload: requests beside those of its own clock, or further virtual users.
#include <algorithm>

#include "models/policies/load_balancing/load_balancing.hpp"
#include "models/runtime/execution.hpp"
#include "sim/base/math.hpp"

namespace tailrace::models {

using sim::Phase;

namespace {

constexpr std::uint32_t kEpochs = 1u << 24;

// Requests per ns that a workload means to send at this time.
double rate_at(const Workload& w, std::int64_t now, double highest) {
  switch (w.process) {
    case ArrivalProcess::ramping_rate: {
      double from = w.rate_per_s;
      std::int64_t start = 0;
      for (const RateStage& stage : w.stages) {
        if (now < sim::saturating_add(start, stage.duration.ns)) {
          const double part = static_cast<double>(now - start) / static_cast<double>(stage.duration.ns);
          return (from + (stage.target - from) * part) * 1e-9;
        }
        start = sim::saturating_add(start, stage.duration.ns);
        from = stage.target;
      }
      return from * 1e-9;
    }
    case ArrivalProcess::sinusoidal_rate: {
      const double turns = static_cast<double>(now) / static_cast<double>(w.period.ns) + w.phase_fraction;
      return (w.rate_per_s + w.amplitude_per_s * sim::math::sin_turn(turns)) * 1e-9;
    }
    default:
      return highest;
  }
}

}  // namespace

void Execution::begin_spike(std::uint32_t id, std::uint32_t process) {
  const SpikeTable& table = model_->faults.spikes[id];
  SpikeState& spike = fault_.spikes[id];
  const double factor = model_->topology->faults[table.fault].effects.front().amount;
  spike.active = true;
  spike.epoch = (spike.epoch + 1) % kEpochs;
  spike.process = process;
  spike.start = now_;
  const WorkloadTable& workload = workload_tables_[table.workload];
  if (workload.closed) {
    ClientState& client = clients_[table.workload];
    const std::int64_t own = client.wanted - client.extra;
    spike.users = static_cast<std::int64_t>(static_cast<double>(own) * (factor - 1) + 0.5);
    client.extra += spike.users;
    bring_users(table.workload, own);
    return;
  }
  schedule_spike(id);
}

void Execution::end_spike(std::uint32_t id) {
  SpikeState& spike = fault_.spikes[id];
  spike.active = false;
  if (spike.users == 0) return;
  const std::uint32_t workload = model_->faults.spikes[id].workload;
  clients_[workload].extra -= spike.users;
  clients_[workload].wanted -= spike.users;  // those too many leave after their request
  spike.users = 0;
}

// Candidates come at the highest rate there can be, and are taken with the share that the rate is of it now:
// no draw where it is all of it.
void Execution::schedule_spike(std::uint32_t id) {
  const SpikeTable& table = model_->faults.spikes[id];
  const double factor = model_->topology->faults[table.fault].effects.front().amount;
  const double most = (factor - 1) * table.most_per_ns;
  if (!(most > 0)) return;
  const std::int64_t gap = sim::Duration::from_ns(sample(table.spacing) / most).ns;
  schedule(sim::saturating_add(now_, gap), Phase::arrive, Kind::spike, id, fault_.spikes[id].epoch);
}

void Execution::spike_event(std::uint32_t id, std::uint32_t epoch) {
  const SpikeTable& table = model_->faults.spikes[id];
  const SpikeState& spike = fault_.spikes[id];
  if (!spike.active || spike.epoch != epoch) return;
  schedule_spike(id);
  const WorkloadTable& workload = workload_tables_[table.workload];
  const double share = strength({table.fault, 0, spike.process, spike.start}) *
                       rate_at(*workload.model, now_, table.most_per_ns) / table.most_per_ns;
  sim::Stream& random = streams_[table.stream];
  if (share < 1 && random.uniform() >= share) return;
  std::int64_t requests = 1;
  if (workload.batch != kNoId) {
    requests = sim::Duration::from_ns(std::min(draw_tables_[workload.batch].sampler.sample(random), 1e7)).ns;
    requests = std::max<std::int64_t>(requests, 1);
  }
  for (std::int64_t i = 0; i < requests; ++i) {
    start_request(workload.classes == 1
                      ? workload.first_class
                      : workload.first_class + choose_weighted(workload.cumulative_weight, random));
    run_woken();
  }
  record_.faults[table.fault].added += static_cast<std::uint64_t>(requests);
}

}  // namespace tailrace::models
