// Each structure is taken apart by a structured binding, which names all members: one that is added to a
// record and forgotten here does not compile.
#include "models/runtime/record_bytes.hpp"

#include <array>
#include <concepts>
#include <type_traits>

#include "sim/base/bytes.hpp"
#include "sim/observe/histogram_bytes.hpp"

namespace tailrace::models {

namespace {

template <class T, class U>
concept A = std::same_as<std::remove_const_t<T>, U>;

void parts(auto& a, A<sim::Instant> auto& r) {
  a(r.ns);
}
void parts(auto& a, A<ClassRecord> auto& r) {
  auto& [started, arrived, ended, degraded, in_flight] = r;
  a(started, arrived, ended, degraded, in_flight);
}
void parts(auto& a, A<OperationRecord> auto& r) {
  auto& [arrived, ended, unheard] = r;
  a(arrived, ended, unheard);
}
void parts(auto& a, A<EdgeRecord> auto& r) {
  auto& [calls, attempts, attempt_ended, ended, hedges, won, denied, fallbacks, pushbacks] = r;
  a(calls, attempts, attempt_ended, ended, hedges, won, denied, fallbacks, pushbacks);
}
void parts(auto& a, A<AdmissionCounts> auto& r) {
  auto& [admitted, rejected, delayed, waited] = r;
  a(admitted, rejected, delayed, waited);
}
void parts(auto& a, A<StatusChange> auto& r) {
  auto& [at, from, to] = r;
  a(at, from, to);
}
void parts(auto& a, A<PolicyStateRecord> auto& r) {
  auto& [changes, trips, seconds, timeline, gauge] = r;
  a(changes, trips, seconds, timeline, gauge);
}
void parts(auto& a, A<PolicyRecord> auto& r) {
  auto& [of_queue, counts, states] = r;
  a(of_queue, counts, states);
}
void parts(auto& a, A<BalancerRecord> auto& r) {
  auto& [instances] = r;
  a(instances);
}
void parts(auto& a, A<InstanceRecord> auto& r) {
  auto& [busy, queue, cpu, peak, in_queue, in_service, down, present] = r;
  a(busy, queue, cpu, peak, in_queue, in_service, down, present);
}
void parts(auto& a, A<StationCounts> auto& r) {
  auto& [wait, hold, grants, rejected, abandoned, dropped, wasted] = r;
  a(wait, hold, grants, rejected, abandoned, dropped, wasted);
}
void parts(auto& a, A<StationRecord> auto& r) {
  auto& [counts, instances, queue_residual, busy_residual, up, available, outages] = r;
  a(counts, instances, queue_residual, busy_residual, up, available, outages);
}
void parts(auto& a, A<EffectRecord> auto& r) {
  auto& [applied, distinct, duplicates, skipped, out_of_order, missed, pending] = r;
  a(applied, distinct, duplicates, skipped, out_of_order, missed, pending);
}
void parts(auto& a, A<LinkRecord> auto& r) {
  auto& [messages, transmissions, lost, delayed, bytes, busy] = r;
  a(messages, transmissions, lost, delayed, bytes, busy);
}
void parts(auto& a, A<FaultRecord> auto& r) {
  auto& [activations, active, ended, delayed, added] = r;
  a(activations, active, ended, delayed, added);
}
void parts(auto& a, A<FaultActivation> auto& r) {
  auto& [fault, start, end, targets, ended, delayed, leaders] = r;
  a(fault, start, end, targets, ended, delayed, leaders);
}
void parts(auto& a, A<ScaleEvent> auto& r) {
  auto& [at, from, to, reason, value] = r;
  a(at, from, to, reason, value);
}
void parts(auto& a, A<ScalingRecord> auto& r) {
  auto& [station, present, least, most, ups, downs, started, stopped, requests, cold, cut_off, events] = r;
  a(station, present, least, most, ups, downs, started, stopped, requests, cold, cut_off, events);
}
void parts(auto& a, A<DeploymentRecord> auto& r) {
  auto& [start, end, rolled_back, requests, failed, skewed, blocked_ns, blocked] = r;
  a(start, end, rolled_back, requests, failed, skewed, blocked_ns, blocked);
}
void parts(auto& a, A<WindowRecord::PerClass> auto& r) {
  auto& [arrived, succeeded, failed] = r;
  a(arrived, succeeded, failed);
}
void parts(auto& a, A<WindowRecord::ClassTimes> auto& r) {
  auto& [mean, p50, p99, max] = r;
  a(mean, p50, p99, max);
}
void parts(auto& a, A<WindowRecord::PerStation> auto& r) {
  auto& [busy, queue, served, rejected, instances] = r;
  a(busy, queue, served, rejected, instances);
}
void parts(auto& a, A<WindowRecord::PerEdge> auto& r) {
  auto& [calls, attempts, ended] = r;
  a(calls, attempts, ended);
}
void parts(auto& a, A<WindowRecord::Times> auto& r) {
  auto& [count, p50, p99, max] = r;
  a(count, p50, p99, max);
}
void parts(auto& a, A<WindowRecord> auto& r) {
  auto& [end, classes, class_times, stations, edges, depths, edge_times, station_times] = r;
  a(end, classes, class_times, stations, edges, depths, edge_times, station_times);
}
void parts(auto& a, A<PlaceCounts> auto& r) {
  auto& [resident, accepted, ended, ready, in_flight, deliveries, redeliveries, peak, area] = r;
  a(resident, accepted, ended, ready, in_flight, deliveries, redeliveries, peak, area);
}
void parts(auto& a, A<ChannelCounts> auto& r) {
  auto& [published, unrouted, refused, deduplicated, batches, elections, rebalances, receives, empty, late,
         blocked, rebalancing] = r;
  a(published, unrouted, refused, deduplicated, batches, elections, rebalances, receives, empty, late,
    blocked, rebalancing);
}
void parts(auto& a, A<ChannelEvent> auto& r) {
  auto& [time, what, place] = r;
  a(time, what, place);
}
void parts(auto& a, A<ChannelRecord> auto& r) {
  auto& [counts, places, events] = r;
  a(counts, places, events);
}
void parts(auto& a, A<StoreRecord> auto& r) {
  auto& [hits, stale, misses, coalesced, stale_if_error, fetches, fetch_failures, writes, refused, evictions,
         expirations, dropped, lost, queued, merged, flushes, flush_failures, lost_writes, unwritten, entries,
         bytes, entry_seconds] = r;
  a(hits, stale, misses, coalesced, stale_if_error, fetches, fetch_failures, writes, refused, evictions,
    expirations, dropped, lost, queued, merged, flushes, flush_failures, lost_writes, unwritten, entries,
    bytes, entry_seconds);
}
void parts(auto& a, A<CacheRecord> auto& r) {
  auto& [stores, unreached] = r;
  a(stores, unreached);
}
void parts(auto& a, A<DelaySum> auto& r) {
  auto& [count, sum, max] = r;
  a(count, sum, max);
}
void parts(auto& a, A<DirectoryRecord> auto& r) {
  auto& [asks, failed_asks, empty, beats, lost_beats, joined, left, expired, calls, to_the_dead, awaited,
         refused, detected, learned] = r;
  a(asks, failed_asks, empty, beats, lost_beats, joined, left, expired, calls, to_the_dead, awaited, refused,
    detected, learned);
}
void parts(auto& a, A<GatedRecord> auto& r) {
  auto& [starts, asks, failed_asks, passed_open, renewals, failed_renewals, expiries, waiting, waited] = r;
  a(starts, asks, failed_asks, passed_open, renewals, failed_renewals, expiries, waiting, waited);
}
void parts(auto& a, A<TracePlace> auto& r) {
  auto& [kind, id] = r;
  a(kind, id);
}
void parts(auto& a, A<TracePart> auto& r) {
  auto& [place, reason, straggler, ns] = r;
  a(place, reason, straggler, ns);
}
void parts(auto& a, A<TracedRequest> auto& r) {
  auto& [cls, outcome, number, start, latency, first_part, count] = r;
  a(cls, outcome, number, start, latency, first_part, count);
}
void parts(auto& a, A<TraceSegment> auto& r) {
  auto& [start, end, place, reason, waits, critical] = r;
  a(start, end, place, reason, waits, critical);
}
void parts(auto& a, A<TraceSpan> auto& r) {
  auto& [kind, hedge, retry, unfinished, critical, parent, link, id, station, instance, start, end, first,
         segments] = r;
  a(kind, hedge, retry, unfinished, critical, parent, link, id, station, instance, start, end, first,
    segments);
}
void parts(auto& a, A<TraceExample> auto& r) {
  auto& [request, own_parts, spans, segments] = r;
  a(request, own_parts, spans, segments);
}
void parts(auto& a, A<TraceRecord> auto& r) {
  auto& [every, too_large, requests, all, examples] = r;
  a(every, too_large, requests, all, examples);
}
void parts(auto& a, A<RunRecord> auto& r) {
  auto& [status, message, out_of_memory, replication, start, end, events, trajectory, classes, operations,
         edges, stations, links, policies, health, balancers, channels, unpublished, effects, caches,
         journeys_open, series, windows, scaling, deployments, directories, gated, egress, faults,
         fault_activations, batches, frames_peak, traces, state_bytes] = r;
  a(status, message, out_of_memory, replication, start, end, events, trajectory, classes, operations, edges,
    stations, links, policies, health, balancers, channels, unpublished, effects, caches, journeys_open,
    series, windows, scaling, deployments, directories, gated, egress, faults, fault_activations, batches,
    frames_peak, traces, state_bytes);
}

template <class T>
concept Small = std::is_enum_v<T> || std::is_integral_v<T>;

class Writing {
 public:
  void operator()(const auto&... members) { (one(members), ...); }
  std::string take() { return out_.take(); }

 private:
  template <Small T>
  void one(const T& v) {
    if constexpr (std::is_signed_v<T>) {
      out_.whole(v);
    } else {
      out_.number(static_cast<std::uint64_t>(v));
    }
  }
  void one(const Area& v) { out_.wide(v); }
  void one(const double& v) { out_.real(v); }
  void one(const std::string& v) { out_.text(v); }
  void one(const sim::Histogram& v) { sim::write_histogram(v, out_); }
  template <class T, std::size_t N>
  void one(const T (&v)[N]) {
    for (const T& item : v) one(item);
  }
  template <class T, std::size_t N>
  void one(const std::array<T, N>& v) {
    for (const T& item : v) one(item);
  }
  template <class T, class Allocator>
  void one(const std::vector<T, Allocator>& v) {
    out_.number(v.size());
    for (const T& item : v) one(item);
  }
  void one(const std::shared_ptr<const TraceRecord>& v) {
    out_.number(v != nullptr);
    if (v != nullptr) parts(*this, *v);
  }
  template <class T>
  void one(const T& v) {
    parts(*this, v);
  }

  sim::ByteWriter out_;
};

class Reading {
 public:
  explicit Reading(std::string_view bytes) : in_(bytes) {}
  void operator()(auto&... members) { (one(members), ...); }
  bool whole() const { return in_.good() && in_.at_end(); }

 private:
  template <Small T>
  void one(T& v) {
    if constexpr (std::is_signed_v<T>) {
      v = static_cast<T>(in_.whole());
    } else {
      v = static_cast<T>(in_.number());
    }
  }
  void one(Area& v) { v = in_.wide(); }
  void one(double& v) { v = in_.real(); }
  void one(std::string& v) { v = in_.text(); }
  void one(sim::Histogram& v) { v = sim::read_histogram(in_); }
  template <class T, std::size_t N>
  void one(T (&v)[N]) {
    for (T& item : v) one(item);
  }
  template <class T, std::size_t N>
  void one(std::array<T, N>& v) {
    for (T& item : v) one(item);
  }
  template <class T, class Allocator>
  void one(std::vector<T, Allocator>& v) {
    const std::size_t n = in_.count();
    v.clear();
    for (std::size_t i = 0; i < n && in_.good(); ++i) one(v.emplace_back());
  }
  void one(std::shared_ptr<const TraceRecord>& v) {
    v.reset();
    if (in_.number() == 0) return;
    auto traces = std::make_shared<TraceRecord>();
    parts(*this, *traces);
    v = std::move(traces);
  }
  template <class T>
  void one(T& v) {
    parts(*this, v);
  }

  sim::ByteReader in_;
};

}  // namespace

std::string record_bytes(const RunRecord& record) {
  Writing writing;
  parts(writing, record);
  return writing.take();
}

bool read_record(std::string_view bytes, RunRecord& record) {
  Reading reading(bytes);
  parts(reading, record);
  return reading.whole();
}

}  // namespace tailrace::models
