#include "models/upkeep/expand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "models/policies/discovery/discovery.hpp"

namespace tailrace::models {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

using Caller = std::tuple<int, int>;  // component, station

class Expander {
 public:
  explicit Expander(TopologyBuilder& b) : b_(b), t_(b.topology) {}

  void run() {
    for (std::size_t i = 0; i < t_.stations.size(); ++i) {
      if (t_.stations[i].discovery) discovery(static_cast<int>(i));
      if (!t_.stations[i].gates.empty()) gates(static_cast<int>(i));
    }
    discoveries_of_calls();
  }

 private:
  // kNone where the call was said to be wrong, or its component has not come to be.
  int station_called(const Edge& e) const {
    return e.operation == kNone ? kNone : t_.operations[at(e.operation)].station;
  }

  // The operation that the errand calls; false where there is none.
  bool resolve(ErrandCall& call, int owner) {
    const std::string outer = std::exchange(b_.path, call.path);
    call.operation = b_.resolve({call.operation_name, call.mark});
    b_.path = outer;
    if (call.operation == kNone) return false;
    const Operation& op = t_.operations[at(call.operation)];
    if (op.component == owner) {
      b_.diagnostics.error(call.mark, call.path, "it asks itself", "an operation of another component");
      return false;
    }
    if (b_.takes_messages(call.operation)) {
      b_.diagnostics.error(call.mark, call.path,
                           fmt::format("\"{}\" takes messages, not calls", escaped(call.operation_name)));
      return false;
    }
    return true;
  }

  int add_edge(int from_component, const ErrandCall& call, const std::string& path) {
    Edge edge;
    edge.from_component = from_component;
    edge.operation = call.operation;
    edge.path = path;
    edge.mark = call.mark;
    edge.timeout = call.timeout;
    edge.probe = edge.errand = true;
    t_.edges.push_back(std::move(edge));
    return static_cast<int>(t_.edges.size()) - 1;
  }

  // Who asks itself is found without asking, where that was not written for it alone.
  bool finds_itself(const DiscoverySettings& settings, int component) const {
    const int asked = b_.find_operation(settings.ask.operation_name);
    return asked != kNone && t_.operations[at(asked)].component == component;
  }

  void discovery(int id) {
    // Written in `defaults` it is one spec for many stations: each has edges of its own.
    auto settings = std::make_shared<DiscoverySettings>(*t_.stations[at(id)].discovery);
    const int owner = t_.stations[at(id)].component;
    if (settings->ask.path.starts_with("defaults.") && finds_itself(*settings, owner)) {
      t_.stations[at(id)].discovery = nullptr;
      return;
    }
    if (!resolve(settings->ask, owner)) return;
    if (shares_queue(*settings, id)) return;
    std::vector<Caller> callers;
    for (const Edge& e : t_.edges) {
      if (!e.probe && station_called(e) == id && e.from_component != owner && own_discovery_of(e) == nullptr)
        callers.emplace_back(e.from_component, e.from_station);
    }
    add_clients(*settings, id, std::move(callers), "");
    t_.stations[at(id)].discovery = std::move(settings);
  }

  bool shares_queue(const DiscoverySettings& settings, int station) {
    if (!t_.stations[at(station)].shared_queue) return false;
    b_.diagnostics.error(settings.ask.mark, settings.ask.path,
                         fmt::format("the instances of {} share a queue: callers know none of them",
                                     t_.components[at(t_.stations[at(station)].component)].name),
                         "shared_queue: false");
    return true;
  }

  // Each instance of a caller has a view, and asks for it where the kind of discovery needs that.
  void add_clients(DiscoverySettings& settings, int station, std::vector<Caller> callers,
                   const std::string& how) {
    const int owner = t_.stations[at(station)].component;
    const std::string name = t_.components[at(owner)].name;
    std::sort(callers.begin(), callers.end());
    callers.erase(std::unique(callers.begin(), callers.end()), callers.end());
    const bool asks = settings.by == DiscoveryBy::dns || settings.poll;
    for (const auto& [component, from] : callers) {
      DiscoveryClient client{component, from, -1};
      if (asks && component != t_.operations[at(settings.ask.operation)].component)
        client.edge = add_edge(component, settings.ask,
                               fmt::format("{} asks for {}{}", t_.components[at(component)].name, name, how));
      settings.clients.push_back(client);
    }
    if (settings.by == DiscoveryBy::registry)
      settings.beat_edge = add_edge(owner, settings.ask, name + " heartbeat" + how);
  }

  // What calls say themselves. One spec, of an outbound or of defaults, may stand at many calls: those to one
  // station share a directory. In the order of the calls.
  void discoveries_of_calls() {
    std::map<std::pair<const void*, int>, std::size_t>
        known;  // only looked up: not in the order of addresses
    std::vector<std::pair<int, std::vector<std::size_t>>> groups;  // station, calls
    for (std::size_t i = 0; i < t_.edges.size(); ++i) {
      Edge& e = t_.edges[i];
      const OwnDiscovery* own = own_discovery_of(e);
      const int station = station_called(e);
      if (own == nullptr || station == kNone) continue;
      const Operation& op = t_.operations[at(e.operation)];
      const bool inherited = !own->settings()->ask.path.starts_with(e.path);
      const bool found = op.component == e.from_component || e.publication != kNone || e.cache != kNone ||
                         t_.stations[at(station)].shared_queue;
      if (inherited && (found || finds_itself(*own->settings(), op.component))) {
        std::erase_if(e.admissions, [](const AdmissionUse& use) { return use.policy == kDiscovery; });
        continue;
      }
      const auto use = std::find_if(e.admissions.begin(), e.admissions.end(),
                                    [](const AdmissionUse& u) { return u.policy == kDiscovery; });
      const auto [entry, is_new] = known.try_emplace({use->origin, station}, groups.size());
      if (is_new) groups.push_back({station, {}});
      groups[entry->second].second.push_back(i);
    }
    for (const auto& [station, edges] : groups) own_directory(station, edges);
  }

  void own_directory(int station, const std::vector<std::size_t>& edges) {
    auto settings =
        std::make_shared<DiscoverySettings>(*own_discovery_of(t_.edges[edges.front()])->settings());
    if (!resolve(settings->ask, t_.stations[at(station)].component)) return;
    if (shares_queue(*settings, station)) return;
    std::vector<Caller> callers;
    for (const std::size_t i : edges)
      callers.emplace_back(t_.edges[i].from_component, t_.edges[i].from_station);
    const std::string how = fmt::format(" ({})", t_.edges[edges.front()].path);
    add_clients(*settings, station, std::move(callers), how);
    const auto model = std::make_shared<const OwnDiscovery>(std::move(settings), station);
    for (const std::size_t i : edges) {
      for (AdmissionUse& use : t_.edges[i].admissions) {
        if (use.policy == kDiscovery) use.model = model;
      }
    }
  }

  void gates(int id) {
    const int owner = t_.stations[at(id)].component;
    for (std::size_t k = 0; k < t_.stations[at(id)].gates.size(); ++k) {
      StartGate gate = t_.stations[at(id)].gates[k];
      if (!resolve(gate.call, owner)) continue;
      gate.edge = add_edge(owner, gate.call, fmt::format("{} {}", t_.components[at(owner)].name, gate.name));
      t_.stations[at(id)].gates[k] = std::move(gate);
    }
    if (t_.stations[at(id)].shared_queue)
      b_.diagnostics.error(t_.components[at(owner)].mark, "services." + t_.components[at(owner)].name,
                           "secrets and image_scan of instances that share a queue are not modelled",
                           "shared_queue: false");
  }

  TopologyBuilder& b_;
  Topology& t_;
};

}  // namespace

void expand_upkeep(TopologyBuilder& builder) {
  Expander(builder).run();
}

}  // namespace tailrace::models
