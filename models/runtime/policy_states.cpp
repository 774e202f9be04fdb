// Policy states of a run: made at its start, counted afresh after the warm-up, read at its end.
#include "models/runtime/execution.hpp"

namespace tailrace::models {

void Execution::start_policies() {
  const CompiledModel& m = *model_;
  policies_.admissions.resize(m.admission_states);
  for (std::uint32_t id = 0; id < m.admission_groups.size(); ++id) {
    const AdmissionGroup& group = m.admission_groups[id];
    if (group.of_queue) continue;
    for (std::uint32_t i = 0; i < group.states(); ++i) {
      AdmissionState& state = policies_.admissions[group.first_state + i];
      state.policy = group.model->start();
      state.group = id;
    }
  }
  admission_counts_.resize(m.admission_groups.size());
  policies_.budgets.resize(m.budget_states);
  for (const BudgetGroup& group : m.budgets) {
    for (std::uint32_t i = 0; i < group.callers; ++i)
      policies_.budgets[group.first_state + i] = group.model->start();
  }
  policies_.hedges.resize(m.hedge_states);
  for (const HedgeGroup& group : m.hedges) {
    for (std::uint32_t i = 0; i < group.callers; ++i)
      policies_.hedges[group.first_state + i] = group.model->start();
  }
  policies_.queues.resize(m.queue_states);
  for (std::size_t s = 0; s < m.stations.size(); ++s) {
    const std::uint32_t first = m.stations[s].first_queue_policy;
    if (first == kNoId) continue;
    for (std::uint32_t i = 0; i < m.stations[s].instances; ++i)
      policies_.queues[first + i] = m.topology->stations[s].queue_policy->start();
  }
  for (const ProberTable& prober : m.probers) {
    const HealthState fresh(*m.topology->stations[prober.station].balancer.health);
    health_.insert(health_.end(), m.stations[prober.station].instances, {fresh, {}});
  }
  policies_.balancers.resize(m.balancer_states);
  for (const BalancerGroup& group : m.balancers) {
    for (std::uint32_t i = 0; i < group.callers; ++i) {
      BalancerModel::Caller caller;
      caller.instance = i;
      caller.instances = group.callers;
      if (!group.caller_zones.empty()) caller.zone = group.caller_zones[i];
      policies_.balancers[group.first_state + i] = group.model->start(caller, streams_[group.stream]);
    }
  }
}

void Execution::reset_policies() {
  for (Health& h : health_) h.log.reset({now_});
  for (AdmissionState& state : policies_.admissions) {
    state.policy->settle({now_});
    if (StatusLog* log = state.policy->log()) log->reset({now_});
  }
  for (AdmissionCounts& counts : admission_counts_) counts = {};
  for (const auto& queue : policies_.queues) {
    if (StatusLog* log = queue->log()) log->reset({now_});
  }
  for (const BalancerGroup& group : model_->balancers) {
    for (std::uint32_t i = 0; i < group.callers; ++i) {
      policies_.balancers[group.first_state + i]->advance({now_});
      for (std::uint32_t k = 0; k < model_->stations[group.station].instances; ++k) {
        if (StatusLog* log = policies_.balancers[group.first_state + i]->log(k)) log->reset({now_});
      }
    }
  }
}

namespace {

PolicyStateRecord record_of(const StatusLog* log, sim::Instant now, double gauge) {
  PolicyStateRecord r;
  r.gauge = gauge;
  if (log == nullptr) return r;
  r.changes = log->changes();
  r.trips = log->trips();
  r.timeline = log->kept();
  for (const std::int64_t ns : log->durations(now)) r.seconds.push_back(static_cast<double>(ns) * 1e-9);
  return r;
}

}  // namespace

void Execution::record_policies() {
  for (std::uint32_t id = 0; id < model_->admission_groups.size(); ++id) {
    const AdmissionGroup& group = model_->admission_groups[id];
    PolicyRecord r;
    r.counts = admission_counts_[id];
    r.of_queue = group.of_queue;
    for (std::uint32_t i = 0; group.of_queue && i < group.callers; ++i) {
      const QueuePolicy& queue = *policies_.queues[model_->stations[group.station].first_queue_policy + i];
      r.states.push_back(record_of(queue.log(), {now_}, 0));
    }
    for (std::uint32_t i = 0; !group.of_queue && i < group.states(); ++i) {
      AdmissionPolicy& policy = *policies_.admissions[group.first_state + i].policy;
      policy.settle({now_});
      r.states.push_back(record_of(policy.log(), {now_}, policy.gauge()));
    }
    record_.policies.push_back(std::move(r));
  }
  for (const Health& h : health_) record_.health.push_back(record_of(&h.log, {now_}, 0));
  record_.balancers.resize(policies_.balancers.size());
  for (const BalancerGroup& group : model_->balancers) {
    for (std::uint32_t i = 0; i < group.callers; ++i) {
      Balancer& balancer = *policies_.balancers[group.first_state + i];
      balancer.advance({now_});
      for (std::uint32_t k = 0; k < model_->stations[group.station].instances; ++k) {
        if (const StatusLog* log = balancer.log(k))
          record_.balancers[group.first_state + i].instances.push_back(record_of(log, {now_}, 0));
      }
    }
  }
}

}  // namespace tailrace::models
