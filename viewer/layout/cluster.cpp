#include "viewer/layout/cluster.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "viewer/layout/layers.hpp"

namespace tailrace::viewer {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

class Clusterer {
 public:
  explicit Clusterer(const ClusterInput& input)
      : in_(input), parent_(at(input.nodes)), size_(at(input.nodes), 1) {
    std::iota(parent_.begin(), parent_.end(), 0);
    left_ = input.nodes;
  }

  Clusters run() {
    if (!enough()) join_like_leaves();
    for (int before = -1; !enough() && before != left_;) {
      before = left_;
      look();
      join_leaves_of_one_caller();
    }
    for (int before = -1; !enough() && before != left_;) {
      before = left_;
      look();
      fold_into_callers();
    }
    if (!enough()) join_within_ranks();
    for (int before = -1; !enough() && before != left_;) {
      before = left_;
      look();
      join_small_ones();
    }
    return answer();
  }

 private:
  bool enough() const { return left_ <= in_.most; }
  int find(int node) {
    while (parent_[at(node)] != node) node = parent_[at(node)] = parent_[at(parent_[at(node)])];
    return node;
  }
  bool kept(int root) const { return !in_.keep.empty() && in_.keep[at(root)]; }
  int group(int root) const { return in_.group.empty() ? -1 : in_.group[at(root)]; }
  // The lower number stands for both. False where they must not, or need not, go together.
  bool join(int a, int b, bool across_groups) {
    a = find(a), b = find(b);
    if (a == b || enough() || kept(a) || kept(b)) return false;
    if (!across_groups && group(a) != group(b)) return false;
    if (b < a) std::swap(a, b);
    parent_[at(b)] = a;
    size_[at(a)] += size_[at(b)];
    --left_;
    return true;
  }
  // The graph of the clusters as they are.
  void look() {
    out_.assign(at(in_.nodes), {});
    into_.assign(at(in_.nodes), {});
    for (const LayoutEdge& e : in_.edges) {
      const int from = find(e.from), to = find(e.to);
      if (from == to) continue;
      ++out_[at(from)][to];
      ++into_[at(to)][from];
    }
  }
  bool root(int node) { return find(node) == node; }

  void join_like_leaves() {
    look();
    std::map<std::pair<int, std::vector<int>>, int> first;
    for (int i = 0; i < in_.nodes; ++i) {
      if (!out_[at(i)].empty() || into_[at(i)].empty() || kept(i)) continue;
      std::vector<int> callers;
      for (const auto& [caller, calls] : into_[at(i)]) callers.push_back(caller);
      const auto [it, fresh] = first.emplace(std::make_pair(group(i), std::move(callers)), i);
      if (!fresh) join(it->second, i, false);
    }
  }
  void join_leaves_of_one_caller() {
    std::map<std::pair<int, int>, int> first;
    for (int i = 0; i < in_.nodes; ++i) {
      if (!root(i) || !out_[at(i)].empty() || into_[at(i)].size() != 1 || kept(i)) continue;
      const auto [it, fresh] = first.emplace(std::make_pair(group(i), into_[at(i)].begin()->first), i);
      if (!fresh) join(it->second, i, false);
    }
  }
  void fold_into_callers() {
    for (int i = 0; i < in_.nodes; ++i) {
      if (!root(i) || into_[at(i)].size() != 1 || out_[at(i)].size() > 1) continue;
      join(into_[at(i)].begin()->first, i, false);
    }
  }
  // Ranks in their order; within one, by the mean place of the callers, so that a chunk shares callers.
  void join_within_ranks() {
    look();
    std::vector<LayoutEdge> edges;
    for (int i = 0; i < in_.nodes; ++i)
      for (const auto& [to, count] : out_[at(i)]) edges.push_back({i, to});
    const std::vector<int> rank = ranks_of(at(in_.nodes), edges);
    std::map<std::pair<int, int>, std::vector<int>> lanes;  // by rank and group
    std::size_t free = 0, alone = 0;
    for (int i = 0; i < in_.nodes; ++i) {
      if (!root(i)) continue;
      if (kept(i)) {
        ++alone;
        continue;
      }
      lanes[{rank[at(i)], group(i)}].push_back(i);
      ++free;
    }
    const double room = std::max(1.0, static_cast<double>(in_.most) - static_cast<double>(alone));
    std::vector<double> place(at(in_.nodes), 0.5);  // in the rank, from 0 to 1
    for (auto& [lane, nodes] : lanes) {
      std::vector<std::pair<double, int>> order;
      for (const int node : nodes) {
        double sum = 0, count = 0;
        for (const auto& [caller, calls] : into_[at(node)]) {
          if (rank[at(caller)] >= lane.first) continue;
          sum += place[at(caller)] * calls, count += calls;
        }
        order.push_back({count > 0 ? sum / count : 0.5, node});
      }
      std::sort(order.begin(), order.end());
      const std::size_t size = order.size();
      const auto chunks = std::clamp<std::size_t>(
          static_cast<std::size_t>(room * static_cast<double>(size) / static_cast<double>(free)), 1, size);
      std::size_t before = size;
      for (std::size_t i = 0; i < size; ++i) {
        place[at(order[i].second)] = (static_cast<double>(i) + 0.5) / static_cast<double>(size);
        const std::size_t chunk = i * chunks / size;
        if (chunk == before) join(order[i - 1].second, order[i].second, false);
        before = chunk;
      }
    }
  }
  void join_small_ones() {
    std::vector<int> roots;
    for (int i = 0; i < in_.nodes; ++i) {
      if (root(i) && !kept(i)) roots.push_back(i);
    }
    std::stable_sort(roots.begin(), roots.end(), [&](int a, int b) { return size_[at(a)] < size_[at(b)]; });
    std::set<int> touched;  // each takes part once in a round, so that no cluster eats all others
    for (const int i : roots) {
      if (enough()) return;
      if (touched.contains(find(i))) continue;
      int best = -1, most = 0;
      bool same = false;
      const auto consider = [&](const std::map<int, int>& neighbours) {
        for (const auto& [other, edges] : neighbours) {
          const int n = find(other);
          if (n == find(i) || kept(n) || touched.contains(n)) continue;
          const bool of_group = group(n) == group(i);
          if (std::make_pair(of_group, edges) > std::make_pair(same, most))
            best = n, most = edges, same = of_group;
        }
      };
      consider(into_[at(i)]);
      consider(out_[at(i)]);
      if (best < 0) continue;
      if (join(i, best, true)) touched.insert(find(i));
    }
    if (!touched.empty() || enough()) return;
    // Nothing is left but nodes without edges.
    int lonely = -1;
    for (const int i : roots) {
      if (!out_[at(i)].empty() || !into_[at(i)].empty()) continue;
      if (lonely >= 0) join(lonely, i, true);
      lonely = lonely < 0 ? i : find(lonely);
    }
  }

  Clusters answer() {
    Clusters c;
    c.of.resize(at(in_.nodes));
    std::vector<int> number(at(in_.nodes), -1);
    for (int i = 0; i < in_.nodes; ++i) {
      const int r = find(i);
      if (number[at(r)] < 0) {
        number[at(r)] = static_cast<int>(c.members.size());
        c.members.emplace_back();
      }
      c.of[at(i)] = number[at(r)];
      c.members[at(number[at(r)])].push_back(i);
    }
    std::map<std::pair<int, int>, int> known;
    for (std::size_t e = 0; e < in_.edges.size(); ++e) {
      const LayoutEdge edge{c.of[at(in_.edges[e].from)], c.of[at(in_.edges[e].to)]};
      if (edge.from == edge.to) continue;
      const auto [it, fresh] =
          known.emplace(std::make_pair(edge.from, edge.to), static_cast<int>(c.edges.size()));
      if (fresh) {
        c.edges.push_back(edge);
        c.edge_members.emplace_back();
      }
      c.edge_members[at(it->second)].push_back(static_cast<int>(e));
    }
    return c;
  }

  const ClusterInput& in_;
  std::vector<int> parent_, size_;
  int left_ = 0;
  std::vector<std::map<int, int>> out_, into_;  // neighbour, edges
};

}  // namespace

Clusters cluster(const ClusterInput& input) {
  return Clusterer(input).run();
}

}  // namespace tailrace::viewer
