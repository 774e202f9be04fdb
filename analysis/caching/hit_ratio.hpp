#pragma once
// How often a cache hits, by theory, when keys are asked for independently of one another (the independent
// reference model): p[i] is the probability of key i, and the p sum to 1. C entries fit.
//
//   LRU, exact        W. F. King, "Analysis of demand paging algorithms" (1971): sum over the sets of the C
//                     keys used last. 2^n sets: up to kMostExactKeys keys.
//   LRU, approximate  Che, Tung, Wang, "Hierarchical Web caching systems" (2002): a key is there for t after
//                     its last use, with t the same for all: sum of (1 - exp(-p t)) = C. Why it is so good:
//                     Fricker, Robert, Roberts (2012).
//   FIFO, random      King (1971), Gelenbe (1973): P(contents) ~ product of the p; by elementary symmetric
//                     polynomials. The same for both.
//   ttl               Jung, Berger, Balakrishnan, "Modeling TTL-based Internet caches" (2003).
//
// Instant fills are assumed throughout: a fetch that takes time lowers the hit ratio, or coalesces.
#include <optional>
#include <string>
#include <vector>

#include "models/topology/cache.hpp"

namespace tailrace::analysis {

inline constexpr std::size_t kMostExactKeys = 18;

double lru_hit_ratio_exact(const std::vector<double>& p, std::size_t capacity);
double lru_hit_ratio_che(const std::vector<double>& p, double capacity);
double fifo_hit_ratio_exact(const std::vector<double>& p, std::size_t capacity);
double fifo_hit_ratio_che(const std::vector<double>& p, double capacity);  // sum of p t / (1 + p t) = C
double pinned_hit_ratio(std::vector<double> p, std::size_t capacity);
// Keys asked for with these rates (per second), entries that expire `ttl_s` after they were written (after
// they were used last: sliding).
double ttl_hit_ratio(const std::vector<double>& p, double rate_per_s, double ttl_s, bool sliding);

struct HitTheory {
  double ratio = 0;
  bool exact = true;
  std::string law;  // "Che's approximation of LRU"
};

// Of a cache, each of whose `stores` is asked `rate_per_s` times a second; none where no theory is known.
// Where the rate is not known (negative), nor is there any of a ttl.
std::optional<HitTheory> hit_theory(const models::Cache& cache, double rate_per_s);

}  // namespace tailrace::analysis
