#pragma once
// A sweep under mpirun: rank 0 hands out points, keeps the journal and writes the results; the other ranks
// simulate. Shares are dealt as they are asked for, large ones first and single points at the end. Ranks say
// every second that they live, with what they have finished; one that has been silent for kSilence is taken
// for dead, and its points are handed out again. Only the calling thread speaks MPI. Without MPI at build
// time, and outside mpirun, there is no cluster and nothing is initialised.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tailrace::cli {

class Cluster {
 public:
  virtual ~Cluster() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  struct Hand {
    // Lines that a rank sent: takes them to the disk and returns the points they were, or throws.
    std::function<std::vector<std::size_t>(const std::string& lines)> accept;
    std::function<void()> tick;
    std::function<bool()> stop;
  };
  // Rank 0. Returns when all points are accepted, when stop() says so, or when nobody is left ("" or why).
  virtual std::string hand_out(const std::vector<std::size_t>& todo, const Hand& hand) = 0;

  // Ends all ranks, for errors that only rank 0 can see.
  virtual void abort(int exit_code) = 0;

  // The others. work(points, beat) simulates, calling beat(lines) now and then with what has been finished
  // since the last call.
  using Beat = std::function<void(std::string lines)>;
  virtual void serve(const std::function<void(const std::vector<std::size_t>&, const Beat&)>& work) = 0;
};

// Null where this process is alone.
std::unique_ptr<Cluster> join_cluster();

}  // namespace tailrace::cli
