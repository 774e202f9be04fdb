#pragma once
// One prediction in the making: the loads, the solved layers, and the doubts that are cast over the figures.
// Methods run in the order in which run() calls them.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/prediction/layers.hpp"
#include "analysis/prediction/predict.hpp"
#include "analysis/prediction/unmodelled.hpp"
#include "analysis/queueing/closed_network.hpp"

namespace tailrace::analysis::detail {

class HeldPools;

struct ClosedLoad {
  int workload = models::kNone;
  double population = 0, think_s = 0;
  std::vector<double> class_share;  // flat over all classes, sums to 1 over its own
  std::vector<double> op_visits;    // per request
  double throughput = 0, response = 0;
};

class Predictor {
 public:
  explicit Predictor(const models::Topology& t) : t_(t), layers_(t) {}
  Prediction run();

 private:
  Prediction give_up(std::string message);
  void shape(const std::vector<double>& rates, double requests);
  // An otherwise idle system: what the bounds and the critical path are made of.
  bool zero_load();
  void collect_loads();
  // Rates, losses and waits settle each other: what a full queue turns away is not passed on, but retried.
  bool settle(const std::vector<double>& class_rates, std::vector<double>& rates, std::string& message);
  bool solve_open_load(std::string& message);
  double largest_utilization() const;
  // Of workers or cores, whichever is more, without what is lost; for pools that wait for an overloaded
  // station, at least what they would need if that were idle.
  double offered(std::size_t i) const;
  bool carries(double multiplier);
  void capacity();
  bool solve_closed_load(std::string& message);
  bool forked() const;
  // No product form: the throughput at which the users are all accounted for, with waits as in an open system
  // in which an arrival sees everyone but itself (Schweitzer's correction).
  bool solve_layered(const std::vector<double>& open, std::string& message);
  // One closed load through pools that hold their workers while others work, one inside the other: each pool
  // becomes a station whose speed depends on how many are inside. False where the pools are not nested, or
  // too large; nothing is changed then.
  bool solve_nested();
  // Open load through such pools, when the layers have been evaluated at so many times its rates: replaces
  // the waits at a pool and inside it, which those of open queues overstate, as no more than its workers are
  // ever there. Pools that it can't solve keep the waits that they have.
  void solve_held(double multiplier);
  bool find_held();
  bool solve_held_pool(std::size_t root, const std::vector<std::size_t>& members, double multiplier,
                       const std::vector<StationState>& before, double& work);
  bool spread_held(std::size_t root, const std::vector<std::size_t>& members, double multiplier,
                   const std::vector<StationState>& before);
  std::vector<std::size_t> inside_of(std::size_t root) const;
  bool links_wait() const;  // some link has a bandwidth
  double idle_response(int workload) const;
  double response(int workload) const;
  // One queue of the closed network, and what it stands for.
  struct Queue {
    std::size_t station = 0;
    std::size_t group = 0;
    double instances = 1;  // that it stands for: 1 when expanded, all when merged
    bool pool = true;      // of workers; else cores
    Station model;
    double open_rate = 0;        // visits per second
    std::vector<double> visits;  // per request of each closed load
    double lone_s = 0;           // what a visit takes that finds nobody else
  };
  // The queues of all stations that are used, or of some; of those in `held` the cores only.
  std::vector<Queue> closed_queues(const std::vector<double>& open, const std::vector<bool>& held,
                                   const std::vector<bool>* only = nullptr);
  // The waits that follow from mean responses at the queues.
  void give_wait(const Queue& q, double response);
  void give_waits(const std::vector<Queue>& queues, const std::vector<double>& responses);
  double spent_per_request(const ClosedLoad& load) const;  // in an idle system
  bool solve_product_form(const std::vector<double>& open, std::string& message);
  bool solve_queues(const std::vector<Queue>& queues, std::vector<double>& responses, std::string& message);
  std::size_t first_class(int workload) const;
  void take(const ClosedSolution& s);
  void bounds(const ClosedBounds& b);
  void note(std::string text);
  static Figure figure(double value, bool known, bool exact, const std::string& reason);
  // Timeouts that would matter: the call comes within a factor of its limit.
  bool timeouts_matter() const;
  // Takes back what policies outside the theory can change.
  void take_back_station(std::size_t i);
  void take_back_loads();
  // Where messages arrive: rates follow from what is published, waits are the channel's.
  std::string doubt_of_rate(std::size_t i) const;
  // Its load is too much for it even where all that it calls is idle.
  bool surely_unstable(std::size_t i) const;
  bool messages_arrive(std::size_t i) const;
  bool handles_messages(std::size_t i) const;
  bool handles_once(std::size_t i) const;
  // Rates behind a station that is overloaded, or whose losses are a guess, are no surer than these.
  void doubt_rates();
  void report();
  double rate_of(std::size_t i) const;
  double work_of(std::size_t i) const;
  double offered_full(std::size_t i) const;
  void station(std::size_t i, bool closed);
  // A blocking station without a limit holds for as long as its calls take: exact when they are.
  bool holds_open(std::size_t i) const;
  double stay_of(std::size_t i, const GroupState& g, double rate) const;
  void link(std::size_t i);
  // Stations that requests of a workload may visit.
  std::vector<char> reached(int workload) const;
  // Fills in a workload; its requests per second are the answer.
  double workload(int id);
  int only_call(const models::RequestClass& c) const;
  bool serves_by_priority(std::size_t i) const;
  // Of an open workload whose requests wait by priority; nothing where no formula covers them.
  std::optional<double> response_by_priority(int workload) const;
  // Of a closed loop without a product form: demands with stays as in an idle system.
  void layered_bounds();

  const models::Topology& t_;
  Layers layers_;
  Prediction p_;
  std::vector<WalkResult> idle_;    // per class, flat
  std::vector<double> idle_stay_;   // per station
  std::vector<double> idle_spent_;  // per operation, until success or failure
  std::vector<double> open_rates_;  // per class, flat
  double open_total_ = 0;
  bool changing_users_ = false, unsettled_ = false;
  std::vector<ClosedLoad> closed_;
  std::shared_ptr<HeldPools> held_;  // of open load, with its rates as visits; what belongs to it:
  std::vector<Queue> held_queues_;
  std::vector<StationState> held_idle_;
  bool closed_exact_ = true;
  std::string closed_reason_;
  std::string doubt_;          // casts it over every figure
  std::vector<double> rates_;  // per operation
  std::vector<int> doubtful_;  // per operation: the station that makes its rate doubtful
  Unmodelled unmodelled_;
};

}  // namespace tailrace::analysis::detail
