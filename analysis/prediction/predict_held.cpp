// Open load through pools that hold their workers while others work: a pool and all inside it are a queue
// whose workers are the slower the more of them are held (held_pools.hpp), and that is a birth-death chain.
#include <algorithm>
#include <cmath>

#include "analysis/prediction/held_pools.hpp"
#include "analysis/prediction/predictor.hpp"
#include "sim/base/math.hpp"

namespace tailrace::analysis::detail {

using models::Balancing;
using sim::math::kInfinity;

namespace {

constexpr double kFull = 1 - 1e-9;
constexpr double kShareOfWork = 30;  // pools whose stations are shared are solved anew at each load
constexpr double kFarFrom = 10;      // what a mean must stay below its limit for the limit not to matter

// Arrivals one by one, of whom `workers` are served at a time; with n inside they leave at flow[n], and with
// more than its last entry is for, at that.
struct Chain {
  std::vector<double> chance;  // of n inside; the last: of as many or more
  double waiting = 0;          // mean number
  double wait_probability = 0;
};

Chain birth_death(double rate, const std::vector<double>& flow, std::size_t workers) {
  constexpr double kLarge = 1e200;
  Chain c;
  c.chance.assign(1, 1.0);
  double sum = 1;
  for (std::size_t n = 1; n < flow.size(); ++n) {
    c.chance.push_back(c.chance.back() * rate / flow[n]);
    sum += c.chance.back();
    if (sum < kLarge) continue;
    for (double& x : c.chance) x /= kLarge;
    sum /= kLarge;
  }
  const double rho = rate / flow.back(), last = c.chance.back() / (1 - rho);
  sum += last - c.chance.back();
  c.waiting = last * rho / (1 - rho) / sum;
  c.chance.back() = last;
  for (std::size_t n = 0; n < c.chance.size(); ++n) {
    c.chance[n] /= sum;
    if (n >= workers) c.wait_probability += c.chance[n];
    if (n > workers) c.waiting += c.chance[n] * static_cast<double>(n - workers);
  }
  return c;
}

// One of several instances that are chosen without regard to how busy they are. Each of those held gets an
// equal share of what all of them get done. While some are held here, the others together come to hold as
// many as they then do on average.
Chain one_of(std::size_t instances, double rate, std::size_t workers, const std::vector<double>& flow) {
  const std::size_t others = workers * (instances - 1);
  // Of `part` of those held, beside as many.
  const auto share = [&](double part, double beside) {
    const double total = part + beside;
    const auto below = std::min(static_cast<std::size_t>(total), flow.size() - 2);
    const double more = total - static_cast<double>(below);
    return (flow[below] + more * (flow[below + 1] - flow[below])) * part / total;
  };
  std::vector<double> own{0};
  for (std::size_t n = 1; n <= workers; ++n) {
    std::vector<double> theirs{0};
    for (std::size_t m = 1; m <= others; ++m)
      theirs.push_back(share(static_cast<double>(m), static_cast<double>(n)));
    double held = static_cast<double>(others);
    const double to_them = rate * static_cast<double>(instances - 1);
    if (to_them < theirs.back() * kFull) {
      const std::vector<double> chance = birth_death(to_them, theirs, others).chance;
      held = 0;
      for (std::size_t m = 1; m <= others; ++m) held += static_cast<double>(m) * chance[m];
    }
    own.push_back(share(static_cast<double>(n), held));
  }
  own.back() = std::max(own.back(), flow.back() / static_cast<double>(instances));
  return birth_death(rate, own, workers);
}

}  // namespace

bool Predictor::find_held() {
  const auto holds = [](const StationState& s) { return s.holds_calls && s.visit_rate > 0; };
  if (std::none_of(layers_.stations.begin(), layers_.stations.end(), holds)) return false;
  if (layers_.op_cycle || layers_.station_cycle || links_wait()) return false;
  for (std::size_t i = 0; i < rates_.size(); ++i) {
    if (rates_[i] > 0 && layers_.by_messages[i] != 0) return false;
  }
  layers_.evaluate(std::vector<double>(rates_.size(), 0.0));
  held_ = std::make_shared<HeldPools>(layers_, rates_, 1e6);
  held_idle_ = layers_.stations;
  std::vector<bool> cut = held_->cut(), inside(t_.stations.size(), false);
  for (const HeldPools::Pool& p : held_->pools) {
    inside[p.station] = true;
    for (const std::size_t i : p.stations) inside[i] = true;
  }
  // The queues as if one request a second visited each operation as often as all together do.
  const bool exact_before = closed_exact_;
  const std::string reason_before = closed_reason_;
  ClosedLoad all;
  all.op_visits = rates_;
  all.throughput = 1;
  closed_.push_back(std::move(all));
  held_queues_ = closed_queues(std::vector<double>(rates_.size(), 0.0), cut, &inside);
  closed_.clear();
  closed_exact_ = exact_before;
  closed_reason_ = reason_before;
  std::vector<HeldPools::Queue> list;
  for (const Queue& q : held_queues_) list.push_back({q.station, q.model, q.visits[0], q.lone_s, 0});
  held_->place(std::move(list));
  layers_.evaluate(rates_);
  return true;
}

void Predictor::solve_held(double multiplier) {
  if (!held_) return;
  const std::vector<StationState> before = layers_.stations;
  std::vector<int> root_of(t_.stations.size(), models::kNone);
  for (const std::size_t p : held_->outside_pools) root_of[held_->pools[p].station] = static_cast<int>(p);
  // Nobody waits inside a pool until it is solved; outside of them waits stay.
  const auto idle = [&](std::size_t i) {
    std::vector<GroupState>& groups = layers_.stations[i].groups;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      groups[g].stretch = held_idle_[i].groups[g].stretch;
      groups[g].core_wait_s = held_idle_[i].groups[g].core_wait_s;
      groups[g].set_wait({});
    }
  };
  for (const std::size_t root : held_->outside_pools) {
    const std::size_t station = held_->pools[root].station;
    if (!layers_.stations[station].holds_calls) continue;  // a queue like any other
    idle(station);
    for (const std::size_t i : inside_of(root)) idle(i);
  }
  double work = 0;
  for (const int i : layers_.station_order) {
    layers_.evaluate_given(i);
    const int root = root_of[at(i)];
    if (root == models::kNone || !layers_.stations[at(i)].holds_calls) continue;
    const std::vector<std::size_t> members = inside_of(at(root));
    if (!solve_held_pool(at(root), members, multiplier, before, work)) {
      for (const std::size_t k : members) layers_.stations[k] = before[k];
      layers_.stations[at(i)] = before[at(i)];
    }
    for (const std::size_t k : members) layers_.evaluate_given(static_cast<int>(k));
    layers_.evaluate_given(i);
  }
  layers_.evaluate_given();
}

// Callees first, without the pool itself.
std::vector<std::size_t> Predictor::inside_of(std::size_t root) const {
  std::vector<std::size_t> members;
  for (const std::size_t p : held_->within(root))
    members.insert(members.end(), held_->pools[p].stations.begin(), held_->pools[p].stations.end());
  std::sort(members.begin(), members.end(), [&](std::size_t a, std::size_t b) {
    return layers_.station_position[a] < layers_.station_position[b];
  });
  return members;
}

bool Predictor::solve_held_pool(std::size_t root, const std::vector<std::size_t>& members, double multiplier,
                                const std::vector<StationState>& before, double& work) {
  const std::size_t station = held_->pools[root].station;
  const auto fits = [&](std::size_t i) {
    const StationState& s = before[i];
    for (const int op : s.operations) {
      const WalkResult& w = layers_.op_walk[at(op)];
      if (rates_[at(op)] > 0 && (w.forks || w.beside.count > 0)) return false;
    }
    return s.lost == 0 && s.groups.size() == 1 && (s.stable || s.holds_calls);
  };
  if (!fits(station) || !std::all_of(members.begin(), members.end(), fits)) return false;
  std::vector<std::size_t> pools = held_->within(root);
  std::reverse(pools.begin(), pools.end());
  bool waits_inside = false;
  for (const std::size_t p : pools) {
    work += held_->work(p) * (held_->shared() ? kShareOfWork : 1);
    waits_inside = waits_inside || !held_->pools[p].queues.empty() || p != root;
  }
  if (!waits_inside || work > HeldPools::kMostWork) return false;
  for (const std::size_t p : pools) {
    if (!held_->solve(p)) return false;
    const HeldPools::Pool& pool = held_->pools[p];
    const double rate = pool.visits * multiplier, most = pool.throughput.back();
    if (rate < most * kFull) continue;
    // Overloaded: what it needs is what it would take its workers to get this much done.
    for (const std::size_t k : members) layers_.stations[k] = before[k];
    StationState& s = layers_.stations[station] = before[station];
    StationState& full = layers_.stations[pool.station];
    full.stable = full.exact = false;
    full.known = true;
    full.reason = "overloaded";
    GroupState& g = full.groups.front();
    g.service_s = static_cast<double>(pool.workers) / most;
    g.utilization = rate / most;
    g.in_queue = kInfinity;
    g.set_wait(wait_moments(kInfinity, 1));
    if (&s != &full) s.groups.front().service_s = kInfinity;
    return true;
  }
  return spread_held(root, members, multiplier, before);
}

bool Predictor::spread_held(std::size_t root, const std::vector<std::size_t>& members, double multiplier,
                            const std::vector<StationState>& before) {
  HeldPools::Pool& outer = held_->pools[root];
  const models::Station& model = t_.stations[outer.station];
  const double rate = outer.visits * multiplier, instances = static_cast<double>(model.instances);
  Chain chain = birth_death(rate, outer.throughput, static_cast<std::size_t>(outer.workers));
  held_->spread(root, chain.chance);

  // The queues inside. The network takes service as exponential: as in Allen and Cunneen's approximation.
  for (const std::size_t p : held_->within(root)) {
    for (const std::size_t k : held_->pools[p].queues) {
      const HeldPools::Queue& inside = held_->queues[k];
      const Queue& queue = held_queues_[k];
      const double visits = inside.visits * multiplier, mean = inside.model.service_mean_s;
      if (!(visits > 0)) continue;
      const double wait = std::max(0.0, inside.number / visits - mean);
      give_wait(queue, mean + (1 + HeldPools::unevenness(inside.model)) / 2 * wait);
      GroupState& g = layers_.stations[queue.station].groups[queue.group];
      if (queue.pool) g.in_queue = visits * g.wait.mean / queue.instances;
    }
  }

  // The pools, from the inside out.
  const auto take = [&](const HeldPools::Pool& p, double wait, double wait_probability) {
    const models::Station& m = t_.stations[p.station];
    GroupState& g = layers_.stations[p.station].groups.front();
    const double visits = p.visits * multiplier / static_cast<double>(m.instances);
    g.service_s = held_->spent_per_request(p.station) / p.visits;
    g.utilization = visits * g.service_s / static_cast<double>(m.workers);
    g.in_queue = visits * wait;
    g.set_wait(wait_moments(wait, wait_probability));
  };
  for (const std::size_t k : members) {
    layers_.evaluate_given(static_cast<int>(k));
    const HeldPools::Pool* const pool = held_->pool_of(k);
    if (pool == nullptr) continue;
    take(*pool, std::max(0.0, pool->present - pool->served) / (pool->visits * multiplier), 1);
    layers_.evaluate_given(static_cast<int>(k));
  }
  layers_.evaluate_given(static_cast<int>(outer.station));
  double arrivals = 1, one = rate;  // how unevenly they come, and to how many
  if (instances > 1 && model.balancer.policy != Balancing::least_request) {
    one = rate / instances;
    chain = one_of(static_cast<std::size_t>(model.instances), one, static_cast<std::size_t>(model.workers),
                   outer.throughput);
    if (model.balancer.policy == Balancing::round_robin && before[outer.station].calling_edges == 1)
      arrivals = 1 / instances;
  }
  take(outer, (arrivals + held_->unevenness(root)) / 2 * chain.waiting / one, chain.wait_probability);

  const auto settle = [&](std::size_t i) {
    StationState& s = layers_.stations[i];
    s.known = s.known || !s.stable || !std::isfinite(before[i].groups.front().service_s);
    s.stable = true;
    approximate(s, "workers are held across calls");
  };
  settle(outer.station);
  std::for_each(members.begin(), members.end(), settle);
  // A limit of a queue or of patience must be far.
  const auto far = [&](std::size_t i) {
    const models::Station& m = t_.stations[i];
    const GroupState& g = layers_.stations[i].groups.front();
    const double room =
        m.queue_capacity == models::kUnlimited ? kInfinity : static_cast<double>(m.queue_capacity);
    const double hope = m.patience ? m.patience->quantile(0.01) * 1e-9 : kInfinity;
    return !before[i].limited || (g.in_queue * kFarFrom < room && g.wait.mean * kFarFrom < hope);
  };
  return far(outer.station) && std::all_of(members.begin(), members.end(), far);
}

}  // namespace tailrace::analysis::detail
