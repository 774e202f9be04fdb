// Users in a loop through pools that hold their workers while others work. A pool of W workers and all that
// happens while one is held is cut out and solved alone with 1, 2, ... W users who come back at once; its
// throughput with n of them is the speed of a station that stands for the whole in the network around it
// (flow-equivalent aggregation: Chandy, Herzog and Woo 1975). Exact for one station behind another with a
// product form; here the cut is where the product form ends, so the figures are approximate, and good when
// what is inside settles faster than the number of its users changes. Pools inside pools are taken from the
// inside out. Instances of one pool are taken as one pool of all their workers.
#include <algorithm>
#include <cmath>

#include "analysis/prediction/predictor.hpp"

namespace tailrace::analysis::detail {

namespace {

// One network is solved for each number of users in each pool, and its mean numbers are kept.
constexpr double kMostAdditions = 3e8;  // half a second
constexpr double kMostNumbers = 2e6;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// A network of queues, of pools that were solved already, and of time that nobody waits for.
struct Level {
  int pool = models::kNone;  // whose inside it is; none: all of it
  double visits = 1;         // per request, of the pool; what follows is per request too
  double delay_s = 0;
  std::vector<std::size_t> queues, pools;
};

struct Pool {
  std::size_t station = 0;
  int workers = 1;     // of all instances, at most the users
  double visits = 0;   // per request
  double spent_s = 0;  // per request, in an idle system
  // With n inside, by n (the first entry is unused): passages per second, and mean numbers at everything
  // inside.
  std::vector<double> throughput;
  std::vector<std::vector<double>> numbers;
};

// Mean numbers: of each queue, then of each pool, then of those of each pool who have a worker.
struct Solved {
  bool ok = false;
  double throughput = 0;
  std::vector<double> numbers;
};

Solved solve(const Level& level, const std::vector<Station>& queues, const std::vector<double>& visits,
             const std::vector<Pool>& pools, int population, double think_s) {
  ClosedNetwork network;
  ClosedWorkload load;
  load.population = population;
  load.think_s = think_s;
  const auto add = [&](Station s, double per_request) {
    network.stations.push_back(std::move(s));
    load.visits.push_back(per_request / level.visits);
  };
  for (const std::size_t q : level.queues) add(queues[q], visits[q]);
  for (const std::size_t p : level.pools) {
    Station s;
    s.servers = pools[p].workers;
    s.service_mean_s = 1 / pools[p].throughput[1];
    for (std::size_t n = 1; n < pools[p].throughput.size(); ++n)
      s.speeds.push_back(
          std::max(pools[p].throughput[n] / pools[p].throughput[1], n > 1 ? s.speeds.back() : 1));
    add(std::move(s), pools[p].visits);
  }
  Station rest;
  rest.servers = 0;
  rest.service_mean_s = 1;
  add(std::move(rest), level.delay_s);
  network.workloads.push_back(std::move(load));
  const ClosedSolution solution = solve_closed(network);
  Solved result;
  if (!solution.ok) return result;
  const ClosedWorkloadResult& users = solution.workloads[0];
  result.throughput = users.throughput_per_s;
  result.numbers.assign(queues.size() + 2 * pools.size(), 0.0);
  for (std::size_t k = 0; k < level.queues.size(); ++k)
    result.numbers[level.queues[k]] = users.in_system_mean[k];
  for (std::size_t k = 0; k < level.pools.size(); ++k) {
    const std::size_t p = level.pools[k];
    if (solution.in_system.empty()) return result;  // solved by an approximation that knows means only
    const std::vector<double>& chance = solution.in_system[level.queues.size() + k];
    for (std::size_t n = 1; n < chance.size(); ++n) {
      const std::size_t served = std::min(n, pools[p].throughput.size() - 1);
      result.numbers[queues.size() + p] += chance[n] * static_cast<double>(n);
      result.numbers[queues.size() + pools.size() + p] += chance[n] * static_cast<double>(served);
      for (std::size_t i = 0; i < pools[p].numbers[served].size(); ++i)
        result.numbers[i] += chance[n] * pools[p].numbers[served][i];
    }
  }
  result.ok = true;
  return result;
}

}  // namespace

bool Predictor::solve_nested() {
  if (closed_.size() != 1 || open_total_ > 0 || forked() || layers_.op_cycle || layers_.station_cycle)
    return false;
  for (const models::Link& l : t_.links) {
    if (l.bandwidth_bit_per_s > 0) return false;  // its waits are known of open load only
  }
  ClosedLoad& load = closed_.front();
  const std::size_t stations = t_.stations.size();
  std::vector<bool> held(stations, false);
  std::vector<std::size_t> pool_of(stations, 0);
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < stations; ++i) {
    const StationState& s = layers_.stations[i];
    if (!s.limited || !(s.holds_calls || s.cores)) continue;
    Pool p;
    p.station = i;
    for (const int op : s.operations) {
      const WalkResult& w = layers_.op_walk[at(op)];
      const double rate = load.op_visits[at(op)];
      p.visits += rate * (t_.stations[i].blocking ? 1 : w.segments.count);
      p.spent_s += rate * (t_.stations[i].blocking ? w.spent_s : w.segments.first);
    }
    const double workers = static_cast<double>(t_.stations[i].workers * t_.stations[i].instances);
    p.workers = static_cast<int>(std::min(workers, load.population));
    if (!(p.visits > 0) || !(p.spent_s > 0)) continue;
    held[i] = true;
    pool_of[i] = pools.size();
    pools.push_back(std::move(p));
  }

  // Inside which pool each operation works: that of its callers. Callers come first.
  constexpr int kUnknown = -2;
  std::vector<int> home(t_.operations.size(), kUnknown), inside(stations, kUnknown);
  bool nested = true;
  const auto calls = [&](const std::vector<CallCount>& list, int from) {
    for (const CallCount& c : list) {
      int& to = home[at(t_.edges[at(c.edge)].operation)];
      nested = nested && (to == kUnknown || to == from || !(c.times > 0));
      if (c.times > 0) to = from;
    }
  };
  const models::Workload& users = t_.workloads[at(load.workload)];
  for (std::size_t c = 0; c < users.classes.size(); ++c) {
    if (users.classes[c].weight > 0)
      calls(layers_.request(load.workload, static_cast<int>(c)).calls, models::kNone);
  }
  for (auto it = layers_.op_order.rbegin(); it != layers_.op_order.rend(); ++it) {
    const int station = t_.operations[at(*it)].station;
    if (!(load.op_visits[at(*it)] > 0)) continue;
    int& of_station = inside[at(station)];
    nested = nested && (of_station == kUnknown || of_station == home[at(*it)]);
    of_station = home[at(*it)];
    const bool keeps = held[at(station)] && t_.stations[at(station)].blocking;
    calls(layers_.op_calls[at(*it)], keeps ? station : home[at(*it)]);
  }
  if (!nested) return false;

  const bool exact_before = closed_exact_;
  const std::string reason_before = closed_reason_;
  const auto doubts_back = [&] {
    closed_exact_ = exact_before;
    closed_reason_ = reason_before;
    return false;
  };
  const std::vector<Queue> queues = closed_queues(std::vector<double>(t_.operations.size(), 0.0), held);
  std::vector<Station> models;
  std::vector<double> visits;
  // What the time of a pool, or of all, is made of.
  std::vector<Level> levels(pools.size() + 1);
  Level& outside = levels.back();
  const auto level_of = [&](int station) -> Level& {
    return station == models::kNone ? outside : levels[pool_of[at(station)]];
  };
  outside.delay_s = spent_per_request(load);
  for (std::size_t p = 0; p < pools.size(); ++p) {
    levels[p].pool = static_cast<int>(pools[p].station);
    levels[p].visits = pools[p].visits;
    levels[p].delay_s += pools[p].spent_s;
    Level& around = level_of(inside[pools[p].station]);
    around.pools.push_back(p);
    around.delay_s -= pools[p].spent_s;
  }
  for (std::size_t q = 0; q < queues.size(); ++q) {
    const std::size_t station = queues[q].station;
    Level& level = held[station] ? levels[pool_of[station]] : level_of(inside[station]);
    level.queues.push_back(q);
    level.delay_s -= queues[q].visits[0] * queues[q].lone_s;
    models.push_back(queues[q].model);
    visits.push_back(queues[q].visits[0]);
  }
  for (Level& level : levels) level.delay_s = std::max(0.0, level.delay_s);

  double additions = 0, numbers = 0;
  for (std::size_t p = 0; p < pools.size(); ++p) {
    const double most = pools[p].workers;
    double servers = 0, members = 1;
    for (const std::size_t q : levels[p].queues)
      servers += std::min<double>(models[q].servers, most), ++members;
    for (const std::size_t inner : levels[p].pools) servers += pools[inner].workers, ++members;
    additions += most * most * (members + servers * std::log2(2 * members));
    numbers += most * static_cast<double>(queues.size() + 2 * pools.size());
  }
  if (additions > kMostAdditions || numbers > kMostNumbers) return doubts_back();

  // The innermost first: whose pools are all solved.
  Solved all;
  std::vector<bool> done(pools.size(), false);
  bool solved = true;
  for (std::size_t round = 0; round < pools.size() && solved; ++round) {
    const auto ready = [&](const Level& level) {
      return !done[static_cast<std::size_t>(&level - levels.data())] &&
             std::all_of(level.pools.begin(), level.pools.end(), [&](std::size_t p) { return done[p]; });
    };
    const auto next = std::find_if(levels.begin(), levels.end() - 1, ready);
    if (next == levels.end() - 1) return doubts_back();
    const auto p = static_cast<std::size_t>(next - levels.begin());
    pools[p].throughput.push_back(0);
    pools[p].numbers.emplace_back(queues.size() + 2 * pools.size(), 0.0);
    for (int n = 1; n <= pools[p].workers && solved; ++n) {
      Solved s = solve(*next, models, visits, pools, n, 0);
      solved = s.ok && s.throughput > 0;
      pools[p].throughput.push_back(s.throughput);
      pools[p].numbers.push_back(std::move(s.numbers));
    }
    done[p] = true;
  }
  if (solved) all = solve(outside, models, visits, pools, static_cast<int>(load.population), load.think_s);
  if (!solved || !all.ok || !(all.throughput > 0)) return doubts_back();
  load.throughput = all.throughput;
  load.response = std::max(0.0, load.population / all.throughput - load.think_s);
  closed_exact_ = false;
  closed_reason_ = reason_before.empty()
                       ? "workers are held across calls: each pool counts as one station of the same flow"
                       : reason_before;

  std::vector<double> responses;
  for (std::size_t q = 0; q < queues.size(); ++q)
    responses.push_back(visits[q] > 0 ? all.numbers[q] / (all.throughput * visits[q]) : 0);
  give_waits(queues, responses);
  for (std::size_t p = 0; p < pools.size(); ++p) {
    const double rate = all.throughput * pools[p].visits;
    const double inside_mean = all.numbers[queues.size() + p],
                 served = all.numbers[queues.size() + pools.size() + p];
    const double wait = std::max(0.0, inside_mean - served) / rate;
    for (GroupState& g : layers_.stations[pools[p].station].groups) {
      if (!(g.share > 0)) continue;
      g.set_wait({wait, wait * wait, Moments::Law::other, false});
      g.service_s = served / rate;
    }
  }
  layers_.evaluate_given();
  return true;
}

}  // namespace tailrace::analysis::detail
