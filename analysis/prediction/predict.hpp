#pragma once
// The theory beside the simulation: what queueing theory says about a topology before anything is simulated,
// and how far each figure can be trusted. A figure is exact only where a theorem covers the whole way of the
// traffic to it: Jackson and BCMP product forms, Pollaczek-Khinchine, G/M/1, priorities at one worker
// and the loss formulas for a station fed straight from a workload. Everything else is flagged approximate or
// unknown, with the reason in words. Order of the results is that of the topology's ids. Times are seconds,
// rates per second. Cost: one pass over the steps, linear in the topology, for an open load without call
// cycles; a few dozen passes otherwise. Left out: transients, percentiles, and what timeouts do to the load
// (a note says so). Figures that other policies can change are unknown (unmodelled.hpp).
#include <string>
#include <vector>

#include "models/topology/topology.hpp"

namespace tailrace::analysis {

struct Figure {
  double value = 0;
  bool known = false;  // false: theory has no answer
  bool exact = false;
  std::string reason;  // why not exact, or why not known
};

// All instances together; a visit is one stay in the queue and at a worker (an async request visits again
// after a call).
struct StationPrediction {
  std::string name;
  double visit_rate_per_s = 0;  // that arrive
  bool rate_known = true;       // false: it is the rate without the policies that theory does not model
  bool by_messages = false;     // messages lead here
  double service_mean_s = 0;    // time that a visit holds its worker
  Figure utilization;           // of the workers; unknown when they are unlimited
  Figure core_utilization;      // unknown without cpus
  Figure wait_mean_s;           // for a worker, per visit
  Figure response_mean_s;       // wait and service, per visit
  Figure in_queue_mean;
  double lost_fraction = 0;  // rejected by a bounded queue, or gave up waiting
  bool stable = true;
  bool surely_unstable = false;  // whatever the calls that hold its workers take, and however its queue ends
  bool turns_away = false;       // its queue is bounded, or impatient
  std::string remark;            // "needs 1.4x its workers"
};

struct LinkPrediction {
  std::string name;
  double message_rate_per_s = 0;
  Figure utilization, wait_mean_s;  // unknown without a bandwidth
};

struct WorkloadPrediction {
  std::string name;
  bool open = true;
  Figure throughput_per_s;          // requests that end
  Figure response_mean_s;           // of requests that succeed; the think time is not part of it
  double zero_load_response_s = 0;  // mean of an otherwise idle system
  double success = 1;               // fraction of the requests, as far as errors go
};

// One element of the way that a lone request takes.
struct PathElement {
  std::string name;  // "orders.place", "network orders -> payments", "load (pause)"
  double seconds = 0;
};

struct RequestPath {
  std::string workload, request;
  double seconds = 0;  // sum of the elements
  std::vector<PathElement> elements;
};

struct Amplification {
  std::string operation;
  double calls_per_request = 0;  // expected, averaged over all requests of all workloads
  // Product of 1 + retries along the worst chain of calls that leads here.
  double worst_attempts_per_call = 1;
};

struct SinglePointOfFailure {
  std::string component;
  std::string workload;  // whose every request needs it; empty: none of which this is certain
  int dependents = 0;    // components that requests reach only through it
};

struct Prediction {
  std::vector<StationPrediction> stations;
  std::vector<LinkPrediction> links;
  std::vector<WorkloadPrediction> workloads;
  std::string message;  // why there is no solution at all; empty when there is one

  bool stable = true;
  int bottleneck = -1;  // station of the highest utilization of its workers or cores
  double bottleneck_utilization = 0;
  Figure max_load_multiplier;  // of all open rates, until some station has no capacity left
  Figure knee_population;  // N*: virtual users at which queueing begins to rule, of a single closed workload
  Figure max_throughput_per_s;  // 1 / Dmax, of a single closed workload

  std::vector<std::string> cycles;         // "a.x -> b.y -> a.x"
  std::vector<std::string> message_loops;  // the same, but messages close them: nobody waits
  std::vector<SinglePointOfFailure> single_points_of_failure;  // of one instance, most dependents first
  std::vector<std::string> longest_chain;    // of calls, each waiting for the next: component.operation
  std::vector<RequestPath> critical_paths;   // per workload and request class
  std::vector<Amplification> amplification;  // per operation
  std::vector<std::string> notes;            // what a reader should know, one sentence each
};

Prediction predict(const models::Topology& topology);

}  // namespace tailrace::analysis
