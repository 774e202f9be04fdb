#include "models/policies/load_balancing/hash_ring.hpp"

namespace tailrace::models {

namespace {

// Weights that are all zero say nothing.
bool all_zero(std::span<const std::uint32_t> included, std::span<const double> weights) {
  return std::all_of(included.begin(), included.end(), [&](std::uint32_t i) { return weights[i] <= 0; });
}

}  // namespace

HashRing::HashRing(std::span<const std::uint32_t> names, std::span<const double> weights,
                   std::uint64_t points) {
  double sum = 0;
  for (const double w : weights) sum += w;
  const double even = 1 / static_cast<double>(names.size());
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    const double share = sum > 0 ? weights[i] / sum : even;
    if (share <= 0) continue;
    const auto own =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(points) * share + 0.5));
    for (std::uint64_t p = 0; p < own; ++p) {
      points_.push_back({mix_bits(mix_bits(names[i]) ^ mix_bits(~p)), i});
    }
  }
  std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.instance < b.instance;
  });
  int bits = 1;
  while (std::size_t{1} << bits < points_.size()) ++bits;
  shift_ = 64 - bits;
  bucket_.resize(std::size_t{1} << bits);
  std::uint32_t next = 0;
  for (std::size_t b = 0; b < bucket_.size(); ++b) {
    while (next < points_.size() && points_[next].hash < static_cast<std::uint64_t>(b) << shift_) ++next;
    bucket_[b] = next;
  }
}

void MaglevTable::build(std::span<const std::uint32_t> included, std::span<const std::uint32_t> names,
                        std::span<const double> weights) {
  struct Turn {
    std::uint32_t instance;
    std::uint64_t next, skip;  // of its permutation
    double weight, claimed;    // entries so far, in units of the heaviest instance's turns
  };
  const std::uint64_t size = entries_.size();
  std::fill(entries_.begin(), entries_.end(), kNoInstance);
  const bool even = all_zero(included, weights);
  double heaviest = 0;
  std::vector<Turn> turns;
  turns.reserve(included.size());
  for (const std::uint32_t i : included) {
    const double weight = even ? 1 : weights[i];
    if (weight <= 0) continue;
    const std::uint64_t name = mix_bits(names[i]);
    turns.push_back({i, mix_bits(name ^ 0x6f6666736574ULL) % size,
                     mix_bits(name ^ 0x736b6970ULL) % (size - 1) + 1, weight, 0});
    heaviest = std::max(heaviest, weight);
  }
  if (turns.empty()) return;
  std::uint64_t filled = 0;
  for (double turn = 1;; ++turn) {
    for (Turn& t : turns) {
      if (turn * t.weight < t.claimed + heaviest) continue;
      t.claimed += heaviest;
      while (entries_[t.next] != kNoInstance) t.next = (t.next + t.skip) % size;
      entries_[t.next] = t.instance;
      if (++filled == size) return;
    }
  }
}

std::uint64_t prime_from(std::uint64_t n) {
  const auto prime = [](std::uint64_t x) {
    for (std::uint64_t d = 2; d * d <= x; ++d) {
      if (x % d == 0) return false;
    }
    return x >= 2;
  };
  while (!prime(n)) ++n;
  return n;
}

}  // namespace tailrace::models
