#include "models/kind/builder.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tailrace::models {

bool TopologyBuilder::takes_messages(int operation) const {
  const auto owner =
      static_cast<std::size_t>(topology.operations[static_cast<std::size_t>(operation)].component);
  const std::string& name = topology.components[owner].name;
  return std::any_of(channel_entries.begin(), channel_entries.end(),
                     [&](const auto& channel) { return channel.first == name; });
}

std::string TopologyBuilder::publish_name(int operation) const {
  const Operation& op = topology.operations[static_cast<std::size_t>(operation)];
  const std::string& owner = topology.components[static_cast<std::size_t>(op.component)].name;
  return op.name == "publish" ? owner : owner + "." + op.name;
}

int TopologyBuilder::effect_number(const std::string& name) {
  std::vector<Effect>& all = topology.effects;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name == name) return static_cast<int>(i);
  }
  Effect effect;
  effect.name = name;
  all.push_back(std::move(effect));
  return static_cast<int>(all.size() - 1);
}

int TopologyBuilder::resolve(const Reference& reference) {
  const int id = find_operation(reference.text);
  if (id != kNone) return id;
  const auto dot = reference.text.find('.');
  const std::string owner = reference.text.substr(0, dot);
  std::string message;
  std::vector<std::string_view> known;
  std::string near;
  if (const auto it = component_ids.find(owner); it != component_ids.end()) {
    if (dot != std::string::npos && operations_unread.count(it->second) != 0) return kNone;
    const std::string prefix = owner + ".";
    for (auto op = operation_ids.lower_bound(prefix);
         op != operation_ids.end() && op->first.rfind(prefix, 0) == 0; ++op) {
      known.push_back(op->first);
    }
    message = dot == std::string::npos ? fmt::format("\"{}\" names no operation", escaped(owner))
                                       : fmt::format("\"{}\" has no operation \"{}\"", escaped(owner),
                                                     escaped(reference.text.substr(dot + 1)));
    near = nearest_word(reference.text, known);
    if (near.empty() && !known.empty()) near = std::string(known.front());
  } else {
    if (components_unread) return kNone;
    message = fmt::format("there is no component \"{}\"", escaped(owner));
    for (const auto& [name, op] : operation_ids) known.push_back(name);
    near = nearest_word(reference.text, known);
  }
  diagnostics.error(reference.mark, path, std::move(message),
                    near.empty() ? "" : fmt::format("did you mean {}?", escaped(near)));
  return kNone;
}

}  // namespace tailrace::models
