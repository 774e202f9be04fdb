#pragma once
// One pass over the steps of an operation or request: how long it takes, what it calls and how often, and
// which stays at a worker it makes. The same walk serves every question (zero load, under load, per instance
// speed): the caller says what a call, a compute step and a wait for a worker cost. A failed call or fail
// step ends the program, so later steps count with the probability that they are reached. Branches of a
// parallel are taken as independent. Cost: linear in the steps, plus the quadrature of each parallel.
#include <vector>

#include "analysis/prediction/moments.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::analysis::detail {

inline constexpr double kCertain = 1 - 1e-12;  // probabilities are sums

// What theory takes one edge to be.
struct CallFacts {
  double attempts = 1;        // expected, per execution of the call step
  double success = 1;         // of the call, after its retries
  double pause_s = 0;         // expected back-off pauses
  bool fails_late = true;     // a call that fails takes as long as one that succeeds
  std::uint32_t fails = 0;    // how an attempt can fail: bit per Outcome
  bool retries_some = false;  // of these failures, not all
  Moments time;               // of the call: network, response, retries
};

// Of all edges, and of what steps find in caches.
struct ProgramFacts : std::vector<CallFacts> {
  using std::vector<CallFacts>::vector;
  std::vector<double> cache_hits;  // by cache: share of the look-ups that hit
};
// The probability with which the second branch of a cache step runs.
double cache_share(const models::Step& step, const ProgramFacts& facts);

// How much the walk must treat compute steps and workers specially.
struct WalkPlace {
  bool async = false;      // gives the worker back around calls; blocking and clients do not
  double slowness = 1;     // 1 / speed of the instance
  double stretch = 1;      // by sharing cores: work takes this much longer
  double core_wait_s = 0;  // before each compute step, when cores are queued for
  Moments wait;  // for a worker, at each visit (async only; a blocking visit waits before its program)
};

struct CallCount {
  int edge = models::kNone;
  double times = 0;  // expected executions of the step, per execution of the program
};

// Some stays at a worker or core, as a mixture of laws.
struct Visits {
  double count = 0, first = 0, second = 0;  // expected number per execution; sums of the stays' moments
  bool same_exponential = true;             // every stay has one exponential law ...
  double exponential_mean = 0;              // ... of this mean
  bool exact = true;

  void add(double weight, const Moments& stay);
  void add(double weight, const Visits& other);
  double mean() const { return count > 0 ? first / count : 0; }
  double scv() const;
  bool exponential() const { return count == 0 || same_exponential; }
};

struct WalkResult {
  Moments time;        // of executions that succeed
  double spent_s = 0;  // expected until success or failure
  bool spent_exact = true;
  double success = 1;
  std::uint32_t fails = 0;  // how it can fail: bit per Outcome
  Visits segments;          // async: stays at a worker
  Visits computes;          // compute steps, as work: without stretch and waits
  Visits beside;            // ... of background steps
  std::vector<CallCount> calls;
  std::vector<CallCount> look_ups;  // by cache, in place of the edge
  bool forks = false;               // has a parallel of two or more branches
  bool calls_beside = false;        // has calls that nobody waits for
};

WalkResult walk_program(const models::Steps& steps, const models::Topology& topology,
                        const ProgramFacts& facts, const WalkPlace& place);

// The number of rounds of a loop (a drawn number is rounded), each of which succeeds with probability q.
struct Rounds {
  double begun = 0;               // expected
  double mean = 0, variance = 0;  // where all rounds succeed
};
Rounds rounds_of(const sim::Distribution& times, double q);
// A constant loop of few steps keeps its worker from round to round; others give it back before each.
bool is_written_out(const models::Step& loop);

}  // namespace tailrace::analysis::detail
