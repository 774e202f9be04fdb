#pragma once
// One repetition of adaptive multilevel splitting (Cerou & Guyader 2007), in the form that allows ties and is
// unbiased for any score and any number of trajectories (Brehier, Gazeau, Goudenege, Lelievre & Rousset
// 2016):
//
//   start with N independent runs; the height of a run is the highest score that it reaches
//   again and again: the level is the k-th lowest height; the K >= k runs no higher than it are replaced,
//     each by a copy of a surviving one, chosen at random, up to the first moment at which that one is above
//     the level; from there the copy goes on with other random numbers. Probability so far: times 1 - K/N
//   until k-th lowest and all above have reached the goal: times the share that has
//
// No state is copied. A trajectory is a replication and a list of (look, key): at that look of its watcher
// all random streams are keyed anew (models/runtime/watch.hpp). A copy runs its parent again from the start,
// so a repetition costs N (1 - ln p) runs, or a few more where scores are coarse. A moment is a look, and
// there is one before each event, so ties in time play no part.
//
// When all runs are on the level nothing survives and the estimate is 0: that keeps it unbiased. Same inputs,
// same bits.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/runtime/execution.hpp"
#include "scenarios/rare/event.hpp"

namespace tailrace::scenarios {

struct Renewal {
  std::uint64_t look = 0;
  std::uint64_t key = 0;
};
struct Rise {  // the first look at which a run is this high
  std::uint32_t score = 0;
  std::uint64_t look = 0;
};

struct Trajectory {
  std::uint32_t replication = 0;
  std::uint32_t ancestor = 0;  // of the first N, which one it comes from
  std::vector<Renewal> path;   // looks ascending
  std::vector<Rise> rises;     // scores ascending
  bool happened = false;
  std::uint64_t events = 0;
  std::string limit;                         // why it ended before its time, if it did
  bool interrupted = false, broken = false;  // broken: an invariant; the simulator is at fault

  std::uint32_t height() const { return rises.empty() ? 0 : rises.back().score; }
};

struct SplitQuestion {
  std::shared_ptr<const models::CompiledModel> model;
  const RareEvent* event = nullptr;
  const RareEvent* guide = nullptr;  // nullptr: the event itself
  std::uint64_t seed = 1;
  std::int64_t from_ns = 0;  // what comes about before does not count
  const std::atomic<int>* interrupt = nullptr;

  std::uint32_t goal() const { return guide != nullptr ? guide->goal : event->goal; }
};

// Runs it to its end, or until the event has come about; fills in what follows from replication and path.
void follow(const SplitQuestion& question, Trajectory& trajectory);

struct Repetition {
  double probability = 0;
  std::vector<double> beyond;  // by score s < goal: of a height above s
  std::uint32_t generations = 0;
  std::uint32_t happened_at_once = 0;             // of the first N
  std::uint32_t ancestors = 0;                    // whose descendants are among the last N
  std::uint32_t fewest_survivors = 0;             // of any generation
  std::uint32_t hardest = 0;                      // the level that they survived
  bool died_out = false;                          // on the level `hardest`
  bool over_budget = false, interrupted = false;  // no estimate
  std::uint64_t runs = 0, events = 0;
  std::uint64_t limited = 0;  // runs that met a limit
  std::string limit;          // of one of them
  std::uint64_t broken = 0;   // runs in which an invariant broke
};

// `number` tells repetitions apart; first_replication + N are theirs alone. More events than `max_events`
// (0: no bound) end it without an estimate.
Repetition split(const SplitQuestion& question, std::uint32_t number, std::uint32_t first_replication,
                 std::uint32_t trajectories, std::uint64_t max_events);

}  // namespace tailrace::scenarios
