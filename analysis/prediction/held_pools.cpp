#include "analysis/prediction/held_pools.hpp"

#include <algorithm>
#include <cmath>

namespace tailrace::analysis::detail {

namespace {

constexpr double kSame = 1e-12;

}  // namespace

HeldPools::HeldPools(const Layers& layers, const std::vector<double>& visits, double most)
    : layers_(layers), t_(layers.topology()), visits_(visits) {
  pool_of_.assign(t_.stations.size(), kOutside);
  for (std::size_t i = 0; i < t_.stations.size(); ++i) {
    const StationState& s = layers_.stations[i];
    if (!s.limited || !(s.holds_calls || s.cores)) continue;
    Pool p;
    p.station = i;
    Visits stays;
    for (const int op : s.operations) {
      const WalkResult& w = layers_.op_walk[at(op)];
      p.visits += visits_[at(op)] * (t_.stations[i].blocking ? 1 : w.segments.count);
      t_.stations[i].blocking ? stays.add(visits_[at(op)], w.time) : stays.add(visits_[at(op)], w.segments);
    }
    p.scv = stays.exponential() ? 1 : stays.scv();
    p.workers = static_cast<int>(
        std::min(static_cast<double>(t_.stations[i].workers * t_.stations[i].instances), most));
    if (!(p.visits > 0) || !(spent_per_request(i) > 0)) continue;
    pool_of_[i] = static_cast<int>(pools.size());
    pools.push_back(std::move(p));
  }
  find_homes(visits);
  for (std::size_t p = 0; p < pools.size(); ++p) {
    const int home = home_[pools[p].station];
    (home < 0 ? outside_pools : pools[at(home)].pools).push_back(p);
  }
  for (std::size_t i = 0; i < home_.size(); ++i) {
    if (home_[i] >= 0) pools[at(home_[i])].stations.push_back(i);
  }
}

// Callers come first; what is learned of a station late may change the home of those that it calls, which
// only ever moves outside.
void HeldPools::find_homes(const std::vector<double>& visits) {
  home_.assign(t_.stations.size(), kUnknown);
  bool changed = true;
  const auto calls = [&](const std::vector<CallCount>& list, int from) {
    for (const CallCount& c : list) {
      if (!(c.times > 0)) continue;
      int& home = home_[at(t_.operations[at(t_.edges[at(c.edge)].operation)].station)];
      if (home == from || home == kOutside) {
        shared_ = shared_ || home != from;
        continue;
      }
      shared_ = shared_ || home != kUnknown;
      home = home == kUnknown ? from : kOutside;
      changed = true;
    }
  };
  while (changed) {
    changed = false;
    for (std::size_t w = 0; w < t_.workloads.size(); ++w) {
      for (std::size_t c = 0; c < t_.workloads[w].classes.size(); ++c) {
        if (t_.workloads[w].classes[c].weight > 0)
          calls(layers_.request(static_cast<int>(w), static_cast<int>(c)).calls, kOutside);
      }
    }
    for (auto it = layers_.op_order.rbegin(); it != layers_.op_order.rend(); ++it) {
      const std::size_t station = at(t_.operations[at(*it)].station);
      if (!(visits[at(*it)] > 0)) continue;
      const bool keeps = pool_of_[station] >= 0 && t_.stations[station].blocking;
      const int home = keeps ? pool_of_[station] : home_[station];
      const int from = layers_.op_walk[at(*it)].calls_beside ? kOutside : home;
      if (from != kUnknown) calls(layers_.op_calls[at(*it)], from);
    }
  }
}

std::vector<bool> HeldPools::cut() const {
  std::vector<bool> list(t_.stations.size(), false);
  for (const Pool& p : pools) list[p.station] = true;
  return list;
}

void HeldPools::place(std::vector<Queue> list) {
  queues = std::move(list);
  for (std::size_t q = 0; q < queues.size(); ++q) {
    const std::size_t station = queues[q].station;
    const int pool = pool_of_[station] >= 0 ? pool_of_[station] : home_[station];
    (pool < 0 ? outside_queues : pools[at(pool)].queues).push_back(q);
  }
}

double HeldPools::spent_per_request(std::size_t station) const {
  double spent = 0;
  for (const int op : layers_.stations[station].operations) {
    const WalkResult& w = layers_.op_walk[at(op)];
    spent += visits_[at(op)] * (t_.stations[station].blocking ? w.spent_s : w.segments.first);
  }
  return spent;
}

double HeldPools::work(std::size_t pool) const {
  constexpr double kKept = 50;  // a number that is kept, in additions
  const Pool& p = pools[pool];
  const double most = p.workers;
  double servers = 0, members = 1, numbers = 0;
  for (const std::size_t q : p.queues)
    servers += std::min<double>(queues[q].model.servers, most), ++members, numbers += most;
  for (const std::size_t inner : p.pools)
    servers += pools[inner].workers, ++members, numbers += most * most / 2;
  return most * most * (members + servers * std::log2(2 * members)) + kKept * numbers;
}

bool HeldPools::solve_network(const std::vector<std::size_t>& its_queues,
                              const std::vector<std::size_t>& its_pools, double visits, double rest_s,
                              int users, double think_s, ClosedSolution& solution) const {
  ClosedNetwork network;
  ClosedWorkload load;
  load.population = users;
  load.think_s = think_s;
  const auto add = [&](Station s, double per_request) {
    network.stations.push_back(std::move(s));
    load.visits.push_back(per_request / visits);
  };
  for (const std::size_t q : its_queues) add(queues[q].model, queues[q].visits);
  for (const std::size_t p : its_pools) {
    const std::vector<double>& flow = pools[p].throughput;
    Station s;
    s.servers = pools[p].workers;
    s.service_mean_s = 1 / flow[1];
    for (std::size_t n = 1; n < flow.size(); ++n)
      s.speeds.push_back(std::max(flow[n] / flow[1], n > 1 ? s.speeds.back() : 1));
    add(std::move(s), pools[p].visits);
  }
  Station rest;
  rest.servers = 0;
  rest.service_mean_s = 1;
  add(std::move(rest), rest_s * visits);
  network.workloads.push_back(std::move(load));
  solution = solve_closed(network);
  // An approximation knows means only, not the numbers in the pools.
  return solution.ok && solution.workloads[0].throughput_per_s > 0 &&
         (its_pools.empty() || !solution.in_system.empty());
}

bool HeldPools::solve(std::size_t pool) {
  Pool& p = pools[pool];
  double rest = spent_per_request(p.station);
  for (const std::size_t q : p.queues) rest -= queues[q].visits * queues[q].lone_s;
  for (const std::size_t inner : p.pools) rest -= spent_per_request(pools[inner].station);
  rest = std::max(0.0, rest) / p.visits;
  if (p.throughput.size() > 1 && std::fabs(rest - p.rest_s) <= kSame * rest &&
      std::none_of(p.pools.begin(), p.pools.end(), [&](std::size_t inner) { return pools[inner].anew; })) {
    p.anew = false;
    return true;
  }
  p.rest_s = rest;
  p.anew = true;
  p.throughput.assign(1, 0.0);
  p.numbers.assign(1, {});
  p.chances.assign(1, {});
  for (int n = 1; n <= p.workers; ++n) {
    ClosedSolution s;
    if (!std::isfinite(p.rest_s) || !solve_network(p.queues, p.pools, p.visits, p.rest_s, n, 0, s))
      return false;
    const std::vector<double>& numbers = s.workloads[0].in_system_mean;
    const auto pools_at = static_cast<std::ptrdiff_t>(p.queues.size());
    p.throughput.push_back(s.workloads[0].throughput_per_s);
    p.numbers.emplace_back(numbers.begin(), numbers.begin() + pools_at);
    p.chances.emplace_back();
    for (std::size_t k = 0; k < p.pools.size(); ++k)
      p.chances.back().push_back(std::move(s.in_system[p.queues.size() + k]));
  }
  return true;
}

void HeldPools::spread(std::size_t pool, std::vector<double> chance) {
  pools[pool].chance = std::move(chance);
  for (const std::size_t each : within(pool)) {
    Pool& p = pools[each];
    p.present = p.served = 0;
    for (const std::size_t q : p.queues) queues[q].number = 0;
    for (const std::size_t inner : p.pools) pools[inner].chance.clear();
    for (std::size_t n = 1; n < p.chance.size(); ++n) {
      const std::size_t held = std::min(n, p.throughput.size() - 1);
      p.present += p.chance[n] * static_cast<double>(n);
      p.served += p.chance[n] * static_cast<double>(held);
      for (std::size_t k = 0; k < p.queues.size(); ++k)
        queues[p.queues[k]].number += p.chance[n] * p.numbers[held][k];
      for (std::size_t k = 0; k < p.pools.size(); ++k) {
        const std::vector<double>& there = p.chances[held][k];
        std::vector<double>& sum = pools[p.pools[k]].chance;
        if (sum.size() < there.size()) sum.resize(there.size());
        for (std::size_t m = 0; m < there.size(); ++m) sum[m] += p.chance[n] * there[m];
      }
    }
  }
}

ClosedWorkloadResult HeldPools::solve_outside(double users, double think_s, double spent_s, bool& ok) {
  double rest = spent_s;
  for (const std::size_t q : outside_queues) rest -= queues[q].visits * queues[q].lone_s;
  for (const std::size_t p : outside_pools) rest -= spent_per_request(pools[p].station);
  ClosedSolution s;
  ok = solve_network(outside_queues, outside_pools, 1, std::max(0.0, rest), static_cast<int>(users), think_s,
                     s);
  if (!ok) return {};
  for (std::size_t k = 0; k < outside_queues.size(); ++k)
    queues[outside_queues[k]].number = s.workloads[0].in_system_mean[k];
  for (std::size_t k = 0; k < outside_pools.size(); ++k)
    spread(outside_pools[k], s.in_system[outside_queues.size() + k]);
  return s.workloads[0];
}

double HeldPools::unevenness(std::size_t pool) const {
  const Pool& p = pools[pool];
  const double most = p.throughput.back();
  double busiest = 0, its_scv = 1;
  const auto busy = [&](double work, double servers, double scv) {
    if (work / servers <= busiest) return;
    busiest = work / servers;
    its_scv = scv;
  };
  for (const std::size_t q : p.queues) {
    const Station& s = queues[q].model;
    busy(queues[q].visits * s.service_mean_s, s.servers, unevenness(s));
  }
  for (const std::size_t inner : p.pools)
    busy(pools[inner].visits * pools[inner].workers / pools[inner].throughput.back(), pools[inner].workers,
         1);
  const double alone = most / (p.workers * p.throughput[1]);
  return alone * p.scv + (1 - alone) * its_scv;
}

std::vector<std::size_t> HeldPools::within(std::size_t pool) const {
  std::vector<std::size_t> list{pool};
  for (std::size_t i = 0; i < list.size(); ++i)
    list.insert(list.end(), pools[list[i]].pools.begin(), pools[list[i]].pools.end());
  return list;
}

}  // namespace tailrace::analysis::detail
