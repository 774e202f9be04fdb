#include "analysis/prediction/shape.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/graph/call_sites.hpp"
#include "analysis/graph/graph_algorithms.hpp"
#include "analysis/graph/message_ways.hpp"
#include "analysis/queueing/traffic.hpp"
#include "sim/base/math.hpp"

namespace tailrace::analysis::detail {

using models::Step;
using models::Steps;
using sim::math::kInfinity;

namespace {

constexpr std::size_t kMaxPaths = 64;      // request classes whose way is shown
constexpr std::size_t kMaxElements = 200;  // of one way
constexpr std::size_t kMaxShownCycles = 20;
constexpr double kManyAttempts = 100;

// Calls that somebody waits for.
void waited_calls(const Steps& steps, std::vector<int>& edges) {
  for (const Step& s : steps) {
    if (s.kind == Step::Kind::call) edges.push_back(s.edge);
    if (s.kind == Step::Kind::background) continue;
    for (const models::StepBranch& b : s.branches) waited_calls(b.steps, edges);
  }
}

// Calls without which the program cannot succeed.
void needed_calls(const Steps& steps, const models::Topology& t, std::vector<int>& edges) {
  for (const Step& s : steps) {
    if (s.kind == Step::Kind::call && !t.edges[at(s.edge)].ignore_failure && !t.edges[at(s.edge)].fallback)
      edges.push_back(s.edge);
    const bool all = s.kind == Step::Kind::effect ||
                     (s.kind == Step::Kind::parallel && s.needed >= static_cast<int>(s.branches.size()));
    if (s.kind == Step::Kind::await) {  // without the handler nobody goes on
      for (const models::MessageChannel& channel : t.channels) {
        for (const models::ConsumerGroup& g : channel.groups) {
          if (g.edge != models::kNone && g.effect == s.ref) edges.push_back(g.edge);
        }
      }
    }
    const bool loops = s.kind == Step::Kind::loop && s.distribution->minimum() >= 0.5;
    for (const models::StepBranch& b : s.branches) {
      if (all || loops || (s.kind == Step::Kind::branch && b.probability >= 1))
        needed_calls(b.steps, t, edges);
    }
  }
}

// --- cycles, chains, single points

class Shape {
 public:
  Shape(const Layers& layers, Prediction& p) : layers_(layers), t_(layers.topology()), p_(p) {
    calls_.resize(t_.operations.size());
    for (std::size_t i = 0; i < t_.operations.size(); ++i) {
      add_call_sites(t_.operations[i].steps, calls_[i]);
      for (const int e : calls_[i]) arcs_.emplace_back(static_cast<int>(i), t_.edges[at(e)].operation);
      for (const models::ConsumerGroup* group : handlers_of(t_, static_cast<int>(i)))
        message_arcs_.emplace_back(static_cast<int>(i), group->operation);
    }
    for (const models::Workload& w : t_.workloads) {
      for (const models::RequestClass& c : w.classes) {
        std::vector<int> edges;
        add_call_sites(c.steps, edges);
        for (const int e : edges) roots_.push_back(t_.edges[at(e)].operation);
      }
    }
    std::sort(roots_.begin(), roots_.end());
    roots_.erase(std::unique(roots_.begin(), roots_.end()), roots_.end());
  }

  void run() {
    const Adjacency graph(t_.operations.size(), arcs_);
    const Components components = strong_components(graph);
    cycles(graph, components);
    if (!message_arcs_.empty()) message_loops();
    chain();
    single_points();
    attempts(components);
  }

 private:
  // Each waits for the next; a message that is handled begins a chain of its own.
  void chain() {
    std::vector<WeightedArc> weighted;
    std::vector<std::pair<int, int>> arcs;
    for (std::size_t i = 0; i < t_.operations.size(); ++i) {
      std::vector<int> edges;
      waited_calls(t_.operations[i].steps, edges);
      for (const int e : edges) {
        weighted.push_back({static_cast<int>(i), t_.edges[at(e)].operation, 0.0});
        arcs.emplace_back(static_cast<int>(i), t_.edges[at(e)].operation);
      }
    }
    std::vector<int> starts = roots_;
    for (const auto& [from, to] : message_arcs_) starts.push_back(to);
    std::sort(starts.begin(), starts.end());
    starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
    const Components components = strong_components(Adjacency(t_.operations.size(), arcs));
    for (const int op :
         heaviest_path(components, weighted, std::vector<double>(t_.operations.size(), 1.0), starts).nodes) {
      p_.longest_chain.push_back(t_.operation_name(op));
    }
  }

  // Handlers whose work leads to messages that they are given in turn.
  void message_loops() {
    std::vector<std::pair<int, int>> arcs = arcs_;
    arcs.insert(arcs.end(), message_arcs_.begin(), message_arcs_.end());
    const Adjacency graph(t_.operations.size(), arcs);
    const Components components = strong_components(graph);
    std::vector<char> by_message(at(components.count), 0);
    for (const auto& [from, to] : message_arcs_) {
      if (components.of[at(from)] == components.of[at(to)]) by_message[at(components.of[at(from)])] = 1;
    }
    std::vector<std::vector<int>> members(at(components.count));
    for (std::size_t i = 0; i < t_.operations.size(); ++i)
      members[at(components.of[i])].push_back(static_cast<int>(i));
    for (std::size_t c = 0; c < members.size(); ++c) {
      if (by_message[c] == 0 || p_.message_loops.size() == kMaxShownCycles) continue;
      std::string text;
      const std::vector<int> loop = shortest_cycle(graph, members[c], components.of);
      for (const int op : loop) text += t_.operation_name(op) + " -> ";
      p_.message_loops.push_back(text + t_.operation_name(loop.empty() ? members[c].front() : loop.front()));
    }
  }

  void cycles(const Adjacency& graph, const Components& components) {
    std::vector<std::vector<int>> members(at(components.count));
    for (std::size_t i = 0; i < t_.operations.size(); ++i)
      members[at(components.of[i])].push_back(static_cast<int>(i));
    std::vector<char> self(t_.operations.size(), 0);
    for (const auto& [from, to] : arcs_)
      self[at(from)] = static_cast<char>(self[at(from)] | (from == to ? 1 : 0));
    for (const std::vector<int>& m : members) {
      if (m.size() < 2 && self[at(m.front())] == 0) continue;
      if (p_.cycles.size() == kMaxShownCycles) {
        p_.notes.push_back(fmt::format("More than {} call cycles; the first are listed.", kMaxShownCycles));
        return;
      }
      std::string text;
      const std::vector<int> cycle = m.size() < 2 ? m : shortest_cycle(graph, m, components.of);
      for (const int op : cycle) text += t_.operation_name(op) + " -> ";
      p_.cycles.push_back(text + t_.operation_name(cycle.empty() ? m.front() : cycle.front()));
    }
  }

  // What can fail by itself: components, and consumer groups apart from their channel's nodes.
  struct Parts {
    std::vector<std::string> names;
    std::vector<int> of_station, of_operation;
  };
  Parts parts() const {
    Parts p;
    for (const models::Component& c : t_.components) p.names.push_back(c.name);
    for (const models::Station& s : t_.stations) p.of_station.push_back(s.component);
    for (const models::Operation& o : t_.operations) p.of_operation.push_back(o.component);
    for (const models::MessageChannel& c : t_.channels) {
      for (const models::ConsumerGroup& g : c.groups) {
        if (g.station == models::kNone) continue;
        p.of_station[at(g.station)] = p.of_operation[at(g.operation)] = static_cast<int>(p.names.size());
        p.names.push_back(g.name);
      }
    }
    return p;
  }

  void single_points() {
    // A component is as redundant as its least redundant station.
    const Parts part = parts();
    const std::size_t n = part.names.size();
    std::vector<std::int64_t> instances(n, 0);
    for (std::size_t s = 0; s < t_.stations.size(); ++s) {
      std::int64_t& count = instances[at(part.of_station[s])];
      count = count == 0 ? t_.stations[s].instances : std::min(count, t_.stations[s].instances);
    }
    std::vector<int> dependents(n, 0);
    std::vector<std::string> needed_by(n);
    std::vector<std::pair<int, int>> arcs, back;
    std::vector<int> roots;
    for (const auto* list : {&arcs_, &message_arcs_}) {
      for (const auto& [from, to] : *list) {
        const int a = part.of_operation[at(from)], b = part.of_operation[at(to)];
        if (a != b) arcs.emplace_back(a, b), back.emplace_back(b, a);
      }
    }
    for (const int op : roots_) roots.push_back(part.of_operation[at(op)]);
    std::sort(roots.begin(), roots.end());
    roots.erase(std::unique(roots.begin(), roots.end()), roots.end());
    const Order order = reverse_postorder(Adjacency(n, arcs), roots);
    const std::vector<int> dominator = dominators(Adjacency(n, back), order, roots);
    for (std::size_t k = order.nodes.size(); k-- > 0;) {
      const int node = order.nodes[k], above = dominator[at(node)];
      if (above >= 0 && above < static_cast<int>(n)) dependents[at(above)] += dependents[at(node)] + 1;
    }
    for (const models::Workload& w : t_.workloads) mark_needed(w, part.of_operation, needed_by);
    for (std::size_t i = 0; i < n; ++i) {
      if (instances[i] != 1 || (dependents[i] == 0 && needed_by[i].empty())) continue;
      p_.single_points_of_failure.push_back({part.names[i], needed_by[i], dependents[i]});
    }
    std::stable_sort(p_.single_points_of_failure.begin(), p_.single_points_of_failure.end(),
                     [](const auto& a, const auto& b) { return a.dependents > b.dependents; });
  }

  // Every request needs what all of its classes need.
  void mark_needed(const models::Workload& w, const std::vector<int>& part_of,
                   std::vector<std::string>& needed_by) {
    std::vector<int> count(needed_by.size(), 0);
    int classes = 0;
    for (const models::RequestClass& c : w.classes) {
      if (!(c.weight > 0)) continue;
      ++classes;
      std::vector<int> edges, todo;
      std::vector<char> seen(t_.operations.size(), 0), counted(needed_by.size(), 0);
      needed_calls(c.steps, t_, edges);
      for (const int e : edges) todo.push_back(t_.edges[at(e)].operation);
      while (!todo.empty()) {
        const int op = todo.back();
        todo.pop_back();
        if (seen[at(op)] != 0) continue;
        seen[at(op)] = 1;
        char& once = counted[at(part_of[at(op)])];
        if (once == 0) ++count[at(part_of[at(op)])];
        once = 1;
        edges.clear();
        needed_calls(t_.operations[at(op)].steps, t_, edges);
        for (const int e : edges) todo.push_back(t_.edges[at(e)].operation);
      }
    }
    for (std::size_t i = 0; i < count.size(); ++i) {
      if (classes > 0 && count[i] == classes && needed_by[i].empty()) needed_by[i] = w.name;
    }
  }

  // Worst case of attempts per call from outside: along a chain of retries every layer multiplies.
  void attempts(const Components& components) {
    std::vector<double> worst(t_.operations.size(), 0.0);
    std::vector<int> from(t_.operations.size(), models::kNone);
    const auto raise = [&](int edge, double base, int caller) {
      const models::Edge& e = t_.edges[at(edge)];
      const double tries = e.retries == models::kUnlimited ? kInfinity : 1 + static_cast<double>(e.retries);
      const std::size_t to = at(e.operation);
      if (base * tries > worst[to]) worst[to] = base * tries, from[to] = caller;
    };
    for (const models::Workload& w : t_.workloads) {
      for (const models::RequestClass& c : w.classes) {
        std::vector<int> edges;
        add_call_sites(c.steps, edges);
        for (const int e : edges) raise(e, 1, models::kNone);
      }
    }
    for (const models::MessageChannel& channel : t_.channels) {
      for (const models::ConsumerGroup& g : channel.groups) {
        if (g.edge != models::kNone) raise(g.edge, 1, models::kNone);
      }
    }
    double largest = 0;
    int where = models::kNone;
    for (auto it = layers_.op_order.rbegin(); it != layers_.op_order.rend(); ++it) {
      const std::size_t i = at(*it);
      if (!(worst[i] > 0)) continue;
      for (const int e : calls_[i]) {
        if (components.of[at(t_.edges[at(e)].operation)] != components.of[i]) raise(e, worst[i], *it);
      }
    }
    for (std::size_t i = 0; i < worst.size(); ++i) {
      p_.amplification[i].worst_attempts_per_call = std::max(1.0, worst[i]);
      if (worst[i] > largest) largest = worst[i], where = static_cast<int>(i);
    }
    if (largest <= kManyAttempts) return;
    std::string chain = t_.operation_name(where);
    int shown = 0;
    for (int op = from[at(where)]; op != models::kNone && ++shown < 8; op = from[at(op)])
      chain = t_.operation_name(op) + " -> " + chain;
    p_.notes.push_back(
        largest == kInfinity
            ? fmt::format("Retries without a limit: one request can cause any number of calls along {}.",
                          chain)
            : fmt::format("Retries multiply: when all fails, one request causes up to {:.0f} calls along {}.",
                          largest, chain));
  }

  const Layers& layers_;
  const models::Topology& t_;
  Prediction& p_;
  std::vector<std::vector<int>> calls_;
  std::vector<std::pair<int, int>> arcs_;
  std::vector<std::pair<int, int>> message_arcs_;  // nobody waits along these
  std::vector<int> roots_;
};

// --- the way of a lone request

// What a program does itself on its longest way, and what it calls there. Branches by chance count with their
// probability; a parallel counts with the branch whose end it waits for.
struct Way {
  double total = 0;  // with the calls
  double own = 0;
  double pause = 0;                           // back-off
  std::vector<std::pair<int, double>> calls;  // edge, times; in order
};

Way way_of(const Steps& steps, const Layers& layers, const WalkPlace& place) {
  Way way;
  const auto append = [&](const Way& part, double times) {
    way.total += times * part.total;
    way.own += times * part.own;
    way.pause += times * part.pause;
    for (const auto& [edge, n] : part.calls) way.calls.emplace_back(edge, times * n);
  };
  for (const Step& s : steps) {
    switch (s.kind) {
      case Step::Kind::compute: {
        const double time = s.distribution->mean() * 1e-9 * place.slowness * place.stretch;
        way.total += time, way.own += time;
        break;
      }
      case Step::Kind::sleep:
        way.total += s.distribution->mean() * 1e-9, way.own += s.distribution->mean() * 1e-9;
        break;
      case Step::Kind::call: {
        const CallFacts& f = layers.facts[at(s.edge)];
        way.total += f.time.mean;
        way.pause += f.pause_s;
        way.calls.emplace_back(s.edge, f.attempts);
        break;
      }
      case Step::Kind::parallel: {
        std::vector<Way> ways;
        for (const models::StepBranch& b : s.branches) ways.push_back(way_of(b.steps, layers, place));
        if (ways.empty() || s.needed <= 0) break;
        std::stable_sort(ways.begin(), ways.end(),
                         [](const Way& a, const Way& b) { return a.total < b.total; });
        append(ways[std::min(at(s.needed), ways.size()) - 1], 1);
        break;
      }
      case Step::Kind::branch:
        for (const models::StepBranch& b : s.branches) append(way_of(b.steps, layers, place), b.probability);
        break;
      case Step::Kind::loop:
        append(way_of(s.branches.front().steps, layers, place), rounds_of(*s.distribution, 1).mean);
        break;
      case Step::Kind::attempt:
      case Step::Kind::effect:
        append(way_of(s.branches.front().steps, layers, place), 1);
        break;
      case Step::Kind::fail:
      case Step::Kind::background:
      case Step::Kind::deposit:
      case Step::Kind::milestone:
      case Step::Kind::await:
        break;
      case Step::Kind::cache:
        append(way_of(s.branches[0].steps, layers, place), 1);
        if (s.use != models::CacheUse::behind)
          append(way_of(s.branches[1].steps, layers, place), cache_share(s, layers.facts));
        break;
    }
  }
  return way;
}

void request_paths(const Layers& layers, Prediction& p) {
  const models::Topology& t = layers.topology();
  std::vector<Way> ways;
  OpenNetwork network;
  network.stations.resize(t.operations.size());
  for (std::size_t i = 0; i < t.operations.size(); ++i) {
    const StationState& s = layers.stations[at(t.operations[i].station)];
    WalkPlace place;
    if (!s.groups.empty()) {
      double slowness = 0, shares = 0;
      for (const GroupState& g : s.groups)
        slowness += g.share * g.count * g.slowness, shares += g.share * g.count;
      place.slowness = shares > 0 ? slowness / shares : 1;
      place.stretch = s.groups.front().stretch;
    }
    ways.push_back(way_of(t.operations[i].steps, layers, place));
    for (const auto& [edge, times] : ways.back().calls)
      network.routing.push_back({static_cast<int>(i), t.edges[at(edge)].operation, times});
  }
  for (const models::Workload& w : t.workloads) {
    for (const models::RequestClass& c : w.classes) {
      if (p.critical_paths.size() == kMaxPaths) return;
      const Way way = way_of(c.steps, layers, {});
      RequestPath path{w.name, c.name, 0, {}};
      network.external_rates_per_s.assign(t.operations.size(), 0.0);
      for (const auto& [edge, times] : way.calls)
        network.external_rates_per_s[at(t.edges[at(edge)].operation)] += times;
      const Traffic times = solve_traffic(network);
      if (!times.ends) continue;
      const auto add = [&](std::string name, double seconds) {
        if (!(seconds > 0)) return;
        path.seconds += seconds;
        if (path.elements.size() < kMaxElements) {
          path.elements.push_back({std::move(name), seconds});
        } else {
          path.elements.back().name = "further calls";
          path.elements.back().seconds += seconds;
        }
      };
      // In the order of the first call, without recursion; each operation once, with all its visits.
      std::vector<char> seen(t.operations.size(), 0);
      const auto network_of = [&](int edge, double n) {
        const models::Edge& e = t.edges[at(edge)];
        const CallFacts& f = layers.facts[at(edge)];
        const double both =
            f.attempts > 0 ? (f.time.mean - f.pause_s) / f.attempts - layers.op_time[at(e.operation)].mean
                           : 0;
        if (both > 1e-12)
          add(fmt::format("network {} -> {}", t.components[at(e.from_component)].name,
                          t.components[at(t.operations[at(e.operation)].component)].name),
              n * both);
      };
      add(w.name, way.own);
      add(w.name + " (pause before retries)", way.pause);
      struct Item {
        const Way* way;
        double times;
        std::size_t next;
      };
      std::vector<Item> stack{{&way, 1.0, 0}};
      while (!stack.empty()) {
        Item& item = stack.back();
        if (item.next == item.way->calls.size()) {
          stack.pop_back();
          continue;
        }
        const auto [edge, n] = item.way->calls[item.next++];
        network_of(edge, n * item.times);
        const int op = t.edges[at(edge)].operation;
        if (seen[at(op)] != 0) continue;
        seen[at(op)] = 1;
        const double visits = times.rates[at(op)];
        add(t.operation_name(op), visits * ways[at(op)].own);
        add(t.operation_name(op) + " (pause before retries)", visits * ways[at(op)].pause);
        stack.push_back({&ways[at(op)], visits, 0});
      }
      p.critical_paths.push_back(std::move(path));
    }
  }
}

}  // namespace

void describe_shape(const Layers& layers, const std::vector<double>& rates, double request_rate,
                    Prediction& prediction) {
  const models::Topology& t = layers.topology();
  prediction.amplification.resize(t.operations.size());
  for (std::size_t i = 0; i < t.operations.size(); ++i) {
    prediction.amplification[i].operation = t.operation_name(static_cast<int>(i));
    if (i < rates.size() && request_rate > 0)
      prediction.amplification[i].calls_per_request = rates[i] / request_rate;
  }
  Shape(layers, prediction).run();
  request_paths(layers, prediction);
}

}  // namespace tailrace::analysis::detail
