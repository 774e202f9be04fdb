#pragma once
// One request with all that was done for it, as rows of coloured stretches: calls below who made them, in the
// order in which they began. From a TraceExample; times are seconds since the request's start.
#include <string>
#include <vector>

#include "models/runtime/trace_record.hpp"
#include "viewer/model/scene.hpp"
#include "viewer/model/tail_view.hpp"

namespace tailrace::viewer {

struct WaterfallStretch {
  double from_s = 0, to_s = 0;
  models::Reason reason = models::Reason::service;
  TimeKind kind = TimeKind::service;
  bool waits = false;     // for what is in the rows below
  bool critical = false;  // the request's latency depends on it
  std::string place;
};

struct WaterfallRow {
  int depth = 0;
  std::string name;  // "stock.read"; of the request: its workload; of branches: "branch 3"
  std::string note;  // "retry", "hedge", "at web", "instance 2"; several with commas between them
  int node = -1;     // where it is done; -1: at a client
  double from_s = 0, to_s = 0;
  bool retry = false;  // a further attempt of a call
  bool critical = false;
  std::vector<WaterfallStretch> stretches;
};

struct Waterfall {
  std::string name;    // workload and class
  std::string origin;  // where it comes from when that is not the run that is shown: "replication 3"
  double start_s = 0;  // in the run
  double latency_s = 0;
  models::Outcome outcome = models::Outcome::success;
  std::vector<WaterfallRow> rows;
  int left_out = 0;                 // rows beyond `most`: those that the request did not wait for go first
  double by_kind[kTimeKinds] = {};  // of the critical path; adds up to latency_s
};

// "shoppers", or "shoppers/buy" where the workload has several classes.
std::string class_name(const Scene& scene, std::uint32_t cls);

Waterfall waterfall(const Scene& scene, const models::TraceExample& example, std::size_t most = 400);

}  // namespace tailrace::viewer
