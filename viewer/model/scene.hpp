#pragma once
// What is drawn of a topology, without any figures: a node for each component that somebody can call or that
// calls somebody, an edge for each pair of them between which there are calls (all call sites of the pair
// together), zones, faults with what they hit. Plain data, immutable; the numbers of nodes and edges are
// those that History and Moment use. Components without stations, workloads or channels (a network) are no
// nodes.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/compile/compiled_model.hpp"

namespace tailrace::viewer {

// For the choice of an icon.
enum class NodeKind : unsigned char {
  workload,
  service,
  database,
  cache,
  broker,
  cloud_queue,
  log,
  topic,
  outbox,
  webhook,
  job,
  window,
  proxy,
  gateway,
  mesh,
  other
};

struct SceneNode {
  int component = 0;  // of the topology
  std::string name;
  std::string kind;  // as the catalog says it: "service"
  NodeKind icon = NodeKind::other;
  std::vector<int> stations;
  std::vector<int> workloads;  // of the topology; a workload node has one
  std::vector<int>
      groups;  // of CompiledModel::groups: consumer groups whose channel it is, or that it handles
  std::int64_t replicas = 0;  // instances of its first station; as many as there can be where they scale
  std::int64_t workers = 0;   // per instance of that station; models::kUnlimited
  bool scales = false;
  std::vector<int> zones;  // of Scene::zones, where some of its instances are; empty where zones play no part
  std::vector<int> in, out;  // edges of the scene
  std::vector<int> faults;   // of the scene that can hit it
  std::string path;          // of its section in the scenario: "services.cart"
  models::Mark mark;
};

struct SceneEdge {
  int from = 0, to = 0;               // nodes
  std::vector<int> edges;             // call sites, of the topology
  bool network = false;               // calls take time on a link
  bool asynchronous = false;          // publications and deliveries only
  bool retried = false;               // some call site retries or hedges
  std::vector<std::string> policies;  // in words, each once: "timeout 1s", "retries 3", "circuit_breaker"
};

struct SceneFault {
  int fault = 0;  // of the topology
  std::string name, type;
  std::string path;        // "faults[2]"
  double start_s = 0;      // as planned; -1: random, or upon a condition
  double end_s = 0;        // as planned; the end of the run where it has none; -1: nobody knows
  std::vector<int> nodes;  // that it can hit
  std::vector<int> edges;
  bool injected = false;  // in this session
  bool upon_condition = false;

  std::string when() const;  // "2:00 – 2:30", "at random", "upon a condition"
};

struct Scene {
  std::string name, about;
  double duration_s = 0;
  double warmup_s = 0;  // of the scenario; -1: found by a pilot run
  std::uint64_t seed = 0;
  std::vector<SceneNode> nodes;
  std::vector<SceneEdge> edges;
  std::vector<std::string> zones;
  std::vector<SceneFault> faults;
  std::vector<int> node_of_component;  // -1: no node
  std::vector<int> edge_of_call;  // by edge of the topology: edge of the scene; -1: probes, own deliveries
  std::vector<int> node_of_station;
  std::shared_ptr<const models::CompiledModel> model;

  int find(std::string_view node) const;  // -1
  int find_edge(int from, int to) const;  // -1
  // Nodes whose name has `part` in it, without regard to case; those that begin with it first.
  std::vector<int> search(std::string_view part) const;
  // Nodes within `steps` calls of a node, up and down the calls; the node itself included. Ascending.
  std::vector<int> neighbourhood(int node, int steps) const;
};

// Faults from number `injected_from` on were added in the session.
std::shared_ptr<const Scene> make_scene(std::shared_ptr<const models::CompiledModel> model,
                                        std::size_t injected_from = static_cast<std::size_t>(-1));

}  // namespace tailrace::viewer
