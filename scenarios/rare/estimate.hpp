#pragma once
// How probable is it? First a few hundred plain runs: where enough of them show the event, more of them
// answer the question and nothing is split. Otherwise repetitions of splitting, independent of each other,
// until the interval of their mean is as narrow as was asked for, or a budget ends it.
//
// The interval is symmetric in the logarithm: mean times or over exp(t s / (mean sqrt R)), for the estimates
// of repetitions are skewed to the right. With plain runs it is Wilson's. The number of trajectories in a
// repetition is found by trials whose estimates are thrown away: more until a few of them survive every
// level.
//
// The answer does not depend on the number of threads. With a budget of time it depends on the machine, in
// how many repetitions it rests on.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/stats/interval.hpp"
#include "scenarios/rare/split.hpp"

namespace tailrace::scenarios {

struct RareOptions {
  double precision = 0.2;  // half of the interval's width over the estimate (to first order)
  double confidence = 0.95;
  std::uint32_t trajectories = 0;  // of a repetition; 0: found by trial
  std::uint32_t repetitions = 0;   // exactly so many; 0: until precise
  std::uint64_t max_events = 2'000'000'000;
  double max_seconds = 0;     // wall clock; 0: no bound
  bool always_split = false;  // also where plain runs would do
  int jobs = 0;
  const std::atomic<int>* interrupt = nullptr;
  std::function<void(std::size_t done, std::size_t about, const char* what)> progress;
};

struct RareLevel {
  std::uint32_t score = 0;
  analysis::Interval beyond;  // probability of going beyond it
};

struct RareEstimate {
  bool split = false;               // else plain runs answer it
  analysis::Interval probability;   // groups: repetitions, or plain runs
  double relative_error = 0;        // standard error over the estimate
  std::uint32_t trajectories = 0;   // of a repetition
  std::vector<double> repetitions;  // their estimates, in order
  std::vector<RareLevel> levels;    // ascending
  std::uint32_t died_out = 0;       // repetitions
  double ancestors = 0;             // mean, of those that did not die out
  std::uint32_t hardest = 0;        // the level that the fewest survived, of all repetitions
  double hardest_share = 1;         // who did

  std::uint64_t plain_runs = 0, plain_happened = 0;  // of the first few hundred
  double events_per_run = 0;                         // of a plain run to its end
  std::uint64_t runs = 0, events = 0;                // in all
  double plain_runs_needed = 0;                      // for the same relative error; 0: cannot be said
  double saving = 0;                                 // events of these over the events spent
  bool precise = false;                              // as asked for
  bool complete = true;                              // false: interrupted
  std::uint64_t limited = 0;                         // runs that met a limit of their own
  std::uint64_t broken = 0;  // ... in which an invariant broke: a fault of the simulator
  std::string broken_how;    // ... in one of them
  std::vector<std::string> notes;
};

RareEstimate estimate_rare(const SplitQuestion& question, const RareOptions& options);

}  // namespace tailrace::scenarios
