#pragma once
// What a cache's contents at one place (an instance, a node) have seen since the end of the warm-up. Every
// look-up is exactly one of: a hit, a stale hit, a miss, or coalesced (it waited for somebody else's fetch).
#include <cstdint>
#include <vector>

namespace tailrace::models {

struct StoreRecord {
  std::uint64_t hits = 0, stale = 0, misses = 0, coalesced = 0;
  std::uint64_t stale_if_error = 0;  // of the misses and coalesced: served stale, since the fetch failed
  std::uint64_t fetches = 0, fetch_failures = 0;  // failures of those that run beside
  std::uint64_t writes = 0, refused = 0;          // entries written; larger than the cache
  std::uint64_t evictions = 0, expirations = 0, dropped = 0;
  std::uint64_t lost = 0;  // entries, with their instance or by a flush of all
  std::uint64_t queued = 0, merged = 0, flushes = 0, flush_failures = 0, lost_writes = 0;  // write-behind
  std::uint64_t unwritten = 0;  // still to be written behind, at the end
  std::uint64_t entries = 0;    // at the end
  std::int64_t bytes = 0;
  double entry_seconds = 0;

  std::uint64_t look_ups() const { return hits + stale + misses + coalesced; }
};

struct CacheRecord {
  std::vector<StoreRecord> stores;  // in the order of CompiledModel::cache_stores
  std::uint64_t unreached = 0;      // look-ups that found no node, or got no answer: misses of no store
};

}  // namespace tailrace::models
