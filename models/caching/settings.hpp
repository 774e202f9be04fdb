#pragma once
// What a cache is told: which entries it keeps, for how long, and what it serves when they are too old.
// Products: lru, lfu and random as in Redis (which approximates the first two by samples; here they are
// exact), fifo as in many in-process caches; pinned is the "perfect LFU" of theory, which knows the
// popularities.
#include <cstdint>
#include <optional>

#include "sim/base/time.hpp"

namespace tailrace::models {

enum class Replacement : std::uint8_t {
  lru,     // the entry that was used longest ago goes
  lfu,     // ... that was used least often since it came; among equals the one used longest ago
  fifo,    // ... that came first
  random,  // any
  pinned   // none: only the most popular keys are ever kept
};

struct CacheSettings {
  Replacement policy = Replacement::lru;
  std::int64_t capacity = -1;        // entries; -1: any number
  std::int64_t capacity_bytes = -1;  // of all entries
  std::optional<sim::Duration> ttl;  // of an entry, from when it was written
  bool sliding = false;              // ... or read last
  double ttl_jitter = 0;             // each entry's ttl differs from it by up to this share, either way
  sim::Duration stale_while_revalidate{0};  // after the ttl: served, while a fetch for nobody is under way
  sim::Duration stale_if_error{0};          // after the ttl: served when the fetch fails
};

}  // namespace tailrace::models
