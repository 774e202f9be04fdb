#pragma once
// A cache as a scenario writes it, for its kind and for the steps that ask it: what a step becomes depends on
// where the cache is and on who fetches.
#include <optional>
#include <string>
#include <vector>

#include "models/caching/settings.hpp"
#include "models/kind/labels.hpp"
#include "models/station/queue.hpp"
#include "models/steps/steps.hpp"

namespace tailrace::models {

// Which keys are asked for: a law (zipf(s=1, n=1000)), or weights of the keys 1, 2, 3 ...
struct KeySpec {
  std::optional<sim::Distribution> law;
};
void read_keys(const Node& node, KeySpec& spec, ReadContext& context);

struct CachePopSpec {
  Count nodes = 1;
  double share = 1;
};
struct SharedCacheSpec {
  Count nodes = 1;
  std::vector<Named<CachePopSpec>> pops;
  Limit workers{1};
  QueueSpec queue;
  std::optional<double> cpus;
  bool rehash = true;
  PolicySet inbound;
};

struct CacheSpec {
  Limit capacity;
  std::optional<Bytes> max_bytes;
  Replacement policy = Replacement::lru;
  std::optional<sim::Duration> ttl;
  bool sliding = false;
  Fraction ttl_jitter;
  sim::Duration stale_while_revalidate{0}, stale_if_error{0};
  bool coalesce = false;
  KeySpec keys;
  std::optional<SizeDistribution> entry_size;
  std::optional<Fraction> hit_ratio;
  Fraction warm;
  TimeDistribution lookup_time, write_time;
  std::optional<SharedCacheSpec> shared;
  StepList load, store;
  sim::Duration flush_interval{1'000'000'000};
  Count flush_batch = 1;
  LabelsSpec labels;
};

// The operations of a shared cache's nodes.
inline constexpr const char* kCacheGet = "get";
inline constexpr const char* kCacheSet = "set";
inline constexpr const char* kCacheDelete = "delete";
inline constexpr const char* kCacheLoad = "load";                 // read-through
inline constexpr const char* kCacheWrite = "write";               // write-through
inline constexpr const char* kCacheWriteBehind = "write_behind";  // later

// A step at the contents: `first` and `then` as CacheUse says.
Step cache_step(CacheUse use, int cache, CacheKey key, Steps first, Steps then);
// Work of that time: on a worker, or just time where there is none.
void add_work(const TimeDistribution& time, const TopologyBuilder& b, Steps& out);

}  // namespace tailrace::models
