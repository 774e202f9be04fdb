#pragma once
// Percentiles of one component or of the calls between two, exact over a stretch of a run: from histograms of
// a run whose statistics began at the stretch's start (TailTraces::series), or of the whole run without its
// warm-up (RunRecord::series). Bounded by the histogram's resolution (sim/observe/histogram.hpp).
#include <cstdint>
#include <span>

#include "sim/observe/histogram.hpp"
#include "viewer/model/scene.hpp"
#include "viewer/model/timeline.hpp"

namespace tailrace::viewer {

struct Percentiles {
  std::uint64_t count = 0;                                 // of what ended in the stretch
  double p50 = kNothing, p99 = kNothing, p999 = kNothing;  // seconds; kNothing: too few lie beyond it
};

// A percentile is told where at least this many values lie beyond it.
inline constexpr std::uint64_t kBeyond = 10;

// What a message costs whoever publishes it is nothing like what it costs whoever handles it.
enum class Visits : unsigned char { all, published, handled };

// Time inside per visit, with waiting and with what it calls: all of its operations together, or those that
// messages are published to, or the others.
Percentiles node_percentiles(const Scene& scene, std::span<const sim::Histogram> series, int node,
                             Visits visits = Visits::all);
// Messages are published to it.
bool takes_messages(const Scene& scene, int node);
// Time of a call as its caller sees it, all attempts of it: all call sites of the edge together.
Percentiles edge_percentiles(const Scene& scene, std::span<const sim::Histogram> series, int edge);

}  // namespace tailrace::viewer
