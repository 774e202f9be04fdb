#include "models/runtime/caching.hpp"

#include <algorithm>

#include "models/caching/key_law.hpp"
#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

namespace {

// The ring's hash must not be the store's: a node's keys would all lie in one stretch of its table.
std::uint64_t ring_hash(std::uint64_t key) {
  return mix_bits(mix_bits(key) + 1);
}
std::uint64_t fetch_hash(std::uint32_t store, std::uint64_t key) {
  return CacheStore::hash(key + store * 0x9e3779b97f4a7c15ULL);
}

}  // namespace

Caching::Caching(Execution& run) : run_(run), model_(*run.model_) {
  stores_.reserve(model_.cache_stores.size());
  for (const CacheStoreTable& s : model_.cache_stores)
    stores_.emplace_back(model_.topology->caches[s.cache], s.cache);
  unreached_.resize(model_.caches.size());
}

const Cache& Caching::cache_of(const CacheSiteTable& site) const {
  return model_.topology->caches[site.cache];
}

void Caching::start() {
  for (std::uint32_t c = 0; c < model_.caches.size(); ++c) warm_up(c);
}

// The most popular keys, each where it will be looked for; the most popular of all as the one used last.
void Caching::warm_up(std::uint32_t id) {
  const Cache& cache = model_.topology->caches[id];
  const bool pins = cache.settings.policy == Replacement::pinned;
  if (!cache.keys || cache.hit_ratio || (cache.warm == 0 && !pins)) return;
  const CacheTable& table = model_.caches[id];
  bool all = false;
  const std::int64_t capacity = cache.settings.capacity;
  // Nodes fill unevenly: some want keys beyond their fair share of the most popular.
  std::uint64_t most = kMostKeys;
  if (capacity >= 0) {
    const auto places = static_cast<std::uint64_t>(std::min<std::int64_t>(capacity, 1'000'000));
    const std::uint64_t nodes =
        cache.station == kNone ? 1 : model_.stations[static_cast<std::size_t>(cache.station)].instances;
    most = nodes == 1 ? places : std::min(kMostKeys, 2 * nodes * places + 1000);
  }
  const std::vector<KeyShare> keys = popular_keys(*cache.keys, most, all);
  const std::size_t room = capacity < 0 ? keys.size() : static_cast<std::size_t>(capacity);
  for (std::uint32_t s = 0; s < stores_.size(); ++s) {
    if (model_.cache_stores[s].cache != id) continue;
    std::vector<std::uint64_t> own;
    for (const KeyShare& k : keys) {
      if (own.size() == room) break;
      if (cache.station != kNone) {
        const auto node = static_cast<int>(s - table.first_node_store);
        const auto pop = std::find_if(cache.pops.begin(), cache.pops.end(), [&](const CachePop& p) {
          return node >= p.first_node && node < p.first_node + p.nodes;
        });
        const HashRing& ring = table.rings[static_cast<std::size_t>(pop - cache.pops.begin())];
        const std::uint32_t owner = ring.find(ring_hash(k.key), [](std::uint32_t) { return true; });
        if (static_cast<int>(owner) + pop->first_node != node) continue;
      }
      own.push_back(k.key);
    }
    if (pins) {
      std::vector<std::uint64_t> sorted = own;
      std::sort(sorted.begin(), sorted.end());
      stores_[s].contents.pin(std::move(sorted));
    }
    const double share = capacity < 0 ? static_cast<double>(own.size()) : static_cast<double>(room);
    auto warm = std::min(own.size(), static_cast<std::size_t>(cache.warm * share + 0.5));
    while (warm > 0) write(s, own[--warm]);
    stores_[s].counts = {};
  }
}

std::size_t Caching::bytes() const {
  std::size_t bytes = lines_.bytes() + fetches_.size() * sizeof(Fetch) + shared_fetches_.bytes();
  for (const Store& s : stores_) bytes += sizeof s + s.contents.memory() + s.dirty.size() * sizeof(Dirty);
  return bytes;
}

// --- frames

void Caching::append() {
  lines_.append();
  CacheLine& x = lines_[static_cast<std::uint32_t>(lines_.size() - 1)];
  x.fetch = x.leads = kNoId;
}

void Caching::begin_branch(std::uint32_t slot, std::uint32_t child) {
  const CacheLine& x = lines_[slot];
  std::copy(std::begin(x.keys), std::end(x.keys), lines_[child].keys);
}

void Caching::begin_attempt(std::uint32_t slot, std::uint32_t child, const GuardTable& g) {
  lines_[child].keys[0] = g.cache == kNoId ? run_.calls_[slot].key : lines_[slot].keys[g.cache_depth];
}

void Caching::stand_in(std::uint32_t slot, std::uint32_t fresh) {
  lines_[fresh] = lines_[slot];
  lines_[fresh].fetch = lines_[fresh].leads = kNoId;
}

void Caching::release(std::uint32_t slot) {
  leave(slot);
  died(slot);
}

void Caching::died(std::uint32_t slot) {
  CacheLine& x = lines_[slot];
  if (x.leads == kNoId) return;
  // It died: those who wait for it ask again, when this instant's dying is over.
  const std::uint32_t fetch = x.leads;
  x.leads = kNoId;
  hide(fetch);
  run_.schedule(run_.now_, Phase::finish, Execution::Kind::cache, kRetry | fetch);
}

void Caching::leave(std::uint32_t slot) {
  CacheLine& x = lines_[slot];
  if (x.fetch == kNoId) return;
  Fetch& fetch = fetches_[x.fetch];
  (x.prev == kNoId ? fetch.head : lines_[x.prev].next) = x.next;
  (x.next == kNoId ? fetch.tail : lines_[x.next].prev) = x.prev;
  x.fetch = kNoId;
}

void Caching::failed(std::uint32_t slot, Outcome outcome) {
  CacheLine& x = lines_[slot];
  if (x.leads == kNoId) return;
  const std::uint32_t fetch = x.leads;
  x.leads = kNoId;
  if (fetches_[fetch].store != kNoId) ++stores_[fetches_[fetch].store].counts.fetch_failures;
  end_fetch(fetch, outcome);
}

// --- fetches

std::uint32_t Caching::find_fetch(std::uint32_t store, std::uint64_t key) const {
  return shared_fetches_.find(fetch_hash(store, key), [&](std::uint32_t id) {
    return fetches_[id].store == store && fetches_[id].key == key;
  });
}

std::uint32_t Caching::begin_fetch(std::uint32_t slot, std::uint32_t site_id, std::uint32_t store,
                                   bool shared) {
  const CacheSiteTable& site = model_.cache_sites[site_id];
  std::uint32_t id = free_fetch_;
  if (id != kNoId) {
    free_fetch_ = fetches_[id].next_free;
  } else {
    id = static_cast<std::uint32_t>(fetches_.size());
    fetches_.emplace_back();
  }
  const std::uint64_t key = lines_[slot].keys[site.depth];
  const std::uint32_t child = run_.root_frame(run_.frames_[slot].instance, site.body, run_.calls_[slot].key,
                                              run_.frames_[slot].priority, run_.frames_[slot].depth);
  lines_[child] = lines_[slot];
  lines_[child].fetch = kNoId;
  lines_[child].leads = id;
  if (run_.messaging_) run_.messaging_->begin_spawned(slot, child);
  fetches_[id] = {key, store, child, kNoId, kNoId, kNoId, shared};
  if (shared) shared_fetches_.add(fetch_hash(store, key), id);
  if (store != kNoId) ++stores_[store].counts.fetches;
  run_.wake(child);
  return id;
}

void Caching::wait(std::uint32_t slot, std::uint32_t id) {
  CacheLine& x = lines_[slot];
  Fetch& fetch = fetches_[id];
  x.fetch = id;
  x.next = kNoId;
  x.prev = fetch.tail;
  (fetch.tail == kNoId ? fetch.head : lines_[fetch.tail].next) = slot;
  fetch.tail = slot;
}

// Nobody finds it any more.
void Caching::hide(std::uint32_t id) {
  Fetch& fetch = fetches_[id];
  if (fetch.shared) shared_fetches_.remove(fetch_hash(fetch.store, fetch.key), id);
  fetch.shared = false;
}

void Caching::end_fetch(std::uint32_t id, Outcome outcome) {
  hide(id);
  // By index, one after the other: what goes on may begin fetches, or end others who wait.
  while (fetches_[id].head != kNoId) {
    const std::uint32_t slot = fetches_[id].head;
    leave(slot);
    const std::uint32_t store = fetches_[id].store;
    bool served = outcome == Outcome::success;
    if (!served && store != kNoId) {
      const Found found = stores_[store].contents.peek(fetches_[id].key, clock_of(store));
      served = found != Found::absent;
      if (served) ++stores_[store].counts.stale_if_error;
    }
    if (served) {
      run_.frames_[slot].pc = model_.cache_sites[lines_[slot].site].hit;
      run_.wake(slot);
      continue;
    }
    const std::uint32_t next = run_.fail_frame(slot, outcome);
    if (next != kNoId) run_.wake(next);
  }
  fetches_[id].next_free = free_fetch_;
  free_fetch_ = id;
}

// --- steps

std::uint32_t Caching::store_of(std::uint32_t slot, const CacheSiteTable& site) const {
  if (site.remote) return lines_[slot].store;
  const std::uint32_t instance = run_.frames_[slot].instance;
  return site.first_store + (instance == kNoId ? 0 : instance - site.first_instance);
}

void Caching::key(std::uint32_t slot, std::uint32_t site_id) {
  const CacheSiteTable& site = model_.cache_sites[site_id];
  CacheLine& x = lines_[slot];
  if (site.remote) x.store = kNoId;
  switch (static_cast<CacheKey>(site.key_from)) {
    case CacheKey::request:
      x.keys[site.depth] = run_.calls_[slot].key;
      return;
    case CacheKey::drawn:
      x.keys[site.depth] = key_of(run_.sample(site.key));
      return;
    case CacheKey::outer:
      x.keys[site.depth] = x.keys[site.depth - 1];
      return;
    case CacheKey::given:
      return;
  }
}

// A shared cache keeps the time of day at which an entry ends, as Redis does, and compares it with its node's
// clock; a local one measures ages.
std::int64_t Caching::clock_of(std::uint32_t store) const {
  const CacheStoreTable& table = model_.cache_stores[store];
  const bool shared = model_.topology->caches[table.cache].station != kNone;
  return shared ? run_.now_ + run_.ahead(table.instance) : run_.now_;
}

// What is there for the key, without a word about what follows.
Found Caching::find(std::uint32_t store, std::uint64_t key) {
  Store& s = stores_[store];
  const CacheTable& table = model_.caches[s.cache];
  if (table.chance_stream != kNoId) {
    const double p = *model_.topology->caches[s.cache].hit_ratio;
    return run_.streams_[table.chance_stream].uniform() < p ? Found::fresh : Found::absent;
  }
  const std::size_t before = s.contents.entries();
  const Found found = s.contents.look(key, clock_of(store));
  changed(s, before);
  return found;
}

bool Caching::look(std::uint32_t slot, std::uint32_t site_id) {
  const CacheSiteTable& site = model_.cache_sites[site_id];
  CacheLine& x = lines_[slot];
  const std::uint32_t store = store_of(slot, site);
  const std::uint64_t key = x.keys[site.depth];
  const Cache& cache = cache_of(site);
  Found found = Found::absent;
  if (store == kNoId) {
    ++unreached_[site.cache];
  } else {
    found = site.remote ? x.found : find(store, key);
    StoreRecord& counts = stores_[store].counts;
    if (found == Found::fresh || found == Found::stale) {
      ++(found == Found::fresh ? counts.hits : counts.stale);
      run_.frames_[slot].pc = site.hit;
      if (found == Found::stale && find_fetch(store, key) == SlotIndex::kFree)
        begin_fetch(slot, site_id, store, true);
      return true;
    }
    if (cache.coalesce) {
      if (const std::uint32_t fetch = find_fetch(store, key); fetch != SlotIndex::kFree) {
        ++counts.coalesced;
        x.site = site_id;
        wait(slot, fetch);
        return false;
      }
    }
    ++counts.misses;
  }
  if (site.body == kNoId) {
    if (store != kNoId) ++stores_[store].counts.fetches;
    return true;
  }
  const bool shared = cache.coalesce && store != kNoId;
  const std::uint32_t fetch = begin_fetch(slot, site_id, store, shared);
  lines_[slot].site = site_id;  // not x: the lines may have moved
  wait(slot, fetch);
  return false;
}

// At a node, in a call of somebody who decides what follows.
void Caching::probe(std::uint32_t slot, std::uint32_t site_id) {
  const CacheSiteTable& site = model_.cache_sites[site_id];
  const Frame& f = run_.frames_[slot];
  const std::uint32_t store = store_of(slot, site);
  const Found found = find(store, lines_[slot].keys[site.depth]);
  if (f.parent == kNoId || f.flags & kDirect) return;
  lines_[f.parent].store = store;
  lines_[f.parent].found = found;
}

void Caching::fill(std::uint32_t slot, std::uint32_t site_id) {
  const CacheSiteTable& site = model_.cache_sites[site_id];
  if (!site.remote) write(store_of(slot, site), lines_[slot].keys[site.depth]);
  CacheLine& x = lines_[slot];
  if (x.leads == kNoId) return;
  const std::uint32_t fetch = x.leads;
  x.leads = kNoId;
  end_fetch(fetch, Outcome::success);
}

void Caching::write(std::uint32_t store, std::uint64_t key) {
  Store& s = stores_[store];
  const CacheTable& table = model_.caches[s.cache];
  const Cache& cache = model_.topology->caches[s.cache];
  if (cache.hit_ratio) return;
  std::int64_t ttl = -1;
  if (cache.settings.ttl) {
    ttl = cache.settings.ttl->ns;
    if (table.ttl_stream != kNoId) {
      const double u = 2 * run_.streams_[table.ttl_stream].uniform() - 1;
      ttl = sim::Duration::from_ns(static_cast<double>(ttl) * (1 + cache.settings.ttl_jitter * u)).ns;
    }
  }
  const std::int64_t size =
      table.size == kNoId ? 0 : static_cast<std::int64_t>(std::min(run_.sample(table.size), 1e15) + 0.5);
  const std::size_t before = s.contents.entries();
  if (s.contents.put(key, clock_of(store), ttl, size, run_.streams_[table.evict_stream])) ++s.counts.writes;
  changed(s, before);
}

// How many entries there are has changed: so many there were until now.
void Caching::changed(Store& s, std::size_t before) {
  if (s.contents.entries() == before) return;
  s.counts.entry_seconds += static_cast<double>(before) * static_cast<double>(run_.now_ - s.area_from) * 1e-9;
  s.area_from = run_.now_;
}

void Caching::drop(std::uint32_t slot, std::uint32_t site_id) {
  const CacheSiteTable& site = model_.cache_sites[site_id];
  Store& s = stores_[store_of(slot, site)];
  const std::size_t before = s.contents.entries();
  if (s.contents.drop(lines_[slot].keys[site.depth])) ++s.counts.dropped;
  changed(s, before);
}

// --- writing behind

void Caching::behind(std::uint32_t slot, std::uint32_t site_id) {
  const CacheSiteTable& site = model_.cache_sites[site_id];
  const std::uint32_t store = store_of(slot, site);
  const std::uint64_t key = lines_[slot].keys[site.depth];
  write(store, key);
  Store& s = stores_[store];
  ++s.counts.queued;
  // A key that waits already is written once, with its latest value.
  const bool there = s.contents.peek(key, clock_of(store)) != Found::absent;
  if (there && !s.contents.set_dirty(key, true)) {
    ++s.counts.merged;
    return;
  }
  s.dirty.push_back({key, site_id});
  if (s.flush_scheduled) return;
  s.flush_scheduled = true;
  run_.schedule(sim::saturating_add(run_.now_, cache_of(site).flush_interval.ns), Phase::arrive,
                Execution::Kind::cache, store);
}

// All that waits now, in batches; a batch runs the steps once, for the first of its keys.
void Caching::flush(std::uint32_t id) {
  stores_[id].flush_scheduled = false;
  const std::uint32_t instance = model_.cache_stores[id].instance;
  Store& s = stores_[id];
  for (std::size_t at = 0; at < s.dirty.size();) {
    const Dirty first = s.dirty[at];
    const CacheSiteTable& site = model_.cache_sites[first.site];
    const std::size_t end =
        std::min(s.dirty.size(), at + static_cast<std::size_t>(cache_of(site).flush_batch));
    for (; at < end && s.dirty[at].site == first.site; ++at) s.contents.set_dirty(s.dirty[at].key, false);
    ++s.counts.flushes;
    const std::uint32_t child = run_.root_frame(instance, site.body, first.key);
    std::fill(std::begin(lines_[child].keys), std::end(lines_[child].keys), first.key);
    if (run_.messaging_) run_.messaging_->begin_request(child, true);
    run_.wake(child);
  }
  s.dirty.clear();
}

void Caching::event(std::uint32_t what) {
  if (!(what & kRetry)) return flush(what);
  const std::uint32_t id = what & ~kRetry;
  while (fetches_[id].head != kNoId) {
    const std::uint32_t slot = fetches_[id].head;
    leave(slot);
    if (!look(slot, lines_[slot].site)) continue;
    run_.wake(slot);
  }
  fetches_[id].next_free = free_fetch_;
  free_fetch_ = id;
}

// --- nodes

std::uint32_t Caching::choose_node(std::uint32_t slot, const GuardTable& g) {
  const CacheTable& table = model_.caches[g.cache];
  const Cache& cache = model_.topology->caches[g.cache];
  CacheLine& x = lines_[slot];
  std::size_t pop = g.cache_pop;
  if (x.store != kNoId) {  // back to where it looked
    const auto node = static_cast<int>(x.store - table.first_node_store);
    for (pop = 0; node >= cache.pops[pop].first_node + cache.pops[pop].nodes;) ++pop;
  } else if (g.cache_pop == kNoId) {
    pop = 0;
    if (table.pop_stream != kNoId) {
      const double u = run_.streams_[table.pop_stream].uniform() * table.cumulative_share.back();
      while (pop + 1 < cache.pops.size() && u >= table.cumulative_share[pop]) ++pop;
    }
  }
  const auto first = static_cast<std::uint32_t>(cache.pops[pop].first_node);
  const std::uint32_t found = table.rings[pop].find(
      ring_hash(x.keys[g.cache_depth]),
      [&](std::uint32_t node) { return !cache.rehash || !run_.down(table.first_instance + first + node); });
  return found == kNoInstance ? kNoInstance : first + found;
}

void Caching::empty(std::uint32_t id) {
  Store& s = stores_[id];
  const std::size_t before = s.contents.entries();
  s.counts.lost += s.contents.clear();
  changed(s, before);
}

void Caching::instance_changed(std::uint32_t instance, bool up, std::int64_t) {
  if (up) return;
  for (std::uint32_t s = 0; s < stores_.size(); ++s) {
    if (model_.cache_stores[s].instance != instance) continue;
    empty(s);
    stores_[s].counts.lost_writes += stores_[s].dirty.size();
    stores_[s].dirty.clear();
  }
}

// A flush empties, and loses no write that waits.
void Caching::fault_changed(const std::string& hook, std::uint32_t fault, std::uint32_t target, bool begins,
                            std::int64_t) {
  if (hook != "cache_flush" || !begins) return;
  const FaultTarget& t = model_.topology->faults[fault].targets[target];
  for (std::uint32_t s = 0; s < stores_.size(); ++s) {
    const CacheStoreTable& table = model_.cache_stores[s];
    if (model_.topology->caches[table.cache].component != t.component) continue;
    const bool hit = t.instances.empty() ||
                     std::any_of(t.instances.begin(), t.instances.end(), [&](const std::pair<int, int>& i) {
                       return static_cast<std::uint32_t>(i.first) == table.station &&
                              static_cast<std::uint32_t>(i.second) == table.index;
                     });
    if (hit) empty(s);
  }
}

// --- observation

void Caching::reset() {
  for (Store& s : stores_) {
    s.counts = {};
    s.before = s.contents.counts();
    s.area_from = run_.now_;
  }
  std::fill(unreached_.begin(), unreached_.end(), 0);
}

void Caching::record(RunRecord& record) {
  record.caches.resize(model_.caches.size());
  for (std::size_t c = 0; c < unreached_.size(); ++c) record.caches[c].unreached = unreached_[c];
  for (Store& s : stores_) {
    StoreRecord out = s.counts;
    const StoreCounts& all = s.contents.counts();
    out.evictions = all.evictions - s.before.evictions;
    out.expirations = all.expirations - s.before.expirations;
    out.refused = all.oversized - s.before.oversized;
    out.entries = s.contents.entries();
    out.bytes = s.contents.content_bytes();
    out.unwritten = s.dirty.size();
    out.entry_seconds +=
        static_cast<double>(out.entries) * static_cast<double>(run_.now_ - s.area_from) * 1e-9;
    record.caches[s.cache].stores.push_back(out);
  }
}

}  // namespace tailrace::models
