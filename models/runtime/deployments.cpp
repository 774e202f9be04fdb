// New versions of a station's instances. Whatever happens (an instance is ready, or gone) leads to the same
// question: what may be done next? The answer depends on counts alone, so a strategy is a rule about counts.
#include <cmath>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;
using State = InstanceLife::State;

namespace {
enum DeployStep : std::uint32_t { kBegin, kJudge };
constexpr std::int64_t kLookAgain = 1'000'000'000;  // for the end of the deployment before
}  // namespace

void Execution::start_deployments() {
  const std::vector<Deployment>& list = model_->topology->deployments;
  record_.deployments.resize(list.size());
  for (std::uint32_t id = 0; id < list.size(); ++id)
    schedule(list[id].at.ns, Phase::arrive, Kind::deploy, id, kBegin);
}

void Execution::deployment_event(std::uint32_t id, std::uint32_t step) {
  const Deployment& d = model_->topology->deployments[id];
  ScaledStation& sc = scaled_[station_tables_[d.station].scaled];
  if (step == kJudge) return judge_canary(id);
  if (sc.deployment != kNoId) return schedule(now_ + kLookAgain, Phase::arrive, Kind::deploy, id, kBegin);
  DeploymentRecord& record = record_.deployments[id];
  record.blocked = d.version.api.gate && !fits_what_runs(d);
  if (record.blocked) {
    record.blocked_ns += kLookAgain;
    return schedule(now_ + kLookAgain, Phase::arrive, Kind::deploy, id, kBegin);
  }
  sc.deployment = id;
  sc.stage = 0;
  sc.watching = sc.back = false;
  record_.deployments[id].start_ns = now_;
  go_on_deploying(sc);
}

void Execution::go_on_deploying(ScaledStation& sc) {
  if (sc.deployment == kNoId || sc.deploying) return;
  sc.deploying = true;
  while (sc.deployment != kNoId && deploy_one_more(sc)) {
  }
  sc.deploying = false;
}

// One change; false when it must wait for something, or is done.
bool Execution::deploy_one_more(ScaledStation& sc) {
  const Deployment& d = model_->topology->deployments[sc.deployment];
  const StationTable& station = station_tables_[sc.station];
  const std::uint32_t version = sc.deployment + 1;
  struct Counts {
    std::int64_t present = 0, ready = 0;
  } old, fresh;
  std::int64_t draining = 0;
  std::uint32_t last_old = kNoId, last_new = kNoId, room = kNoId;
  for (std::uint32_t i = 0; i < station.instances; ++i) {
    const InstanceLife& life = lives_[station.first_life + i];
    if (life.state == State::absent && room == kNoId) room = i;
    if (life.state == State::draining) ++draining;
    if (life.state != State::starting && life.state != State::ready) continue;
    Counts& counts = life.version == version ? fresh : old;
    ++counts.present;
    if (life.state == State::ready) ++counts.ready;
    (life.version == version ? last_new : last_old) = i;
  }
  const bool canary = d.strategy == DeploymentStrategy::canary;
  const bool partly = canary && sc.stage < d.steps.size();
  std::int64_t wanted = d.replicas;  // of the new version
  if (partly) {
    const double share = d.steps[sc.stage].share * static_cast<double>(d.replicas);
    wanted = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(share - 1e-9)));
  }
  if (sc.back) wanted = 0;
  const std::int64_t kept = d.replicas - wanted;
  const auto start = [&](std::uint32_t of_version) {
    if (room == kNoId) return false;
    InstanceLife& life = lives_[station.first_life + room];
    life.version = of_version;
    life.hidden = d.strategy == DeploymentStrategy::blue_green;
    start_instance(sc, station.first_instance + room);
    return true;
  };
  const auto stop = [&](std::uint32_t index) {
    retire(sc, station.first_instance + index);
    return true;
  };
  if (d.strategy == DeploymentStrategy::recreate) {
    if (old.present > 0) return stop(last_old);
    if (draining > 0) return false;
    if (fresh.present < wanted) return start(version);
  } else if (d.strategy == DeploymentStrategy::blue_green) {
    if (fresh.present < wanted) return start(version);
    if (fresh.ready < wanted) return false;
    if (old.present > 0) {
      for (std::uint32_t i = 0; i < station.instances; ++i) {
        InstanceLife& life = lives_[station.first_life + i];
        if (!life.hidden) continue;
        life.hidden = false;
        tell_present(sc.station, i, true);
      }
      return stop(last_old);
    }
  } else {
    const bool may_add = old.present + fresh.present < d.replicas + d.surge;
    const bool may_take = old.ready + fresh.ready - 1 >= d.replicas - d.unavailable;
    if (fresh.present < wanted && may_add) return start(version);
    if (old.present < kept && may_add) return start(sc.version);
    if (old.present > kept && (may_take || old.ready < old.present)) return stop(last_old);
    if (fresh.present > wanted && (may_take || fresh.ready < fresh.present)) return stop(last_new);
  }
  if (fresh.ready != wanted || fresh.present != wanted || old.present != kept || old.ready != kept)
    return false;
  if (!partly || sc.back) {
    finish_deployment(sc, sc.back);
    return false;
  }
  if (sc.watching) return false;
  sc.watching = true;
  sc.requests_before = record_.deployments[sc.deployment].requests;
  sc.failed_before = record_.deployments[sc.deployment].failed;
  schedule(sim::saturating_add(now_, d.steps[sc.stage].pause.ns), Phase::arrive, Kind::deploy, sc.deployment,
           kJudge);
  return false;
}

void Execution::judge_canary(std::uint32_t id) {
  const Deployment& d = model_->topology->deployments[id];
  ScaledStation& sc = scaled_[station_tables_[d.station].scaled];
  const auto requests = static_cast<double>(record_.deployments[id].requests - sc.requests_before);
  const auto failed = static_cast<double>(record_.deployments[id].failed - sc.failed_before);
  sc.watching = false;
  if (requests > 0 && failed / requests > d.abort_above) {
    sc.back = true;
  } else {
    ++sc.stage;
  }
  go_on_deploying(sc);
}

void Execution::finish_deployment(ScaledStation& sc, bool rolled_back) {
  DeploymentRecord& record = record_.deployments[sc.deployment];
  record.end_ns = now_;
  record.rolled_back = rolled_back;
  if (!rolled_back) sc.version = sc.deployment + 1;
  sc.deployment = kNoId;
}

// After its work a request at a new version may fail.
bool Execution::version_fails(const StationTable& station, std::uint32_t instance) {
  const std::uint32_t version = lives_[station.first_life + (instance - station.first_instance)].version;
  if (version == 0) return false;
  const double rate = model_->topology->deployments[version - 1].version.error_rate;
  return rate > 0 && streams_[model_->scaled[station.scaled].errors].uniform() < rate;
}

double Execution::version_slowness(const StationTable& station, std::uint32_t instance) const {
  const std::uint32_t version = lives_[station.first_life + (instance - station.first_instance)].version;
  return version == 0 ? 1 : model_->topology->deployments[version - 1].version.slowness;
}

}  // namespace tailrace::models
