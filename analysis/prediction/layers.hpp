#pragma once
// The stations of a topology as a layered queueing model: given how often each operation is called, how long
// visits wait and how long calls take. Callees are solved before their callers, so that a worker that is held
// across calls is held for the right time; where stations call each other in a circle, passes repeat until
// nothing changes. Rates decide everything here; where they come from (open arrivals, users in a loop) is the
// caller's business.
#include <string>
#include <vector>

#include "analysis/prediction/program.hpp"
#include "analysis/queueing/open_network.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::analysis::detail {

// Ids as indices.
inline std::size_t at(int id) {
  return static_cast<std::size_t>(id);
}

// What an arrival stream is known to be, from good to bad.
enum class Stream : char { poisson, source, departures, parallel, balanced, misses, messages, lost, unknown };
const char* stream_text(Stream s);

// What one like group of instances does; figures are per instance.
struct GroupState {
  double share = 0;  // of the station's visits, per instance
  double count = 1;
  double slowness = 1;
  double stretch = 1, core_wait_s = 0;  // what sharing the cores adds to work
  double service_s = 0, service_scv = 0;
  double utilization = 0, core_utilization = 0;
  double in_queue = 0;
  Moments wait, served_wait;  // of all; of those who did not give up
  void set_wait(const Moments& of_all) { wait = served_wait = of_all; }
};

struct StationState {
  // fixed by the topology
  bool limited = false;      // workers are
  bool cores = false;        // computing contends for cores
  bool holds_calls = false;  // a worker is held while others work
  bool priorities = false;   // several priorities matter in its queue
  std::vector<int> operations;
  int calling_edges = 0;
  // per load
  double visit_rate = 0, compute_rate = 0;
  Visits visits, computes;  // of an average instance: mixture over the operations
  bool product_form = true;
  Stream arrivals = Stream::poisson;
  const sim::Distribution* only_law = nullptr;  // of the single compute step that makes up every visit, if so
  int source = models::kNone;  // the workload whose requests arrive here as they are sent; kNone: mixed
  double lost = 0;
  bool stable = true, known = true, exact = true;
  std::string reason;  // why not exact or not known
  std::vector<GroupState> groups;
};

struct LinkState {
  double message_rate = 0, utilization = 0, wait_s = 0;
  bool product_form = true, exact = true;
};

class Layers {
 public:
  explicit Layers(const models::Topology& topology);

  // Attempts and success of every call, from error rates, retries and what stations lose. False: some call
  // never ends.
  bool settle_outcomes();
  // Calls per second of each operation when each class sends `class_rates` (flat, in order of workloads and
  // classes).
  bool traffic(const std::vector<double>& class_rates, std::vector<double>& rates, std::string& message);
  // Per cache: what its look-ups find is known to theory.
  std::vector<char> cache_known;
  // Classifies arrival streams and product forms for these rates.
  void classify(const std::vector<double>& rates, const std::vector<double>& class_rates);
  // Waits and call times. `wait_rates`: the rates that the waits are computed with.
  void evaluate(const std::vector<double>& rates);
  // Takes the waits as they are in the states and only computes call times: of all, or of one station.
  void evaluate_given();
  void evaluate_given(int station) { evaluate_station(static_cast<std::size_t>(station), true); }

  WalkResult request(int workload, int cls) const;

  // What is published through an operation arrives at these operations: the handlers of the groups that are
  // given every message. Open load only: who handles the messages of users in a loop is no part of the loop.
  std::vector<std::vector<int>> handlers;
  std::vector<char> unfollowed;   // per operation: a handler whose messages are not followed
  std::vector<char> by_messages;  // per operation: messages lead to it, followed or not

  const models::Topology& topology() const { return t_; }
  std::vector<StationState> stations;
  std::vector<LinkState> links;
  ProgramFacts facts;  // per edge
  std::vector<double> op_success;
  std::vector<Moments> op_time;     // response at the server
  std::vector<WalkResult> op_walk;  // of an average instance
  std::vector<std::vector<CallCount>> op_calls;
  std::vector<int> op_order, station_order;   // callees first
  std::vector<std::size_t> station_position;  // in that order
  bool op_cycle = false, station_cycle = false;
  bool depth_cut = false;  // run.max_call_depth ends a visible part of the calls
  bool converged = true;

 private:
  void follow_messages();
  bool settle_once(double& change);
  void expect_caches();
  bool solve_traffic(const std::vector<double>& class_rates, std::vector<double>& rates,
                     std::string& message);
  bool follow_caches(const std::vector<double>& class_rates, const std::vector<double>& rates);
  bool traffic_by_depth(const OpenNetwork& network, std::vector<double>& rates);
  void link_times(const std::vector<double>& rates);
  Moments edge_time(int edge) const;
  double evaluate_station(std::size_t i, bool given);
  void pass_all(bool given);

  const models::Topology& t_;
  std::vector<std::vector<int>> edges_to_;  // per operation
  std::vector<double> rates_;
  std::vector<Moments> out_time_, back_time_;  // per edge
};

// Sharing of cores within one group: sets stretch or core_wait_s and core_utilization. `computes` is the work
// of one instance's compute steps.
void solve_cores(const models::Station& model, StationState& state, GroupState& group, const Visits& computes,
                 double compute_rate);
// What an operation meets at an instance of any group, by their shares.
WalkPlace average_place(const StationState& state, bool async);
void approximate(StationState& s, std::string reason);
// The wait of a queue as moments: zero with some probability, else exponential.
Moments wait_moments(double mean_s, double wait_probability);
// Waiting for a worker within one group.
struct PoolLoad {
  double visit_rate = 0;  // per instance
  Visits visits;          // stays at a worker, as long as they take
  const Visits* computes = nullptr;
  bool only_computes = false;                // a stay is nothing but one compute step after another
  const models::Workload* source = nullptr;  // set when its requests arrive here as they are sent
  int calling_edges = 0;
};
void solve_pool(const models::Station& model, StationState& state, GroupState& group, const PoolLoad& load);

// What a look-up finds does not depend on those before it: its share of misses is exact.
bool misses_by_chance(const models::Cache& cache);
// Requests of a batch, whose drawn number is rounded, and at least 1.
struct BatchMoments {
  double mean = 1, second = 1;
};
BatchMoments batch_moments(const models::Workload& workload);
// Time-average arrivals per second of an open workload over the measured time (a sinusoid's over whole
// periods); requests, not batches.
double mean_rate(const models::Topology& topology, const models::Workload& workload);
bool is_stationary(const models::Workload& workload);
bool is_poisson(const models::Workload& workload);

}  // namespace tailrace::analysis::detail
