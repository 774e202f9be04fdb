#pragma once
// Where the time of requests went, for any stretch of a run, any band of latency, one workload or all: what
// the tail panel shows. From requests that a traced run followed (viewer/model/tail_tracer.hpp). Times are
// seconds of the critical path (docs/tail.md): the parts of a band add up to its mean latency.
//
// A request belongs to the stretch in which it ended, as in History. Shares are ratio estimates over twenty
// stretches of the requests, as in analysis/tail; requests of a band are not taken as independent.
// Cost: a sort of the traced requests when it is made, a pass over them per band.
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "analysis/stats/interval.hpp"
#include "models/runtime/trace_record.hpp"
#include "sim/observe/histogram.hpp"
#include "viewer/model/scene.hpp"
#include "viewer/model/timeline.hpp"

namespace tailrace::viewer {

// What a traced run left behind; immutable. `run`: of the SessionView that it is a picture of.
struct TailTraces {
  std::uint64_t run = 0;
  std::uint32_t replication = 0;
  TimeRange range;  // requests that ended in it
  std::shared_ptr<const models::TraceRecord> record;
  sim::LargeVector<sim::Histogram> series;  // by CompiledModel::series, of what ended in it
};

// Reasons in five colours.
enum class TimeKind : unsigned char { service, waiting, network, retry, other };
inline constexpr int kTimeKinds = 5;
TimeKind time_kind(models::Reason reason);
const char* time_kind_name(TimeKind kind);

// Where a part of the time went, in the scene's words.
struct TailPlace {
  std::string name;          // "orders", "orders -> payments"
  int node = -1, edge = -1;  // of the scene, to be selected; -1: neither
};
TailPlace tail_place(const Scene& scene, const models::TracePlace& place);

struct LatencyBand {
  std::string name;  // "p99"; empty: chosen by hand
  double low_s = 0;  // both ends belong to it
  double high_s = std::numeric_limits<double>::infinity();
  bool failed = false;  // those that failed, whatever they took; others: successes
  bool operator==(const LatencyBand&) const = default;
};

struct TailShare {
  TailPlace place;
  models::Reason reason = models::Reason::service;
  double mean_s = 0;           // per request of the band
  analysis::Interval share;    // of the band's time
  std::uint64_t requests = 0;  // of the band, that spent time so
};

struct BandView {
  LatencyBand band;
  std::uint64_t count = 0;  // traced requests
  double mean_s = 0, low_s = 0, high_s = 0;
  std::vector<TailShare> parts;  // most time first
  std::vector<models::TracedRequest>
      examples;  // of them: the slowest, and on down to the fastest in even steps
};

// What b has more of than a (less: negative), and both.
struct TailChange {
  TailPlace place;
  models::Reason reason = models::Reason::service;
  double a_s = 0, b_s = 0;
  double more_s() const { return b_s - a_s; }
};
std::vector<TailChange> difference(const BandView& a, const BandView& b);  // the largest change first

// The request with all its spans; null where the record kept no such example.
const models::TraceExample* example_of(const models::TraceRecord& record,
                                       const models::TracedRequest& request);

class TailView {
 public:
  // workload: of the topology; -1: all.
  TailView(std::shared_ptr<const Scene> scene, std::shared_ptr<const TailTraces> traces, TimeRange range,
           int workload);
  std::uint64_t traced() const { return good_.size() + failed_.size(); }
  std::uint64_t failed() const { return failed_.size(); }
  std::uint64_t every() const { return traces_->record->every; }  // one request in so many was followed
  // Of successes by rank: p50 the middle tenth; p90, p99, p99.9 to the next; failed. Those that have
  // requests.
  const std::vector<LatencyBand>& bands() const { return bands_; }
  // The slowest of bands() with requests enough for a mean to say something; null when there is none.
  const LatencyBand* slowest() const;
  const LatencyBand* find(const std::string& name) const;
  BandView band(const LatencyBand& band) const;

  static constexpr std::size_t kEnough = 5;
  static constexpr std::size_t kExamples = 6;

 private:
  bool belongs(const models::TracedRequest& request) const;

  std::shared_ptr<const Scene> scene_;
  std::shared_ptr<const TailTraces> traces_;
  std::int64_t from_ns_ = 0, to_ns_ = 0;
  std::vector<bool> classes_;  // that are shown
  struct Member {
    const models::TracedRequest* request;
    std::size_t group;
  };
  std::vector<Member> good_, failed_;  // by latency
  std::vector<LatencyBand> bands_;
};

}  // namespace tailrace::viewer
