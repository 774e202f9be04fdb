#pragma once
// Pools of workers that are held while others work. A pool of W workers and all that happens while one is
// held is cut out and solved alone with 1, 2, ... W users who come back at once; its throughput with n of
// them is the speed of a station that stands for the whole in the network around it (flow-equivalent
// aggregation: Chandy, Herzog and Woo 1975). Exact for one station behind another with a product form; here
// the cut is where the product form ends, so the figures are approximate, and good when what is inside
// settles faster than the number of its users changes. What a full pool can do at most is exact wherever its
// inside has a product form. Pools inside pools are taken from the inside out. Instances of one pool are
// taken as one pool of all their workers.
//
// Each station is inside the one pool whose workers wait for it, or outside of all: because requests come to
// it with no worker held (also those of an operation that leaves some of its work behind), or because it is
// shared, and several pools wait for it.
#include <cstddef>
#include <vector>

#include "analysis/prediction/layers.hpp"
#include "analysis/queueing/closed_network.hpp"

namespace tailrace::analysis::detail {

class HeldPools {
 public:
  // A queue of the network, of workers or of cores.
  struct Queue {
    std::size_t station = 0;
    Station model;
    double visits = 0;  // per request
    double lone_s = 0;  // what a visit takes that finds nobody else
    double number = 0;  // mean, once the numbers in the pools are known
  };
  struct Pool {
    std::size_t station = 0;
    int workers = 1;    // of all instances, at most the users
    double visits = 0;  // per request
    double rest_s = 0;  // per passage: what is spent neither in a queue nor in a pool inside
    double scv = 1;     // of a passage where nobody waits: variance / mean^2
    std::vector<std::size_t> queues, pools, stations;  // inside it; stations: all of them
    // With n workers held, by n (the first entry is unused): passages per second, mean numbers in the queues
    // inside, chances of the numbers in the pools inside.
    std::vector<double> throughput;
    bool anew = false;  // the last time that it was asked for
    std::vector<std::vector<double>> numbers;
    std::vector<std::vector<std::vector<double>>> chances;
    // Once known: chances of 0, 1, 2, ... in it, waiting or not, and what they mean.
    std::vector<double> chance;
    double present = 0, served = 0;
  };
  static constexpr double kMostWork = 3e8;  // additions: half a second

  // `visits`: calls of each operation per request, in layers evaluated without load. `most`: users at most in
  // a pool.
  HeldPools(const Layers& layers, const std::vector<double>& visits, double most);

  bool any() const { return !pools.empty(); }
  // Several pools wait for some station, or a pool and somebody outside.
  bool shared() const { return shared_; }
  std::vector<bool> cut() const;                    // by station: its workers are a pool here
  const Pool* pool_of(std::size_t station) const {  // that its workers are
    return pool_of_[station] < 0 ? nullptr : &pools[static_cast<std::size_t>(pool_of_[station])];
  }
  void place(std::vector<Queue> list);  // puts each queue where it belongs
  double work(std::size_t pool) const;  // of solving it, about, in additions
  // One pool, when those inside it have been solved: what its passages take where nobody waits follows from
  // the walks of the operations as they are now. Does nothing where that is what it was. False: no solution.
  bool solve(std::size_t pool);
  // The network outside of all pools, with users in a loop. Spreads what follows.
  ClosedWorkloadResult solve_outside(double users, double think_s, double spent_s, bool& ok);
  // Given the chances of 0, 1, 2, ... in a pool: the means of it and of all inside it.
  void spread(std::size_t pool, std::vector<double> chance);
  // At a pool's station, until success or failure, by the walks as they are now.
  double spent_per_request(std::size_t station) const;
  // How uneven passages follow each other when all workers are held, as variance / mean^2: that of a passage
  // where the workers are in each other's way nowhere, that of the busiest queue's service where they wait
  // for it.
  double unevenness(std::size_t pool) const;
  static double unevenness(const Station& queue) {
    return queue.discipline == Discipline::fcfs ? queue.service_scv : 1;
  }
  // The pool and those inside it, each after the one that it is inside of.
  std::vector<std::size_t> within(std::size_t pool) const;

  std::vector<Pool> pools;
  std::vector<Queue> queues;
  std::vector<std::size_t> outside_queues, outside_pools;

 private:
  static constexpr int kOutside = models::kNone, kUnknown = -2;
  void find_homes(const std::vector<double>& visits);
  bool solve_network(const std::vector<std::size_t>& its_queues, const std::vector<std::size_t>& its_pools,
                     double visits, double rest_s, int users, double think_s, ClosedSolution& solution) const;

  const Layers& layers_;
  const models::Topology& t_;
  std::vector<double> visits_;
  std::vector<int> pool_of_;  // by station: its own pool
  std::vector<int> home_;     // by station: the pool that it is inside of
  bool shared_ = false;
};

}  // namespace tailrace::analysis::detail
