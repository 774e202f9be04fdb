#pragma once
// Choice by key. Both keep most keys where they are when an instance goes: on the ring exactly its own keys
// move, in Maglev's table a few more do.
//
// HashRing (ketama): every instance has points on a circle of 64-bit hashes, as many as its weight allows; a
// key belongs to the first point at or after its hash, and if that instance does not serve, to the next that
// does. So an instance that leaves needs no rebuilding, and one ring serves all callers. A look-up starts
// from an index of the circle, about one point away. With v points per instance the shares spread by 1 /
// sqrt(v).
//
// MaglevTable (Eisenbud et al. 2016, section 3.4): instances take turns to claim the next free entry of their
// own permutation of the table; a lighter one sits out turns (as in Envoy). A look-up is one read; the shares
// differ by one entry. It is rebuilt, O(size x log size), when the instances in it change.
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "models/policy/seams.hpp"

namespace tailrace::models {

// Mixes all bits (a bijection): keys 0, 1, 2 ... land anywhere.
constexpr std::uint64_t mix_bits(std::uint64_t x) {
  return sim::SplitMix64{x}.next();
}

class HashRing {
 public:
  HashRing() = default;
  // `names[i]` identifies instance i wherever it appears; the points are shared out by `weights`.
  HashRing(std::span<const std::uint32_t> names, std::span<const double> weights, std::uint64_t points);

  // The first instance clockwise from `hash` that is accepted, or none. Accepting may be asked twice about
  // one.
  template <class Accept>
  std::uint32_t find(std::uint64_t hash, Accept accept) const {
    if (points_.empty()) return kNoInstance;
    std::size_t at = bucket_[hash >> shift_];
    while (at < points_.size() && points_[at].hash < hash) ++at;
    for (std::size_t i = at; i < points_.size(); ++i) {
      if (accept(points_[i].instance)) return points_[i].instance;
    }
    for (std::size_t i = 0; i < at; ++i) {
      if (accept(points_[i].instance)) return points_[i].instance;
    }
    return kNoInstance;
  }
  std::size_t size() const { return points_.size(); }

 private:
  struct Point {
    std::uint64_t hash = 0;
    std::uint32_t instance = 0;
  };
  std::vector<Point> points_;          // by hash
  std::vector<std::uint32_t> bucket_;  // the first point at or after each of equal parts of the circle
  int shift_ = 63;
};

class MaglevTable {
 public:
  MaglevTable() = default;
  explicit MaglevTable(std::uint64_t size) : entries_(size, kNoInstance) {}

  // `size` must be a prime. Instances are known by their places in `names`, of which `included` are in.
  void build(std::span<const std::uint32_t> included, std::span<const std::uint32_t> names,
             std::span<const double> weights);

  template <class Accept>
  std::uint32_t find(std::uint64_t hash, Accept accept) const {
    const std::size_t size = entries_.size();
    std::size_t at = static_cast<std::size_t>(hash % size);
    for (std::size_t looked = 0; looked < size; ++looked) {
      if (accept(entries_[at])) return entries_[at];
      at = at + 1 == size ? 0 : at + 1;
    }
    return kNoInstance;
  }
  std::span<const std::uint32_t> entries() const { return entries_; }

 private:
  std::vector<std::uint32_t> entries_;
};

// The smallest prime that is at least n.
std::uint64_t prime_from(std::uint64_t n);

}  // namespace tailrace::models
