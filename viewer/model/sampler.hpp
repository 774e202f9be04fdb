#pragma once
// From a run that is watched to slices: at the end of each slice it reads the run's sums, and adds what is
// new since the last reading to its own, which begin at the start of the run and do not begin again with the
// end of the warm-up (what happens in the very nanosecond of that end, and only that, is missed).
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "models/runtime/watch.hpp"
#include "viewer/model/scene.hpp"
#include "viewer/model/timeline.hpp"

namespace tailrace::viewer {

// Sums from the start of the run to end_ns, by the scene's ids; counts may wrap, differences hold.
using SmallCounts = std::array<std::uint32_t, models::kOutcomes>;
struct Slice {
  struct Node {
    double busy_s = 0, queue_s = 0;
    double worker_s = 0;        // of the workers that there are, of stations where these are limited
    double limited_busy_s = 0;  // of busy_s: at such stations
    double ready_s = 0;         // instances of the first station
    std::uint64_t served = 0, rejected = 0, offered = 0;
    SmallCounts ended{};
    // States at the slice's end.
    std::uint32_t lag = 0, in_flight = 0;
    std::uint16_t down = 0, ready = 0;
  };
  struct Edge {
    std::uint64_t calls = 0, attempts = 0, timed = 0;
    double time_s = 0;
    SmallCounts ended{};
    std::int16_t breaker = -1;
  };
  struct Load {  // by workload of the topology
    std::uint64_t arrived = 0;
    SmallCounts ended{};
    std::uint32_t in_flight = 0;
    double success_s = 0;
    std::int64_t highest_ns = 0;  // in this slice
    std::vector<std::pair<std::uint32_t, std::uint32_t>>
        buckets;  // in this slice: index of the histogram, count
  };
  std::int64_t end_ns = 0;
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  std::vector<Load> loads;
};

// Length of the slices, so that they fit into memory.
std::int64_t slice_length_ns(const Scene& scene);

class Sampler {
 public:
  explicit Sampler(std::shared_ptr<const Scene> scene);
  std::shared_ptr<const Slice> start() const;  // the empty slice at time 0
  void succeeded(std::uint32_t workload, std::int64_t took_ns) {
    Successes& s = successes_[workload];
    const std::uint32_t bucket = sim::Histogram::index_of(took_ns);
    if (bucket >= s.counts.size()) s.counts.resize(bucket + 1, 0);
    if (s.counts[bucket]++ == 0) s.touched.push_back(bucket);
    s.highest_ns = std::max(s.highest_ns, took_ns);
    s.sum_s += static_cast<double>(took_ns) * 1e-9;
  }
  // Up to now; where no slice ends here (the end of the warm-up) the sums are only brought up to date.
  void catch_up(const models::Peek& peek);
  std::shared_ptr<const Slice> close(const models::Peek& peek);

 private:
  // Successes of a workload in this slice.
  struct Successes {
    std::vector<std::uint32_t> counts;   // by bucket of a histogram
    std::vector<std::uint32_t> touched;  // which are not 0
    std::int64_t highest_ns = 0;
    double sum_s = 0;
  };
  // A sum that begins anew when statistics do.
  template <class T>
  T grown(T now, T& before) const {
    const T added = reset_ ? now : now - before;
    before = now;
    return added;
  }
  void nodes(const models::Peek& peek);
  void edges(const models::Peek& peek);
  void loads(const models::Peek& peek);

  std::shared_ptr<const Scene> scene_;
  const models::CompiledModel& model_;
  Slice now_;
  bool reset_ = false;
  std::int64_t since_ns_ = 0, last_ns_ = 0;
  std::vector<models::StationPeek> stations_;
  std::vector<models::EdgeRecord> edges_;
  std::vector<models::ClassRecord> classes_;
  std::vector<Successes> successes_;  // by workload
  std::vector<models::SeriesPeek> sums_, sums_now_;
  std::vector<std::uint32_t> series_of_edge_;  // of the topology; kNoId: none
  struct Breaker {
    std::uint32_t state = 0, group = 0;
  };
  std::vector<std::vector<Breaker>> breakers_;      // by edge of the scene
  std::vector<std::vector<std::int16_t>> badness_;  // by admission group and status
};

}  // namespace tailrace::viewer
