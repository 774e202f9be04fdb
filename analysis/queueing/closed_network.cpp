#include "analysis/queueing/closed_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/queueing/closed_convolution.hpp"
#include "analysis/queueing/formulas_detail.hpp"

namespace tailrace::analysis {
namespace {

using detail::is_rate;
using sim::math::kInfinity;
using Series = std::vector<double>;

constexpr int kMaxPopulation = 10'000'000;

std::string invalid_reason(const ClosedNetwork& n) {
  for (const Station& s : n.stations) {
    if (s.servers < 0) return fmt::format("{}: {} servers", s.name, s.servers);
    if (!is_rate(s.service_mean_s)) return fmt::format("{}: service mean {} s", s.name, s.service_mean_s);
    if (s.speeds.empty()) continue;
    if (static_cast<int>(s.speeds.size()) != s.servers || !(s.speeds.front() > 0) ||
        !std::is_sorted(s.speeds.begin(), s.speeds.end()) || !std::isfinite(s.speeds.back()))
      return fmt::format("{}: speeds must be one per server, positive and not falling", s.name);
  }
  for (const ClosedWorkload& w : n.workloads) {
    if (w.population < 0 || w.population > kMaxPopulation) {
      return fmt::format("{}: population {} (0 to {})", w.name, w.population, kMaxPopulation);
    }
    if (!is_rate(w.think_s)) return fmt::format("{}: think time {} s", w.name, w.think_s);
    if (w.visits.size() != n.stations.size()) {
      return fmt::format("{}: {} visit counts for {} stations", w.name, w.visits.size(), n.stations.size());
    }
    double total = w.think_s;
    for (std::size_t i = 0; i < w.visits.size(); ++i) {
      if (!is_rate(w.visits[i])) return fmt::format("{}: {} visits", w.name, w.visits[i]);
      total += w.visits[i] * n.stations[i].service_mean_s;
    }
    if (w.population > 0 && !(total > 0)) return fmt::format("{}: a request takes no time at all", w.name);
  }
  return {};
}

ClosedBounds bounds_of(const ClosedNetwork& n, const ClosedWorkload& w) {
  ClosedBounds b;
  for (std::size_t i = 0; i < w.visits.size(); ++i) {
    const double demand = w.visits[i] * n.stations[i].service_mean_s;
    b.total_demand_s += demand;
    if (n.stations[i].servers > 0)
      b.max_demand_s = std::max(b.max_demand_s, demand / top_speed(n.stations[i]));
  }
  const double cycle = b.total_demand_s + w.think_s, population = w.population;
  b.knee_population = b.max_demand_s > 0 ? cycle / b.max_demand_s : kInfinity;
  b.max_throughput_per_s = cycle > 0 ? population / cycle : 0;
  if (b.max_demand_s > 0) b.max_throughput_per_s = std::min(b.max_throughput_per_s, 1 / b.max_demand_s);
  b.min_response_s = std::max(b.total_demand_s, population * b.max_demand_s - w.think_s);
  return b;
}

// A queue of demand d and c servers acts like a single server of demand d/c and a delay of d (c-1)/c
// (Seidmann, Schweitzer and Shalev-Oren 1987): exact when empty and when saturated.
struct Split {
  double queue = 0, delay = 0;
};
Split split(double demand, const Station& station) {
  if (station.servers == 0) return {0, demand};
  const double speed = top_speed(station);
  return {demand / speed, demand * (speed - 1) / speed};
}

// Schweitzer's fixed point of one workload: Q = u / (1 - u (N-1)/N) with u = X d. The total is increasing in
// X, so bisection finds the X that accounts for all N users, at any N.
double schweitzer_throughput(const ClosedNetwork& n, const ClosedWorkload& w, const ClosedBounds& bounds) {
  const double population = w.population;
  double low = 0, high = bounds.max_throughput_per_s;
  const auto users = [&](double x) {
    double total = x * w.think_s;
    for (std::size_t i = 0; i < w.visits.size(); ++i) {
      const Split s = split(w.visits[i] * n.stations[i].service_mean_s, n.stations[i]);
      const double u = x * s.queue;
      total += x * s.delay + u / (1 - u * (population - 1) / population);
    }
    return total;
  };
  for (int i = 0; i < 200; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (users(middle) < population ? low : high) = middle;
  }
  return low + (high - low) / 2;
}

// Bard (1979) and Schweitzer (1979), several workloads.
bool solve_bard_schweitzer(const ClosedNetwork& n, std::vector<ClosedWorkloadResult>& results) {
  constexpr int kMaxRounds = 20'000;
  constexpr double kTolerance = 1e-9;
  const std::size_t stations = n.stations.size(), workloads = n.workloads.size();
  std::vector<Series> queue(workloads, Series(stations, 0.0));  // at the queueing part of each station
  std::vector<Series> next = queue;
  Series total(stations, 0.0);
  for (std::size_t r = 0; r < workloads; ++r) {
    const ClosedWorkload& w = n.workloads[r];
    const double busiest =
        static_cast<double>(std::count_if(w.visits.begin(), w.visits.end(), [](double v) { return v > 0; }));
    for (std::size_t i = 0; i < stations; ++i) queue[r][i] = w.visits[i] > 0 ? w.population / busiest : 0;
  }
  for (int round = 0; round < kMaxRounds; ++round) {
    std::fill(total.begin(), total.end(), 0.0);
    for (const Series& q : queue) {
      for (std::size_t i = 0; i < stations; ++i) total[i] += q[i];
    }
    double change = 0;
    for (std::size_t r = 0; r < workloads; ++r) {
      const ClosedWorkload& w = n.workloads[r];
      ClosedWorkloadResult& out = results[r];
      if (w.population == 0) continue;
      double response = 0;
      for (std::size_t i = 0; i < stations; ++i) {
        const Split s = split(w.visits[i] * n.stations[i].service_mean_s, n.stations[i]);
        next[r][i] = s.queue * (1 + std::max(0.0, total[i] - queue[r][i] / w.population));
        out.in_system_mean[i] = next[r][i] + s.delay;
        response += out.in_system_mean[i];
      }
      out.response_mean_s = response;
      out.throughput_per_s = w.population / (w.think_s + response);
      for (std::size_t i = 0; i < stations; ++i) {
        next[r][i] *= out.throughput_per_s;
        out.in_system_mean[i] *= out.throughput_per_s;
        change = std::max(change, std::fabs(next[r][i] - queue[r][i]) / w.population);
      }
    }
    queue.swap(next);
    if (change < kTolerance) return true;
  }
  return false;
}

void solve_approximately(const ClosedNetwork& n, ClosedSolution& s) {
  const auto users = [](const ClosedWorkload& w) { return w.population > 0; };
  const auto only = std::find_if(n.workloads.begin(), n.workloads.end(), users);
  if (only == n.workloads.end()) return;
  s.exact = false;
  if (std::any_of(only + 1, n.workloads.end(), users)) {
    s.reason = "several workloads, too large for the exact solution: Bard-Schweitzer approximation";
    if (!solve_bard_schweitzer(n, s.workloads)) s.reason += ", not converged";
    return;
  }
  s.reason = "too large for the exact solution: Schweitzer-Seidmann approximation";
  ClosedWorkloadResult& out = s.workloads[static_cast<std::size_t>(only - n.workloads.begin())];
  const double population = only->population;
  const double x = schweitzer_throughput(n, *only, out.bounds);
  out.throughput_per_s = x;
  out.response_mean_s = std::max(0.0, population / x - only->think_s);
  for (std::size_t i = 0; i < n.stations.size(); ++i) {
    const Split part = split(only->visits[i] * n.stations[i].service_mean_s, n.stations[i]);
    const double u = x * part.queue;
    out.in_system_mean[i] = x * part.delay + u / (1 - u * (population - 1) / population);
  }
}

// From the approximation's throughputs.
void solve_exactly(const ClosedNetwork& n, ClosedSolution& s) {
  std::vector<double> guess;
  for (const ClosedWorkloadResult& w : s.workloads) guess.push_back(w.throughput_per_s);
  detail::Convolution exact = detail::solve_by_convolution(n, guess);
  if (!exact.ok) return;
  s.exact = true;
  s.reason.clear();
  s.in_system = std::move(exact.in_system);
  for (std::size_t k = 0; k < n.workloads.size(); ++k) {
    if (n.workloads[k].population == 0) continue;
    ClosedWorkloadResult& out = s.workloads[k];
    out.throughput_per_s = exact.throughput_per_s[k];
    out.in_system_mean = std::move(exact.number[k]);
    out.response_mean_s =
        std::max(0.0, n.workloads[k].population / out.throughput_per_s - n.workloads[k].think_s);
  }
}

void sum_up(const ClosedNetwork& n, ClosedSolution& s) {
  double largest = 0;
  for (std::size_t i = 0; i < n.stations.size(); ++i) {
    ClosedStation station;
    double visits = 0;
    for (std::size_t r = 0; r < n.workloads.size(); ++r) {
      station.in_system_mean += s.workloads[r].in_system_mean[i];
      visits += s.workloads[r].throughput_per_s * n.workloads[r].visits[i];
    }
    if (n.stations[i].servers > 0)
      station.utilization = visits * n.stations[i].service_mean_s / top_speed(n.stations[i]);
    if (visits > 0) station.response_mean_s = station.in_system_mean / visits;
    if (station.utilization > largest) {
      largest = station.utilization;
      s.bottleneck = static_cast<int>(i);
    }
    s.stations.push_back(station);
  }
}

}  // namespace

ClosedSolution solve_closed(const ClosedNetwork& network) {
  ClosedSolution s;
  s.message = invalid_reason(network);
  s.ok = s.message.empty();
  if (!s.ok) {
    s.exact = false;
    return s;
  }
  for (const ClosedWorkload& w : network.workloads) {
    ClosedWorkloadResult result;
    result.in_system_mean.assign(network.stations.size(), 0.0);
    result.bounds = bounds_of(network, w);
    s.workloads.push_back(std::move(result));
  }
  solve_approximately(network, s);
  if (detail::convolution_work(network) <= kMaxExactWork) solve_exactly(network, s);
  for (std::size_t i = 0; i < network.stations.size() && s.exact; ++i) {
    if (has_product_form(network.stations[i])) continue;
    const bool visited =
        std::any_of(network.workloads.begin(), network.workloads.end(),
                    [&](const ClosedWorkload& w) { return w.population > 0 && w.visits[i] > 0; });
    if (!visited) continue;
    s.exact = false;
    s.reason = network.stations[i].name + ": first come, first served with service that is not exponential";
  }
  sum_up(network, s);
  return s;
}

MixedSolution solve_mixed(const OpenNetwork& open, const std::vector<ClosedWorkload>& closed) {
  MixedSolution m;
  m.open = solve_open(open);
  m.closed.exact = m.open.exact = false;
  m.closed.reason = "open and closed traffic share stations";
  if (m.open.status != OpenSolution::Status::ok) {
    m.closed.ok = false;
    m.closed.message = m.open.message.empty() ? "open traffic has no solution" : m.open.message;
    return m;
  }
  ClosedNetwork slowed{open.stations, closed};
  for (std::size_t i = 0; i < slowed.stations.size(); ++i) {
    slowed.stations[i].service_mean_s /= 1 - m.open.stations[i].means.utilization;
  }
  m.closed = solve_closed(slowed);
  m.closed.exact = false;
  m.closed.reason = "open and closed traffic share stations";
  if (!m.closed.ok) return m;
  // Back from the slowed servers: utilization counts real work of both kinds, and open visits find the closed
  // ones before them, per server.
  m.open.in_system_mean = 0;
  for (std::size_t i = 0; i < open.stations.size(); ++i) {
    OpenStation& station = m.open.stations[i];
    QueueMeans& means = station.means;
    const int servers = open.stations[i].servers;
    if (servers > 0) {
      const double own = means.utilization;
      m.closed.stations[i].utilization = own + m.closed.stations[i].utilization * (1 - own);
      const double stretch = open.stations[i].service_mean_s / (1 - own) / servers;
      means.wait_mean_s += stretch * m.closed.stations[i].in_system_mean;
      means.response_mean_s = means.wait_mean_s + open.stations[i].service_mean_s;
      means.in_queue_mean = station.arrival_rate_per_s * means.wait_mean_s;
      means.in_system_mean = station.arrival_rate_per_s * means.response_mean_s;
      means.exact = false;
      station.reason = m.closed.reason;
    }
    m.open.in_system_mean += means.in_system_mean;
  }
  if (m.open.external_rate_per_s > 0)
    m.open.response_mean_s = m.open.in_system_mean / m.open.external_rate_per_s;
  return m;
}

}  // namespace tailrace::analysis
