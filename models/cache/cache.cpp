#include "models/cache/cache.hpp"

#include <fmt/format.h>

#include "models/caching/key_law.hpp"
#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

constexpr Count kMostCacheNodes = 10'000;

FieldTable pop_fields() {
  return Fields<CachePopSpec>("point of presence", "Nodes near some of the clients, with all keys.")
      .add("nodes", &CachePopSpec::nodes, "which share the keys", between(1, kMostCacheNodes))
      .add("share", &CachePopSpec::share,
           "of those who do not say which point they ask, relative to the other points'", between(0, 1e9))
      .table();
}

FieldTable shared_fields() {
  return Fields<SharedCacheSpec>("shared cache", "Nodes of its own, which keep their keys for all callers.")
      .add("nodes", &SharedCacheSpec::nodes, "over which the keys are spread by consistent hashing",
           between(1, kMostCacheNodes))
      .map_of("pops", &SharedCacheSpec::pops, pop_fields(),
              "points of presence (a CDN's edge), in place of nodes; each is a zone for faults")
      .add("workers", &SharedCacheSpec::workers, "operations that a node works on at a time", at_least(1))
      .section("queue", &SharedCacheSpec::queue, queue_fields(), "where callers wait for a worker, per node")
      .add("cpus", &SharedCacheSpec::cpus, "cores per node that running operations share; default: none",
           between(1e-6, 1e6))
      .add("rehash", &SharedCacheSpec::rehash,
           "the keys of a node that is down are kept at the next; false: they are misses until it is back")
      .section("inbound", &SharedCacheSpec::inbound,
               policy_set_fields(PolicyPlace::inbound, "inbound", "Policies at a service's door."),
               "policies at the nodes' door")
      .table();
}

void declare(const void* raw, int component, TopologyBuilder& b) {
  const CacheSpec& spec = *static_cast<const CacheSpec*>(raw);
  const std::string name = b.topology.components[static_cast<std::size_t>(component)].name;
  Cache cache;
  cache.name = name;
  cache.component = component;
  CacheSettings& s = cache.settings;
  s.policy = spec.policy;
  s.capacity = spec.capacity.value;
  if (spec.max_bytes) s.capacity_bytes = spec.max_bytes->value;
  s.ttl = spec.ttl;
  s.sliding = spec.sliding;
  s.ttl_jitter = spec.ttl_jitter.value;
  s.stale_while_revalidate = spec.stale_while_revalidate;
  s.stale_if_error = spec.stale_if_error;
  cache.keys = spec.keys.law;
  if (spec.entry_size) cache.size = spec.entry_size->value;
  if (spec.hit_ratio) cache.hit_ratio = spec.hit_ratio->value;
  cache.coalesce = spec.coalesce;
  cache.warm = spec.warm.value;
  cache.flush_interval = spec.flush_interval;
  cache.flush_batch = spec.flush_batch;
  b.cache_specs.emplace(name, std::pair(static_cast<int>(b.topology.caches.size()), &spec));
  if (spec.shared) {
    cache.rehash = spec.shared->rehash;
    int first = 0;
    for (const Named<CachePopSpec>& pop : spec.shared->pops) {
      cache.pops.push_back({pop.name, first, static_cast<int>(pop.value.nodes), pop.value.share});
      first += static_cast<int>(pop.value.nodes);
    }
    if (cache.pops.empty()) cache.pops.push_back({"", 0, static_cast<int>(spec.shared->nodes), 1});
    for (const char* op : {kCacheGet, kCacheSet, kCacheDelete}) b.declare_operation(component, op);
    if (!spec.load.empty()) b.declare_operation(component, kCacheLoad);
    if (!spec.store.empty()) {
      b.declare_operation(component, kCacheWrite);
      b.declare_operation(component, kCacheWriteBehind);
    }
  }
  b.topology.caches.push_back(std::move(cache));
}

void check(const CacheSpec& spec, const Component& self, TopologyBuilder& b) {
  const auto error = [&](const char* field, std::string message, std::string hint = {}) {
    b.diagnostics.error(self.mark, b.path + "." + field, std::move(message), std::move(hint));
  };
  if (!spec.ttl) {
    if (spec.sliding) error("sliding", "entries that never expire have nothing that slides", "ttl: 60s");
    if (spec.ttl_jitter.value > 0) error("ttl_jitter", "there is no ttl that could differ", "ttl: 60s");
    if (spec.stale_while_revalidate.ns > 0)
      error("stale_while_revalidate", "entries that never expire are never stale", "ttl: 60s");
    if (spec.stale_if_error.ns > 0)
      error("stale_if_error", "entries that never expire are never stale", "ttl: 60s");
  }
  if (spec.max_bytes && !spec.entry_size)
    error("max_bytes", "entries have no size that would fill it", "entry_size: lognormal(mean=2KB, cv=1)");
  if (spec.max_bytes && spec.policy == Replacement::pinned)
    error("max_bytes", "a pinned cache keeps a number of keys, whatever their size", "capacity: 1000");
  const bool ranks = spec.policy == Replacement::pinned || spec.warm.value > 0;
  if (spec.hit_ratio && (ranks || spec.ttl || !spec.capacity.unlimited() || spec.max_bytes))
    error("hit_ratio", "a cache that hits by chance has no contents: no capacity, ttl, policy or warm",
          "leave hit_ratio out, and say by which keys it is asked");
  if (spec.shared && spec.shared->nodes != 1 && !spec.shared->pops.empty())
    error("shared.nodes", "each point of presence says how many nodes it has",
          "pops: {eu: {nodes: 2}, us: {nodes: 2}}");
  if (spec.shared && !spec.shared->pops.empty()) {
    double shares = 0;
    for (const auto& pop : spec.shared->pops) shares += pop.value.share;
    if (!(shares > 0)) error("shared.pops", "the shares of all points of presence sum to 0");
  }
}

// Operations that a node does; the key comes with the call.
void expand_node(const CacheSpec& spec, int id, const Component& self, TopologyBuilder& b) {
  Station station;
  station.name = self.name;
  station.component = b.component;
  station.instances = 0;
  for (const CachePop& pop : b.topology.caches[static_cast<std::size_t>(id)].pops) {
    station.groups.push_back({pop.nodes, 1, 1, 0, pop.name});
    station.instances += pop.nodes;
  }
  station.workers = spec.shared->workers.value;
  station.cpus = spec.shared->cpus;
  station.blocking = false;  // a node does other work while it loads
  apply_queue(spec.shared->queue, station, self.mark, b.path + ".shared", b.diagnostics);
  const PolicyTarget door{nullptr, &station, self.mark, b.path, nullptr, b.diagnostics};
  apply_policies(merge_policies(spec.shared->inbound, b.default_inbound), door);
  b.station = b.add_station(std::move(station));
  b.topology.caches[static_cast<std::size_t>(id)].station = b.station;
  const auto fill = [&](const char* name, CacheUse use, const TimeDistribution& time, const StepList& then) {
    const int op = b.find_operation(self.name + "." + name);
    Steps work, rest;
    if (use == CacheUse::write) {
      expand_steps(then, b, work);
      add_work(time, b, rest);
    } else {
      add_work(time, b, work);
      ++b.cache_depth;
      expand_steps(then, b, rest);
      --b.cache_depth;
      if (use == CacheUse::look) add_work(spec.write_time, b, rest);
    }
    Operation& operation = b.topology.operations[static_cast<std::size_t>(op)];
    operation.station = b.station;
    operation.steps = {cache_step(use, id, CacheKey::given, std::move(work), std::move(rest))};
  };
  fill(kCacheGet, CacheUse::probe, spec.lookup_time, {});
  fill(kCacheSet, CacheUse::put, spec.write_time, {});
  fill(kCacheDelete, CacheUse::drop, spec.write_time, {});
  if (!spec.load.empty()) fill(kCacheLoad, CacheUse::look, spec.lookup_time, spec.load);
  if (spec.store.empty()) return;
  fill(kCacheWrite, CacheUse::write, spec.write_time, spec.store);
  fill(kCacheWriteBehind, CacheUse::behind, spec.write_time, spec.store);
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const CacheSpec& spec = *static_cast<const CacheSpec*>(raw);
  const Component& self = b.topology.components[static_cast<std::size_t>(component)];
  check(spec, self, b);
  note_labels(spec.labels, component, b);
  if (!spec.shared) return;
  const Component copy = self;
  expand_node(spec, b.cache_specs.find(copy.name)->second.first, copy, b);
}

}  // namespace

Kind cache_kind() {
  Kind kind;
  kind.name = "cache";
  kind.section = "caches";
  kind.about = "Copies by key, in each instance that uses it or in nodes of its own.";
  kind.example = "{products: {capacity: 1000, ttl: 60s, keys: \"zipf(s=1, n=10000)\"}}";
  kind.fields =
      Fields<CacheSpec>("cache", kind.about)
          .add("capacity", &CacheSpec::capacity, "entries, of each instance or node")
          .add("max_bytes", &CacheSpec::max_bytes,
               "bytes of all entries, of each instance or node; default: no limit", more_than(0))
          .choice("policy", &CacheSpec::policy, {"lru", "lfu", "fifo", "random", "pinned"},
                  "which entry makes room: the one used longest ago; the one used least often since it came "
                  "(among equals, longest ago); the oldest; any; pinned keeps the most popular keys for good")
          .add("ttl", &CacheSpec::ttl, "of an entry, from its writing; default: it never expires",
               more_than(0))
          .add("sliding", &CacheSpec::sliding, "each hit begins the ttl anew")
          .add("ttl_jitter", &CacheSpec::ttl_jitter,
               "each entry's ttl differs from it by up to this share, either way")
          .add("stale_while_revalidate", &CacheSpec::stale_while_revalidate,
               "so long after its ttl an entry is still served, while one fetch in the background renews it")
          .add("stale_if_error", &CacheSpec::stale_if_error,
               "so long after its ttl an entry is still served when the fetch fails")
          .add("coalesce", &CacheSpec::coalesce,
               "one fetch of a key at a time (single flight): whoever misses meanwhile waits for it")
          .custom(
              "keys", FieldType::count_distribution,
              [](const Node& n, CacheSpec& s, ReadContext& c) { read_keys(n, s.keys, c); },
              "by which it is asked, where a step does not say: a law such as zipf(s=1, n=10000), or a list "
              "of "
              "weights of the keys 1, 2, ...")
          .add("entry_size", &CacheSpec::entry_size, "bytes of an entry, drawn when it is written")
          .add("hit_ratio", &CacheSpec::hit_ratio, "look-ups that hit, by chance; contents are not modelled")
          .add("warm", &CacheSpec::warm,
               "share of the capacity that is full of the most popular keys from the start")
          .add("lookup_time", &CacheSpec::lookup_time,
               "work of a look-up, hit or miss, in the instance or the node")
          .add("write_time", &CacheSpec::write_time, "work of writing or deleting an entry")
          .section("shared", &CacheSpec::shared, shared_fields(),
                   "nodes of its own; default: one cache in each instance that uses it")
          .custom("load", FieldType::steps, reads(&CacheSpec::load),
                  "read-through: what the cache does on a miss, where a step has no on_miss")
          .custom("store", FieldType::steps, reads(&CacheSpec::store),
                  "what a write does to what is cached, where a step has no store")
          .add("flush_interval", &CacheSpec::flush_interval,
               "write-behind: from the first write that waits to the writing of all that wait", more_than(0))
          .add("flush_batch", &CacheSpec::flush_batch, "write-behind: keys that one run of store writes",
               between(1, 1e6))
          .table();
  add_label_fields(kind.fields, true,
                   [](void* spec) -> LabelsSpec& { return static_cast<CacheSpec*>(spec)->labels; });
  kind.make = make_spec<CacheSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
