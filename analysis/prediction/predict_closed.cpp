// Users in a loop: exact where the network has a product form, a fixed point of rates and waits elsewhere.
#include "analysis/prediction/predictor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/prediction/shape.hpp"
#include "sim/base/math.hpp"

namespace tailrace::analysis::detail {

using sim::math::kInfinity;

namespace {

constexpr int kBisections = 60;
constexpr double kMaxExpandedInstances = 64;
constexpr int kMixRounds = 20;
constexpr double kMixTolerance = 1e-6;

}  // namespace

bool Predictor::solve_closed_load(std::string& message) {
  double users = 0;
  for (const ClosedLoad& c : closed_) users += c.population;
  // Nobody waits for a worker where there is one for every user.
  if (!(open_total_ > 0)) {
    for (std::size_t i = 0; i < layers_.stations.size(); ++i) {
      StationState& s = layers_.stations[i];
      bool wide = s.limited && static_cast<double>(t_.stations[i].workers) >= users && !forked();
      if (wide) s.limited = s.holds_calls = false;
    }
  }
  for (ClosedLoad& c : closed_) {
    if (!layers_.traffic(c.class_share, c.op_visits, message)) return false;
    const double alone = c.population / (c.think_s + idle_response(c.workload));
    c.throughput = std::isfinite(alone) && alone > 0 ? alone : 1;  // a first guess
  }
  std::vector<double> open(t_.operations.size(), 0.0);
  if (open_total_ > 0 && !layers_.traffic(open_rates_, open, message)) return false;
  // Product forms are a matter of which stations are used at all, not of how much.
  std::vector<double> some = open, some_classes = open_rates_;
  for (const ClosedLoad& c : closed_) {
    for (std::size_t i = 0; i < some.size(); ++i) some[i] += c.op_visits[i];
    for (std::size_t i = 0; i < some_classes.size(); ++i) some_classes[i] += c.class_share[i];
  }
  layers_.classify(some, some_classes);
  bool layered = forked();
  for (std::size_t i = 0; i < layers_.stations.size(); ++i) {
    const StationState& s = layers_.stations[i];
    const bool used =
        std::any_of(s.operations.begin(), s.operations.end(), [&](int op) { return some[at(op)] > 0; });
    layered = layered || (used && (s.holds_calls || (s.limited && s.cores)));
    if (used && s.limited &&
        (t_.stations[i].patience || t_.stations[i].queue_capacity != models::kUnlimited)) {
      closed_reason_ = "closed load with a bounded or impatient queue: its losses are left out";
      closed_exact_ = false;
    }
  }
  for (const ClosedLoad& c : closed_) {
    const std::size_t first = first_class(c.workload), n = t_.workloads[at(c.workload)].classes.size();
    for (std::size_t k = first; k < first + n; ++k) {
      if (idle_[k].spent_exact) continue;
      closed_reason_ = "the mean time of calls is approximate, as where some fail early";
      closed_exact_ = false;
    }
  }
  const auto guess = [&](const WalkResult& w) {
    for (const CallCount& c : w.look_ups) {
      if (misses_by_chance(t_.caches[at(c.edge)])) continue;
      closed_reason_ = stream_text(Stream::misses);
      closed_exact_ = false;
    }
  };
  for (const WalkResult& w : idle_) guess(w);
  for (std::size_t i = 0; i < some.size(); ++i) {
    if (some[i] > 0) guess(layers_.op_walk[i]);
  }
  const bool ok = layered ? solve_layered(open, message) : solve_product_form(open, message);
  rates_ = open;
  for (const ClosedLoad& c : closed_) {
    for (std::size_t i = 0; i < rates_.size(); ++i) rates_[i] += c.throughput * c.op_visits[i];
  }
  return ok;
}

bool Predictor::forked() const {
  const auto forks = [](const WalkResult& w) { return w.forks || w.calls_beside; };
  return std::any_of(idle_.begin(), idle_.end(), forks) ||
         std::any_of(layers_.op_walk.begin(), layers_.op_walk.end(), forks);
}

bool Predictor::solve_layered(const std::vector<double>& open, std::string& message) {
  if (solve_nested()) return true;
  closed_exact_ = false;
  closed_reason_ = forked() ? "parallel or background calls in a closed loop"
                            : "workers are held across calls by users in a loop, a rough figure";
  const auto load = [&](double scale, bool others) {
    std::vector<double> rates = open;
    for (const ClosedLoad& c : closed_) {
      const double idle = c.think_s + idle_response(c.workload);
      const double x = scale * c.population / idle * (others ? (c.population - 1) / c.population : 1);
      for (std::size_t i = 0; i < rates.size(); ++i) rates[i] += x * c.op_visits[i];
    }
    return rates;
  };
  for (const ClosedLoad& c : closed_) {
    if (!(c.think_s + idle_response(c.workload) > 0)) {
      message = t_.workloads[at(c.workload)].name + ": a request takes no time at all";
      return false;
    }
  }
  double low = 0, high = 1;
  for (int k = 0; k < kBisections; ++k) {
    const double middle = low + (high - low) / 2;
    layers_.evaluate(load(middle, true));
    double users = 0, wanted = 0;
    for (const ClosedLoad& c : closed_) {
      const double x = middle * c.population / (c.think_s + idle_response(c.workload));
      users += x * (c.think_s + response(c.workload));
      wanted += c.population;
    }
    (users < wanted ? low : high) = middle;
  }
  layers_.evaluate(load(low, true));
  for (ClosedLoad& c : closed_) {
    c.throughput = low * c.population / (c.think_s + idle_response(c.workload));
    c.response = std::max(0.0, c.population / c.throughput - c.think_s);
  }
  return true;
}

double Predictor::idle_response(int workload) const {
  return p_.workloads[at(workload)].zero_load_response_s;
}

double Predictor::response(int workload) const {
  double weight = 0, sum = 0;
  const models::Workload& w = t_.workloads[at(workload)];
  for (std::size_t c = 0; c < w.classes.size(); ++c) {
    const WalkResult walk = layers_.request(workload, static_cast<int>(c));
    const double part = w.classes[c].weight * walk.success;
    if (!(part > 0)) continue;
    weight += part;
    sum += part * walk.time.mean;
  }
  return weight > 0 ? sum / weight : 0;
}

std::vector<Predictor::Queue> Predictor::closed_queues(const std::vector<double>& open,
                                                       const std::vector<bool>& held,
                                                       const std::vector<bool>* only) {
  std::vector<Queue> queues;
  // At a station, of requests at these rates of operations.
  const auto stays_of = [&](std::size_t i, const std::vector<double>& rates, bool pool) {
    Visits stays;
    for (const int op : layers_.stations[i].operations) {
      const WalkResult& w = layers_.op_walk[at(op)];
      if (pool && t_.stations[i].blocking) {
        stays.add(rates[at(op)], w.time);
      } else {
        stays.add(rates[at(op)], pool ? w.segments : w.computes);
      }
    }
    return stays;
  };
  std::vector<double> mix = open;
  for (const ClosedLoad& c : closed_) {
    for (std::size_t op = 0; op < mix.size(); ++op) mix[op] += c.throughput * c.op_visits[op];
  }
  const auto approximate = [&](std::string reason) {
    closed_exact_ = false;
    closed_reason_ = std::move(reason);
  };
  double expanded = 0;
  for (std::size_t i = 0; i < layers_.stations.size(); ++i) {
    const StationState& s = layers_.stations[i];
    const bool pool = s.limited && !held[i];
    if ((!pool && !s.cores) || (only != nullptr && !(*only)[i])) continue;
    const models::Station& m = t_.stations[i];
    const auto used = [&](int op) { return mix[at(op)] > 0; };
    if (std::none_of(s.operations.begin(), s.operations.end(), used)) continue;
    const Visits law = stays_of(i, mix, pool);
    if (!s.product_form) {
      approximate(m.instances > 1 && m.balancer.policy != models::Balancing::random &&
                          m.balancer.policy != models::Balancing::weighted
                      ? m.name + ": instances are taken as chosen at random"
                      : m.name + ": first come, first served with service that is not exponential");
    }
    if (s.priorities) approximate(m.name + ": priorities in a closed loop");
    for (std::size_t g = 0; g < s.groups.size(); ++g) {
      const GroupState& group = s.groups[g];
      if (!(group.share > 0)) continue;
      const bool merge = expanded + group.count > kMaxExpandedInstances;
      if (merge && group.count > 1) approximate(m.name + ": many instances are taken as one of their size");
      const double copies = merge ? 1 : group.count, merged = merge ? group.count : 1;
      double servers = pool ? static_cast<double>(m.workers) : *m.cpus, mean = law.mean(), lone = 1;
      if (!pool) {
        const double whole = std::ceil(servers);
        if (whole != servers && servers > 1)
          approximate(m.name + ": a fraction of a core on top of whole ones");
        // Work was stretched by slow cores already in the idle system; here they are slower servers. A
        // fraction of a core stretches a lone visit too, one on top of whole ones does not.
        mean *= whole / servers;
        if (servers > 1) lone = servers / whole;
        servers = whole;
      }
      // Unlike speeds: the mean above is that of all groups.
      if (s.groups.size() > 1) {
        double average = 0, shares = 0;
        for (const GroupState& other : s.groups)
          average += other.share * other.count * other.slowness, shares += other.share * other.count;
        mean *= group.slowness / (average / shares);
      }
      const bool sharing = !pool && m.cpu_scheduling == models::CpuScheduling::processor_sharing;
      Queue q{i, g, merged, pool, {}, 0, {}, mean * lone};
      q.model.name = m.name;
      q.model.servers = static_cast<int>(std::min(servers * merged, 1e6));
      q.model.service_mean_s = mean;
      q.model.service_scv = law.exponential() ? 1 : law.scv();
      q.model.discipline = sharing ? Discipline::processor_sharing : Discipline::fcfs;
      // Where the servers are shared, it is the work that counts: visits of the mean length.
      const auto visits = [&](const std::vector<double>& rates) {
        const Visits stays = stays_of(i, rates, pool);
        return (sharing && law.first > 0 ? stays.first / law.mean() : stays.count) * group.share * merged;
      };
      q.open_rate = visits(open);
      for (const ClosedLoad& c : closed_) q.visits.push_back(visits(c.op_visits));
      for (double k = 0; k < copies; ++k) queues.push_back(q);
      expanded += copies;
    }
  }
  return queues;
}

double Predictor::spent_per_request(const ClosedLoad& load) const {
  const models::Workload& w = t_.workloads[at(load.workload)];
  double spent = 0, weight = 0;
  for (std::size_t k = 0; k < w.classes.size(); ++k) {
    weight += w.classes[k].weight;
    spent += w.classes[k].weight * idle_[first_class(load.workload) + k].spent_s;
  }
  return weight > 0 ? spent / weight : 0;
}

void Predictor::give_waits(const std::vector<Queue>& queues, const std::vector<double>& responses) {
  for (std::size_t k = 0; k < queues.size(); ++k) give_wait(queues[k], responses[k]);
}

void Predictor::give_wait(const Queue& q, double response) {
  GroupState& g = layers_.stations[q.station].groups[q.group];
  const double mean = q.model.service_mean_s;
  if (!(mean > 0) || !(response > 0)) return;
  const double wait = std::max(0.0, response - mean);
  const models::Station& m = t_.stations[q.station];
  if (q.pool) {
    g.set_wait({wait, wait * wait, wait > 0 ? Moments::Law::other : Moments::Law::constant, true});
    g.service_s = mean;
  } else if (m.cpu_scheduling == models::CpuScheduling::processor_sharing) {
    g.stretch = response / (mean * *m.cpus / std::ceil(*m.cpus));
  } else {
    g.core_wait_s = wait;
  }
}

// A station's service is that of the mix of its loads, which follows from their throughputs: in rounds,
// unless all that visit it need the same or share its servers.
bool Predictor::solve_product_form(const std::vector<double>& open, std::string& message) {
  for (const models::Link& l : t_.links) {
    if (l.bandwidth_bit_per_s > 0)
      closed_exact_ = false, closed_reason_ = "waits for links are left out of the closed loop";
  }
  const bool alone = closed_.size() == 1 && !(open_total_ > 0);
  for (int round = 0; round < kMixRounds; ++round) {
    std::vector<double> before;
    for (const ClosedLoad& c : closed_) before.push_back(c.throughput);
    const std::vector<Queue> queues = closed_queues(open, std::vector<bool>(t_.stations.size(), false));
    std::vector<double> responses(queues.size(), 0.0);
    if (!solve_queues(queues, responses, message)) return false;
    double change = 0;
    for (std::size_t c = 0; c < closed_.size(); ++c)
      change = std::max(change, std::fabs(closed_[c].throughput - before[c]) / before[c]);
    const bool last = alone || closed_exact_ || change < kMixTolerance || round + 1 == kMixRounds;
    if (!last) continue;
    give_waits(queues, responses);
    break;
  }
  layers_.evaluate_given();
  return true;
}

// The mean time that a visit to each of the queues takes.
bool Predictor::solve_queues(const std::vector<Queue>& queues, std::vector<double>& responses,
                             std::string& message) {
  OpenNetwork network;
  std::vector<ClosedWorkload> loads;
  for (const Queue& q : queues) {
    network.stations.push_back(q.model);
    network.external_rates_per_s.push_back(q.open_rate);
  }
  // Links with a bandwidth are left to the waits of the open load; their transmission is part of the delay.
  for (std::size_t c = 0; c < closed_.size(); ++c) {
    double delay = spent_per_request(closed_[c]);
    const std::string& name = t_.workloads[at(closed_[c].workload)].name;
    loads.push_back({name, static_cast<int>(std::min(closed_[c].population, 1e7)), closed_[c].think_s, {}});
    for (const Queue& q : queues) {
      delay -= q.visits[c] * q.lone_s;
      loads.back().visits.push_back(q.visits[c]);
    }
    loads.back().visits.push_back(std::max(0.0, delay));
  }
  Station rest;
  rest.name = "calls and pauses";
  rest.servers = 0;
  rest.service_mean_s = 1;
  network.stations.push_back(rest);
  network.external_rates_per_s.push_back(0);
  if (open_total_ > 0) {
    const MixedSolution m = solve_mixed(network, loads);
    if (!m.closed.ok) {
      message = m.closed.message;
      return false;
    }
    closed_exact_ = false;
    closed_reason_ = "open and closed load share stations";
    take(m.closed);
    for (std::size_t q = 0; q < queues.size(); ++q) {
      const double a = m.open.stations[q].arrival_rate_per_s;
      double b = 0;
      for (std::size_t c = 0; c < closed_.size(); ++c) b += closed_[c].throughput * queues[q].visits[c];
      const double open_response = m.open.stations[q].means.response_mean_s,
                   closed_response = m.closed.stations[q].response_mean_s;
      responses[q] = a + b > 0 ? (a * open_response + b * closed_response) / (a + b) : 0;
    }
  } else {
    const ClosedSolution solution = solve_closed({network.stations, loads});
    if (!solution.ok) {
      message = solution.message;
      return false;
    }
    if (!solution.exact) closed_exact_ = false, closed_reason_ = solution.reason;
    take(solution);
    for (std::size_t q = 0; q < queues.size(); ++q) responses[q] = solution.stations[q].response_mean_s;
    if (closed_.size() == 1) bounds(solution.workloads[0].bounds);
  }
  return true;
}

std::size_t Predictor::first_class(int workload) const {
  std::size_t first = 0;
  for (int w = 0; w < workload; ++w) first += t_.workloads[at(w)].classes.size();
  return first;
}

void Predictor::take(const ClosedSolution& s) {
  for (std::size_t c = 0; c < closed_.size(); ++c) {
    closed_[c].throughput = s.workloads[c].throughput_per_s;
    closed_[c].response = s.workloads[c].response_mean_s;
  }
}

void Predictor::bounds(const ClosedBounds& b) {
  p_.knee_population = {b.knee_population, true, true, {}};
  p_.max_throughput_per_s = {b.max_demand_s > 0 ? 1 / b.max_demand_s : kInfinity, true, true, {}};
}

void Predictor::layered_bounds() {
  const ClosedLoad& c = closed_.front();
  double largest = 0;
  for (std::size_t i = 0; i < layers_.stations.size(); ++i) {
    const StationState& s = layers_.stations[i];
    const models::Station& m = t_.stations[i];
    double visits = 0, work = 0;
    for (const int op : s.operations) {
      visits += c.op_visits[at(op)] * (m.blocking ? 1 : layers_.op_walk[at(op)].segments.count);
      const WalkResult& w = layers_.op_walk[at(op)];
      work += c.op_visits[at(op)] * (w.computes.first + w.beside.first);
    }
    const double instances = static_cast<double>(m.instances);
    if (s.limited)
      largest = std::max(largest, visits * idle_stay_[i] / (static_cast<double>(m.workers) * instances));
    if (s.cores) largest = std::max(largest, work / (*m.cpus * instances));
  }
  if (!(largest > 0)) return;
  const std::string reason = "from stays in an idle system: an upper bound";
  p_.max_throughput_per_s = {1 / largest, true, false, reason};
  p_.knee_population = {(c.think_s + idle_response(c.workload)) / largest, true, false, reason};
}

}  // namespace tailrace::analysis::detail
