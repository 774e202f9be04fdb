#pragma once
// Where the time of the slow requests went. The traced requests of each class that succeeded are cut into
// bands by rank of latency (p50: the middle tenth; p90, p99, p99.9: from that percentile to the next); those
// that failed are a band of their own. Of each band: the mean time per place and reason on the critical path,
// which adds up to the band's mean latency exactly, and the share of the band's time with an interval.
//
// Intervals are ratio estimates over groups: replications where there are five or more, otherwise twenty
// stretches of each replication's traced requests. Requests of a band are never taken as independent.
// Cost: one sort per class, one pass over the parts per band.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "analysis/stats/interval.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

struct TailPart {
  models::TracePlace place;
  models::Reason reason = models::Reason::service;
  double mean_s = 0;           // per request of the band
  double straggler_s = 0;      // of it, while a join waited for the slower half of its branches
  Interval share;              // of the band's time
  std::uint64_t requests = 0;  // of the band, that spent time so
};

struct TailExample {
  std::size_t record = 0, example = 0;  // of which replication's traces, and which
};

struct TailBand {
  std::string name;         // "p99"
  double from = 0, to = 0;  // ranks, as fractions; failed: 0 to 1
  bool failed = false;
  std::uint64_t count = 0;                   // traced requests
  double low_s = 0, high_s = 0, mean_s = 0;  // their latencies
  Interval straggler;                        // share of the time that was spent on stragglers
  std::vector<TailPart> parts;               // most time first
  std::vector<TailExample> examples;
};

// What the slower band has more of.
struct TailDifference {
  std::size_t from = 0, to = 0;  // bands
  struct Part {
    models::TracePlace place;
    models::Reason reason = models::Reason::service;
    double more_s = 0;  // per request; less than nothing where it has less
  };
  std::vector<Part> parts;  // the largest difference first
};

struct TailClass {
  std::uint32_t cls = 0;
  std::string name;  // "shoppers", or "shoppers/buy" where the workload has several classes
  std::uint64_t traced = 0, failed = 0;
  std::vector<TailBand> bands;  // those that have requests; from the middle to the slowest, then the failed
  bool has_difference = false;
  TailDifference difference;  // between p50 and the slowest band of successes with kEnough requests
};

struct TailReport {
  static constexpr std::uint64_t kEnough = 5;
  bool traced = false;
  std::uint64_t every = 1;         // one request in so many
  std::uint64_t too_large = 0;     // given up: too many spans
  std::vector<TailClass> classes;  // in the order of the topology's
  // By replication; where `examples` point.
  std::vector<std::shared_ptr<const models::TraceRecord>> records;
  std::vector<std::uint32_t> replications;
};

TailReport build_tail_report(const models::CompiledModel& model,
                             const std::vector<models::RunRecord>& records);

// "orders", "orders -> payments", ...
std::string place_name(const models::CompiledModel& model, const models::TracePlace& place);
const char* place_kind(const models::TracePlace& place);

}  // namespace tailrace::analysis
