// Versions that do not understand each other, and what is paid for between zones: both are about who calls
// whom, instance by instance.
#include "models/runtime/execution.hpp"

namespace tailrace::models {

using State = InstanceLife::State;

namespace {

// What a version answers to, and what it expects of a station. Number 0 is what runs at the start.
struct Served {
  std::int64_t oldest = 1, newest = 1;
  bool has(std::int64_t api) const { return oldest <= api && api <= newest; }
};
Served served_by(const Topology& t, std::uint32_t version) {
  if (version == 0) return {};
  const ApiVersion& api = t.deployments[version - 1].version.api;
  return {api.oldest, api.newest};
}
std::int64_t expected_by(const Topology& t, std::uint32_t version, std::uint32_t station) {
  if (version == 0) return 1;
  for (const auto& [whom, api] : t.deployments[version - 1].version.api.expects) {
    if (static_cast<std::uint32_t>(whom) == station) return api;
  }
  return 1;
}

}  // namespace

// The caller was written for another version of the interface than this instance serves.
bool Execution::contract_broken(std::uint32_t slot) {
  const Frame& f = frames_[slot];
  const Topology& t = *model_->topology;
  const std::uint32_t station_id = edges_[f.edge].station;
  const auto version_at = [&](std::uint32_t instance) {
    const StationTable& station = station_tables_[instances_[instance].station];
    if (station.scaled == kNoId) return 0u;
    return lives_[station.first_life + (instance - station.first_instance)].version;
  };
  const std::uint32_t callee = version_at(f.instance);
  std::uint32_t caller = 0;
  const bool alone = (f.flags & (kDirect | kClientFrame)) != 0 || f.parent == kNoId;
  if (!alone && frames_[f.parent].instance != kNoId) caller = version_at(frames_[f.parent].instance);
  if (served_by(t, callee).has(expected_by(t, caller, station_id))) return false;
  ++record_.deployments[(callee > 0 ? callee : caller) - 1].skewed;
  return true;
}

// Each version that some instance of the station has, or is about to have.
template <class Each>
void Execution::each_version(std::uint32_t id, Each each) const {
  const StationTable& station = station_tables_[id];
  if (station.scaled == kNoId) return each(0u);
  for (std::uint32_t i = 0; i < station.instances; ++i) {
    const InstanceLife& life = lives_[station.first_life + i];
    if (life.state == State::ready || life.state == State::starting) each(life.version);
  }
}

// Would instances of the deployment's version understand everybody whom they meet?
bool Execution::fits_what_runs(const Deployment& d) const {
  const Topology& t = *model_->topology;
  const auto version = static_cast<std::uint32_t>(&d - t.deployments.data()) + 1;
  const auto own = static_cast<std::uint32_t>(d.station);
  bool fits = true;
  for (const Edge& e : t.edges) {
    if (e.probe) continue;
    const auto to = static_cast<std::uint32_t>(t.operations[static_cast<std::size_t>(e.operation)].station);
    if (to == own) {
      const auto asks = [&](std::uint32_t caller) {
        fits = fits && served_by(t, version).has(expected_by(t, caller, own));
      };
      e.from_station == kNone ? asks(0) : each_version(static_cast<std::uint32_t>(e.from_station), asks);
    }
    if (e.from_station != d.station) continue;
    each_version(to, [&](std::uint32_t callee) {
      fits = fits && served_by(t, callee).has(expected_by(t, version, to));
    });
  }
  return fits;
}

void Execution::count_egress(std::uint32_t slot, std::uint32_t edge_id, std::uint32_t instance) {
  const EgressTable& table = model_->egress;
  const std::uint32_t caller = frames_[slot].instance;
  if (table.first_cell[edge_id] == kNoId || caller == kNoId) return;
  const auto zones = static_cast<std::uint32_t>(table.zones.size());
  const std::uint32_t from = table.zone_of[caller], to = table.zone_of[instance];
  if (from == zones || to == zones) return;
  ++record_.egress[table.first_cell[edge_id] + from * zones + to];
}

}  // namespace tailrace::models
