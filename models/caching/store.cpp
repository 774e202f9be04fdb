#include "models/caching/store.hpp"

#include <algorithm>
#include <limits>

namespace tailrace::models {

namespace {

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kReserved = 1 << 16;  // entries that a cache has room for from the start, at most

}  // namespace

CacheStore::CacheStore(const CacheSettings& settings) : settings_(settings) {
  const auto room = static_cast<std::size_t>(std::clamp<std::int64_t>(settings.capacity, 0, kReserved));
  entries_.reserve(room);
  index_.reserve(room + 1);
  if (settings.policy == Replacement::lfu) nodes_.reserve(room / 4 + 4);
}

Found CacheStore::state(const Entry& e, std::int64_t now) const {
  if (now < e.expires) return Found::fresh;
  if (now < sim::saturating_add(e.expires, settings_.stale_while_revalidate.ns)) return Found::stale;
  if (now < sim::saturating_add(e.expires, settings_.stale_if_error.ns)) return Found::spare;
  return Found::absent;
}

Found CacheStore::look(std::uint64_t key, std::int64_t now) {
  const std::uint32_t slot = find(key);
  if (slot == kNone) return Found::absent;
  Entry& e = entries_[slot];
  const Found found = state(e, now);
  if (found != Found::fresh && !e.noted) {
    e.noted = true;
    ++counts_.expirations;
  }
  if (found == Found::absent) {
    remove(slot);
    return found;
  }
  if (found == Found::fresh && settings_.sliding && e.ttl >= 0) e.expires = sim::saturating_add(now, e.ttl);
  if (found != Found::spare) used(slot);
  return found;
}

Found CacheStore::peek(std::uint64_t key, std::int64_t now) const {
  const std::uint32_t slot = find(key);
  return slot == kNone ? Found::absent : state(entries_[slot], now);
}

bool CacheStore::put(std::uint64_t key, std::int64_t now, std::int64_t ttl, std::int64_t size,
                     sim::Stream& any) {
  if (settings_.policy == Replacement::pinned && !pinned(key)) return false;
  const bool fits =
      settings_.capacity != 0 && (settings_.capacity_bytes < 0 || size <= settings_.capacity_bytes);
  std::uint32_t slot = find(key);
  if (!fits) {
    if (slot != kNone) remove(slot);
    ++counts_.oversized;
    return false;
  }
  const std::int64_t expires = ttl < 0 ? kForever : sim::saturating_add(now, ttl);
  if (slot != kNone) {
    Entry& e = entries_[slot];
    bytes_ += size - e.size;
    e.size = size;
    e.ttl = ttl;
    e.expires = expires;
    e.noted = false;
    // A new value of an old entry: recent for LRU; not one more use for LFU, nor a new place in the line.
    if (settings_.policy == Replacement::lru) used(slot);
    // Grown: others make room. What it displaces may be itself.
    while (settings_.capacity_bytes >= 0 && bytes_ > settings_.capacity_bytes) evict(now, any);
    return find(key) != kNone;
  }
  while ((settings_.capacity >= 0 && live_ >= static_cast<std::size_t>(settings_.capacity)) ||
         (settings_.capacity_bytes >= 0 && bytes_ + size > settings_.capacity_bytes))
    evict(now, any);
  slot = allocate();
  Entry& e = entries_[slot];
  e = {};
  e.key = key;
  e.expires = expires;
  e.ttl = ttl;
  e.size = size;
  bytes_ += size;
  ++live_;
  index_.add(hash(key), slot);
  linked(slot);
  return true;
}

bool CacheStore::drop(std::uint64_t key) {
  const std::uint32_t slot = find(key);
  if (slot == kNone) return false;
  remove(slot);
  return true;
}

std::uint64_t CacheStore::clear() {
  const std::uint64_t there = live_;
  entries_.clear();
  nodes_.clear();
  index_.clear();
  live_ = 0;
  bytes_ = 0;
  free_ = free_node_ = head_ = tail_ = lowest_ = kNone;
  return there;
}

bool CacheStore::set_dirty(std::uint64_t key, bool dirty) {
  const std::uint32_t slot = find(key);
  if (slot == kNone || entries_[slot].dirty == dirty) return false;
  entries_[slot].dirty = dirty;
  return true;
}

void CacheStore::pin(std::vector<std::uint64_t> keys) {
  pinned_ = std::move(keys);
}

bool CacheStore::pinned(std::uint64_t key) const {
  return std::binary_search(pinned_.begin(), pinned_.end(), key);
}

// --- slots

std::uint32_t CacheStore::allocate() {
  if (free_ != kNone) {
    const std::uint32_t slot = free_;
    free_ = entries_[slot].next;
    return slot;
  }
  entries_.emplace_back();
  return static_cast<std::uint32_t>(entries_.size() - 1);
}

void CacheStore::remove(std::uint32_t slot) {
  index_.remove(hash(entries_[slot].key), slot);
  bytes_ -= entries_[slot].size;
  --live_;
  unlinked(slot);
  if (settings_.policy == Replacement::random) {  // the last one fills the gap
    const auto last = static_cast<std::uint32_t>(entries_.size() - 1);
    if (slot != last) {
      entries_[slot] = entries_[last];
      index_.remove(hash(entries_[slot].key), last, slot);
    }
    entries_.pop_back();
    return;
  }
  entries_[slot].next = free_;
  free_ = slot;
}

void CacheStore::evict(std::int64_t now, sim::Stream& any) {
  std::uint32_t victim = tail_;
  if (settings_.policy == Replacement::random) {
    victim = static_cast<std::uint32_t>(any.below(entries_.size()));
  } else if (settings_.policy == Replacement::lfu) {
    victim = nodes_[lowest_].tail;
  }
  const Entry& e = entries_[victim];
  if (now < e.expires) {
    ++counts_.evictions;
  } else if (!e.noted) {
    ++counts_.expirations;
  }
  remove(victim);
}

// --- order

void CacheStore::push(std::uint32_t& head, std::uint32_t& tail, std::uint32_t slot) {
  Entry& e = entries_[slot];
  e.prev = kNone;
  e.next = head;
  (head == kNone ? tail : entries_[head].prev) = slot;
  head = slot;
}

void CacheStore::unhook(std::uint32_t& head, std::uint32_t& tail, std::uint32_t slot) {
  const Entry& e = entries_[slot];
  (e.prev == kNone ? head : entries_[e.prev].next) = e.next;
  (e.next == kNone ? tail : entries_[e.next].prev) = e.prev;
}

// The node of that count behind `before` (kNone: the first), made if there is none.
std::uint32_t CacheStore::node_after(std::uint32_t before, std::uint64_t count) {
  const std::uint32_t after = before == kNone ? lowest_ : nodes_[before].next;
  if (after != kNone && nodes_[after].count == count) return after;
  std::uint32_t node = free_node_;
  if (node != kNone) {
    free_node_ = nodes_[node].next;
    nodes_[node] = {};
  } else {
    node = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  }
  Node& n = nodes_[node];
  n.count = count;
  n.prev = before;
  n.next = after;
  (before == kNone ? lowest_ : nodes_[before].next) = node;
  if (after != kNone) nodes_[after].prev = node;
  return node;
}

void CacheStore::free_node(std::uint32_t node) {
  Node& n = nodes_[node];
  (n.prev == kNone ? lowest_ : nodes_[n.prev].next) = n.next;
  if (n.next != kNone) nodes_[n.next].prev = n.prev;
  n.next = free_node_;
  free_node_ = node;
}

void CacheStore::linked(std::uint32_t slot) {
  switch (settings_.policy) {
    case Replacement::lru:
    case Replacement::fifo:
    case Replacement::pinned:
      return push(head_, tail_, slot);
    case Replacement::lfu: {
      const std::uint32_t node = node_after(kNone, 1);
      entries_[slot].node = node;
      return push(nodes_[node].head, nodes_[node].tail, slot);
    }
    case Replacement::random:
      return;
  }
}

void CacheStore::unlinked(std::uint32_t slot) {
  switch (settings_.policy) {
    case Replacement::lru:
    case Replacement::fifo:
    case Replacement::pinned:
      return unhook(head_, tail_, slot);
    case Replacement::lfu: {
      const std::uint32_t node = entries_[slot].node;
      unhook(nodes_[node].head, nodes_[node].tail, slot);
      if (nodes_[node].head == kNone) free_node(node);
      return;
    }
    case Replacement::random:
      return;
  }
}

void CacheStore::used(std::uint32_t slot) {
  if (settings_.policy == Replacement::lru) {
    if (head_ == slot) return;
    unhook(head_, tail_, slot);
    push(head_, tail_, slot);
  } else if (settings_.policy == Replacement::lfu) {
    const std::uint32_t from = entries_[slot].node;
    const std::uint32_t to = node_after(from, nodes_[from].count + 1);
    unhook(nodes_[from].head, nodes_[from].tail, slot);
    if (nodes_[from].head == kNone) free_node(from);
    entries_[slot].node = to;
    push(nodes_[to].head, nodes_[to].tail, slot);
  }
}

}  // namespace tailrace::models
