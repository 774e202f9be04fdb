#pragma once
// What a kind sees while it expands its specs into the topology. Expansion has two passes, because calls may
// point forward: `declare` says which operations exist, `expand` fills them in and may look any of them up.
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/field/diagnostics.hpp"
#include "models/policy/policy.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

struct CacheSpec;

struct TopologyBuilder {
  Topology topology;
  Diagnostics& diagnostics;
  std::string path;                                       // of what is being expanded
  int component = kNone;                                  // whose steps are being expanded
  int station = kNone;                                    // where they run; none for a workload
  std::map<std::string, int, std::less<>> operation_ids;  // "cart.add" -> operation
  std::map<std::string, int, std::less<>> component_ids;
  // Channels by their names, in the order of Topology::channels, with what can be published to.
  std::vector<std::pair<std::string, std::vector<std::string>>> channel_entries;
  std::map<std::string, std::pair<int, const CacheSpec*>, std::less<>> cache_specs;  // by name
  std::vector<std::pair<Mark, std::string>> cache_keys_missing;  // steps that take the request's own key
  // Endpoints whose subscribers a notify step tells: operation, and where that stands.
  struct Notified {
    int operation = kNone;
    Mark mark;
    std::string path;
  };
  std::vector<Notified> notified;
  std::map<int, std::map<std::string, std::string>> labels;     // by component, for network policies
  std::map<int, std::int64_t> ports;                            // by operation, where one was written
  int cache_depth = 0;                                          // cache steps around what is being expanded
  PolicySet default_outbound, default_inbound, default_target;  // the scenario's `defaults`
  PolicySet outbound;  // of the calls of what is being expanded, defaults included
  // After errors of reading: some components, or some operations of a component, have names that nobody
  // knows. What is missing there is not reported, because it may well exist.
  bool components_unread = false;
  std::set<int> operations_unread;  // components

  explicit TopologyBuilder(Diagnostics& d) : diagnostics(d) {}

  int add_station(Station added) {
    topology.stations.push_back(std::move(added));
    return static_cast<int>(topology.stations.size()) - 1;
  }
  int declare_operation(int owner, const std::string& name) {
    const int id = static_cast<int>(topology.operations.size());
    Operation op;
    op.name = name;
    op.component = owner;
    topology.operations.push_back(std::move(op));
    operation_ids.emplace(topology.components[static_cast<std::size_t>(owner)].name + "." + name, id);
    return id;
  }
  int find_operation(std::string_view name) const {
    const auto it = operation_ids.find(name);
    return it == operation_ids.end() ? kNone : it->second;
  }
  // The operation belongs to a channel; and how a publish step names it.
  bool takes_messages(int operation) const;
  std::string publish_name(int operation) const;
  // The effect of that name ("orders/mailers"), met for the first time perhaps.
  int effect_number(const std::string& name);
  // The operation that a reference names. Otherwise kNone: what is missing is reported, with the nearest
  // name.
  int resolve(const Reference& reference);
};

}  // namespace tailrace::models
