#pragma once
// Nodes of a scenario's tree, without a text to read them from.
#include <initializer_list>
#include <string>
#include <utility>

#include "models/field/document.hpp"

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

}  // namespace tailrace::models
