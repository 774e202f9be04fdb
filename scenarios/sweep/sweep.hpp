#pragma once
// Runs the points of a sweep: the scenario's tree with a point's values set, built, compiled and replicated
// as `run` would, over points and replications at the same time. All points have the scenario's seed, so they
// share their random numbers and differ by what was varied. A point whose scenario is wrong becomes a row
// that says so, and the others go on. Rows come in the order in which points end; what is in them does not
// depend on that order, nor on the number of threads.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/sweep/design.hpp"
#include "scenarios/sweep/point.hpp"

namespace tailrace::scenarios {

inline constexpr const char* kWrong = "wrong";  // status of a point that is no scenario

struct PointRow {
  struct Cell {
    std::string figure;        // "shoppers.request_duration p(99)"
    std::string unit;          // s, fraction, per_s, number
    double value = 0;          // NaN: nothing was observed
    double low = 0, high = 0;  // NaN: no interval
  };
  std::string status;   // as a run's, or kWrong
  std::string message;  // why it is not "completed"
  int replications = 0;
  int thresholds = 0, thresholds_failed = 0;
  std::vector<Cell> figures;
};

// Names a point's result: what the scenario says (with its data files), its changes, the program's version.
// Points of different sweeps that are the same run have the same name.
class PointNames {
 public:
  PointNames(const SweepScenario& scenario, const std::string& version);
  std::string name(const std::vector<std::string>& paths, const std::vector<std::string>& values) const;

 private:
  std::uint64_t base_;
  std::string folder_;  // where data files are found
};

struct SweepOptions {
  int jobs = 0;  // 0: as many as there are cores
  const std::atomic<int>* interrupt = nullptr;
  // From the calling thread: rows of points that have ended, at most some hundredths of a second ago.
  std::function<void(std::vector<std::pair<std::size_t, PointRow>>)> finished;
  // Now and then, from the calling thread: the share of the work that is done.
  std::function<void(double share)> progress;
};

// Runs design.points[i] for i in `todo`. Points that an interrupt cut short are not finished.
void run_sweep(const SweepScenario& scenario, const Design& design, const std::vector<std::size_t>& todo,
               const SweepOptions& options);

}  // namespace tailrace::scenarios
