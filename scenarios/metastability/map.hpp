#pragma once
// The map of a trigger: for each size and duration of it, at which loads the system comes back. The loads
// that are asked for are probed, then the boundaries are found by bisection: the highest load at which it
// recovers and the lowest at which it does not, and the same for metastable where something lies between.
// Then the load goes up and down in steps in one run, without any trigger: where the way down serves less
// than the way up, the past decides, and a trigger can do the same.
//
// Supposes that more load never helps to recover; a load at which a higher one had failed is no safe load.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/metastability/probe.hpp"
#include "scenarios/metastability/trigger.hpp"
#include "scenarios/sweep/point.hpp"

namespace tailrace::scenarios {

struct MapOptions {
  std::string fault;
  std::vector<double> loads, durations, sizes;  // factors, ascending; sizes: {1} where the fault has none
  double resolution = 0.02;                     // width of a boundary over its upper end
  double confidence = 0.95;
  bool hysteresis = true;
  int jobs = 0;
  const std::atomic<int>* interrupt = nullptr;
  std::function<void(std::size_t done, std::size_t about)> progress;  // points
};

struct MapPoint {
  double load = 1, duration = 1, size = 1;
  Probe probe;
};

struct MapBoundary {
  double duration = 1, size = 1;
  // Loads. No `safe`: none that was tried is; no `unsafe`: all are.
  std::optional<double> safe, unsafe;
  std::optional<double> not_metastable, metastable;
  analysis::Interval recovery;  // at `safe`
};

struct Stair {
  double load = 1;
  analysis::Interval up, down;    // share of the requests that succeed
  analysis::Interval difference;  // up - down, paired
  bool differs = false;           // by more than a tenth, and not by luck
};

struct MetastabilityMap {
  TriggerFault trigger;
  double load_per_s = 0;  // of factor 1; 0: no open workload
  MapOptions options;
  std::vector<MapPoint> points;  // in the order of the search
  std::vector<MapBoundary> boundaries;
  std::vector<Stair> stairs;
  double hold_s = 0;
  int stair_replications = 0;
  std::string no_stairs;  // why there are none
  bool interrupted = false;
  std::string broken;  // how, if the simulator was found to be at fault; the map ends there
  std::string fault;   // what is wrong with the scenario or the question; nothing was run
  std::vector<std::string> notes;

  const MapPoint* at(double load, double duration, double size) const;
  // The highest load that is safe under every trigger that was tried; none if one has none.
  std::optional<double> safe_load() const;
};

inline constexpr std::size_t kStairs = 9;  // up; as many down, less the top
inline constexpr int kStairReplications = 5;

MetastabilityMap map_metastability(const SweepScenario& scenario, MapOptions options);

}  // namespace tailrace::scenarios
