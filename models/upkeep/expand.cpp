#include "models/upkeep/expand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace tailrace::models {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

class Expander {
 public:
  explicit Expander(TopologyBuilder& b) : b_(b), t_(b.topology) {}

  void run() {
    for (std::size_t i = 0; i < t_.stations.size(); ++i) {
      if (t_.stations[i].discovery) discovery(static_cast<int>(i));
      if (!t_.stations[i].gates.empty()) gates(static_cast<int>(i));
    }
  }

 private:
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

  void discovery(int id) {
    // Written in `defaults` it is one spec for many stations: each has edges of its own.
    auto settings = std::make_shared<DiscoverySettings>(*t_.stations[at(id)].discovery);
    const int owner = t_.stations[at(id)].component;
    const std::string name = t_.components[at(owner)].name;
    const bool by_default = settings->ask.path.starts_with("defaults.");
    if (by_default && b_.find_operation(settings->ask.operation_name) != kNone &&
        t_.operations[at(b_.find_operation(settings->ask.operation_name))].component == owner) {
      t_.stations[at(id)].discovery = nullptr;  // who answers all others is found without asking itself
      return;
    }
    if (!resolve(settings->ask, owner)) return;
    if (t_.stations[at(id)].shared_queue) {
      b_.diagnostics.error(settings->ask.mark, settings->ask.path,
                           fmt::format("the instances of {} share a queue: callers know none of them", name),
                           "shared_queue: false");
      return;
    }
    using Key = std::tuple<int, int>;
    std::vector<Key> callers;
    for (const Edge& e : t_.edges) {
      if (!e.probe && t_.operations[at(e.operation)].station == id && e.from_component != owner)
        callers.emplace_back(e.from_component, e.from_station);
    }
    std::sort(callers.begin(), callers.end());
    callers.erase(std::unique(callers.begin(), callers.end()), callers.end());
    const bool asks = settings->by == DiscoveryBy::dns || settings->poll;
    for (const auto& [component, station] : callers) {
      DiscoveryClient client{component, station, -1};
      if (asks && component != t_.operations[at(settings->ask.operation)].component)
        client.edge = add_edge(component, settings->ask,
                               fmt::format("{} asks for {}", t_.components[at(component)].name, name));
      settings->clients.push_back(client);
    }
    if (settings->by == DiscoveryBy::registry)
      settings->beat_edge = add_edge(owner, settings->ask, name + " heartbeat");
    t_.stations[at(id)].discovery = std::move(settings);
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
