#pragma once
// Reads a policy's value as a scenario would, and applies it to a call or a station.
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "models/policy/policy.hpp"

namespace tailrace::models {

inline Node scalar(std::string text) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = std::move(text);
  return node;
}
inline Node map_of(std::initializer_list<std::pair<std::string, Node>> entries) {
  Node node;
  node.kind = Node::Kind::map;
  for (const auto& [key, value] : entries) node.entries.push_back({key, {}, value});
  return node;
}
inline Node list_of(std::initializer_list<Node> items) {
  Node node;
  node.kind = Node::Kind::list;
  node.items = items;
  return node;
}

// One call and one station that policies are applied to; what went wrong is in `diagnostics`.
struct PolicyBench {
  ScenarioDoc doc;
  Diagnostics diagnostics;
  Edge edge;
  Station station;

  bool call(const PolicyInfo& info, const Node& value) { return apply(info, value, &edge, nullptr); }
  bool inbound(const PolicyInfo& info, const Node& value) { return apply(info, value, nullptr, &station); }
  std::string first_error() const { return diagnostics.all().empty() ? "" : diagnostics.all()[0].message; }

 private:
  bool apply(const PolicyInfo& info, const Node& value, Edge* to_edge, Station* to_station) {
    ReadContext context{diagnostics, doc, info.name};
    const std::shared_ptr<void> spec = info.make();
    read_section(info.fields, value, spec.get(), context);
    if (diagnostics.ok()) {
      PolicyTarget target{to_edge, to_station, {}, info.name, spec.get(), diagnostics};
      info.apply(spec.get(), target);
    }
    return diagnostics.ok();
  }
};

}  // namespace tailrace::models
