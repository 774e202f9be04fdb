#pragma once
// A read-only adjacency in two flat arrays, for the traversals that are our own: neighbours ascending,
// without repeats.
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace tailrace::analysis::detail {

struct Span {
  const int* first;
  const int* last;
  const int* begin() const { return first; }
  const int* end() const { return last; }
  std::size_t size() const { return static_cast<std::size_t>(last - first); }
};

class Adjacency {
 public:
  Adjacency(std::size_t nodes, std::vector<std::pair<int, int>> arcs) : offsets_(nodes + 1, 0) {
    std::sort(arcs.begin(), arcs.end());
    arcs.erase(std::unique(arcs.begin(), arcs.end()), arcs.end());
    targets_.reserve(arcs.size());
    for (const auto& [from, to] : arcs) {
      ++offsets_[static_cast<std::size_t>(from) + 1];
      targets_.push_back(to);
    }
    for (std::size_t i = 1; i < offsets_.size(); ++i) offsets_[i] += offsets_[i - 1];
  }
  std::size_t nodes() const { return offsets_.size() - 1; }
  Span operator[](int node) const {
    const auto i = static_cast<std::size_t>(node);
    return {targets_.data() + offsets_[i], targets_.data() + offsets_[i + 1]};
  }

 private:
  std::vector<std::size_t> offsets_;
  std::vector<int> targets_;
};

}  // namespace tailrace::analysis::detail
