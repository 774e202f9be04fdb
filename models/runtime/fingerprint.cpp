// The fingerprint of a run's results.
#include "models/runtime/record.hpp"

namespace tailrace::models {

std::uint64_t result_fingerprint(const RunRecord& r) {
  std::uint64_t h = 0x2545f4914f6cdd1dULL;
  const auto mix = [&h](std::uint64_t v) {
    h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
    h ^= h >> 32;
  };
  mix(static_cast<std::uint64_t>(r.start_ns));
  mix(static_cast<std::uint64_t>(r.end_ns));
  mix(static_cast<std::uint64_t>(r.status));
  const auto outcomes = [&](const OutcomeCounts& counts) {
    for (const std::uint64_t n : counts) mix(n);
  };
  // What never happened is left out, so that a component nobody calls changes nothing.
  for (const ClassRecord& c : r.classes) mix(c.arrived), mix(c.in_flight), outcomes(c.ended);
  for (const OperationRecord& o : r.operations) {
    if (o.arrived != 0) mix(o.arrived), outcomes(o.ended);
    if (o.unheard != 0) mix(o.unheard);
  }
  for (const EdgeRecord& e : r.edges) {
    if (e.calls != 0) mix(e.calls), mix(e.attempts), outcomes(e.attempt_ended), outcomes(e.ended);
    if (e.hedges + e.budget_denied + e.fallbacks != 0)
      mix(e.hedges), mix(e.hedges_won), mix(e.budget_denied), mix(e.fallbacks);
    if (e.pushbacks != 0) mix(e.pushbacks);
  }
  for (const StationRecord& s : r.stations) {
    if (s.counts.grants + s.counts.rejected == 0) continue;
    mix(s.counts.grants), mix(s.counts.rejected), mix(s.counts.abandoned);
    mix(static_cast<std::uint64_t>(s.counts.wait_sum)), mix(static_cast<std::uint64_t>(s.counts.hold_sum));
    if (s.counts.dropped != 0) mix(s.counts.dropped);
    if (s.counts.wasted != 0) mix(static_cast<std::uint64_t>(s.counts.wasted));
  }
  for (const ScalingRecord& s : r.scaling) {
    mix(s.ups), mix(s.downs), mix(s.cold), mix(s.cut_off), mix(s.started);
    for (const ScaleEvent& e : s.events) mix(static_cast<std::uint64_t>(e.at_ns)), mix(e.to);
  }
  for (const FaultRecord& f : r.faults) {
    if (f.activations == 0) continue;
    mix(f.activations), mix(static_cast<std::uint64_t>(f.active_ns)), mix(f.ended), mix(f.delayed),
        mix(f.added);
  }
  for (const PolicyRecord& p : r.policies) {
    if (p.of_queue || p.counts.admitted + p.counts.rejected == 0) continue;
    mix(p.counts.admitted), mix(p.counts.rejected), mix(p.counts.delayed), mix(p.counts.waited);
    for (const PolicyStateRecord& state : p.states) mix(state.changes);
  }
  for (const ChannelRecord& c : r.channels) {
    if (c.counts.published + c.counts.refused == 0) continue;
    mix(c.counts.published), mix(c.counts.refused), mix(c.counts.deduplicated), mix(c.counts.batches);
    for (const PlaceCounts& place : c.places) {
      mix(place.accepted), mix(place.ready), mix(place.in_flight), mix(place.deliveries);
      for (const std::uint64_t n : place.ended) mix(n);
      mix(static_cast<std::uint64_t>(place.area));
    }
  }
  for (const EffectRecord& e : r.effects) {
    if (e.applied + e.skipped + e.pending == 0) continue;
    mix(e.applied), mix(e.distinct), mix(e.duplicates), mix(e.skipped), mix(e.out_of_order), mix(e.pending);
    for (const std::uint64_t n : e.missed) mix(n);
  }
  for (const CacheRecord& c : r.caches) {
    if (c.unreached != 0) mix(c.unreached);
    for (const StoreRecord& s : c.stores) {
      if (s.look_ups() + s.writes == 0) continue;
      mix(s.hits), mix(s.stale), mix(s.misses), mix(s.coalesced), mix(s.fetches), mix(s.writes);
      mix(s.evictions), mix(s.expirations), mix(s.dropped), mix(s.lost), mix(s.flushes), mix(s.entries);
    }
  }
  const auto delays = [&](const DelaySum& d) {
    mix(d.count), mix(static_cast<std::uint64_t>(d.sum_ns)), mix(static_cast<std::uint64_t>(d.max_ns));
  };
  for (const DirectoryRecord& d : r.directories) {
    mix(d.asks), mix(d.failed_asks), mix(d.empty_answers), mix(d.beats), mix(d.lost_beats), mix(d.joined);
    mix(d.left), mix(d.expired), mix(d.calls), mix(d.to_the_dead), mix(d.lookups_awaited), mix(d.refused);
    delays(d.detected), delays(d.learned);
  }
  for (const GatedRecord& g : r.gated) {
    mix(g.starts), mix(g.asks), mix(g.failed_asks), mix(g.passed_open), mix(g.renewals);
    mix(g.failed_renewals), mix(g.expiries), mix(g.waiting);
    delays(g.waited);
  }
  for (const std::uint64_t n : r.egress) {
    if (n != 0) mix(n);
  }
  for (const DeploymentRecord& d : r.deployments) {
    if (d.skewed != 0 || d.blocked_ns != 0) mix(d.skewed), mix(static_cast<std::uint64_t>(d.blocked_ns));
  }
  for (const sim::Histogram& s : r.series) {
    if (!s.empty()) mix(s.content_hash());
  }
  return h;
}

}  // namespace tailrace::models
