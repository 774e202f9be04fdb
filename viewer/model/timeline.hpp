#pragma once
// What a run did, in slices of equal length from its start: immutable, and growing by new Historys that share
// the slices of the old. Counts and areas are kept as sums since the start of the run, so the figures of any
// range are a difference of two slices: exact, and as dear as the topology is large, however long the range.
// Latencies are kept per slice as sparse histograms: percentiles of a range are those of its requests.
//
// Slices are the viewer's own (the record's windows stay as they are); their number is chosen so that all of
// them fit into kHistoryBytes. A range is widened to whole slices. The warm-up is part of it.
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/topology/outcome.hpp"
#include "viewer/model/scene.hpp"

namespace tailrace::viewer {

inline constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
inline constexpr int kSlices = 600;  // of a run of ordinary size
inline constexpr std::size_t kHistoryBytes = 96u << 20u;

struct TimeRange {
  double t0_s = 0, t1_s = 0;
  double length() const { return t1_s - t0_s; }
};

// Rates are per second, times seconds; kNothing where there was nothing to measure.
struct NodeFigures {
  double utilisation = kNothing;  // share of the workers that are there and busy; none: unlimited workers
  double busy = 0;                // workers, or requests in service; mean
  double queue = 0;               // requests that wait, mean
  double in_flight = 0;           // queue and busy; workload: requests under way
  double replicas = 0;            // instances that are ready, mean
  double offered = 0;             // attempts that reach for it; workload: requests that arrive
  double goodput = 0;             // of these, successes that were heard
  double failed = 0;
  double rejected = 0;                            // turned away at full queues
  double error_share = kNothing;                  // failed / ended
  double latency = kNothing;                      // mean time inside; workload: of successes
  std::array<double, models::kOutcomes> ended{};  // by outcome
  double lag = 0;                                 // messages that wait in its channels, at the range's end
  double down = 0;                                // instances that faults have stopped, at the range's end
  bool has_workers = false;
};

struct EdgeFigures {
  double calls = 0, attempts = 0;
  double retries = 0;              // attempts beyond the calls' first
  double goodput = 0, failed = 0;  // of attempts
  double error_share = kNothing;
  double amplification = kNothing;                // attempts per call
  double latency = kNothing;                      // mean of calls, as the caller sees it
  std::array<double, models::kOutcomes> ended{};  // attempts, and calls that failed without one
  std::int16_t breaker =
      -1;  // worst state of a circuit breaker on it: 0 closed, 1 half open, 2 open; -1: none
};

struct LoadFigures {  // of a workload, or of all together
  double offered = 0, goodput = 0, failed = 0;
  std::array<double, models::kOutcomes> ended{};
  double in_flight = 0;
  std::uint64_t successes = 0;
  double mean = kNothing, p50 = kNothing, p90 = kNothing, p99 = kNothing, p999 = kNothing, highest = kNothing;
};

struct Figures {
  TimeRange range;  // as widened to slices
  std::vector<NodeFigures> nodes;
  std::vector<EdgeFigures> edges;
  std::vector<LoadFigures> workloads;  // of the topology
  LoadFigures load;                    // of all workloads
};

struct LatencyBucket {
  double lower_s = 0, upper_s = 0;
  std::uint64_t count = 0;
};
struct LatencyCurve {                  // of successes
  std::vector<LatencyBucket> buckets;  // not empty, rising
  std::uint64_t count = 0;
  double mean = kNothing;
  double quantile(double p) const;     // kNothing when empty
  double share_below(double s) const;  // 0..1
};

enum class Series : unsigned char {
  offered,
  goodput,
  failed,
  mean,
  p50,
  p99,
  p999,  // of a workload; id -1: all together
  node_utilisation,
  node_queue,
  node_in_flight,
  node_offered,
  node_goodput,
  node_error_share,
  node_replicas,
  node_latency,
  node_lag,
  edge_attempts,
  edge_retries,
  edge_error_share,
  edge_latency
};
const char* series_unit(Series series);  // "1/s", "s", "1", ""

// A point of a chart stands for one slice or more: what was least, on average and most in them.
struct SeriesPoint {
  double t0_s = 0, t1_s = 0;
  double low = kNothing, mean = kNothing, high = kNothing;
};

struct FaultBar {
  int fault = 0;  // of the scene
  double start_s = 0, end_s = 0;
  bool on = false;  // still, at the frontier
};

enum class ChangeKind : unsigned char { fault_on, fault_off, breaker, scaled, instances_down, instances_up };
struct Change {
  double t_s = 0;
  ChangeKind kind = ChangeKind::breaker;
  int node = -1, edge = -1, fault = -1;
  std::string text;  // "breaker orders -> payments: open", "cart: 3 -> 5 instances"
};

// Sums since the start of the run; of the runtime's ids. One slice's state.
struct Slice;

class History {
 public:
  History(std::shared_ptr<const Scene> scene, std::vector<std::shared_ptr<const Slice>> slices,
          double slice_s, std::vector<FaultBar> bars, std::vector<Change> changes, bool complete);

  const Scene& scene() const { return *scene_; }
  std::size_t slices() const { return slices_.empty() ? 0 : slices_.size() - 1; }
  double slice_s() const { return slice_s_; }
  double frontier_s() const;  // simulated so far
  bool complete() const { return complete_; }

  // All that is drawn of a range; of an empty one: of the slice that it lies in.
  Figures figures(TimeRange range) const;
  // The slice that has just been at `t`: what a panel shows as "now".
  TimeRange slice_at(double t_s) const;
  LatencyCurve latency(TimeRange range, int workload = -1) const;
  // At most `most` points over the range (0: every slice).
  std::vector<SeriesPoint> series(Series what, int id, TimeRange range, std::size_t most = 0) const;

  const std::vector<FaultBar>& bars() const { return bars_; }
  const std::vector<Change>& changes() const { return changes_; }  // by time

  const std::vector<std::shared_ptr<const Slice>>& raw() const { return slices_; }

 private:
  std::pair<std::size_t, std::size_t> bounds(TimeRange range) const;
  double value(Series what, int id, std::size_t from, std::size_t to) const;

  std::shared_ptr<const Scene> scene_;
  std::vector<std::shared_ptr<const Slice>> slices_;  // [0] is the start of the run
  double slice_s_ = 0;
  std::vector<FaultBar> bars_;
  std::vector<Change> changes_;
  bool complete_ = false;
};

// Header, then a row per slice of the range: time, load, goodput, failures, percentiles, and for each of the
// nodes given (all when empty) utilisation, queue and error share.
std::string selection_csv(const History& history, TimeRange range, const std::vector<int>& nodes);

}  // namespace tailrace::viewer
