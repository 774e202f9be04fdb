#include "analysis/prediction/layers.hpp"

#include <algorithm>

#include "analysis/graph/call_sites.hpp"
#include "analysis/graph/graph_algorithms.hpp"
#include "analysis/graph/message_ways.hpp"
#include "analysis/queueing/traffic.hpp"
#include "models/topology/outcome.hpp"
#include "sim/base/math.hpp"

namespace tailrace::analysis::detail {

using models::Edge;
using models::Step;
using models::Steps;
using sim::math::kInfinity;

namespace {

constexpr int kMaxPasses = 1000;
constexpr double kSettled = 1e-11;

// P(an attempt's message is given up), each way.
double given_up(const models::Link& l, double packets) {
  if (!(l.loss > 0)) return 0;
  const double one = sim::math::pow(l.loss, static_cast<double>(l.max_retransmissions) + 1);
  return -sim::math::expm1(packets * sim::math::log1p(-std::min(one, 1 - 1e-12)));
}

double packets_of(const models::Link& l, const std::optional<sim::Distribution>& bytes) {
  if (!(l.packet_bytes > 0) || !bytes) return 1;
  return std::max(1.0, std::ceil(bytes->mean() / l.packet_bytes));
}

// Expected rounds of retransmission of a message of n packets that arrives: the slowest packet's.
double extra_rounds(const models::Link& l, double packets) {
  const double arrives = sim::math::log1p(-given_up(l, 1));
  double sum = 0, power = l.loss;
  for (std::int64_t k = 1; k <= l.max_retransmissions && power > 1e-15; ++k, power *= l.loss)
    sum -= sim::math::expm1(packets * (sim::math::log1p(-power) - arrives));
  return sum;
}

// How long a sender with windows stands still until all of a message is sent, when nothing is lost: after
// each window but the last, until the first of its packets is acknowledged.
double stalls(const models::Link& l, double round_trip_s, double packets) {
  if (l.initial_window == 0) return 0;
  const double packet_s = l.bandwidth_bit_per_s > 0 ? 8 * l.packet_bytes / l.bandwidth_bit_per_s : 0;
  const double most = l.max_window == models::kUnlimited ? kInfinity : static_cast<double>(l.max_window);
  double window = static_cast<double>(l.initial_window), sum = 0;
  for (double left = packets - window; left > 0; left -= window) {
    const double still = packet_s + round_trip_s - window * packet_s;
    if (!(still > 0)) return sum;
    if (window >= most) return sum + still * std::ceil(left / window);
    sum += still;
    window = std::min(2 * window, most);
  }
  return sum;
}

}  // namespace

Layers::Layers(const models::Topology& topology) : t_(topology) {
  expect_caches();
  const std::size_t operations = t_.operations.size();
  stations.resize(t_.stations.size());
  links.resize(t_.links.size());
  facts.resize(t_.edges.size());
  out_time_.resize(t_.edges.size());
  back_time_.resize(t_.edges.size());
  op_success.assign(operations, 1.0);
  op_time.resize(operations);
  op_walk.resize(operations);
  op_calls.resize(operations);
  edges_to_.resize(operations);
  rates_.assign(operations, 0.0);

  std::vector<std::pair<int, int>> arcs, station_arcs;
  for (std::size_t i = 0; i < operations; ++i) {
    std::vector<int> edges;
    add_call_sites(t_.operations[i].steps, edges);
    for (const int e : edges) {
      const int to = t_.edges[at(e)].operation;
      op_cycle = op_cycle || to == static_cast<int>(i);
      arcs.emplace_back(static_cast<int>(i), to);
      station_arcs.emplace_back(t_.operations[i].station, t_.operations[at(to)].station);
      station_cycle = station_cycle || station_arcs.back().first == station_arcs.back().second;
    }
    stations[at(t_.operations[i].station)].operations.push_back(static_cast<int>(i));
  }
  const auto order = [](std::size_t n, std::vector<std::pair<int, int>> list, bool& cycle) {
    const Components c = strong_components(Adjacency(n, std::move(list)));
    cycle = cycle || c.count < static_cast<int>(n);
    std::vector<int> nodes(n);
    for (std::size_t i = 0; i < n; ++i) nodes[i] = static_cast<int>(i);
    std::stable_sort(nodes.begin(), nodes.end(), [&](int a, int b) { return c.of[at(a)] < c.of[at(b)]; });
    return nodes;
  };
  op_order = order(operations, std::move(arcs), op_cycle);
  station_order = order(stations.size(), std::move(station_arcs), station_cycle);
  station_position.resize(stations.size());
  for (std::size_t i = 0; i < stations.size(); ++i) station_position[at(station_order[i])] = i;
  std::vector<std::size_t> position(operations);
  for (std::size_t i = 0; i < operations; ++i) position[at(op_order[i])] = i;
  for (std::size_t i = 0; i < t_.edges.size(); ++i) {
    edges_to_[at(t_.edges[i].operation)].push_back(static_cast<int>(i));
    ++stations[at(t_.operations[at(t_.edges[i].operation)].station)].calling_edges;
  }
  follow_messages();
  bool several_priorities = false;
  int first_priority = 0;
  bool any = false;
  for (const models::Workload& w : t_.workloads) {
    for (const models::RequestClass& c : w.classes) {
      if (!any) first_priority = c.priority;
      any = true;
      several_priorities = several_priorities || c.priority != first_priority;
    }
  }
  for (std::size_t i = 0; i < stations.size(); ++i) {
    const models::Station& m = t_.stations[i];
    StationState& s = stations[i];
    std::sort(s.operations.begin(), s.operations.end(),
              [&](int a, int b) { return position[at(a)] < position[at(b)]; });
    s.limited = m.workers != models::kUnlimited && m.workers <= 10'000'000;
    s.cores = m.cpus && (!s.limited || static_cast<double>(m.workers) > *m.cpus);
    s.priorities = several_priorities && (m.discipline == models::Discipline::priority ||
                                          m.discipline == models::Discipline::preemptive_priority);
    double weight = 0;
    const bool weighted = m.balancer.policy == models::Balancing::weighted;
    for (const models::InstanceGroup& g : m.groups)
      weight += static_cast<double>(g.count) * (weighted ? g.weight : 1);
    for (const models::InstanceGroup& g : m.groups) {
      GroupState state;
      state.count = static_cast<double>(g.count);
      state.share = weight > 0 ? (weighted ? g.weight : 1) / weight : 0;
      state.slowness = 1 / g.speed;
      s.groups.push_back(state);
    }
    if (!m.blocking || !s.limited) continue;
    for (const int op : s.operations) {
      std::vector<int> edges;
      add_call_sites(t_.operations[at(op)].steps, edges);
      s.holds_calls = s.holds_calls || !edges.empty();
    }
  }
}

void Layers::follow_messages() {
  const std::size_t n = t_.operations.size();
  handlers.resize(n);
  unfollowed.assign(n, 0);
  by_messages.assign(n, 0);
  bool open = true;
  for (const models::Workload& w : t_.workloads) open = open && w.open();
  std::vector<int> todo;
  for (std::size_t i = 0; i < n; ++i) {
    for (const models::ConsumerGroup* group : handlers_of(t_, static_cast<int>(i))) {
      todo.push_back(group->operation);
      const Share share = share_of(t_, static_cast<int>(i), *group);
      if (open && share == Share::all) handlers[i].push_back(group->operation);
      const bool used = !edges_to_[i].empty();
      if (used && (!open || share == Share::unknown)) unfollowed[at(group->operation)] = 1;
    }
  }
  while (!todo.empty()) {
    const int op = todo.back();
    todo.pop_back();
    if (by_messages[at(op)] != 0) continue;
    by_messages[at(op)] = 1;
    std::vector<int> edges;
    add_call_sites(t_.operations[at(op)].steps, edges);
    for (const int e : edges) todo.push_back(t_.edges[at(e)].operation);
  }
}

// --- outcomes

bool Layers::settle_once(double& change) {
  for (const int op : op_order) {
    const std::size_t i = at(op);
    const WalkResult walk = walk_program(t_.operations[i].steps, t_, facts, {});
    const double success = walk.success * (1 - t_.operations[i].error_rate);
    change = std::max(change, std::fabs(success - op_success[i]));
    op_success[i] = success;
    op_calls[i] = walk.calls;
    const StationState& station = stations[at(t_.operations[i].station)];
    for (const int e : edges_to_[i]) {
      const Edge& edge = t_.edges[at(e)];
      CallFacts& f = facts[at(e)];
      double net = 1;
      if (edge.out_link != models::kNone)
        net *= 1 - given_up(t_.links[at(edge.out_link)],
                            packets_of(t_.links[at(edge.out_link)], edge.request_bytes));
      if (edge.back_link != models::kNone)
        net *= 1 - given_up(t_.links[at(edge.back_link)],
                            packets_of(t_.links[at(edge.back_link)], edge.response_bytes));
      const double ok = success * (1 - station.lost) * net, fail = 1 - ok;
      const models::Station& target = t_.stations[at(t_.operations[i].station)];
      const auto may_end = [&f](bool may, models::Outcome how) {
        if (may) f.fails |= models::outcome_bit(how);
      };
      f.fails = walk.fails;
      may_end(t_.operations[i].error_rate > 0, models::Outcome::error);
      may_end(station.lost > 0 && target.queue_capacity != models::kUnlimited, models::Outcome::rejected);
      may_end(station.lost > 0 && target.patience.has_value(), models::Outcome::queue_timeout);
      may_end(net < 1, models::Outcome::network);
      f.attempts = 1;
      f.success = ok;
      f.pause_s = 0;
      f.fails_late = walk.success > kCertain && !(station.lost > 0) && net >= 1;  // an error at its end
      f.retries_some = false;
      if (edge.retries == 0 || (edge.retry_on & f.fails) == 0 || !(fail > 0)) continue;
      f.retries_some = (f.fails & ~edge.retry_on) != 0;
      const double tries = edge.retries == models::kUnlimited ? kInfinity : static_cast<double>(edge.retries);
      const double last = tries == kInfinity ? 0 : sim::math::pow(fail, tries + 1);
      if (!(ok > 0)) {
        if (tries == kInfinity) return false;
        f.attempts = tries + 1;
      } else {
        f.attempts = (1 - last) / ok;
      }
      f.success = 1 - last;
      const models::BackoffModel& b = edge.backoff;
      const double jitter =
          b.jitter == models::Jitter::full ? 0.5 : (b.jitter == models::Jitter::equal ? 0.75 : 1.0);
      const double most = static_cast<double>(b.max.ns) * 1e-9;
      double pause = static_cast<double>(b.base.ns) * 1e-9, chance = fail;
      for (double k = 1; k <= tries && chance > 1e-15 && k <= 10'000; ++k, chance *= fail) {
        f.pause_s += chance * std::min(pause, most) * jitter;
        pause = std::min(pause * b.multiplier, most);
      }
    }
  }
  return true;
}

bool Layers::settle_outcomes() {
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    double change = 0;
    if (!settle_once(change)) return false;
    if (!op_cycle || change < kSettled) break;
  }
  return true;
}

// --- traffic

bool Layers::solve_traffic(const std::vector<double>& class_rates, std::vector<double>& rates,
                           std::string& message) {
  OpenNetwork network;
  const std::size_t n = t_.operations.size();
  network.external_rates_per_s.assign(n, 0.0);
  network.stations.resize(n);
  const auto add_calls = [&](const std::vector<CallCount>& calls, double weight, int from) {
    for (const CallCount& c : calls) {
      const double times = weight * c.times * facts[at(c.edge)].attempts;
      const int to = t_.edges[at(c.edge)].operation;
      if (from == models::kNone) {
        network.external_rates_per_s[at(to)] += times;
      } else {
        network.routing.push_back({from, to, times});
      }
    }
  };
  std::size_t flat = 0;
  for (const models::Workload& w : t_.workloads) {
    for (const models::RequestClass& c : w.classes) {
      const double rate = class_rates[flat++];
      if (rate > 0) add_calls(walk_program(c.steps, t_, facts, {}).calls, rate, models::kNone);
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    add_calls(op_calls[i], 1 - stations[at(t_.operations[i].station)].lost, static_cast<int>(i));
    const double kept = (1 - stations[at(t_.operations[i].station)].lost) * op_success[i];
    for (const int to : handlers[i]) network.routing.push_back({static_cast<int>(i), to, kept});
  }
  if (op_cycle && t_.run.max_call_depth > 0 && traffic_by_depth(network, rates)) return true;
  Traffic solution = detail::solve_traffic(network);
  if (!solution.ends) {
    message = "the traffic never ends: every request that enters the calls of";
    for (std::size_t i = 0; i < std::min<std::size_t>(solution.loop.size(), 4); ++i) {
      message += (i > 0 ? ", " : " ") + t_.operation_name(solution.loop[i]);
    }
    message += " causes at least one more";
    return false;
  }
  rates = std::move(solution.rates);
  return true;
}

// With call cycles the depth limit may end calls that the traffic equations would let go on: then the levels
// are added up one by one. False: the limit cuts nothing worth mentioning, the equations hold.
bool Layers::traffic_by_depth(const OpenNetwork& network, std::vector<double>& rates) {
  constexpr std::int64_t kMaxLevels = 200;
  constexpr double kNothing = 1e-9;
  std::vector<std::vector<std::pair<int, double>>> flat(network.stations.size()),
      deeper(network.stations.size());
  for (std::size_t i = 0; i < op_calls.size(); ++i) {
    const double kept = 1 - stations[at(t_.operations[i].station)].lost;
    for (const CallCount& c : op_calls[i]) {
      const Edge& e = t_.edges[at(c.edge)];
      (e.in_cycle ? deeper : flat)[i].emplace_back(e.operation, kept * c.times * facts[at(c.edge)].attempts);
    }
    // Messages begin anew at depth 0; as they may lead back here, they go a level deeper all the same.
    for (const int to : handlers[i]) deeper[i].emplace_back(to, kept * op_success[i]);
  }
  std::vector<double> level = network.external_rates_per_s;
  rates.assign(level.size(), 0.0);
  double total = 0;
  for (std::int64_t depth = 0; depth <= std::min(kMaxLevels, t_.run.max_call_depth); ++depth) {
    std::vector<double> next(level.size(), 0.0);
    double mass = 0;
    for (auto it = op_order.rbegin(); it != op_order.rend();
         ++it) {  // callers first; flat calls have no cycles
      const std::size_t i = at(*it);
      if (!(level[i] > 0)) continue;
      rates[i] += level[i];
      mass += level[i];
      for (const auto& [to, times] : flat[i]) level[at(to)] += level[i] * times;
      for (const auto& [to, times] : deeper[i]) next[at(to)] += level[i] * times;
    }
    total += mass;
    if (mass < kNothing * total) return false;
    level = std::move(next);
  }
  double left = 0;
  for (const double x : level) left += x;
  if (left < kNothing * total || t_.run.max_call_depth > kMaxLevels) return false;
  depth_cut = true;
  return true;
}

// --- times

void Layers::link_times(const std::vector<double>& rates) {
  struct Sum {
    double rate = 0, time = 0, square = 0;
    bool same = true;
    double size = -1;
  };
  std::vector<Sum> sums(links.size());
  std::vector<double> call_rate(t_.edges.size(), 0.0);
  for (std::size_t i = 0; i < t_.operations.size(); ++i) {
    if (!(rates[i] > 0)) continue;
    const double kept = 1 - stations[at(t_.operations[i].station)].lost;
    for (const CallCount& c : op_calls[i])
      call_rate[at(c.edge)] += rates[i] * kept * c.times * facts[at(c.edge)].attempts;
  }
  // What operations do not call comes from the workloads; several client edges to one operation are told
  // apart by share.
  std::vector<double> from_clients = rates;
  std::vector<int> client_edges(t_.operations.size(), 0);
  for (std::size_t e = 0; e < t_.edges.size(); ++e) {
    from_clients[at(t_.edges[e].operation)] -= call_rate[e];
    if (t_.edges[e].from_station == models::kNone) ++client_edges[at(t_.edges[e].operation)];
  }
  for (std::size_t e = 0; e < t_.edges.size(); ++e) {
    const Edge& edge = t_.edges[e];
    if (edge.from_station == models::kNone) {
      call_rate[e] = std::max(0.0, from_clients[at(edge.operation)]) / client_edges[at(edge.operation)];
    }
    const auto message = [&](int link, const std::optional<sim::Distribution>& bytes) {
      if (link == models::kNone) return;
      const models::Link& l = t_.links[at(link)];
      Sum& s = sums[at(link)];
      s.rate += call_rate[e];
      if (!(l.bandwidth_bit_per_s > 0) || !bytes) return;
      const double per_byte = 8 / l.bandwidth_bit_per_s;
      // What is lost is sent again: load, but not in one piece.
      const double again = l.loss < 1 ? 1 / (1 - l.loss) : 1;
      s.time += call_rate[e] * bytes->mean() * per_byte * again;
      s.square +=
          call_rate[e] * again * (bytes->variance() + bytes->mean() * bytes->mean()) * per_byte * per_byte;
    };
    message(edge.out_link, edge.request_bytes);
    message(edge.back_link, edge.response_bytes);
  }
  for (std::size_t i = 0; i < links.size(); ++i) {
    LinkState& s = links[i];
    s.message_rate = sums[i].rate;
    s.utilization = sums[i].time;
    s.wait_s = 0;
    s.product_form = !(s.utilization > 0);
    if (s.utilization >= 1) {
      s.wait_s = kInfinity;
    } else if (s.utilization > 0) {
      s.wait_s = sums[i].square / (2 * (1 - s.utilization));  // Pollaczek-Khinchine
      if (t_.links[i].sharing == models::LinkSharing::fair)   // over what it takes alone
        s.wait_s = sums[i].time / s.message_rate * s.utilization / (1 - s.utilization);
    }
    s.exact = t_.links[i].loss == 0;
  }
  for (std::size_t e = 0; e < t_.edges.size(); ++e) {
    const auto way = [&](int link, int back, const std::optional<sim::Distribution>& bytes) {
      Moments m;
      if (link == models::kNone) return m;
      const models::Link& l = t_.links[at(link)];
      if (l.latency) m = m + moments_of(*l.latency, 1e-9);
      if (l.jitter) m = m + moments_of(*l.jitter, 1e-9);
      if (l.bandwidth_bit_per_s > 0 && bytes) m = m + moments_of(*bytes, 8 / l.bandwidth_bit_per_s);
      double wait = links[at(link)].wait_s;
      if (l.sharing == models::LinkSharing::fair && bytes) {
        // A shared processor: whoever is sent takes 1/(1-rho) of its time alone, whatever the sizes.
        const double rho = links[at(link)].utilization;
        wait = rho < 1 ? bytes->mean() * 8 / l.bandwidth_bit_per_s * rho / (1 - rho) : kInfinity;
      }
      // Its formulas want Poisson arrivals, which nothing here knows of a link.
      if (wait > 0) m = m + Moments{wait, wait * wait, Moments::Law::other, false};
      if (l.initial_window > 0) {
        double round_trip_s = 0;
        bool sure = l.loss == 0 && l.bandwidth_bit_per_s == 0 && (!bytes || bytes->is_constant());
        for (const int i : {link, back}) {
          if (i == models::kNone) continue;
          const models::Link& one = t_.links[at(i)];
          round_trip_s += (one.latency ? one.latency->mean() : 0) * 1e-9;
          round_trip_s += (one.jitter ? one.jitter->mean() : 0) * 1e-9;
          sure = sure && !one.jitter && (!one.latency || one.latency->is_constant());
        }
        const double still = stalls(l, round_trip_s, packets_of(l, bytes));
        if (still > 0 || !sure) m = m + Moments{still, 0, Moments::Law::other, sure};
      }
      if (l.loss > 0) {
        const double rounds = extra_rounds(l, packets_of(l, bytes)),
                     timeout = static_cast<double>(l.retransmit_timeout.ns) * 1e-9;
        m = m + Moments{rounds * timeout, rounds * timeout * timeout, Moments::Law::other,
                        l.bandwidth_bit_per_s == 0};
      }
      return m;
    };
    out_time_[e] = way(t_.edges[e].out_link, t_.edges[e].back_link, t_.edges[e].request_bytes);
    back_time_[e] = way(t_.edges[e].back_link, t_.edges[e].out_link, t_.edges[e].response_bytes);
  }
}

Moments Layers::edge_time(int edge) const {
  const CallFacts& f = facts[at(edge)];
  const Moments once = out_time_[at(edge)] + op_time[at(t_.edges[at(edge)].operation)] + back_time_[at(edge)];
  if (f.attempts == 1 && f.pause_s == 0) return once;
  // A random number of attempts; every one takes the same time, failed or not.
  Moments m;
  m.mean = once.mean * f.attempts + f.pause_s;
  m.variance = once.variance * f.attempts + f.attempts * (f.attempts - 1) * once.mean * once.mean +
               f.pause_s * f.pause_s;
  m.law = Moments::Law::other;
  m.exact = false;
  return m;
}

double Layers::evaluate_station(std::size_t i, bool given) {
  const models::Station& model = t_.stations[i];
  StationState& s = stations[i];
  double total = 0;
  for (const int op : s.operations) {
    total += rates_[at(op)];
    for (const CallCount& c : op_calls[at(op)]) facts[at(c.edge)].time = edge_time(c.edge);
  }
  const auto weight = [&](int op) { return total > 0 ? rates_[at(op)] : 1.0; };
  const bool async = !model.blocking;
  if (!given) {
    s.stable = s.known = s.exact = true;
    s.reason.clear();
    s.visits = s.computes = {};
    s.visit_rate = s.compute_rate = 0;
  }
  // The stays at a worker that an operation makes, under the given place.
  const auto stays = [&](const WalkResult& walk, double w, Visits& visits) {
    if (async) return visits.add(w, walk.segments);
    Moments hold = walk.time;
    if (walk.success < 1 && std::fabs(walk.spent_s - hold.mean) > 1e-12 * hold.mean) {
      hold = scaled(hold, hold.mean > 0 ? walk.spent_s / hold.mean : 1);
      hold.law = Moments::Law::other;
      hold.exact = false;
    }
    hold.exact = hold.exact && (walk.success > kCertain || walk.spent_exact);
    visits.add(w, hold);
  };
  std::vector<Moments> times(s.operations.size());
  for (GroupState& g : s.groups) {
    WalkPlace place{async, g.slowness, 1, 0, {}};
    if (!given) {
      Visits computes, beside, visits;
      double raw_spent = 0;
      for (const int op : s.operations) {
        op_walk[at(op)] = walk_program(t_.operations[at(op)].steps, t_, facts, place);
        computes.add(weight(op), op_walk[at(op)].computes);
        beside.add(weight(op), op_walk[at(op)].beside);
        stays(op_walk[at(op)], weight(op), visits);
        raw_spent += weight(op) * op_walk[at(op)].spent_s;
      }
      const double share = total > 0 ? g.share : 0;
      if (s.cores) {
        Visits all = computes;
        all.add(1, beside);
        solve_cores(model, s, g, all, all.count * share);
        place.stretch = g.stretch;
        place.core_wait_s = g.core_wait_s;
        if (g.stretch != 1 || g.core_wait_s > 0) {
          visits = {};
          for (const int op : s.operations) {
            op_walk[at(op)] = walk_program(t_.operations[at(op)].steps, t_, facts, place);
            stays(op_walk[at(op)], weight(op), visits);
          }
        }
      }
      s.visits.add(g.share * g.count, visits);
      s.computes.add(g.share * g.count, computes);
      if (s.limited) {
        PoolLoad load;
        load.visit_rate = visits.count * share;
        load.visits = visits;
        load.computes = &computes;
        const double in_visits = async ? visits.first : raw_spent;
        load.only_computes = !s.holds_calls && beside.count == 0 &&
                             (async || std::fabs(in_visits - computes.first) <= 1e-9 * in_visits);
        load.source = s.source == models::kNone ? nullptr : &t_.workloads[at(s.source)];
        load.calling_edges = s.calling_edges;
        solve_pool(model, s, g, load);
      } else {
        g.service_s = visits.mean();
        g.utilization = g.in_queue = 0;
        g.set_wait({});
      }
    }
    place.stretch = g.stretch;
    place.core_wait_s = g.core_wait_s;
    place.wait = g.served_wait;
    const bool again = given || (async && g.wait.mean > 0) || (s.cores && s.limited);
    const double portion = s.groups.size() == 1 ? 1 : g.share * g.count;
    for (std::size_t k = 0; k < s.operations.size(); ++k) {
      const std::size_t op = at(s.operations[k]);
      if (again) op_walk[op] = walk_program(t_.operations[op].steps, t_, facts, place);
      Moments m = op_walk[op].time;
      if (!async && s.limited) m = g.served_wait + m;
      m.exact = m.exact && s.exact && s.known;
      if (s.groups.size() == 1) {
        times[k] = m;
        continue;
      }
      times[k].exact = times[k].exact && m.exact;  // a mixture: `variance` collects second moments
      times[k].law = Moments::Law::other;
      times[k].mean += portion * m.mean;
      times[k].variance += portion * m.second();
    }
  }
  if (s.groups.size() > 1) {  // so far it is the last group's
    const WalkPlace average = average_place(s, async);
    for (const int op : s.operations)
      op_walk[at(op)] = walk_program(t_.operations[at(op)].steps, t_, facts, average);
  }
  double change = 0;
  for (std::size_t k = 0; k < times.size(); ++k) {
    if (s.groups.size() > 1)
      times[k].variance = std::max(0.0, times[k].variance - times[k].mean * times[k].mean);
    Moments& old = op_time[at(s.operations[k])];
    if (old.mean != times[k].mean)
      change = std::max(change, std::fabs(old.mean - times[k].mean) / std::max(times[k].mean, 1e-300));
    old = times[k];
  }
  if (!given) {
    s.visit_rate = total > 0 ? s.visits.count : 0;
    s.compute_rate = total > 0 ? s.computes.count : 0;
  }
  return std::isnan(change) ? 0 : change;
}

void Layers::pass_all(bool given) {
  converged = false;
  for (int pass = 0; pass < kMaxPasses && !converged; ++pass) {
    double change = 0;
    for (const int i : station_order) change = std::max(change, evaluate_station(at(i), given));
    converged = !station_cycle || change < kSettled;
  }
  for (std::size_t e = 0; e < facts.size(); ++e) facts[e].time = edge_time(static_cast<int>(e));
}

void Layers::evaluate(const std::vector<double>& rates) {
  rates_ = rates;
  link_times(rates);
  pass_all(false);
}

void Layers::evaluate_given() {
  pass_all(true);
}

WalkResult Layers::request(int workload, int cls) const {
  return walk_program(t_.workloads[at(workload)].classes[at(cls)].steps, t_, facts, {});
}

}  // namespace tailrace::analysis::detail
