// The order within the ranks. Without earlier places: sweeps that put each place at the mean or the median of
// its neighbours on one side, then exchanges of neighbours while these help; the best order that was met is
// kept. With earlier places: these stay in their order, and what is new goes to the mean of its neighbours.
#include <algorithm>
#include <numeric>

#include "viewer/layout/layers.hpp"

namespace tailrace::viewer {

namespace {

constexpr int kSweeps = 24;
constexpr int kPatience = 6;  // sweeps without a gain
constexpr int kExchangeRounds = 8;
constexpr int kRelaxRounds = 30;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// Bands stand in their own order in every rank.
void sort_rank(Layers& layers, std::vector<int>& rank) {
  std::stable_sort(rank.begin(), rank.end(), [&](int a, int b) {
    const Place& p = layers[a];
    const Place& q = layers[b];
    return p.band != q.band ? p.band < q.band : p.key < q.key;
  });
  for (std::size_t i = 0; i < rank.size(); ++i) layers.position[at(rank[i])] = static_cast<int>(i);
}

double mean_of(const Layers& layers, const std::vector<int>& neighbours) {
  double sum = 0;
  for (const int n : neighbours) sum += layers.at(n);
  return sum / static_cast<double>(neighbours.size());
}

double median_of(const Layers& layers, const std::vector<int>& neighbours, std::vector<int>& work) {
  work.clear();
  for (const int n : neighbours) work.push_back(layers.at(n));
  std::sort(work.begin(), work.end());
  const std::size_t m = work.size() / 2;
  if (work.size() % 2 == 1) return work[m];
  return (work[m - 1] + work[m]) / 2.0;
}

void sweep(Layers& layers, bool rightwards, bool median) {
  std::vector<int> work;
  const std::size_t n = layers.ranks.size();
  for (std::size_t k = 1; k < n; ++k) {
    std::vector<int>& rank = layers.ranks[rightwards ? k : n - 1 - k];
    // Places without neighbours there stay where they are: the scale of keys is that of positions over there.
    const std::size_t other = layers.ranks[rightwards ? k - 1 : n - k].size();
    const double scale = rank.empty() ? 1 : static_cast<double>(other) / static_cast<double>(rank.size());
    for (const int place : rank) {
      Place& p = layers[place];
      const std::vector<int>& neighbours = rightwards ? p.left : p.right;
      if (neighbours.empty()) {
        p.key = layers.at(place) * scale;
      } else {
        p.key = median ? median_of(layers, neighbours, work) : mean_of(layers, neighbours);
      }
    }
    sort_rank(layers, rank);
  }
}

// Crossings among the segments of two places that are neighbours in a rank: a above b, and b above a.
std::pair<std::size_t, std::size_t> pair_crossings(const Layers& layers, int a, int b, bool left) {
  const std::vector<int>& of_a = left ? layers[a].left : layers[a].right;
  const std::vector<int>& of_b = left ? layers[b].left : layers[b].right;
  std::size_t now = 0, swapped = 0;
  for (const int x : of_a) {
    for (const int y : of_b) {
      if (layers.at(x) > layers.at(y)) ++now;
      if (layers.at(x) < layers.at(y)) ++swapped;
    }
  }
  return {now, swapped};
}

// True when something was exchanged.
bool exchange_round(Layers& layers) {
  constexpr std::size_t kMostPairs = 4096;  // of segments, for two places: hubs are left to the sweeps
  bool better = false;
  for (std::vector<int>& rank : layers.ranks) {
    for (std::size_t i = 0; i + 1 < rank.size(); ++i) {
      const int a = rank[i], b = rank[i + 1];
      const Place& p = layers[a];
      const Place& q = layers[b];
      if (p.band != q.band) continue;
      if (p.left.size() * q.left.size() + p.right.size() * q.right.size() > kMostPairs) continue;
      const auto left = pair_crossings(layers, a, b, true);
      const auto right = pair_crossings(layers, a, b, false);
      if (left.second + right.second >= left.first + right.first) continue;
      std::swap(rank[i], rank[i + 1]);
      layers.position[at(a)] = static_cast<int>(i + 1);
      layers.position[at(b)] = static_cast<int>(i);
      better = true;
    }
  }
  return better;
}

// In the order in which a search from the left meets them, so that what belongs together stands together.
void begin_order(Layers& layers) {
  std::vector<bool> met(layers.places.size(), false);
  std::vector<int> stack;
  double next = 0;
  const auto search = [&](int root) {
    if (met[at(root)]) return;
    stack.push_back(root);
    while (!stack.empty()) {
      const int place = stack.back();
      stack.pop_back();
      if (met[at(place)]) continue;
      met[at(place)] = true;
      layers[place].key = next++;
      const std::vector<int>& right = layers[place].right;
      for (std::size_t i = right.size(); i-- > 0;) stack.push_back(right[i]);
    }
  };
  for (const std::vector<int>& rank : layers.ranks) {
    for (const int place : rank) {
      if (layers[place].left.empty() && !layers[place].right.empty()) search(place);
    }
  }
  for (const std::vector<int>& rank : layers.ranks) {
    for (const int place : rank) search(place);
  }
  for (std::vector<int>& rank : layers.ranks) sort_rank(layers, rank);
}

// What is not fixed moves to the mean of what is beside it, until it hardly moves.
void relax_keys(Layers& layers) {
  double sum = 0;
  int count = 0;
  for (const Place& p : layers.places) {
    if (p.fixed) sum += p.key, ++count;
  }
  for (Place& p : layers.places) {
    if (!p.fixed) p.key = sum / count;
  }
  for (int round = 0; round < kRelaxRounds; ++round) {
    for (Place& p : layers.places) {
      if (p.fixed || p.left.size() + p.right.size() == 0) continue;
      double keys = 0;
      for (const int n : p.left) keys += layers[n].key;
      for (const int n : p.right) keys += layers[n].key;
      p.key = keys / static_cast<double>(p.left.size() + p.right.size());
    }
  }
}

}  // namespace

std::size_t order_places(Layers& layers) {
  layers.number();
  // Edges pass between nodes where the one that they come from would stand.
  for (Place& p : layers.places) {
    if (!p.fixed) p.key = p.node >= 0 ? p.node : layers.chains[at(p.edge)].front() + 0.5;
  }
  bool any_fixed = false;
  {
    Layers as_given = layers;
    for (Place& p : as_given.places) {
      any_fixed = any_fixed || p.fixed;
      if (p.node >= 0) p.key = p.node;
    }
    for (std::vector<int>& rank : as_given.ranks) sort_rank(as_given, rank);
    layers.ranks = as_given.ranks;
    layers.position = as_given.position;
  }
  const std::size_t before = count_crossings(layers);

  if (any_fixed) {
    relax_keys(layers);
    for (std::vector<int>& rank : layers.ranks) sort_rank(layers, rank);
    return before;
  }
  std::vector<std::vector<int>> best = layers.ranks;
  std::size_t fewest = before;
  const auto keep_if_better = [&] {
    const std::size_t now = count_crossings(layers);
    if (now >= fewest) return false;
    fewest = now;
    best = layers.ranks;
    return true;
  };
  begin_order(layers);
  keep_if_better();
  int idle = 0;
  for (int i = 0; i < kSweeps && idle < kPatience && fewest > 0; ++i) {
    sweep(layers, i % 2 == 0, i % 4 >= 2);
    idle = keep_if_better() ? 0 : idle + 1;
  }
  layers.ranks = best;
  layers.number();
  for (int i = 0; i < kExchangeRounds && exchange_round(layers); ++i) {
  }
  return before;
}

}  // namespace tailrace::viewer
