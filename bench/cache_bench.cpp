// What a look-up costs: contents alone, hit or miss with its write and eviction, by policy.
#include <benchmark/benchmark.h>

#include "models/caching/store.hpp"
#include "sim/random/zipf.hpp"

namespace {

using namespace tailrace;

void look_up(benchmark::State& state, models::Replacement policy) {
  models::CacheSettings settings;
  settings.policy = policy;
  settings.capacity = state.range(0);
  models::CacheStore store(settings);
  sim::Stream any(1, 0, "cache", "evict"), keys(1, 0, "cache", "keys");
  const sim::ZipfLaw law(0.9, static_cast<std::uint64_t>(state.range(0)) * 10);
  std::vector<std::uint64_t> drawn(1 << 21);
  for (std::uint64_t& key : drawn) key = law.draw(keys.next());
  std::size_t at = 0, hits = 0;
  for (auto _ : state) {
    const std::uint64_t key = drawn[at++ & (drawn.size() - 1)];
    if (store.look(key, 0) == models::Found::fresh) {
      ++hits;
    } else {
      store.put(key, 0, -1, 0, any);
    }
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["hit_ratio"] = static_cast<double>(hits) / static_cast<double>(state.iterations());
}

BENCHMARK_CAPTURE(look_up, lru, models::Replacement::lru)->Arg(1000)->Arg(100'000);
BENCHMARK_CAPTURE(look_up, lfu, models::Replacement::lfu)->Arg(1000)->Arg(100'000);
BENCHMARK_CAPTURE(look_up, fifo, models::Replacement::fifo)->Arg(1000)->Arg(100'000);
BENCHMARK_CAPTURE(look_up, random, models::Replacement::random)->Arg(1000)->Arg(100'000);

}  // namespace
