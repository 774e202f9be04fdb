#pragma once
// One cache's contents: entries in a slab, an open-addressing index to them, and the order in which they go
// as intrusive lists. A look-up, a write and an eviction are O(1), for LFU too: entries of one count hang on
// one node, nodes on a list by count. Nothing is allocated once the slab has reached its size.
//
// Time is told, never asked for. An entry is fresh while now < its expiry; expired ones leave when they are
// met: at a look-up, or as the victim of an eviction, and then count as expired. So `entries` may include
// some that are too old to be served. Values are not modelled: whether an entry is what the database has now
// is not known here.
#include <cstdint>
#include <vector>

#include "models/caching/settings.hpp"
#include "models/caching/slot_index.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {

enum class Found : std::uint8_t {
  absent,
  fresh,
  stale,  // too old, but within stale_while_revalidate
  spare   // too old, but within stale_if_error
};

struct StoreCounts {
  std::uint64_t evictions = 0, expirations = 0;
  std::uint64_t oversized = 0;  // writes of entries that are larger than the cache
};

class CacheStore {
 public:
  explicit CacheStore(const CacheSettings& settings);

  // A look-up, which counts as a use of what it finds.
  Found look(std::uint64_t key, std::int64_t now_ns);
  // The same without any trace: what would be found?
  Found peek(std::uint64_t key, std::int64_t now_ns) const;
  // Writes the key's entry; evicts what is in its way. ttl_ns < 0: it never expires. False: it does not fit.
  bool put(std::uint64_t key, std::int64_t now_ns, std::int64_t ttl_ns, std::int64_t size, sim::Stream& any);
  bool drop(std::uint64_t key);  // false: it was not there
  std::uint64_t clear();         // how many there were
  // An entry that waits to be written behind. False: it is not there, or does so already (does not).
  bool set_dirty(std::uint64_t key, bool dirty);
  void pin(std::vector<std::uint64_t> keys);  // what Replacement::pinned may keep, ascending

  std::size_t entries() const { return live_; }
  std::int64_t content_bytes() const { return bytes_; }
  std::size_t memory() const {
    return entries_.size() * sizeof(Entry) + nodes_.size() * sizeof(Node) + index_.bytes();
  }
  const StoreCounts& counts() const { return counts_; }
  void reset_counts() { counts_ = {}; }

  static std::uint64_t hash(std::uint64_t key) { return sim::SplitMix64{key}.next(); }

 private:
  static constexpr std::uint32_t kNone = 0xffffffffu;
  struct Entry {
    std::uint64_t key = 0;
    std::int64_t expires = 0;  // INT64_MAX: never
    std::int64_t ttl = 0;
    std::int64_t size = 0;
    std::uint32_t prev = kNone, next = kNone;  // in its list; `next` also in the free list
    std::uint32_t node = kNone;                // lfu
    bool noted = false;                        // its expiry has been counted
    bool dirty = false;
  };
  struct Node {  // all entries with one count
    std::uint64_t count = 0;
    std::uint32_t head = kNone, tail = kNone;  // entries; the one used last is at the head
    std::uint32_t prev = kNone, next = kNone;  // nodes by count
  };

  std::uint32_t find(std::uint64_t key) const {
    return index_.find(hash(key), [&](std::uint32_t slot) { return entries_[slot].key == key; });
  }
  Found state(const Entry& e, std::int64_t now) const;
  std::uint32_t allocate();
  void remove(std::uint32_t slot);
  void evict(std::int64_t now, sim::Stream& any);
  void used(std::uint32_t slot);    // by a reader or a writer
  void linked(std::uint32_t slot);  // new
  void unlinked(std::uint32_t slot);
  void push(std::uint32_t& head, std::uint32_t& tail, std::uint32_t slot);
  void unhook(std::uint32_t& head, std::uint32_t& tail, std::uint32_t slot);
  std::uint32_t node_after(std::uint32_t before, std::uint64_t count);
  void free_node(std::uint32_t node);
  bool pinned(std::uint64_t key) const;

  const CacheSettings& settings_;
  std::vector<Entry> entries_;  // random replacement keeps the live ones in front
  std::vector<Node> nodes_;
  std::vector<std::uint64_t> pinned_;
  SlotIndex index_;
  std::size_t live_ = 0;
  std::int64_t bytes_ = 0;
  std::uint32_t free_ = kNone, free_node_ = kNone;
  std::uint32_t head_ = kNone, tail_ = kNone;  // lru, fifo: the tail goes next
  std::uint32_t lowest_ = kNone;               // lfu: node of the least used
  StoreCounts counts_;
};

}  // namespace tailrace::models
