#pragma once
// A cache as the topology knows it. A local one lives in each instance of whoever uses it; a shared one in
// nodes of its own, which are a station. Its contents are modelled by key (models/caching); or not at all,
// where all that is known is how often it hits.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/caching/settings.hpp"
#include "models/field/document.hpp"
#include "sim/random/distribution.hpp"

namespace tailrace::models {

// What a cache step does, and what its branches are.
enum class CacheUse : std::uint8_t {
  look,        // 0: the way to the cache; 1: when it misses, up to and with the writing back
  probe,       // at a node, for a caller who decides himself. 0: its work
  put,         // 0: its work; then the entry is written
  drop,        // 0: its work; then the entry is gone
  write,       // 0: the write to what is cached; 1: then to the cache
  invalidate,  // 0: the write to what is cached; 1: then the entry goes
  behind,      // 0: its work; the entry is written, and 1 runs later, for nobody
  access       // 0: a call of a shared cache, which does the rest
};

enum class CacheKey : std::uint8_t {
  request,  // the request's own
  drawn,
  outer,  // of the cache step around it
  given   // of the call that came to a shared cache's node
};

// Nodes of a shared cache near some of the clients; each point has the whole key space.
struct CachePop {
  std::string name;
  int first_node = 0, nodes = 1;
  double share = 1;  // of the callers who do not say which
};

struct Cache {
  std::string name;
  int component = -1;
  int station = -1;  // a shared cache's nodes
  CacheSettings settings;
  std::optional<sim::Distribution> keys;        // by which it is asked, for warm, pinned and theory
  std::optional<sim::Distribution> size;        // of an entry
  std::optional<double> hit_ratio;              // contents are not modelled
  bool coalesce = false;                        // one fetch of a key at a time, for all who want it
  double warm = 0;                              // share of its capacity that is there from the start
  std::vector<CachePop> pops;                   // shared: at least one
  bool rehash = true;                           // what a node that is down had is looked for at the next
  sim::Duration flush_interval{1'000'000'000};  // write-behind
  std::int64_t flush_batch = 1;                 // keys per flush
  bool used = false;

  bool detached() const {  // fetches run beside those who wait for them
    return coalesce || settings.stale_while_revalidate.ns > 0 || settings.stale_if_error.ns > 0;
  }
};

inline constexpr int kMostCacheDepth = 4;  // cache steps inside each other's on_miss

}  // namespace tailrace::models
