#pragma once
// Tables of caches: what there is of each, where its contents lie, and where it is asked.
#include <cstdint>
#include <vector>

#include "models/policies/load_balancing/hash_ring.hpp"

namespace tailrace::models {

// Contents of one local cache in one instance, or of one node.
struct CacheStoreTable {
  std::uint32_t cache = 0;
  std::uint32_t station = 0xffffffffu;   // none: of a workload
  std::uint32_t instance = 0xffffffffu;  // of all instances
  std::uint32_t index = 0;               // of the station's
};

struct CacheTable {
  bool detached = false;
  std::uint32_t first_node_store = 0xffffffffu;  // shared: the first node's
  std::uint32_t first_instance = 0;              // shared: the first node
  std::vector<HashRing> rings;                   // by point of presence; which of its nodes has a key
  std::vector<double> cumulative_share;          // of the points
  std::uint32_t size = 0xffffffffu;              // draw
  std::uint32_t pop_stream = 0xffffffffu, chance_stream = 0xffffffffu;
  std::uint32_t ttl_stream = 0xffffffffu, evict_stream = 0xffffffffu;
};

// One place in a program that asks a cache or writes to it.
struct CacheSiteTable {
  std::uint32_t cache = 0;
  std::uint32_t hit = 0;                    // pc
  std::uint32_t body = 0xffffffffu;         // pc of what runs beside: a fetch, a write behind
  std::uint32_t key = 0xffffffffu;          // draw
  std::uint32_t first_store = 0xffffffffu;  // local contents
  std::uint32_t first_instance = 0;         // of the station that has the first store
  std::uint8_t depth = 0;                   // cache sites around it
  std::uint8_t key_from = 0;                // CacheKey
  bool remote = false;
};

}  // namespace tailrace::models
