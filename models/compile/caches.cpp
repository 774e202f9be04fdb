#include "models/compile/caches.hpp"

#include <algorithm>

#include "models/compile/writer.hpp"

namespace tailrace::models {

namespace {

constexpr std::uint64_t kRingPoints = 160;  // of a shared cache's node, as in ketama

class CacheCompiler final : public ModelWriter {
 public:
  using ModelWriter::ModelWriter;
  void run();

 private:
  CacheTable table_of(const Cache& c);
};

void CacheCompiler::run() {
  for (const Cache& c : t_.caches) m_.caches.push_back(table_of(c));
  for (std::size_t i = 0; i < t_.caches.size(); ++i) {
    CacheTable& table = m_.caches[i];
    if (t_.caches[i].station == kNone) continue;
    const auto station = static_cast<std::uint32_t>(t_.caches[i].station);
    table.first_node_store = cache_stores(m_, static_cast<std::uint32_t>(i), station);
    table.first_instance = m_.stations[station].first_instance;
  }
}

CacheTable CacheCompiler::table_of(const Cache& c) {
  CacheTable table;
  table.detached = c.detached();
  double share = 0;
  for (const CachePop& pop : c.pops) {
    std::vector<std::uint32_t> names;
    for (int k = 0; k < pop.nodes; ++k) names.push_back(static_cast<std::uint32_t>(pop.first_node + k));
    const std::vector<double> even(names.size(), 1.0);
    table.rings.emplace_back(names, even, std::max<std::uint64_t>(kRingPoints * names.size(), 2));
    table.cumulative_share.push_back(share += pop.share);
  }
  if (c.pops.size() > 1) table.pop_stream = stream(c.name, "cache/pop");
  if (c.hit_ratio) table.chance_stream = stream(c.name, "cache/hit");
  if (c.settings.ttl_jitter > 0) table.ttl_stream = stream(c.name, "cache/ttl");
  table.evict_stream = stream(c.name, "cache/evict");
  if (c.size) table.size = draw(*c.size, stream(c.name, "cache/size"));
  return table;
}

}  // namespace

std::uint32_t cache_stores(CompiledModel& m, std::uint32_t cache, std::uint32_t station) {
  for (std::uint32_t i = 0; i < m.cache_stores.size(); ++i) {
    if (m.cache_stores[i].cache == cache && m.cache_stores[i].station == station) return i;
  }
  const auto first = static_cast<std::uint32_t>(m.cache_stores.size());
  if (station == kNoId) {
    m.cache_stores.push_back({cache, kNoId, kNoId, 0});
    return first;
  }
  for (std::uint32_t k = 0; k < m.stations[station].instances; ++k)
    m.cache_stores.push_back({cache, station, m.stations[station].first_instance + k, k});
  return first;
}

void compile_caches(const Topology& topology, CompiledModel& model) {
  CacheCompiler(topology, model).run();
}

}  // namespace tailrace::models
