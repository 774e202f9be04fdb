#pragma once
// Open queueing network: requests come from outside, walk from station to station and leave. Solves the
// traffic equations lambda = gamma + P^T lambda and then each station by itself (Jackson 1957; BCMP 1975).
// Rates and utilizations are exact for every network; waits are exact where the product form or
// Pollaczek-Khinchine holds and otherwise an Allen-Cunneen approximation with exact = false and the reason.
// P may have row sums over 1 (a visit that makes several calls) and loops (retries, feedback), as long as one
// request causes finitely many visits. Cost: linear for acyclic calls, one sparse LU otherwise. Left out:
// several classes at one station (aggregate them first), bounded queues, time-outs.
#include <string>
#include <vector>

#include "analysis/queueing/formulas.hpp"
#include "analysis/queueing/station.hpp"

namespace tailrace::analysis {

struct Routing {
  int from = 0, to = 0;  // indices of stations
  double calls = 0;      // expected visits to `to` that one visit to `from` causes; the same pair may repeat
};

struct OpenNetwork {
  std::vector<Station> stations;
  std::vector<double> external_rates_per_s;  // one per station
  std::vector<Routing> routing;
};

struct OpenStation {
  double arrival_rate_per_s = 0;
  double visits = 0;     // per external request
  QueueMeans means;      // per visit; in_system_mean of the whole station
  double busy_mean = 0;  // servers at work (offered load when overloaded)
  std::string reason;    // why means.exact is false; empty otherwise
};

struct OpenSolution {
  enum class Status { ok, unstable, never_ends, invalid };
  Status status = Status::ok;
  std::string message;  // one sentence, names stations; empty when ok
  std::vector<OpenStation> stations;
  double external_rate_per_s = 0;
  double in_system_mean = 0;
  // By Little's law: the sum over the visits of a request. It equals the end-to-end response only when the
  // visits come one after another; parallel branches make it an upper bound.
  double response_mean_s = 0;
  int bottleneck = -1;  // station of the largest utilization, -1 if there is none
  // All external rates times this bring the bottleneck to 1; infinite without one.
  double max_load_multiplier = 0;
  bool exact = true;  // of every wait above
};

OpenSolution solve_open(const OpenNetwork& network);

}  // namespace tailrace::analysis
