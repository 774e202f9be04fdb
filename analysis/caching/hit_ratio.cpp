#include "analysis/caching/hit_ratio.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>

#include "models/caching/key_law.hpp"
#include "sim/base/math.hpp"

namespace tailrace::analysis {

namespace {

constexpr std::uint64_t kMostTheoryKeys = 200'000;  // more would take a visible time
constexpr double kMostPolynomialWork = 2e7;

// The t with sum of share(p t) = capacity; shares grow with t, from 0 to 1.
template <class Share>
double characteristic_time(const std::vector<double>& p, double capacity, Share share) {
  const auto sum = [&](double t) {
    double s = 0;
    for (const double x : p) s += share(x * t);
    return s;
  };
  double low = 0, high = std::max(capacity, 1.0);
  for (int i = 0; i < 400 && sum(high) < capacity; ++i) low = high, high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-13 * high; ++i) {
    const double middle = 0.5 * (low + high);
    (sum(middle) < capacity ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

double exponential_share(double x) {
  return -sim::math::expm1(-x);
}
double renewal_share(double x) {
  return x / (1 + x);
}

template <class Share>
double by_time(const std::vector<double>& p, double capacity, Share share) {
  if (capacity <= 0) return 0;
  if (capacity >= static_cast<double>(p.size())) return 1;
  const double t = characteristic_time(p, capacity, share);
  double hits = 0;
  for (const double x : p) hits += x * share(x * t);
  return hits;
}

}  // namespace

double lru_hit_ratio_exact(const std::vector<double>& p, std::size_t capacity) {
  const std::size_t n = p.size();
  if (capacity == 0) return 0;
  if (capacity >= n) return 1;
  // chance[S]: the |S| keys used last are S, in any order.
  std::vector<double> chance(std::size_t{1} << n, 0.0), mass(chance.size(), 0.0);
  chance[0] = 1;
  double hits = 0;
  for (std::size_t set = 1; set < chance.size(); ++set) {
    const auto size = static_cast<std::size_t>(std::popcount(set));
    const std::size_t low = set & (~set + 1);
    mass[set] = mass[set ^ low] + p[static_cast<std::size_t>(std::countr_zero(set))];
    if (size > capacity) continue;
    for (std::size_t rest = set; rest != 0; rest &= rest - 1) {
      const auto key = static_cast<std::size_t>(std::countr_zero(rest));
      const std::size_t before = set ^ (std::size_t{1} << key);
      const double left = 1 - mass[before];
      if (left > 0) chance[set] += chance[before] * p[key] / left;
    }
    if (size == capacity) hits += chance[set] * mass[set];
  }
  return hits;
}

double lru_hit_ratio_che(const std::vector<double>& p, double capacity) {
  return by_time(p, capacity, exponential_share);
}

double fifo_hit_ratio_che(const std::vector<double>& p, double capacity) {
  return by_time(p, capacity, renewal_share);
}

double fifo_hit_ratio_exact(const std::vector<double>& p, std::size_t capacity) {
  const std::size_t n = p.size();
  if (capacity == 0) return 0;
  if (capacity >= n) return 1;
  // e[k] of all but one key, scaled so that no product vanishes: the shares do not depend on it.
  const double scale = static_cast<double>(n);
  std::vector<double> e(capacity + 1);
  double hits = 0, all = 0;
  for (std::size_t without = 0; without < n; ++without) {
    std::fill(e.begin(), e.end(), 0.0);
    e[0] = 1;
    for (std::size_t i = 0; i < n; ++i) {
      if (i == without) continue;
      for (std::size_t k = std::min(capacity, i + 1); k > 0; --k) e[k] += e[k - 1] * p[i] * scale;
    }
    const double with = p[without] * scale * e[capacity - 1];
    hits += p[without] * with;
    all = with + e[capacity];  // the polynomial of all keys, whichever is left out
  }
  return hits / all;
}

double pinned_hit_ratio(std::vector<double> p, std::size_t capacity) {
  std::sort(p.begin(), p.end(), std::greater<>());
  double hits = 0;
  for (std::size_t i = 0; i < std::min(capacity, p.size()); ++i) hits += p[i];
  return hits;
}

double ttl_hit_ratio(const std::vector<double>& p, double rate_per_s, double ttl_s, bool sliding) {
  double hits = 0;
  for (const double x : p)
    hits += x * (sliding ? exponential_share(x * rate_per_s * ttl_s) : renewal_share(x * rate_per_s * ttl_s));
  return hits;
}

std::optional<HitTheory> hit_theory(const models::Cache& cache, double rate_per_s) {
  using models::Replacement;
  const models::CacheSettings& s = cache.settings;
  if (cache.hit_ratio) return HitTheory{*cache.hit_ratio, true, "as given"};
  if (!cache.keys || s.capacity_bytes >= 0 || s.stale_while_revalidate.ns > 0) return std::nullopt;
  bool all = false;
  const std::vector<models::KeyShare> keys = models::popular_keys(*cache.keys, kMostTheoryKeys, all);
  if (!all) return std::nullopt;
  std::vector<double> p;
  for (const models::KeyShare& k : keys) p.push_back(k.probability);
  // Nodes share the keys, so each has a part of them; as one cache of all their capacity, nearly.
  std::int64_t nodes = 1;
  if (!cache.pops.empty()) {
    nodes = cache.pops.front().nodes;
    for (const models::CachePop& pop : cache.pops) {
      if (pop.nodes != nodes || pop.share != cache.pops.front().share) return std::nullopt;
    }
  }
  const bool all_fit = s.capacity < 0 || (nodes == 1 && s.capacity >= static_cast<std::int64_t>(p.size()));
  const double capacity = static_cast<double>(s.capacity) * static_cast<double>(nodes);
  const auto c = static_cast<std::size_t>(std::max(capacity, 0.0));
  if (s.ttl) {
    if (!all_fit || rate_per_s < 0 || s.ttl_jitter > 0) return std::nullopt;
    const double rate = rate_per_s * static_cast<double>(nodes);
    return HitTheory{ttl_hit_ratio(p, rate, s.ttl->seconds(), s.sliding), true,
                     s.sliding ? "sliding ttl" : "fixed ttl"};
  }
  if (all_fit) return HitTheory{1, true, "every key fits"};
  if (nodes > 1) {
    if (s.policy != Replacement::lru) return std::nullopt;
    return HitTheory{lru_hit_ratio_che(p, capacity), false, "Che's approximation of one LRU of all nodes"};
  }
  switch (s.policy) {
    case Replacement::lru:
      if (p.size() <= kMostExactKeys) return HitTheory{lru_hit_ratio_exact(p, c), true, "King's LRU"};
      return HitTheory{lru_hit_ratio_che(p, capacity), false, "Che's approximation of LRU"};
    case Replacement::fifo:
    case Replacement::random: {
      const double n = static_cast<double>(p.size());
      if (n * n * capacity <= kMostPolynomialWork && capacity <= 200)
        return HitTheory{fifo_hit_ratio_exact(p, c), true, "King's FIFO, Gelenbe's random"};
      return HitTheory{fifo_hit_ratio_che(p, capacity), false, "Che's approximation of FIFO"};
    }
    case Replacement::pinned:
      return HitTheory{pinned_hit_ratio(p, c), true, "the most popular keys"};
    case Replacement::lfu:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace tailrace::analysis
