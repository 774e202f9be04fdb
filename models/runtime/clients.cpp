// Who asks: virtual users and their number, and the class of each request.
#include <algorithm>

#include "models/policies/load_balancing/load_balancing.hpp"
#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

void Execution::start_clients() {
  for (std::uint32_t id = 0; id < model_->workloads.size(); ++id) {
    const Workload& w = *workload_tables_[id].model;
    ClientState& client = clients_[id];
    if (!w.open()) {
      client.next_wanted = w.vus;
      users_change(id);
      continue;
    }
    client.clock.start(w);
    const std::int64_t first = next_arrival(id);
    if (first < 0) continue;
    schedule(first, Phase::arrive, Kind::client, id);
    client.upcoming = next_arrival(id);
  }
}

std::uint32_t Execution::pick_class(std::uint32_t workload_id) {
  const WorkloadTable& w = workload_tables_[workload_id];
  if (w.classes == 1) return w.first_class;
  return w.first_class + choose_weighted(w.cumulative_weight, streams_[w.class_stream]);
}

void Execution::think(std::uint32_t workload_id, bool took_no_time) {
  ClientState& client = clients_[workload_id];
  if (client.users > client.wanted) {  // the ramp went down: this user leaves
    --client.users;
    return;
  }
  auto pause = sim::Duration::from_ns(sample(workload_tables_[workload_id].think));
  if (took_no_time && pause.ns == 0) pause = workload_tables_[workload_id].model->instant_pause;
  schedule(sim::saturating_add(now_, pause.ns), Phase::arrive, Kind::user, workload_id);
}

// Brings the number of users up to what is wanted (those too many leave after their request) and schedules
// the next change. On a ramp the users change one by one, at the times when the straight line crosses a whole
// number.
void Execution::users_change(std::uint32_t workload_id) {
  bring_users(workload_id, clients_[workload_id].next_wanted);
  if (workload_tables_[workload_id].model->process == ArrivalProcess::ramping_vus)
    next_users_change(workload_id);
}

// So many of the workload's own, and those that faults add.
void Execution::bring_users(std::uint32_t workload_id, std::int64_t own) {
  ClientState& client = clients_[workload_id];
  const WorkloadTable& table = workload_tables_[workload_id];
  client.wanted = own + client.extra;
  constexpr std::int64_t kLookEvery = 4096;
  while (client.users < client.wanted && !done_) {
    ++client.users;
    if (client.users % kLookEvery == 0) check_memory();
    if (!table.model->think_first) {
      start_request(table.start_class);
    } else {
      think(workload_id);
    }
  }
}

void Execution::next_users_change(std::uint32_t workload_id) {
  ClientState& client = clients_[workload_id];
  const Workload& w = *workload_tables_[workload_id].model;
  std::int64_t stage_start = 0;
  for (std::size_t i = 0; i < client.stage; ++i)
    stage_start = sim::saturating_add(stage_start, w.stages[i].duration.ns);
  while (client.stage < w.stages.size()) {
    const RateStage& stage = w.stages[client.stage];
    const double from = client.stage == 0 ? static_cast<double>(w.vus) : w.stages[client.stage - 1].target;
    const auto target = static_cast<std::int64_t>(stage.target);
    const std::int64_t wanted = client.wanted - client.extra;
    if (wanted == target || stage.duration.ns == 0) {
      stage_start = sim::saturating_add(stage_start, stage.duration.ns);
      ++client.stage;
      if (wanted == target) continue;
      client.next_wanted = target;
      schedule(std::max(now_, stage_start), Phase::arrive, Kind::users_change, workload_id);
      return;
    }
    client.next_wanted = wanted + (wanted < target ? 1 : -1);
    const double share = (static_cast<double>(client.next_wanted) - from) / (stage.target - from);
    const auto offset = sim::Duration::from_ns(share * static_cast<double>(stage.duration.ns));
    schedule(std::max(now_, sim::saturating_add(stage_start, offset.ns)), Phase::arrive, Kind::users_change,
             workload_id);
    return;
  }
}

}  // namespace tailrace::models
