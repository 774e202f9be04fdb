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
    const std::size_t close = path.find('"', at + 1);
    if (close == std::string::npos) return "";
    at = close + 1;
    return path.substr(begin + 1, close - begin - 1);
  }
  at = std::min(path.find_first_of(".[", at), path.size());
  return path.substr(begin, at - begin);
}

const Node* node_at(const Node& root, const std::string& path) {
  const Node* node = &root;
  for (std::size_t at = 0; at < path.size() && node != nullptr;) {
    const std::size_t begin = at;
    const bool item = path[at] == '[';
    const std::string step = next_step(path, at);
    if (at == begin || step.empty()) return nullptr;
    if (!item) {
      node = node->find(step);
      continue;
    }
    std::size_t index = node->items.size();
    const char* end = step.data() + step.size() - 1;
    if (std::from_chars(step.data() + 1, end, index).ptr != end) return nullptr;
    node = index < node->items.size() ? &node->items[index] : nullptr;
  }
  return node;
}

}  // namespace tailrace::models
