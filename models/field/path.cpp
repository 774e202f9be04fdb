#include "models/field/path.hpp"

#include <algorithm>
#include <charconv>

namespace tailrace::models {

std::string next_step(const std::string& path, std::size_t& at) {
  if (at > 0 && at < path.size() && path[at] == '.') ++at;
  if (at >= path.size()) return "";
  const std::size_t begin = at;
  if (path[at] == '[') {
    const std::size_t close = path.find(']', at);
    if (close == std::string::npos) return "";
    at = close + 1;
    return path.substr(begin, at - begin);
  }
  if (path[at] == '"') {
    std::string key;
    for (std::size_t i = begin + 1; i < path.size(); ++i) {
      if (path[i] == '"') {
        at = i + 1;
        return key;
      }
      if (path[i] == '\\' && i + 1 < path.size()) ++i;  // what follows is meant as it stands
      key += path[i];
    }
    return "";
  }
  at = std::min(path.find_first_of(".[", at), path.size());
  return path.substr(begin, at - begin);
}

const Node* step_into(const Node& node, const std::string& path, std::size_t& at) {
  const std::size_t begin = at;
  const std::string step = next_step(path, at);
  if (at == begin || step.empty()) return nullptr;
  if (path[begin] != '[') return node.find(step);
  std::size_t index = node.items.size();
  const char* end = step.data() + step.size() - 1;
  if (std::from_chars(step.data() + 1, end, index).ptr != end) return nullptr;
  return index < node.items.size() ? &node.items[index] : nullptr;
}

const Node* node_at(const Node& root, const std::string& path) {
  const Node* node = &root;
  for (std::size_t at = 0; at < path.size() && node != nullptr;) node = step_into(*node, path, at);
  return node;
}

}  // namespace tailrace::models
