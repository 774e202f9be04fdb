#include "models/compile/upkeep.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "models/compile/writer.hpp"
#include "models/policies/discovery/discovery.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

class UpkeepCompiler final : public ModelWriter {
 public:
  UpkeepCompiler(const Topology& t, CompiledModel& m,
                 const std::function<std::uint32_t(std::uint32_t)>& program)
      : ModelWriter(t, m), program_(program) {}

  void run() {
    const auto found = discoveries_of(t_);
    if (std::any_of(found.begin(), found.end(), [](const auto& of) { return !of.empty(); }))
      index_balancers();
    for (std::size_t i = 0; i < t_.stations.size(); ++i) {
      for (std::size_t k = 0; k < found[i].size(); ++k) directory(i, *found[i][k], k);
      if (!t_.stations[i].gates.empty()) gated(i);
    }
  }

 private:
  std::uint32_t program(int edge) {
    return edge == kNone ? kNoId : program_(static_cast<std::uint32_t>(edge));
  }

  // Who calls which station, and how it finds it. (Looked up, never walked: addresses have no order.)
  using Way = std::tuple<int, int, std::size_t, const DiscoverySettings*>;

  // Of the calls that go one way the first says whose balancers they have.
  void index_balancers() {
    std::map<std::uint32_t, std::size_t> groups;  // by their first state
    for (std::size_t g = 0; g < m_.balancers.size(); ++g) groups.emplace(m_.balancers[g].first_state, g);
    for (std::size_t i = 0; i < t_.edges.size(); ++i) {
      const Edge& e = t_.edges[i];
      if (m_.edges[i].guard == kNoId) continue;
      const auto group = groups.find(m_.guards[m_.edges[i].guard].balancer);
      if (group == groups.end()) continue;
      const DiscoverySettings* const d = discovery_of(t_, e);
      if (d != nullptr)
        balancers_.emplace(Way{e.from_component, e.from_station, m_.edges[i].station, d}, group->second);
    }
  }
  BalancerGroup* balancers_of(std::size_t station, const DiscoverySettings& d, const DiscoveryClient& c) {
    const auto found = balancers_.find(Way{c.from_component, c.from_station, station, &d});
    return found == balancers_.end() ? nullptr : &m_.balancers[found->second];
  }

  void directory(std::size_t id, const DiscoverySettings& d, std::size_t number) {
    const Station& s = t_.stations[id];
    DirectoryTable table;
    table.station = static_cast<std::uint32_t>(id);
    table.first_entry = entries_;
    entries_ += m_.stations[id].instances;
    if (d.by == DiscoveryBy::registry) {
      table.keeper = static_cast<std::uint32_t>(t_.operations[at(d.ask.operation)].station);
      table.beat_pc = program(d.beat_edge);
      if (!d.poll)
        table.push_draw =
            draw(d.push_delay, stream(s.name, number == 0 ? "push" : "push " + std::to_string(number)));
    }
    for (const DiscoveryClient& c : d.clients) {
      BalancerGroup* const group = balancers_of(id, d, c);
      if (group == nullptr) continue;
      if (d.by == DiscoveryBy::dns && c.edge == kNone) continue;  // it is found without asking itself
      DirectoryClientTable client;
      client.first_balancer = group->first_state;
      client.callers = group->callers;
      client.gate = group->gate;
      group->viewed = true;
      if (c.from_station != kNone) client.first_instance = m_.stations[at(c.from_station)].first_instance;
      client.ask_pc = program(c.edge);
      client.first_view = views_;
      views_ += client.callers;
      table.clients.push_back(client);
    }
    if (number == 0) m_.stations[id].directory = static_cast<std::uint32_t>(m_.directories.size());
    m_.directories.push_back(std::move(table));
  }

  void gated(std::size_t id) {
    GatedTable table;
    table.station = static_cast<std::uint32_t>(id);
    table.first_state = gate_states_;
    gate_states_ += m_.stations[id].instances;
    for (const StartGate& gate : t_.stations[id].gates) table.pcs.push_back(program(gate.edge));
    m_.stations[id].gated = static_cast<std::uint32_t>(m_.gated.size());
    m_.gated.push_back(std::move(table));
  }

  const std::function<std::uint32_t(std::uint32_t)>& program_;
  std::map<Way, std::size_t> balancers_;
  std::uint32_t entries_ = 0, views_ = 0, gate_states_ = 0;
};

}  // namespace

void mark_contracts(const Topology& t, CompiledModel& m) {
  for (const Deployment& d : t.deployments) {
    const ApiVersion& api = d.version.api;
    if (api.newest != 1 || api.oldest != 1) m.stations[at(d.station)].skewed = true;
    for (const auto& [station, version] : api.expects) m.stations[at(station)].skewed = true;
  }
}

void compile_egress(const Topology& t, CompiledModel& m) {
  if (t.egress.empty()) return;
  std::set<std::string> zones;
  for (const Station& s : t.stations) {
    for (const InstanceGroup& g : s.groups) {
      if (!g.zone.empty()) zones.insert(g.zone);
    }
  }
  EgressTable& table = m.egress;
  table.zones.assign(zones.begin(), zones.end());
  const auto none = static_cast<std::uint32_t>(table.zones.size());
  const auto number = [&](const std::string& zone) {
    const auto it = std::lower_bound(table.zones.begin(), table.zones.end(), zone);
    return zone.empty() ? none : static_cast<std::uint32_t>(it - table.zones.begin());
  };
  table.zone_of.assign(m.instance_station.size(), none);
  for (std::size_t s = 0; s < t.stations.size(); ++s) {
    std::uint32_t instance = m.stations[s].first_instance;
    for (const InstanceGroup& g : t.stations[s].groups) {
      for (std::int64_t k = 0; k < g.count; ++k) table.zone_of[instance++] = number(g.zone);
    }
  }
  const auto zoned = [&](int station) {
    return station != kNone &&
           std::any_of(t.stations[at(station)].groups.begin(), t.stations[at(station)].groups.end(),
                       [](const InstanceGroup& g) { return !g.zone.empty(); });
  };
  table.first_cell.assign(t.edges.size(), kNoId);
  for (std::size_t i = 0; i < t.edges.size(); ++i) {
    const Edge& e = t.edges[i];
    if (!zoned(e.from_station) || !zoned(t.operations[at(e.operation)].station)) continue;
    table.first_cell[i] = table.cells;
    table.cells += none * none;
  }
}

void compile_upkeep(const Topology& t, CompiledModel& m,
                    const std::function<std::uint32_t(std::uint32_t)>& program) {
  UpkeepCompiler(t, m, program).run();
}

}  // namespace tailrace::models
