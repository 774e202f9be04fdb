#pragma once
// Work under mpirun: rank 0 hands out items and takes in results, the other ranks do them. An item and a
// result are bytes that only the command understands. Shares are dealt as they are asked for, large ones
// first and single items at the end. Ranks say every second that they live, with what they have finished; one
// that has been silent for ten seconds is taken for dead, and its items are handed out again. Rank 0 never
// waits inside MPI: a message whose sender dies half-way would keep it for ever. A rank that hears nothing
// from rank 0 for ten minutes ends. Only the calling thread speaks MPI. Without MPI at build time, and
// outside mpirun, there is no cluster and nothing is initialised.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"

namespace tailrace::cli {

class Cluster {
 public:
  // Rank 0's lets all ranks go. Where some are dead there is no farewell in MPI, which would wait for them.
  virtual ~Cluster() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  bool first() const { return rank() == 0; }

  struct Hand {
    // A result, once for each item; false: items after it are not wanted any more, those before it are.
    std::function<bool(std::size_t item, const std::string& result)> accept;
    std::function<void()> tick;
    std::function<bool()> stop;
  };
  // Rank 0, as often as it likes. Returns when all items are accepted, when stop() says so, or when nobody is
  // left ("" or why).
  virtual std::string hand_out(const std::vector<std::string>& items, const Hand& hand) = 0;

  // The others, until they are let go. work(items, beat) does the items, calling beat(results) now and then
  // (at least once a second) with what has been finished since the last call: number in `items`, bytes.
  using Results = std::vector<std::pair<std::size_t, std::string>>;
  using Beat = std::function<void(Results)>;
  // `width`: items that a rank does at the same time, the least that is worth a share. `interrupted`: do no
  // more.
  struct Service {
    std::size_t width = 1;
    std::function<bool()> interrupted;
    std::function<void(const std::vector<std::string>& items, const Beat& beat)> work;
  };
  virtual void serve(const Service& service) = 0;
};

// Null where this process is alone. `identity`: what all ranks must agree on, lest they answer for different
// scenarios.
std::unique_ptr<Cluster> join_cluster(const std::string& identity);

// Among several ranks and not the first: leaves talking to the first one. Known before the cluster is joined.
bool is_follower();

// A follower's warnings and progress are the first rank's already.
ScenarioArguments said_once(ScenarioArguments arguments);

}  // namespace tailrace::cli
