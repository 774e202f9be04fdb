#pragma once
// Closed queueing network: the users of one or more workloads each think, send a request that visits stations
// one after another, and think again. Solved exactly (closed_convolution.hpp) as long as that takes less than
// kMaxExactWork; beyond it by Schweitzer's approximation with Seidmann's multi-server split, flagged
// exact = false. Workloads may visit a station at different rates, but share its service time: where they do
// not (processor sharing allows it), give visits in the proportions of the work.
#include <string>
#include <vector>

#include "analysis/queueing/open_network.hpp"
#include "analysis/queueing/station.hpp"

namespace tailrace::analysis {

inline constexpr double kMaxExactWork = 1e8;  // additions

struct ClosedWorkload {
  std::string name;
  int population = 0;
  double think_s = 0;
  std::vector<double> visits;  // per request, one entry per station
};

struct ClosedNetwork {
  std::vector<Station> stations;
  std::vector<ClosedWorkload> workloads;
};

// Asymptotic bounds of a single workload (Denning and Buzen 1978), per request: D = sum of demands at all
// stations, Dmax = largest demand per server.
struct ClosedBounds {
  double total_demand_s = 0;
  double max_demand_s = 0;
  double knee_population = 0;       // N* = (D + Z) / Dmax; infinite without a queueing station
  double max_throughput_per_s = 0;  // min(N / (D + Z), 1 / Dmax)
  double min_response_s = 0;        // max(D, N Dmax - Z)
};

struct ClosedStation {
  double utilization = 0;      // all workloads
  double in_system_mean = 0;   // all workloads
  double response_mean_s = 0;  // per visit, averaged over the workloads
};

struct ClosedWorkloadResult {
  double throughput_per_s = 0;
  double response_mean_s = 0;          // of a request, without thinking
  std::vector<double> in_system_mean;  // per station
  ClosedBounds bounds;                 // as if alone
};

struct ClosedSolution {
  bool ok = true;
  std::string message;  // why not ok
  std::vector<ClosedWorkloadResult> workloads;
  std::vector<ClosedStation> stations;
  // Per load-dependent station: the probabilities of 0, 1, ... visits there. Empty unless solved exactly.
  std::vector<std::vector<double>> in_system;
  int bottleneck = -1;
  bool exact = true;
  std::string reason;  // why not exact
};

ClosedSolution solve_closed(const ClosedNetwork& network);

// Open and closed traffic at the same stations: the open classes are taken first and slow the servers down
// for the closed ones by 1 / (1 - open utilization); in return open visits see the closed ones. Exact for
// single-server product form stations (Lazowska et al. 1984, ch. 7), but always flagged as approximate.
struct MixedSolution {
  OpenSolution open;
  ClosedSolution closed;
};
MixedSolution solve_mixed(const OpenNetwork& open, const std::vector<ClosedWorkload>& closed);

}  // namespace tailrace::analysis
