// Coordinates: x by the rank, y as near to the neighbours as the order allows. In each rank the places that
// minimise the weighted squared distances to where their neighbours would have them, with the gaps kept, are
// found exactly by pooling (isotonic regression after a change of variables); a few sweeps to and fro settle
// the whole. Segments between dummies weigh more, so that long edges run straight.
#include <algorithm>
#include <limits>

#include "viewer/layout/layers.hpp"

namespace tailrace::viewer {

namespace {

constexpr int kRounds = 10;
constexpr double kDummyWeight = 8, kHalfDummyWeight = 2;
constexpr double kEarlierWeight = 40;  // what was there stays

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// Of two neighbours in a rank: from centre to centre.
float distance(const Place& a, const Place& b, const LayoutInput& input) {
  const float gap = a.node >= 0 && b.node >= 0 ? input.node_gap : input.edge_gap;
  const float band = a.band != b.band ? 2 * input.group_padding : 0;
  return a.height / 2 + gap + band + b.height / 2;
}

struct Wish {
  double y = 0, weight = 0;
};

double weight_of(const Place& a, const Place& b) {
  const int dummies = (a.node < 0) + (b.node < 0);
  return dummies == 2 ? kDummyWeight : dummies == 1 ? kHalfDummyWeight : 1;
}

Wish wish_of(const Layers& layers, const Place& p, const LayoutInput& input, bool left, bool right) {
  double sum = 0, weight = 0;
  const auto add = [&](const std::vector<int>& neighbours) {
    for (const int n : neighbours) {
      const double w = weight_of(p, layers[n]) / static_cast<double>(neighbours.size());
      sum += w * layers[n].y;
      weight += w;
    }
  };
  if (left) add(p.left);
  if (right) add(p.right);
  if (p.node >= 0 && p.fixed) {
    sum += kEarlierWeight * input.nodes[at(p.node)].earlier->y;
    weight += kEarlierWeight;
  }
  if (weight == 0) return {p.y, 0.05};  // stays, unless it is in somebody's way
  return {sum / weight, weight};
}

void settle_rank(Layers& layers, const std::vector<int>& rank, const LayoutInput& input, bool left,
                 bool right) {
  struct Block {
    double sum = 0, weight = 0;
    std::size_t first = 0;
    double mean() const { return sum / weight; }
  };
  std::vector<Block> blocks;
  std::vector<double> offset(rank.size(), 0);  // of each from the first, at the closest
  for (std::size_t i = 0; i < rank.size(); ++i) {
    if (i > 0) offset[i] = offset[i - 1] + distance(layers[rank[i - 1]], layers[rank[i]], input);
    const Wish wish = wish_of(layers, layers[rank[i]], input, left, right);
    blocks.push_back({(wish.y - offset[i]) * wish.weight, wish.weight, i});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() >= blocks.back().mean()) {
      blocks[blocks.size() - 2].sum += blocks.back().sum;
      blocks[blocks.size() - 2].weight += blocks.back().weight;
      blocks.pop_back();
    }
  }
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const std::size_t end = b + 1 < blocks.size() ? blocks[b + 1].first : rank.size();
    for (std::size_t i = blocks[b].first; i < end; ++i)
      layers[rank[i]].y = static_cast<float>(blocks[b].mean() + offset[i]);
  }
}

// Bands one below the other: each moves down as a whole until it is clear of those above it.
void stack_bands(Layers& layers, const LayoutInput& input) {
  if (layers.bands < 2) return;
  constexpr float kFar = std::numeric_limits<float>::max();
  std::vector<float> top(at(layers.bands), kFar), bottom(at(layers.bands), -kFar);
  for (const Place& p : layers.places) {
    top[at(p.band)] = std::min(top[at(p.band)], p.y - p.height / 2);
    bottom[at(p.band)] = std::max(bottom[at(p.band)], p.y + p.height / 2);
  }
  std::vector<float> shift(at(layers.bands), 0);
  float clear = -kFar;
  for (std::size_t b = 0; b < top.size(); ++b) {
    if (top[b] == kFar) continue;
    if (clear > -kFar) shift[b] = clear + 2 * input.group_padding + input.node_gap - top[b];
    clear = bottom[b] + shift[b];
  }
  for (Place& p : layers.places) p.y += shift[at(p.band)];
}

}  // namespace

void place_rows(Layers& layers, const LayoutInput& input) {
  bool any_fixed = false;
  for (const Place& p : layers.places) any_fixed = any_fixed || p.fixed;
  for (const std::vector<int>& rank : layers.ranks) {
    float y = 0;
    for (std::size_t i = 0; i < rank.size(); ++i) {
      if (i > 0) y += distance(layers[rank[i - 1]], layers[rank[i]], input);
      layers[rank[i]].y = any_fixed ? static_cast<float>(layers[rank[i]].key) : y;
    }
    if (any_fixed) continue;
    for (const int place : rank) layers[place].y -= y / 2;  // columns begin centred on each other
  }
  const std::size_t n = layers.ranks.size();
  for (int round = 0; round < kRounds; ++round) {
    const bool both = round >= kRounds / 2;
    for (std::size_t k = 0; k < n; ++k) settle_rank(layers, layers.ranks[k], input, true, both);
    stack_bands(layers, input);
    for (std::size_t k = n; k-- > 0;) settle_rank(layers, layers.ranks[k], input, both, true);
    stack_bands(layers, input);
  }
}

}  // namespace tailrace::viewer
