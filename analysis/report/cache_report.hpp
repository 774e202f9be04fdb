#pragma once
// How often each cache hit, and what became of the rest. Counts are of all replications and of all places of
// the contents (instances, nodes) together; shares and rates have intervals with the replication as the
// independent unit. Beside the hit ratio stands what theory says of it at the measured rate of look-ups,
// where it says anything: keys asked for independently, filled at once, long after a cold start.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/caching/hit_ratio.hpp"
#include "analysis/stats/interval.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

struct CacheReport {
  std::string name;
  bool shared = false;  // nodes of its own
  bool writes_behind = false;
  std::uint64_t stores = 0;  // instances or nodes that have contents
  models::StoreRecord counts;
  std::uint64_t unreached = 0;  // look-ups that found no node
  std::uint64_t look_ups = 0;   // these included
  Interval hit_ratio;           // fresh or stale, of all look-ups
  Interval look_ups_per_s, fetches_per_s, evictions_per_s;
  Interval coalesced, stale;              // shares of the look-ups
  Interval entries;                       // mean number, all places together
  Interval entries_at_end, bytes_at_end;  // means over the replications
  std::optional<HitTheory> theory;
};

std::vector<CacheReport> cache_reports(const models::CompiledModel& model,
                                       const std::vector<models::RunRecord>& records, double confidence);
models::StoreRecord sum_of(const models::CacheRecord& record);

// One row per replication and place of a cache's contents.
std::string caches_csv(const models::CompiledModel& model, const std::vector<models::RunRecord>& records);

}  // namespace tailrace::analysis
